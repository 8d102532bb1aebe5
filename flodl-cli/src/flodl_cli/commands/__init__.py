"""One command per file, each a `click.Command` named `command`; imported when it is run."""
