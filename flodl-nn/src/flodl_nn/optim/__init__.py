"""Optimizers: torch's own, on their fused kernels where torch has them."""
