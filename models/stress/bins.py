"""Which bin of a histogram a number falls into: read off the bits of the double (restricted Python).

A bin is one of 256 equal parts of an octave [2**e, 2**(e+1)), so its middle is within 0.2 % of all that it
holds. Bin numbers are whole, so counts are the same on every device and merge exactly.
"""

import math
from typing import NamedTuple

import numpy as np

from models.stress.elementary import bits

MANTISSA_SHIFT = 44  # of 52 mantissa bits, 8 remain: 256 bins an octave
BINS_PER_OCTAVE = 256
MAGNITUDE = 0x7FFFFFFFFFFFFFFF
BIAS = 1023
QUANTUM = 1024.0  # parts of a dollar that sums are counted in
LARGEST_SUM = 1099511627776.0  # USD: 2**40
TWO_52 = 4503599627370496.0
FRACTION = 0xFFFFFFFFFFFFF


class Bins(NamedTuple):
    """The bins of one quantity: those below 2**lowest together, those from 2**highest on together; with both
    signs mirrored around `centre`, or, where centre is 0, everything below zero in the lowest bin."""

    low: int
    top: int
    centre: int


def bin_of(x: float, b: Bins) -> int:
    """The number of the bin of x, 0 .. size(b) - 1."""
    return bin_of_code(ordered(x), b)


def bin_of_code(code: int, b: Bins) -> int:
    """The bin of the number that `ordered` made `code` of."""
    number = b.centre + bin_above(code, b) - bin_above(-1 - code, b)  # -1 - code lies as far below zero
    return number if number > 0 else 0


def bin_above(code: int, b: Bins) -> int:
    """How far above the bin around zero: 0 for all below zero. Where centre is 0 this is the bin."""
    above = (code >> MANTISSA_SHIFT) - b.low
    return 0 if above < 0 else b.top if above > b.top else above


def ordered(x: float) -> int:
    """A whole number that sorts as x does, so that the least and the greatest merge exactly too."""
    code = bits(x + 0.0)  # the sum makes -0 and 0 one
    return code if code >= 0 else code ^ MAGNITUDE


def quantised(usd: float) -> int:
    """An amount of 0 .. 2**40 USD in whole quanta, rounded to nearest; larger amounts count as 2**40."""
    return bits(min(usd, LARGEST_SUM) * QUANTUM + TWO_52) & FRACTION


def from_ordered(code: int) -> float:
    """The number that `ordered` made this of."""
    return float(np.int64(code if code >= 0 else code ^ MAGNITUDE).view(np.float64))


def make_bins(lowest: int, highest: int, signed: bool) -> Bins:
    """Bins between 2**lowest and 2**highest."""
    top = (highest - lowest) * BINS_PER_OCTAVE + 1
    return Bins((BIAS + lowest) * BINS_PER_OCTAVE - 1, top, top if signed else 0)


def size(b: Bins) -> int:
    """How many bins there are."""
    return b.centre + b.top + 1


def middle(number: int, b: Bins) -> float:
    """What a bin stands for: the middle of its interval; 0 for the lowest, infinity for the highest."""
    k = abs(number - b.centre)
    if k == 0 or k == b.top:
        value = 0.0 if k == 0 else math.inf
    else:
        code = k + b.low
        exponent, part = divmod(code, BINS_PER_OCTAVE)
        value = math.ldexp(1 + (part + 0.5) / BINS_PER_OCTAVE, exponent - BIAS)
    return math.copysign(value, number - b.centre) if value else 0.0
