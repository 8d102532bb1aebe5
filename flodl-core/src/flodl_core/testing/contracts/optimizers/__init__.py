"""What an optimizer promises."""
