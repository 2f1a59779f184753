"""What each command of `dashboard/cli.py` does: one module a command, `run(args) -> exit code`."""
