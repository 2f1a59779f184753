"""The translator: what it makes of the step, and that it refuses what it does not know, naming file and
line."""

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from models import economy
from models.stress.cpp import HOOKS
from models.stress.translate import Program, Refused

LISTED = [1.0]
GOLDEN = Path(__file__).with_name("golden_step.txt")


class Pair(NamedTuple):
    a: float
    b: int


def no_annotation(x):
    return x


def while_loop(x: float) -> float:
    while x < 1.0:
        x = x + 1.0
    return x


def branch(x: float) -> float:
    if x > 0.0:
        x = 1.0
    return x


def power_operator(x: float) -> float:
    return x**2.0


def whole_division(x: int) -> int:
    return x // 2


def true_division_of_whole_numbers(x: int) -> int:
    return x / 2


def chained(x: float) -> bool:
    return 0.0 < x < 1.0


def changes_type(x: float) -> float:
    y = 1
    y = x
    return y


def mixed_choice(x: float) -> float:
    return 1 if x > 0.0 else 2.0


def wrong_return(x: float) -> int:
    return x


def keyword(x: float) -> Pair:
    return Pair(a=x, b=1)


def missing_argument(x: float) -> Pair:
    return Pair(x)


def no_constant(x: float) -> float:
    return x + LISTED


def unknown_function(x: float) -> float:
    return abs(x)


def subscript(p: Pair) -> float:
    return p[0]


def no_field(p: Pair) -> float:
    return p.c


def text(x: float) -> float:
    y = "1"
    return y


def no_end(x: float) -> float:
    """Ends without a return."""


def condition_on_number(x: float) -> float:
    return 1.0 if x else 2.0


def uneven(x: float) -> float:
    a, b = x, x, x
    return a + b


REFUSED = [
    no_annotation, while_loop, branch, power_operator, whole_division, true_division_of_whole_numbers,
    chained, changes_type, mixed_choice, wrong_return, keyword, missing_argument, no_constant,
    unknown_function, subscript, no_field, text, no_end, condition_on_number, uneven,
]  # fmt: skip


@pytest.mark.parametrize("function", REFUSED, ids=lambda f: f.__name__)
def test_what_it_does_not_know_is_refused_by_file_and_line(function: Callable[..., Any]) -> None:
    lines, first = inspect.getsourcelines(function)
    with pytest.raises(Refused) as refusal:
        Program(HOOKS).function(function)
    place = re.match(r"test_translate\.py, line (\d+): ", str(refusal.value))
    assert place
    assert first <= int(place[1]) < first + len(lines)


def swapped(p: Pair) -> tuple[float, int]:
    """Names that C++ keeps for itself, a swap, and a whole number where a float is due."""
    double, short = p.b, p.a
    double, short = p.b + 1, short - double
    return max(short, 0.0, 1e300), double


def test_a_small_function_reads_as_its_source() -> None:
    program = Program(HOOKS)
    program.function(swapped)
    code = [line.strip() for line in program.parts[-1].splitlines() if not line.startswith("#line")]
    assert code == [
        "MODEL_FN Tuple_double_longlong test_translate_swapped(Pair p_) {",
        "long long double_;",
        "double short_;",
        "const Tuple_longlong_double t1 = Tuple_longlong_double{p_.b_, p_.a_};",
        "double_ = t1.v0_;",
        "short_ = t1.v1_;",
        "const Tuple_longlong_double t2 = "
        "Tuple_longlong_double{(p_.b_ + 1LL), (short_ - (double)(double_))};",
        "double_ = t2.v0_;",
        "short_ = t2.v1_;",
        "return Tuple_double_longlong{model_max(model_max(short_, 0.0), 1e+300), double_};",
        "}",
    ]


def test_the_step_in_cpp_is_the_one_on_record() -> None:
    """Read the difference before recording it anew: this is the model as a GPU runs it."""
    program = Program(HOOKS)
    program.function(economy.step)
    made = re.sub(r'#line \d+ "(\w+)\.py"\n', "", "\n".join(program.parts))
    assert made == GOLDEN.read_text(encoding="utf-8").rstrip("\n")
