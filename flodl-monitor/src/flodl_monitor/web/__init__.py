"""A run as one page that opens from disk: no server, no network, no build step."""
