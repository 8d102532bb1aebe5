"""A run as a live page: one feed of events, served to browsers of this machine. Needs `flodl-monitor[serve]`."""
