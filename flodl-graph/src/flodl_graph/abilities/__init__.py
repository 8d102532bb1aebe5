"""What a `Graph` can do, one area per file: each method is one line into a room."""
