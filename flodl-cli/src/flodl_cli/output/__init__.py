"""What goes to stdout: tables for people, JSON for programs."""
