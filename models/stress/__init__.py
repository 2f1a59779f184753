"""Many random paths of the economy: the same source on every device (SPEC sections 5 and 6)."""
