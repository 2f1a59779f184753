"""What the registry accepts, and what it makes of the facts: baseline, protocol, presets, replay, shocks."""

import re
from collections.abc import Callable
from datetime import date
from importlib import resources

import pytest

from data.registry import Registry, load_facts, parse_facts
from models.parameters import Contract, InputError, Scenario, parse_scenario
from models.projection import project

FACTS = load_facts()
TEXTS = {
    file.name: file.read_text(encoding="utf-8")
    for file in (resources.files("data") / "facts").iterdir()
    if file.name.endswith(".toml")
}
# A sound fact that feeds nothing; the hostile ones below are this with one change.
SOUND = {
    "title": '"A title"',
    "value": "1.5",
    "unit": '"IO"',
    "date": '"2026-06"',
    "source": '"docs"',
    "kind": '"official"',
    "confidence": '"high"',
    "context": '"Only a test"',
}
TABLE = {**SOUND, "columns": '["a", "b"]', "units": '["IO", "text"]', "rows": '[[1, "x"]]'}
del TABLE["value"], TABLE["unit"]


def toml(keys: dict[str, str | None], name: str = "probe") -> str:
    return "\n".join([f"[{name}]", *(f"{k} = {v}" for k, v in keys.items() if v is not None)])


def with_file(text: str, file: str = "extra.toml") -> Registry:
    return parse_facts(TEXTS | {file: text})


@pytest.mark.parametrize("keys", [SOUND, TABLE, SOUND | {"date": "2026-06-11"}, SOUND | {"range": "[1, 2]"}])
def test_a_sound_fact_is_taken(keys: dict[str, str | None]) -> None:
    assert "probe" in with_file(toml(keys)).facts


HOSTILE: list[tuple[dict[str, str | None], str]] = [
    (SOUND | {"colour": '"red"'}, "colour is not a known key"),
    (SOUND | {"id": '"other"'}, "id is not a known key"),
    (SOUND | {"title": None}, "title is missing"),
    (SOUND | {"source": None}, "source is missing"),
    (SOUND | {"confidence": None}, "confidence is missing"),
    (SOUND | {"title": '""'}, "title"),
    (SOUND | {"source": '"nobody"'}, "'nobody' is not a source"),
    (SOUND | {"kind": '"rumour"'}, "kind"),
    (SOUND | {"confidence": '"sure"'}, "confidence"),
    (SOUND | {"date": '"June 2026"'}, "not an ISO date"),
    (SOUND | {"date": '"2026-02-30"'}, "not an ISO date"),
    (SOUND | {"date": '"2026-06-11T00:00"'}, "not an ISO date"),
    (SOUND | {"date": "2026"}, "date"),
    (SOUND | {"value": "nan"}, "finite numbers"),
    (SOUND | {"value": "inf"}, "finite numbers"),
    (SOUND | {"value": "[1]"}, "finite numbers"),
    (SOUND | {"value": None}, "exactly one of value and rows"),
    (SOUND | {"rows": "[[1]]"}, "exactly one of value and rows"),
    (SOUND | {"unit": None}, "unit"),
    (SOUND | {"range": "[2, 3]"}, "does not contain 1.5"),
    (SOUND | {"range": "[3, 1]"}, "must rise"),
    (SOUND | {"range": "[1]"}, "range"),
    (SOUND | {"range": '["a", 2]'}, "range"),
    (SOUND | {"alternatives": "[2.5]"}, "must contain the value itself"),
    (SOUND | {"alternatives": "[1.5, 9]", "range": "[1, 2]"}, "does not contain 9"),
    (SOUND | {"kind": '"derived"'}, "needs its derivation"),
    (SOUND | {"derivation": '"cap_io"'}, "go together"),
    (SOUND | {"rounded_to": "1"}, "go together"),
    (SOUND | {"derivation": '"cap_io"', "rounded_to": "0"}, "rounded_to"),
    (SOUND | {"conflicts": '["cap_io"]'}, "conflicts need a note"),
    (SOUND | {"conflicts": '["nothing"]', "note": '"so"'}, "'nothing' is not another fact"),
    (SOUND | {"conflicts": '["probe"]', "note": '"so"'}, "'probe' is not another fact"),
    (SOUND | {"context": None, "feeds": '"colour"', "range": "[1, 2]"}, "unknown input 'colour'"),
    (SOUND | {"context": None, "feeds": '"kappa"', "range": "[1, 2]"}, "feeds kappa"),
    (SOUND | {"context": None, "feeds": '"kappa"'}, "needs a range"),
    (SOUND | {"feeds": '"kappa"', "range": "[1, 2]"}, "only one of"),
    (SOUND | {"awaits": '"models/later.py"'}, "only one of"),
    (TABLE | {"unit": '"IO"'}, "takes units"),
    (TABLE | {"units": '["IO"]'}, "equally long"),
    (TABLE | {"columns": '["a", "a"]'}, "twice"),
    (TABLE | {"rows": '[[1, "x"], [1]]'}, "row 2 has 1 cells for 2 columns"),
    (TABLE | {"rows": '[[1, "x"], ["y", "x"]]'}, "column a mixes"),
    (TABLE | {"rows": '[[nan, "x"]]'}, "finite numbers"),
    (TABLE | {"units": '["IO", "source"]'}, "'x' is not a source"),
    (TABLE | {"units": '["IO", "kind"]'}, "no kind"),
    (TABLE | {"units": '["IO", "date"]'}, "not an ISO date"),
]


