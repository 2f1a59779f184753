"""What one reader does to the scenario: edits, presets, resets and the way back."""

from collections.abc import Callable

import pytest

from dashboard.session import YOURS, Session
from models.parameters import Scenario, parse_scenario
from models.projection import project
from tests.scenarios import BASELINE, PROTOCOL, REGISTRY

BOTH = REGISTRY.presets()["both"].scenario


def start(check: Callable[[Scenario], object] | None = None) -> Session:
    return Session(REGISTRY.presets(), check or (lambda s: project(s, PROTOCOL)), "baseline")


def test_a_session_starts_at_its_preset() -> None:
    session = start()
    assert session.scenario == BASELINE
    assert (session.choice, session.changed, session.message) == ("baseline", [], None)
    assert not session.can_undo


def test_an_edit_makes_the_scenario_the_readers_own() -> None:
    session = start()
    session.edit(beta=0.75)
    assert session.scenario == parse_scenario({"beta": 0.75}, BASELINE)
    assert (session.choice, session.changed) == (YOURS, ["beta"])


@pytest.mark.parametrize(
    "changes",
    [{"beta": 0.3}, {"beta": float("nan")}, {"no_such": 1}, {"r_min": 50.0}, {"V0": 4e8}],
    ids=["out of bounds", "not a number", "unknown", "against another input", "more than is left to emit"],
)
def test_a_refused_edit_changes_nothing_and_says_why(changes: dict[str, float]) -> None:
    session = start()
    session.edit(**changes)
    assert session.scenario == BASELINE
    assert session.message
    assert next(iter(changes)) in session.message
    assert not session.can_undo


def test_the_next_accepted_edit_takes_the_refusal_off() -> None:
    session = start()
    session.edit(beta=0.3)
    session.edit(beta=0.6)
    assert session.message is None


def test_an_edit_that_changes_nothing_leaves_nothing_to_undo() -> None:
    session = start()
    session.edit(beta=BASELINE.beta)
    assert not session.can_undo


def test_undo_takes_back_edits_resets_and_choices_one_by_one() -> None:
    session = start()
    session.edit(beta=0.75)
    session.choose("both")
    session.edit(phi=1.0)
    session.reset()
    assert session.scenario == BOTH
    session.undo()
    assert session.scenario == parse_scenario({"phi": 1.0}, BOTH)
    session.undo()
    assert session.scenario == BOTH
    session.undo()
    assert (session.base, session.changed) == ("baseline", ["beta"])
    session.undo()
    assert session.scenario == BASELINE
    assert not session.can_undo
    session.undo()
    assert session.scenario == BASELINE


def test_one_input_or_all_go_back_to_the_preset() -> None:
    session = start()
    session.choose("both")
    session.edit(phi=1.0, price_shock=-0.2)
    session.reset("phi")
    assert session.changed == ["price_shock"]
    session.reset()
    assert session.scenario == BOTH


def test_the_readers_own_scenario_is_kept_while_presets_are_looked_at() -> None:
    session = start()
    session.choose("both")
    session.edit(phi=1.0)
    mine = session.scenario
    session.choose("legacy")
    session.choose(YOURS)
    assert session.scenario == mine
    assert session.base == "both"


def test_a_scenario_from_elsewhere_is_compared_with_the_nearest_preset() -> None:
    session = start()
    session.adopt(parse_scenario({"phi": 1.0}, BOTH))
    assert (session.base, session.changed) == ("both", ["phi"])


def test_a_choice_that_is_none_changes_nothing() -> None:
    session = start()
    session.choose("no such preset")
    session.choose(YOURS)
    assert session.scenario == BASELINE


def test_the_way_back_has_an_end() -> None:
    session = start(check=lambda s: None)
    for i in range(300):
        session.edit(months=i + 1)
    steps = 0
    while session.can_undo:
        session.undo()
        steps += 1
    assert 50 <= steps < 300
