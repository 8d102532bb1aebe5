"""What a training run leaves behind: recorded numbers, by name and epoch. Imports `ir` only."""
