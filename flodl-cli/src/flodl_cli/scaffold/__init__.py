"""What `flodl new` writes: templates with words to fill in, and how they become a folder, whole or not at all."""