@pytest.mark.parametrize(("keys", "words"), HOSTILE)
def test_a_bad_fact_is_refused_by_file_and_id(keys: dict[str, str | None], words: str) -> None:
    with pytest.raises(InputError) as refusal:
        with_file(toml(keys))
    # two facts that feed one field: either may be the one that came second
    places = ("extra.toml, probe: ", "assumptions.toml, emission_factor: ")
    assert str(refusal.value).startswith(places)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("extra.toml", "probe = 3", "extra.toml, probe: a table of keys is needed"),
        ("extra.toml", "[probe", "extra.toml is not valid TOML"),
        ("extra.toml", toml(SOUND) + "\n" + toml(SOUND), "extra.toml is not valid TOML"),
        ("extra.toml", toml(SOUND, "cap_io"), "cap_io: the id stands in"),
        ("extra.toml", toml(SOUND, "Cap"), "extra.toml, Cap: id"),
        (
            "sources.toml",
            TEXTS["sources.toml"] + '\n[new]\nname = "N"\npublisher = "P"',
            "new: an address or",
        ),
        (
            "sources.toml",
            TEXTS["sources.toml"] + '\n[new]\nname = "N"\npublisher = "P"\naddress = "javascript:alert(1)"',
            "sources.toml, new: address",
        ),
    ],
)
def test_a_bad_file_is_refused(file: str, text: str, words: str) -> None:
    with pytest.raises(InputError) as refusal:
        with_file(text, file)
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("assumptions.toml", "value = 36\n", "value = 36.5\n", "assumptions.toml, run_months: months = 36.5"),
        ("assumptions.toml", 'value = "refill"', 'value = "keep"', "overflow_default: overflow = 'keep'"),
        ("assumptions.toml", 'feeds = "eta"', 'context = "none"', "no fact feeds 'eta'"),
        ("engine.toml", "[guided_burn_io]", "[guided_burn]", "there is no fact guided_burn_io"),
        ("emission.toml", "[cap_io]", "[cap]", "'cap_io' is not another fact"),
        ("emission.toml", "[genesis_io]", "[genesis]", "there is no fact genesis_io"),
        ("vesting.toml", "81_600_000", "81_700_000", "vesting buckets must sum to the genesis supply"),
        ("vesting.toml", '"tranche", 13, 48', '"cliff", 13, 48', "kind"),
        (
            "engine.toml",
            "value = -0.55",
            "value = -1.55",
            "made of stress_demand_shock: demand_shock = -1.55",
        ),
        ("shocks.toml", '["calm", 0.92, 0.08]', '["calm", 0.92, 0.18]', "must sum to 1"),
        ("shocks.toml", '["stress", -4.32, 3.93]', '["boom", -4.32, 3.93]', "the same regimes"),
        ("shocks.toml", "value = 0.5\n", "value = 1.2\n", "range"),
    ],
)
def test_facts_that_do_not_fit_the_model_are_refused(file: str, old: str, new: str, words: str) -> None:
    assert old in TEXTS[file]
    with pytest.raises(InputError) as refusal:
        with_file(TEXTS[file].replace(old, new), file)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_unknown_names_are_refused() -> None:
    calls: list[Callable[[], object]] = [
        lambda: FACTS.source("nobody"),
        lambda: FACTS.fact_for("colour"),
        lambda: FACTS.range_for("colour"),
        lambda: FACTS.facts["nothing"],
        lambda: FACTS.facts["ide_vaults"].number,
        lambda: FACTS.facts["cap_io"].text,
        lambda: FACTS.facts["price_months"].column("colour"),
        lambda: FACTS.facts["price_months"].numbers("month"),
    ]
    for call in calls:
        with pytest.raises(InputError):
            call()


