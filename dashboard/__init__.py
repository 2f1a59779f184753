"""What people touch: the answers, the command line and the pages."""
