"""What one reader has in front of them: a scenario, the preset it is compared with, and the way back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from data.registry import Preset
from models.parameters import InputError, Scenario, parse_scenario

# The reader's own scenario among the presets.
YOURS = "yours"
MAX_PAST = 100


@dataclass
class Session:
    """`check` runs a scenario and raises InputError for one that cannot start; nothing unchecked gets in.
    `message` is the sentence for the reader about the last refusal, or None."""

    presets: Mapping[str, Preset]
    check: Callable[[Scenario], object]
    base: str
    scenario: Scenario = field(init=False)
    yours: tuple[str, Scenario] | None = None
    message: str | None = None
    previous: Scenario | None = None  # what was seen before this one, whichever way the reader came
    _past: list[tuple[str, Scenario]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scenario = self.preset.scenario

    @property
    def preset(self) -> Preset:
        """The preset that the scenario is compared with."""
        return self.presets[self.base]

    @property
    def choice(self) -> str:
        """What the picker shows: the preset's name, or YOURS as soon as one input differs."""
        return YOURS if self.changed else self.base

    @property
    def changed(self) -> list[str]:
        """Names of the inputs that differ from the preset's."""
        mine, theirs = self.scenario, self.preset.scenario
        return [name for name in Scenario.model_fields if getattr(mine, name) != getattr(theirs, name)]

    def edit(self, **changes: Any) -> None:
        """Apply one edit of the reader's, or keep all as it was and say why in `message`."""
        try:
            scenario = parse_scenario(changes, self.scenario)
            self.check(scenario)
        except InputError as error:
            self.refuse(error)
        else:
            self._move(self.base, scenario)

    def refuse(self, error: InputError) -> None:
        """Tell the reader why an edit was not taken."""
        self.message = f"{error}. Nothing was changed."

    def adopt(self, scenario: Scenario) -> None:
        """Take in a whole scenario from elsewhere, compared with the preset that it is nearest to.
        Raises InputError when it cannot start; then nothing has changed."""
        self.check(scenario)
        self._move(min(self.presets, key=lambda name: _distance(scenario, self.presets[name])), scenario)

    def choose(self, name: str) -> None:
        """Go to a preset, or back to the reader's own scenario."""
        if name == YOURS and self.yours is not None:
            self._move(*self.yours)
        elif name in self.presets:
            self._move(name, self.presets[name].scenario)

    def reset(self, *names: str) -> None:
        """Put these inputs back to the preset's values; all of them when none is named."""
        theirs = self.preset.scenario
        if names:
            self.edit(**{name: getattr(theirs, name) for name in names})
        else:
            self._move(self.base, theirs)

    @property
    def can_undo(self) -> bool:
        return bool(self._past)

    def undo(self) -> None:
        """Take the last change back, whatever it was."""
        if self._past:
            self.message, self.previous = None, self.scenario
            self.base, self.scenario = self._past.pop()

    def _move(self, base: str, scenario: Scenario) -> None:
        self.message = None
        if (base, scenario) == (self.base, self.scenario):
            return
        self._past = [*self._past[1 - MAX_PAST :], (self.base, self.scenario)]
        self.previous = self.scenario
        self.base, self.scenario = base, scenario
        if self.changed:
            self.yours = (base, scenario)


def _distance(scenario: Scenario, preset: Preset) -> int:
    return sum(getattr(scenario, n) != getattr(preset.scenario, n) for n in Scenario.model_fields)
