"""What a person types, kept as steps. The builder is made of these, one idea per file."""