def test_the_version_follows_the_content_and_not_the_layout() -> None:
    spaced = {f: "# a comment\n" + re.sub(r"(?m)^(\w+) = ", r"\1  =  ", t) for f, t in TEXTS.items()}
    assert spaced != TEXTS
    assert parse_facts(spaced).version == FACTS.version
    changed = TEXTS | {"market.toml": TEXTS["market.toml"].replace("0.2952", "0.2953")}
    renamed = TEXTS | {"sources.toml": TEXTS["sources.toml"].replace("Marketing material", "Marketing")}
    assert len({FACTS.version, parse_facts(changed).version, parse_facts(renamed).version}) == 3


def test_the_baseline_is_the_one_specified() -> None:
    assert FACTS.baseline() == Scenario(
        rule="ide", order="revenue_first", m0=23, months=36, steps_per_month=1,
        P0=0.17, price_shock=0.0, demand_shock=0.0, shock_month=3, shock_months=None,
        R_base=1.04e6, contracts=(Contract(first=1, months=12, usd=0.65e6),), phi=0.0, u0=0.4, u_max=0.85,
        H0=1.35e6, beta=0.5, burn_base="all", burn_source="market", s_io=0.2,
        y2_cap_months=None, overflow="refill", V0_months=12.0, V0=None, F0=0.0, kappa=1.0, chi=0.0,
        release_cap=None, controller=False, a=0.5, r_min=3.0, r_max=12.0, g_down=0.05, g_up=0.02, k_min=0.6,
        eta=0.0, omega=0.25, K0=0.0, cooldown_days=14.0, p_star=0.9,
        impact=0.0, depth=95e6 * 30.4375, sell_payout=0.7, sell_unlock=0.3,
        price_history=None, revenue_history=None,
    )  # fmt: skip


def test_the_shocks_that_stood_before_the_fit_are_those_specified() -> None:
    s = FACTS.shock_sets()["provisional"].shocks
    assert [(r.mu, r.sigma, r.jump_rate, r.g, r.nu) for r in s.regimes] == [
        (0.0, 0.9, 2.0, 0.0, 0.35),
        (0.0, 1.8, 12.0, 0.0, 0.7),
    ]
    assert s.transition == ((0.92, 0.08), (0.25, 0.75))
    assert (s.jump_mean, s.jump_sd, s.jump_demand, s.theta, s.rho) == (-0.1, 0.15, 0.0, 1.0, 0.5)
    assert (s.start, s.history, s.demean, s.repair_root) == ("calm", None, True, False)


def different(name: str) -> set[str]:
    """Inputs of a shock set that differ from the default's."""
    default, other = FACTS.shocks().model_dump(), FACTS.shock_sets()[name].shocks.model_dump()
    rates = {
        f"{r['name']}.{key}"
        for r, s in zip(default.pop("regimes"), other.pop("regimes"), strict=True)
        for key in r
        if r[key] != s[key]
    }
    return rates | {key for key in default if default[key] != other[key]}


def test_the_default_shocks_are_the_fit_to_io_without_drift() -> None:
    sets = FACTS.shock_sets()
    assert list(sets) == ["fitted", "pooled", "drift", "joint_crash", "provisional"]
    assert FACTS.shocks() is sets["fitted"].shocks
    assert all(r.mu == 0 for name in sets if name != "drift" for r in sets[name].shocks.regimes)
    price = {f"{regime}.{key}" for regime in ("calm", "stress") for key in ("sigma", "jump_rate")}
    jumps = {"jump_mean", "jump_sd", "transition"}
    # stress jumps at the same rate in all sets: where the search of the fits ends
    assert different("pooled") == different("provisional") == (price | jumps) - {"stress.jump_rate"}
    assert different("drift") == {"calm.mu", "stress.mu"}
    assert different("joint_crash") == {"jump_demand"}


