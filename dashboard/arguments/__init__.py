"""The command line's flags, one file a kind of question."""
