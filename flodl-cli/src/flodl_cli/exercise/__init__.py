"""`flodl exercise`: choosing, watching, counting and reporting; the suites themselves are flodl-core's."""
