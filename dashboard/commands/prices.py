"""`vaultline prices import` and `list`: daily prices in the store."""

import argparse

from dashboard.commands.output import say, say_json, say_table, working
from dashboard.commands.scenario import today
from data.sources.files import read_price_csv
from data.store import Store


def run(args: argparse.Namespace) -> int:
    return _import(args) if args.action == "import" else _list(args)


def _import(args: argparse.Namespace) -> int:
    with working("importing"):
        series = read_price_csv(args.file, today=today(), symbol=args.symbol and args.symbol.upper())
        with Store.open(args.store) as store:
            done = store.import_prices(series)
    if args.json:
        say_json(
            {**done._asdict(), "first": str(done.first), "last": str(done.last), "sha256": series.sha256}
        )
    else:
        before = f", in the place of the {done.replaced:,} that were there" if done.replaced else ""
        say(f"{done.symbol}: {done.days:,} days stored, {done.first} to {done.last}{before}.")
    return 0


def _list(args: argparse.Namespace) -> int:
    with Store.open(args.store) as store:
        listed = store.price_list()
    if args.json:
        say_json(
            {
                "prices": [
                    {**row, "first": str(row["first"]), "last": str(row["last"])} for row in listed.to_dicts()
                ]
            }
        )
    elif listed.is_empty():
        say("The store has no prices yet: vaultline prices import FILE.csv brings them in.")
    else:
        rows = [
            (row["symbol"], f"{row['days']:,} days", f"{row['first']} to {row['last']}")
            for row in listed.iter_rows(named=True)
        ]
        say_table(rows, left=3)
    return 0
