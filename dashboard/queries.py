"""A reader's SQL in a thread of its own, which its reader looks at and may cancel."""

import logging
import threading

import polars as pl

from dashboard.errands import FAULT
from data import sql
from data.store import Store
from models.parameters import InputError

LOG = logging.getLogger("vaultline.queries")


class Query:
    """One query on its way: `found` its rows, or `error` a sentence."""

    def __init__(self, store: Store, text: str) -> None:
        self.text = text
        self.found: pl.DataFrame | None = None
        self.error: str | None = None
        self.ended = threading.Event()
        self._store = store
        self._stop = threading.Event()
        threading.Thread(target=self._run, name="query", daemon=True).start()

    def cancel(self) -> None:
        self._stop.set()

    @property
    def cancelled(self) -> bool:
        return self.ended.is_set() and self.found is None and self.error is None

    def _run(self) -> None:
        try:
            self.found = sql.query(self._store, self.text, self._stop.is_set)
        except sql.Cancelled:
            pass
        except InputError as error:
            self.error = f"{str(error)[:1].upper()}{str(error)[1:]}."
        except Exception:
            LOG.exception("a query failed")
            self.error = FAULT
        finally:
            self.ended.set()