def test_each_shock_set_says_what_it_is_and_is_not() -> None:
    for name, found in FACTS.shock_sets().items():
        assert found.name == name
        assert found.kind == ("assumption" if name == "provisional" else "derived")
        assert found.limits
        assert {FACTS.facts[id_].kind for id_ in found.facts} <= {found.kind, "assumption"}


def test_the_stated_limits_of_the_fit_are_those_of_its_tables() -> None:
    laws, moments = FACTS.facts["shock_fit_laws"], FACTS.facts["shock_fit_moments"]
    columns = [laws.texts(c) for c in ("history", "law", "fitted")] + [
        laws.numbers("aic"),
        laws.numbers("bic"),
    ]
    own = [row[1:] for row in zip(*columns, strict=True) if row[0] == "IO"]
    ((_, _, aic, bic),) = (row for row in own if row[1] == "yes")
    ((_, _, jumps_aic, jumps_bic),) = (row for row in own if row[0] == "one regime with jumps")
    limits = FACTS.facts["shock_fit_limits"].text
    assert f"BIC prefers one regime with jumps by {float(bic) - float(jumps_bic):.1f}" in limits
    assert f"(AIC by {float(aic) - float(jumps_aic):.1f})" in limits
    for low, history, high in zip(*map(moments.numbers, ("low", "history", "high")), strict=True):
        assert low <= history <= high
    assert [r.jump_rate for r in FACTS.shocks().regimes] == [12, 12]
    gains = FACTS.facts["hindcast_intervals"]
    assert (gains.texts("token")[0], gains.numbers("months")[0]) == ("IO", 1)
    assert gains.numbers("crps_gain_low")[0] < 0 < gains.numbers("crps_gain_high")[0]


def test_the_protocol_is_the_one_specified() -> None:
    p = FACTS.protocol()
    assert (p.cap_io, p.genesis_io, p.emission_total_io) == (800e6, 500e6, 300e6)
    assert (p.emission_annual_rate, p.emission_months, p.first_month) == (0.08, 240, date(2024, 7, 1))
    tge = {b.name: b.total_io * b.at_tge for b in p.buckets}
    assert sum(tge.values()) == pytest.approx(94.4e6)
    assert {b.name: (b.kind, b.first_month, b.last_month) for b in p.buckets} == {
        "Seed": ("tranche", 13, 36),
        "Series A": ("tranche", 13, 36),
        "Core contributors": ("tranche", 13, 48),
        "R&D and ecosystem": ("linear", 7, 41),
        "Community": ("linear", 1, 41),
        "Binance Launchpool": ("none", None, None),
    }


NUMERIC = [n for n in Scenario.model_fields if FACTS.range_for(n) is not None]


def test_every_numeric_input_has_a_plausible_range() -> None:
    choices = {"rule", "order", "burn_base", "burn_source", "overflow", "controller"}
    assert set(Scenario.model_fields) - set(NUMERIC) == choices | {
        "contracts",
        "price_history",
        "revenue_history",
    }


@pytest.mark.parametrize("field", NUMERIC)
def test_both_ends_of_a_range_can_be_run_and_hold_every_preset(field: str) -> None:
    bounds = FACTS.range_for(field)
    assert bounds is not None
    whole = isinstance(getattr(FACTS.baseline(), field) or 1.0, int) or field == "shock_months"
    for end in bounds:
        parse_scenario({field: int(end) if whole else end}, FACTS.baseline())
    for preset in FACTS.presets().values():
        value = getattr(preset.scenario, field)
        assert value is None or bounds[0] <= value <= bounds[1], preset.name


def changed(name: str) -> dict[str, object]:
    preset, base = FACTS.presets()[name].scenario, FACTS.baseline()
    return {n: getattr(preset, n) for n in Scenario.model_fields if getattr(preset, n) != getattr(base, n)}


