"""The flags with which suppliers, customers and investors say what is theirs, read where they are used."""

import argparse


def add_supplier(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fleet",
        metavar="LINES",
        help="MODEL:COUNT:PRICE:WATTS:USD_PER_KWH[:UPTIME[:HIRED]],... for each GPU, like "
        '"H100:8:25000:900:0.12:24:0.4,RTX 4090:40:2000:500:0.12": price paid in USD, hours a day up '
        "(default 24), share of that hired (default 0)",
    )
    numbers = {
        "--mean-multiplier": "mean multiplier of the network's active GPUs, which is not published",
        "--roi-target": "return a year in the payout target H = N x (ROI + Z), which is not published",
        "--discount-rate": "what you could earn elsewhere, a year",
        "--memory-gb": "memory of your smallest GPU, for the checklist",
        "--down-mbps": "your download speed, for the checklist",
        "--up-mbps": "your upload speed, for the checklist",
        "--paths": "number of random paths (default: 10,000)",
        "--seed": "seed of the random paths (default: 1)",
    }
    for name, words in numbers.items():
        parser.add_argument(name, metavar="X", help=words)


def add_customer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--hours", metavar="MODEL:HOURS,...", help='GPU-hours a month by model, like "H100:1000,A100:500"'
    )
    parser.add_argument("--tokens", metavar="N", help="or language model tokens a day, like 4e9")
    parser.add_argument("--model", metavar="MODEL", help="the GPU that serves them (default: H100)")


def add_investor(parser: argparse.ArgumentParser) -> None:
    numbers = {
        "--window": "first run months over which burn, release and unlocks are weighed up (default: 12)",
        "--probability": "chance that a second contract comes, from 0 to 1 (default: assumed, see facts)",
        "--contract-usd": "its size, USD a month",
        "--contract-total": "or its size, USD over its length",
        "--contract-first": "run month in which it starts",
        "--contract-months": "months that it lasts",
        "--paths": "number of random paths (default: 10,000)",
        "--seed": "seed of the random paths (default: 1)",
    }
    for name, words in numbers.items():
        parser.add_argument(name, metavar="X", help=words)
