"""What a module promises."""
