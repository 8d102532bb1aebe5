"""Modules that decide: routers weigh experts, selectors choose a branch, halts stop a loop."""
