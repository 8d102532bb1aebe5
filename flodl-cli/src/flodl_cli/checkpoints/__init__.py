"""What `flodl checkpoint` shows: one file per subcommand. Imports torch, so only once a command runs."""
