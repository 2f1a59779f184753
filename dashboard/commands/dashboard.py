"""`vaultline dashboard`."""

import argparse

from dashboard.launch import run as serve


def run(args: argparse.Namespace) -> int:
    serve(host=args.host, port=args.port, open_browser=not args.no_browser, store=args.store)
    return 0
