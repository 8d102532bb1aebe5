"""Losses that torch lacks; all else by name is torch's own class."""
