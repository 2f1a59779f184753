"""The flags beside those of every scenario: of `vaultline reserve`, `frontier`, `attribution`, `policy` and
`mechanisms`."""

import argparse

from dashboard.arguments.stress import add_paths, add_shock_numbers


def add_reserve(parser: argparse.ArgumentParser) -> None:
    _add_shocks(parser)
    add_paths(parser, "100,000")
    parser.add_argument(
        "--event", default="shortfall", metavar="EVENT",
        help="shortfall (default), empty or underpaid",
    )  # fmt: skip
    parser.add_argument(
        "--horizons", default="6,12,24,36", metavar="MONTHS", help="run months (default: 6,12,24,36)"
    )
    parser.add_argument(
        "--levels", default="0.01,0.05,0.1,0.25", metavar="P",
        help="chances that must not be passed (default: 0.01,0.05,0.1,0.25)",
    )  # fmt: skip
    parser.add_argument("--points", default="101", metavar="N", help="points of the grid (default: 101)")
    parser.add_argument(
        "--curve", metavar="MONTHS:P",
        help="horizon and level of the trade-off and of the range (default: the longest, at 0.05)",
    )  # fmt: skip


def add_frontier(parser: argparse.ArgumentParser) -> None:
    _add_shocks(parser)
    parser.add_argument(
        "--event", default="shortfall", metavar="EVENT", help="shortfall (default) or underpaid"
    )
    parser.add_argument(
        "--durations", default="1,2,3,6,9,12,18,24,lasting", metavar="MONTHS",
        help="how long the shocks last (default: 1,2,3,6,9,12,18,24,lasting)",
    )  # fmt: skip
    parser.add_argument("--points", default="100", metavar="N", help="grid points each way (default: 100)")


def add_attribution(parser: argparse.ArgumentParser) -> None:
    _add_shocks(parser)
    add_paths(parser, "1,024")
    parser.add_argument(
        "--metric", default="p_shortfall", metavar="NAME",
        help="p_shortfall (default), cvar5, runway, burn_year1 or pay",
    )  # fmt: skip
    parser.add_argument(
        "--inputs", metavar="NAMES", help="the assumptions to move, with commas between (default: twelve)"
    )
    parser.add_argument(
        "--base-points", default="1024", metavar="N", help="of Sobol's sample, a power of 2 (default: 1024)"
    )


def add_policy(parser: argparse.ArgumentParser) -> None:
    _add_shocks(parser)
    add_paths(parser, "20,000")
    parser.add_argument(
        "--event", default="shortfall", metavar="EVENT",
        help="what burn is weighed against in the text: shortfall (default) or underpaid",
    )  # fmt: skip
    parser.add_argument(
        "--policies", default="200", metavar="N", help="how many policies are tried (default: 200)"
    )
    parser.add_argument(
        "--levers", metavar="NAMES", help="the settings to move, with commas between (default: all twelve)"
    )


def add_mechanisms(parser: argparse.ArgumentParser) -> None:
    _add_shocks(parser)
    add_paths(parser, None)


def _add_shocks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--shocks", default="regimes", metavar="KIND", help="the random shocks: regimes (default) or gbm"
    )
    add_shock_numbers(parser)