def test_the_presets_are_what_they_are_called() -> None:
    titles = {name: preset.title for name, preset in FACTS.presets().items()}
    assert list(titles.items()) == [
        ("baseline", "Baseline"),
        ("price_shock", "Price -50 %"),
        ("demand_shock", "Demand -55 %"),
        ("both", "Both"),
        ("history_replay", "IO's own fall"),
        ("second_contract", "Second contract"),
        ("as_reported", "As reported"),
        ("legacy", "Legacy schedule"),
    ]
    first = Contract(first=1, months=12, usd=650_000.0)
    assert changed("baseline") == {}
    assert changed("price_shock") == {"price_shock": -0.5}
    assert changed("demand_shock") == {"demand_shock": -0.55}
    assert changed("both") == {"price_shock": -0.5, "demand_shock": -0.55}
    assert changed("second_contract") == {"contracts": (first, first.model_copy(update={"first": 4}))}
    assert changed("as_reported") == {"rule": "as_reported", "burn_source": "vault", "V0_months": 0.0}
    assert changed("legacy") == {"rule": "legacy", "V0_months": 0.0}


def test_every_preset_cites_its_facts_and_only_the_replay_is_approximate() -> None:
    for name, preset in FACTS.presets().items():
        assert preset.name == name
        assert preset.facts
        assert {FACTS.facts[id_].source for id_ in preset.facts} == set(preset.sources)
        assert preset.approximate == (name == "history_replay")


def test_the_replay_without_a_file_uses_the_month_table() -> None:
    scenario = FACTS.presets()["history_replay"].scenario
    assert set(changed("history_replay")) == {
        "m0",
        "months",
        "contracts",
        "price_history",
        "revenue_history",
    }
    assert (scenario.m0, scenario.months, scenario.contracts) == (0, 21, ())
    assert scenario.price_history is not None
    # July 2024 and March 2026, by hand from the month table
    assert scenario.price_history[0] == pytest.approx(((3.39 + 1.946 + 2.424) / 3,))
    assert scenario.price_history[-1] == pytest.approx(((0.1267 + 0.098 + 0.1082) / 3,))
    project(scenario, FACTS.protocol())


def test_a_replay_takes_observed_revenue_between_its_dates() -> None:
    closes = tuple((0.2, 0.3) for _ in range(30))
    revenue = FACTS.replay_scenario(date(2024, 7, 1), closes).revenue_history
    assert revenue is not None
    by_month = dict(enumerate(revenue, 1))
    assert by_month[1] == by_month[2] == pytest.approx(470_000 / 3)  # level before August 2024
    assert by_month[5] == pytest.approx(3_100_000 / 3)  # November 2024, the middle of Q4
    assert by_month[8] == pytest.approx(5_700_000 / 3)  # February 2025
    assert by_month[24] == by_month[30] == pytest.approx(12_500_000 / 12)  # June 2026 and level after
    assert by_month[16] == pytest.approx((by_month[8] + by_month[24]) / 2)
    later = FACTS.replay_scenario(date(2024, 11, 17), closes, months=2)
    assert (later.m0, later.months) == (4, 2)
    assert later.revenue_history == pytest.approx((by_month[5], by_month[6]))
    assert later.price_history == closes[:2]


@pytest.mark.parametrize(
    ("start", "months", "words"),
    [
        (date(2024, 6, 11), None, "cannot start on 2024-06-11"),
        (date(2024, 7, 1), 3, "months is 3 but"),
        (date(2024, 7, 1), 0, "months"),
    ],
)
def test_an_impossible_replay_is_refused(start: date, months: int | None, words: str) -> None:
    with pytest.raises(InputError, match=words):
        FACTS.replay_scenario(start, ((1.0,), (1.0,)), months)


def test_alternatives_are_every_combination_and_hold_the_default() -> None:
    scenario = FACTS.presets()["both"].scenario
    named = FACTS.alternatives(scenario)
    combinations = {(s.V0_months, s.H0, s.order) for _, s in named}
    assert combinations == {
        (v, h, o)
        for v in (3.0, 12.0, 240.0)
        for h in (675_000.0, 1_350_000.0, 2_700_000.0)
        for o in ("revenue_first", "vault_first")
    }
    assert len({label for label, _ in named}) == len(named) == 18
    assert scenario in [s for _, s in named]


def test_alternatives_of_the_vault_override_a_vault_given_in_tokens() -> None:
    given = parse_scenario({"V0": 1e6, "order": "vault_first"}, FACTS.baseline())
    named = FACTS.alternatives(given, ("H0", "V0_months"))
    assert len(named) == 9
    assert {(s.V0, s.order) for _, s in named} == {(None, "vault_first")}
    assert named[-1][0] == "payout target x 2, vault all that is left"
