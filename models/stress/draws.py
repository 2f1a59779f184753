"""Counter-based random numbers: the draws of (seed, path, step) are a pure function of those three.

Philox 4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011) turns a
128-bit counter and a 64-bit key into four random words. Its use here, LAYOUT 1:

    key      (seed low, seed high), 32 bits each
    counter  (path low, path high, step, block)

    block 0  words 0, 1: two normals e1, e2 (Box-Muller)    word 2: uniform of the regime, 3: of the jump
    block 1  words 0, 1: the normal of the jump's size      words 2, 3: unused
    block 2  step = number of a history block: word 0: where in the history it starts
    step 0   (steps count from 1) block 0, word 0: uniform of the regime that the path starts in

A uniform is (word + 1/2) / 2**32, so it is never 0 or 1 and a normal never exceeds 6.77.
Any change of what a word is used for needs a new LAYOUT: runs record it.
"""

from math import sqrt
from typing import NamedTuple

from models.stress.elementary import log, sincos

LAYOUT = 1
LOW_WORD = 0xFFFFFFFF
WORD_SCALE = 2.3283064365386963e-10  # 2**-32
MULTIPLIER_0 = 0xD2511F53
MULTIPLIER_1 = 0xCD9E8D57
KEY_STEP_0 = 0x9E3779B9
KEY_STEP_1 = 0xBB67AE85


class Words(NamedTuple):
    """A seed or a path number as two 32-bit words."""

    low: int
    high: int


class Draws(NamedTuple):
    """The five variates of one step: normals e1, e2, e_jump and uniforms u_regime, u_jump."""

    e1: float
    e2: float
    u_regime: float
    u_jump: float
    e_jump: float


def words(number: int) -> Words:
    """The two words of a whole number below 2**64."""
    return Words(number & LOW_WORD, number >> 32)


def product(a: int, b: int) -> tuple[int, int]:
    """Hook: (high, low) words of the 64-bit product of two 32-bit words."""
    return (a * b) >> 32, (a * b) & LOW_WORD


class Block(NamedTuple):
    """Counter (or random words, in the end) and key between two rounds."""

    c0: int
    c1: int
    c2: int
    c3: int
    k0: int
    k1: int


def mixed(b: Block) -> Block:
    """One round of Philox 4x32, and the key of the next."""
    high0, low0 = product(b.c0, MULTIPLIER_0)
    high1, low1 = product(b.c2, MULTIPLIER_1)
    k0, k1 = (b.k0 + KEY_STEP_0) & LOW_WORD, (b.k1 + KEY_STEP_1) & LOW_WORD
    return Block(high1 ^ b.c1 ^ b.k0, low1, high0 ^ b.c3 ^ b.k1, low0, k0, k1)


def philox(c0: int, c1: int, c2: int, c3: int, key: Words) -> Block:
    """Ten rounds of Philox 4x32; the four random words are c0 .. c3 of what comes back."""
    b = mixed(mixed(mixed(mixed(mixed(Block(c0, c1, c2, c3, key.low, key.high))))))
    return mixed(mixed(mixed(mixed(mixed(b)))))


def uniform(word: int) -> float:
    """A number in (0, 1)."""
    return (word + 0.5) * WORD_SCALE


def normals(word0: int, word1: int) -> tuple[float, float]:
    """Two independent standard normals (Box-Muller)."""
    radius = sqrt(-2.0 * log(uniform(word0)))
    sine, cosine = sincos(word1)
    return radius * cosine, radius * sine


def draw_but_jump(seed: Words, path: Words, step: int) -> Draws:
    """The variates of one step (1, 2, ..) of one path, but for that of the jump's size, which is 0 here."""
    a = philox(path.low, path.high, step, 0, seed)
    e1, e2 = normals(a.c0, a.c1)
    return Draws(e1, e2, uniform(a.c2), uniform(a.c3), 0.0)


def draw_jump(seed: Words, path: Words, step: int) -> float:
    """The normal of the jump's size."""
    b = philox(path.low, path.high, step, 1, seed)
    e_jump, _ = normals(b.c0, b.c1)
    return e_jump


def draw(seed: Words, path: Words, step: int) -> Draws:
    """All variates of one step of one path."""
    d = draw_but_jump(seed, path, step)
    return Draws(d.e1, d.e2, d.u_regime, d.u_jump, draw_jump(seed, path, step))


def draw_start(seed: Words, path: Words) -> float:
    """The uniform that decides the regime in which a path starts."""
    return uniform(philox(path.low, path.high, 0, 0, seed).c0)


def draw_block(seed: Words, path: Words, block: int) -> int:
    """The word that decides where in the history block 0, 1, .. of a bootstrapped path starts."""
    return philox(path.low, path.high, block, 2, seed).c0
