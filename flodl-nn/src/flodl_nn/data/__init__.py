"""Sources of data that need nothing but torch."""
