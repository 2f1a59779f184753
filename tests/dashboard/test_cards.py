"""The answer in words: every state of the run has its own true sentence."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from dashboard.words import cards, cards_change, formats
from models.parameters import Scenario
from tests.scenarios import BASELINE, REGISTRY, run

JOINT = {"price_shock": -0.5, "demand_shock": -0.55}
NB = formats.NO_BREAK


def alternatives(*rows: tuple[float, float, str, int | None], own: int | None = None) -> pl.DataFrame:
    """Named alternatives (V0_months, H0, order, first shortfall); `own` stands first as none of them."""
    frame = pl.DataFrame(
        [(f"alternative {i}", *row) for i, row in enumerate(rows)],
        schema={
            "label": pl.String, "V0_months": pl.Float64, "H0": pl.Float64, "order": pl.String,
            "first_shortfall_month": pl.Int64,
        },
        orient="row",
    )  # fmt: skip
    if own is not None:
        mine = frame.head(1).with_columns(
            label=pl.lit("this scenario"), first_shortfall_month=pl.lit(own, pl.Int64)
        )
        frame = pl.concat([mine, frame])
    return frame


def by_vault(*firsts: int | None) -> pl.DataFrame:
    return alternatives(*((3.0 + i, 1e6, "revenue_first", first) for i, first in enumerate(firsts)))


def said(frame: pl.DataFrame, **changes: Any) -> str:
    return cards.answer(run(**changes), frame).replace(NB, " ")


def test_the_joint_shock_with_its_range_and_reason() -> None:
    assert said(by_vault(6, 11, 28), **JOINT) == (
        "If the price falls by 50 % and demand falls by 55 % in Aug 2026 (month 3) and both stay there, "
        "the reserves run short in Apr 2027 (month 11) under these assumptions; "
        "between Nov 2026 (month 6) and Sep 2028 (month 28) over 3 named alternatives, "
        "depending on how full the Reward Vault was at the start, which nobody has published."
    )


def test_never_short_in_any_alternative() -> None:
    assert said(by_vault(None, None)) == (
        "If price and demand stay as they are, the reserves cover the payout target in every month to "
        "May 2029 (month 36) under these assumptions; they do so in all 2 named alternatives of what nobody "
        "has published."
    )


def test_short_in_some_alternatives_only() -> None:
    text = said(by_vault(6, 9, None))
    assert (
        "; in 2 of 3 named alternatives they run short, between Nov 2026 (month 6) and Feb 2027 (month 9)"
        in text
    )


def test_short_here_and_never_in_some_alternatives() -> None:
    text = said(by_vault(6, None, None), **JOINT)
    assert (
        "; in Nov 2026 (month 6) in 1 of 3 named alternatives and never within the run in the other 2" in text
    )


def test_the_same_month_in_all_alternatives_needs_no_reason() -> None:
    text = said(by_vault(11, 11), **JOINT)
    assert text.endswith("; in the same month in all 2 named alternatives of what nobody has published.")


def test_short_at_once() -> None:
    text = said(by_vault(1, 2), R_base=0.0, contracts=[], V0=0.0, kappa=0.0)
    assert "the reserves run short at once, in Jun 2026 (month 1), under these assumptions" in text


def test_the_scenario_itself_is_no_named_alternative() -> None:
    rows = ((3.0, 1e6, "revenue_first", 6), (12.0, 1e6, "revenue_first", 6))
    text = said(alternatives(*rows, own=11), **JOINT)
    assert "in Nov 2026 (month 6) over 2 named alternatives" in text


@pytest.mark.parametrize("rule", ["legacy", "as_reported"])
def test_a_rule_without_vaults_speaks_of_none(rule: str) -> None:
    one = by_vault(None)
    text = said(one.with_columns(label=pl.lit("this scenario")), rule=rule)
    assert "revenue and the emission schedule cover the payout target" in text
    assert "reserve" not in text
    assert "alternatives" not in text
    card = cards.headline(run(rule=rule), one)[1]
    assert card.label == "Lowest pay"
    assert card.figure == "min_pay"


def test_pay_that_falls_while_coverage_holds_is_said() -> None:
    # the controller halves the target at once, and the vault covers half
    lowered = {"controller": True, "g_down": 0.3, "k_min": 0.5, "r_min": 1200.0, "r_max": 1200.0, "V0": 2e8}
    text = said(by_vault(None), **lowered, demand_shock=-0.55, price_shock=1.0)
    assert "but only because the controller lowers it: pay falls to 50 %" in text


def test_the_joint_shock_stands_beside_what_is() -> None:
    now, joint = run(), run(**JOINT)
    card = cards.headline(now, by_vault(6), joint)[1]
    assert card.label == "Runway under the joint shock"
    # short from month 11 on after a shock in month 3: months 3 to 10 are paid in full
    assert card.value == "8 months"
    assert "short from Apr 2027 (month 11) on" in card.detail
    assert f"shortest runway {cards.headline(now, by_vault(6))[1].value}. Lowest coverage: 100" in card.detail
    assert cards.headline(now, by_vault(6), run(**JOINT, F0=1e9))[1].value == "over 34 months"


def test_a_release_cap_can_be_the_reason() -> None:
    text = said(by_vault(3), **JOINT, release_cap=1e5)
    assert "still in the Reward Vault behind its release cap" in text


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({"price_shock": -0.5}, "If the price falls by 50 % in Aug 2026 (month 3) and stays there,"),
        (
            {"demand_shock": 0.2, "shock_months": 6},
            "If demand rises by 20 % in Aug 2026 (month 3) for 6 months,",
        ),
        (
            {"price_shock": -0.5, "shock_months": 34},
            "If the price falls by 50 % in Aug 2026 (month 3) and stays",
        ),
        (
            {"price_shock": -0.5, "shock_months": 33},
            "If the price falls by 50 % in Aug 2026 (month 3) for 33 months",
        ),
        ({"price_shock": -0.5, "months": 2}, "If price and demand stay as they are,"),
        ({"months": 1, "price_history": [[0.2]]}, "On the given price history,"),
        (
            {"months": 3, "price_history": [[0.2]] * 3, "revenue_history": [1e6] * 3, "price_shock": -0.5},
            "On the given price and revenue history, if the price falls by 50 % in Aug 2026 (month 3)",
        ),
    ],
)
def test_premise(changes: dict[str, Any], start: str) -> None:
    assert cards.premise(run(**changes)).replace(NB, " ").startswith(start)


def test_deciders_isolate_one_input_at_a_time() -> None:
    frame = alternatives(
        (3.0, 1e6, "revenue_first", 6), (12.0, 1e6, "revenue_first", 11), (3.0, 2e6, "revenue_first", 4),
        (12.0, 2e6, "revenue_first", None), (3.0, 1e6, "vault_first", 6), (12.0, 1e6, "vault_first", 11),
        (3.0, 2e6, "vault_first", 4), (12.0, 2e6, "vault_first", None),
    )  # fmt: skip
    found = cards.deciders(frame, 36)
    # the vault moves it from 4 to never (37) at the larger target, the target from 11 to never
    assert [(d.field, d.effect) for d in found] == [
        ("V0_months", "alone it moves the first shortfall by up to 33 months"),
        ("H0", "alone it moves the first shortfall by up to 26 months"),
    ]
    assert all(d.field in Scenario.model_fields for d in found)


def test_headline_numbers_of_the_baseline() -> None:
    first, runway, supply = cards.headline(run(), by_vault(6, None))
    assert first.value == "none in 36 months"
    assert first.detail.endswith("Over 2 named alternatives: month 6 to never.")
    assert "lowest pay: 100" in runway.detail
    # SPEC section 4: 12.000M burned, none released; unlocked 164.5M
    assert supply.value == f"+152.5M{NB}IO"
    assert supply.detail == "Unlocked 164.5M, released 0 and burned 12.00M IO."


def test_change_of_supply_is_what_circulation_gains() -> None:
    one = run(**JOINT, y2_cap_months=0.0)
    start, year = one.states[0], one.states[12]
    gained = (year.C + year.K + year.Q) - (start.C + start.K + start.Q)
    card = cards.headline(one, by_vault(6))[2]
    assert card.value == f"+{formats.io(gained)}"
    assert "bought back into the vault" in card.detail


def test_a_burn_out_of_the_vault_is_told_from_one_out_of_circulation() -> None:
    card = cards.headline(run(rule="as_reported"), by_vault(None))[2]
    assert "burned 0 IO" in card.detail
    assert f"12.00M{NB}IO more are burned that never circulated." in card.detail


def test_every_preset_has_an_answer_without_a_gap() -> None:
    for preset in REGISTRY.presets().values():
        changes = {name: getattr(preset.scenario, name) for name in Scenario.model_fields}
        text = cards.answer(run(**changes), by_vault(3, None))
        assert "under these assumptions" in text
        assert "None" not in text
        assert "nan" not in text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (600_449_000, "600.4M IO"), (12e6, "12.00M IO"), (999_999, "1.00M IO"), (16_000, "0.016M IO"),
        (950, "950 IO"), (0.4, "0 IO"), (-12e6, "−12.00M IO"), (99_999_999, "100.0M IO"), (0.0, "0 IO"),
    ],
)  # fmt: skip
def test_io_reads_in_millions(amount: float, text: str) -> None:
    assert formats.io(amount).replace(NB, " ") == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0.17, "$0.1700"), (0.0911, "$0.0911"), (6.43, "$6.43"), (650_000, "$650,000"), (1.35e6, "$1.35M"),
        (2.5e9, "$2.50bn"), (-0.02, "−$0.0200"), (0.0, "$0"), (0.99999, "$1.00"), (999.99, "$1,000"),
    ],
)  # fmt: skip
def test_usd_has_four_decimals_under_a_dollar(amount: float, text: str) -> None:
    assert formats.usd(amount) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (1.0, "100 %"), (0.99996, "just under 100 %"), (1 - 1e-12, "100 %"), (0.4628, "46.3 %"),
        (-0.042, "−4.2 %"), (0.0, "0 %"), (-0.0001, "0 %"), (12.5, "1,250 %"),
    ],
)  # fmt: skip
def test_percent_never_rounds_a_shortfall_away(share: float, text: str) -> None:
    assert formats.percent(share).replace(NB, " ") == text


def test_months_are_dates_with_the_runs_month_behind() -> None:
    assert formats.month(date(2027, 4, 30), 11) == "Apr 2027 (month 11)"
    assert formats.month(date(2027, 4, 30)) == "Apr 2027"


@pytest.mark.parametrize(
    "text",
    [
        "[link](http://x.y)",
        "![i](a)",
        "$x^2$",
        ":red[a]",
        ":smile:",
        "# head",
        "<b>a</b>",
        "www.x.com",
        "a`b`",
        "1. a",
    ],
)
def test_foreign_text_cannot_become_markdown(text: str) -> None:
    shown = formats.plain(text)
    visible = shown.replace("\N{WORD JOINER}", "").replace("\\", "")
    assert visible == text
    for at, character in enumerate(shown):
        if character in "[]()<>!$:#`.":
            assert shown[at - 1] == "\\", f"{character} is not escaped in {shown!r}"
    assert ":smile:" not in shown.replace("\\", "")
    assert "www.x" not in shown.replace("\\", "")


def test_foreign_text_is_one_short_line() -> None:
    assert formats.plain("a\n\nb\x00\u202ec") == "a bc"
    assert len(formats.plain("x" * 500)) == 80


def test_the_baseline_is_what_the_cards_were_checked_against() -> None:
    assert (BASELINE.m0, BASELINE.months, BASELINE.shock_month) == (23, 36, 3)


def read(text: str) -> str:
    return text.replace("\\", "").replace("\N{WORD JOINER}", "").replace("\N{NO-BREAK SPACE}", " ")


def test_the_last_change_and_what_it_moved_stand_in_one_line() -> None:
    before, both = run(), run(price_shock=-0.5, demand_shock=-0.55)
    assert cards_change.since(None, both) == cards_change.since(both, both) == cards_change.NOTHING_YET
    said = read(cards_change.since(before, both))
    assert said.startswith(
        "Since the last change (Price shock: 0 % → −50 %; Demand shock: 0 % → −55 %): first shortfall "
        "none in 36 months → Apr 2027 (month 11)"
    )
    assert "lowest pay 100 % → 46.3 %" in said
    old = read(cards_change.since(both, run(rule="legacy", V0_months=0.0)))
    assert "4 inputs" in old
    assert "shortest runway" in old
    assert "→ none" in old
    quiet = read(cards_change.since(before, run(shock_month=4)))
    assert (
        quiet == "Since the last change (Shock starts in: 3 run month → 4 run month): none of these "
        "numbers moved."
    )


def test_each_dollar_is_shared_out() -> None:
    one = run(months=1, R_base=1e6, contracts=[], H0=8e5, beta=0.5)
    # 1,000,000 - 800,000 = 200,000 of surplus, half of which burns IO at 0.17: 588,235 IO
    assert cards.where_it_goes(one).replace("\N{NO-BREAK SPACE}", " ") == (
        "Under these assumptions of each dollar that comes in over 1 month, 80 cents go to suppliers, 10 buy "
        "IO to burn and 10 are kept; suppliers get 0 IO besides, and 0.588M IO are burned in all."
    )
    short = run(months=1, R_base=5e5, contracts=[], H0=8e5, V0=0.0, kappa=0.0)
    assert cards.where_it_goes(short).endswith("; $300,000 of what they are owed stays unpaid.")
    assert "no dollar comes in over 1 month" in cards.where_it_goes(run(months=1, R_base=0.0, contracts=[]))
