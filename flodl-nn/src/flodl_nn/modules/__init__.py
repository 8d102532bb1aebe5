"""Modules that torch lacks, written with torch; all else by name is torch's own class."""
