"""The `flodl` command: what is installed, and a training run from a file.

From Python it is `flodl_cli.main.main(["list", "modules"])`, which returns the exit code.
"""
