"""`vaultline dashboard`."""

import argparse

from dashboard import launch


def run(args: argparse.Namespace) -> int:
    launch.run(host=args.host, port=args.port, open_browser=not args.no_browser, store=args.store)
    return 0
