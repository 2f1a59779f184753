"""How well did the shocks do? The record of the fit and its hindcasts, and the same for a reader's prices."""

import shlex
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import streamlit as st

from dashboard.charts import calibration as charts
from dashboard.frame import Desk, drawer
from dashboard.panels import parts as panels
from dashboard.words import calibration_words as words
from dashboard.words.calibration_words import table
from dashboard.words.formats import plain
from data.fit_record import ALL, BANDS
from data.sources.files import PriceSeries, read_price_csv
from models.parameters import InputError

HORIZONS = (1, 3, 6)
OWN = "IO"
ASKED = "calibration_asked"  # what the reader asked for stays while its files are taken


def show(desk: Desk) -> None:
    """The whole section; everything of its reader's own is computed when it is asked for."""
    record = desk.answers.fit_record
    st.header("How well did the shocks do?", anchor=False)
    st.markdown(plain(record.limits, 1000))
    pooled = desk.answers.registry.facts["shock_fit_pooled_limits"].text
    st.markdown(plain(f"The same law fitted to IO and comparable tokens together: {pooled}", 1000))
    hindcasts(desk)
    drawer("The fit itself: rivals, residuals, and what it makes of a history", "fit", partial(fit, desk))
    drawer("Fit and score prices of your own", "own_prices", partial(own_prices, desk))


@st.fragment
def hindcasts(desk: Desk) -> None:
    """Switches redraw this part alone."""
    record = desk.answers.fit_record
    months = st.segmented_control(
        "Months ahead", HORIZONS, key="hindcast_months", default=HORIZONS[0], required=True
    )
    band = st.segmented_control(
        "Band", BANDS, key="hindcast_band", default=BANDS[1], required=True, format_func=_percent
    )
    stamp = {"command": "vaultline facts hindcast --json"}
    left, right = st.columns(2, gap="large")
    with left:
        panels.chart(desk, charts.coverage(record.scores, int(band), int(months), dark=desk.dark), stamp)
        panels.chart(desk, charts.tenths(record.pit, OWN, int(months), dark=desk.dark), stamp)
    with right:
        panels.chart(desk, charts.gain(record.scores, int(months), dark=desk.dark), stamp)
        st.caption(
            "At each origin the laws know the days before it alone. Intervals: 95 %, by blocks as long as "
            f"the horizon. {ALL}: their forecasts together. The laws' parameters are taken as fitted: how "
            "unsure they are is not in the bands. Only the price is scored: demand and payouts are "
            "not validated by it."
        )


def fit(desk: Desk) -> None:
    record = desk.answers.fit_record
    days = record.histories["returns"][0]
    stamp = {"command": "vaultline facts shock_fit --json"}
    panels.chart(desk, charts.residuals(record.residuals, days, dark=desk.dark), stamp)
    rivals = record.laws.filter(history=OWN)
    tables = (
        ("rivals", "Rivals over the same days of IO; less AIC and BIC is better", rivals, words.laws(rivals)),
        ("moments", "What 1,000 histories made by the fit show, beside IO's own", record.moments,
         words.moments(record.moments)),
        ("residual-tests", "Tests of the residuals", record.tests, words.tests(record.tests)),
    )  # fmt: skip
    for name, title, frame, rows in tables:
        panels.table(desk, frame, name=name, title=title, shown=table(rows), words=True, stamp=stamp)
    panels.table(
        desk, record.histories, name="histories", stamp=stamp,
        title="What it was fitted to and scored on; the files are not part of vaultline",
    )  # fmt: skip


@st.fragment
def own_prices(desk: Desk) -> None:
    """A file or imported prices, fitted and scored here when the button is pressed."""
    st.caption("A CSV file with the columns date and close, a row for every day; it stays on this machine.")
    store = desk.answers.store
    symbols = store.price_list()["symbol"].to_list() if store else []
    state = st.session_state
    forget = partial(state.pop, ASKED, None)
    upload = st.file_uploader("Daily closes", type="csv", key="calibration_file", on_change=forget)
    symbol = st.selectbox(
        "or imported prices", symbols, index=None, key="calibration_symbol", on_change=forget
    )
    if st.button("Fit and score", key="calibration_run", disabled=upload is None and symbol is None):
        state[ASKED] = True
    if not state.get(ASKED) or (upload is None and symbol is None):
        return
    try:
        if upload is not None:
            series = read_price_csv(upload.getvalue(), today=datetime.now(UTC).date(), name=upload.name)
        else:
            assert store is not None
            series = store.prices(str(symbol))
        scored(desk, series)
    except InputError as error:
        st.error(plain(f"{error}.", 600))


def scored(desk: Desk, series: PriceSeries) -> None:
    from dashboard.questions.calibrations import Fitting, Scoring  # brings scipy along

    shown = st.progress(0.0)

    def telling(what: str) -> Callable[[str, int, int], None]:
        def told(_: str, done: int, total: int) -> None:
            shown.progress(done / total, what)

        return told

    found = desk.answers.calibration(Fitting(series), telling("Fitting"))
    forecasts = desk.answers.hindcast(Scoring((series,)), telling("Scoring"))
    shown.empty()
    for text in (*found.notes, *forecasts.notes[series.symbol]):
        st.markdown(f"- {plain(text, 600)}")
    stamp = {
        "command": f"vaultline calibrate {shlex.quote(series.symbol)} --json",
        "history_sha256": series.sha256,
    }
    for name, title, frame, rows in (
        ("own-fit", "The fit", found.table, words.parameters(found.table)),
        ("own-rivals", "Rivals over the same days", found.comparison, words.laws(found.comparison)),
        ("own-moments", "What histories made by the fit show", found.moments, words.moments(found.moments)),
        ("own-scores", "Scores of forecasts", forecasts.scores, words.scores(forecasts.scores)),
    ):
        panels.table(desk, frame, name=name, title=title, shown=table(rows), words=True, stamp=stamp)


def _percent(band: int) -> str:
    return f"{band} %"
