"""Philox against its published test vectors, and what the draws promise."""

import math

import numpy as np
import pytest

from models.stress.draws import draw, draw_block, draw_start, normals, philox, uniform, words

SEED = words(20261123)


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_matches_its_published_vectors(
    counter: tuple[int, int, int, int], key: tuple[int, int], expected: tuple[int, int, int, int]
) -> None:
    """The vectors of Random123's kat_vectors file for philox4x32 with 10 rounds."""
    assert philox(*counter, words(key[0] + (key[1] << 32)))[:4] == expected


def test_the_variates_have_their_distributions() -> None:
    """Mean, variance, kurtosis and correlations of 20,000 steps at four standard errors."""
    n = 20_000
    rows = np.array([draw(SEED, words(path), step) for path in range(200) for step in range(1, n // 200 + 1)])
    e1, e2, u_regime, u_jump, e_jump = rows.T
    for e in (e1, e2, e_jump):
        assert abs(e.mean()) < 4 / math.sqrt(n)
        assert abs((e**2).mean() - 1) < 4 * math.sqrt(2 / n)
        assert abs((e**4).mean() - 3) < 4 * math.sqrt(96 / n)
    for u in (u_regime, u_jump):
        assert abs(u.mean() - 0.5) < 4 / math.sqrt(12 * n)
        assert 0 < u.min() < u.max() < 1
    correlations = np.corrcoef(rows.T)[~np.eye(5, dtype=bool)]
    assert np.abs(correlations).max() < 4 / math.sqrt(n)


def test_a_draw_depends_on_seed_path_and_step_alone() -> None:
    first = draw(SEED, words(7), 3)
    assert first == draw(SEED, words(7), 3)
    others = [draw(words(1), words(7), 3), draw(SEED, words(7 + 2**32), 3), draw(SEED, words(7), 4)]
    assert len({first, *others}) == 4


def test_start_and_block_draws_share_nothing_with_the_steps() -> None:
    used = {draw(SEED, words(7), step).e1 for step in range(1, 50)}
    assert draw_start(SEED, words(7)) not in used
    assert len({draw_block(SEED, words(7), block) for block in range(50)}) == 50


def test_the_ends_of_the_words_are_finite() -> None:
    assert uniform(0) > 0
    assert uniform(2**32 - 1) < 1
    assert 6.76 < normals(0, 0)[0] < 6.77
    assert normals(2**32 - 1, 0)[0] > 0
