"""What a component of each kind must keep, as tables of checks that run on anybody's machine."""
