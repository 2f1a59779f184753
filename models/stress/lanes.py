"""The CPU kernel's text: the loops that lead paths, LANES side by side, through the model.

numba cannot take records apart by field, so the kernel is written out here, one row of numbers for each field
of a path. Why its loops are as they are:

- A step takes several short loops over the lanes (draws, jumps, shock, economy) instead of one. Each is short
  enough for a processor to work on several of its rounds at a time, which hides how long a round takes.
- Half the work on draws is the size of a jump. Where jumps are rare, only the lanes that jump draw one: their
  numbers are gathered for it and filled up to whole rounds.
- A month's end turns what the fans show into bin numbers while the lanes are in the nearest cache, and the
  bins of a whole group of lanes are counted later, one histogram at a time, each fetched once for all. All
  groups finish a chunk of months before any begins the next, so that the same few histograms stay near.
- Four histograms are filled at a time, because additions to one place wait for each other.
- LLVM would work out a power and then drop it where its exponent is 0. So parameters that are 0 in a plan are
  written into the text.
- A group's spare lanes repeat its last path: every loop has LANES rounds, and only the counting looks at how
  many paths there are. Places are made unsigned, or numba would look whether they lie below zero.
"""

from collections.abc import Collection

from models.economy import Inputs, Params, State
from models.stress.draws import Draws
from models.stress.path import ROWS, Moment, Tally

LANES = 128  # a whole number of vectors, whose numbers fill less than the nearest cache
ROUND = 16  # lanes in a round of a loop: two of the widest vectors there are
OFTEN = 0.25  # probability of a jump from which on gathering costs more than it saves

_TEXT = '''"""Made by models/stress/lanes.py; do not edit."""

import numba
import numpy as np

from models import shocks
from models.economy import Inputs, Params, State
from models.stress import bins, draws, path
from models.stress.bins import Bins
from models.stress.compiled import align_stack, compiled
from models.stress.draws import Draws, Words
from models.stress.path import Moment, Path, Tally

LANES = {lanes}
ROUND = {round}
begin = compiled(path.begin)
block_start = compiled(path.block_start)
draw = compiled(draws.draw)
draw_but_jump = compiled(draws.draw_but_jump)
draw_jump = compiled(draws.draw_jump)
next_regime = compiled(shocks.next_regime)
jump_chance = compiled(shocks.jump_chance)
shaken = compiled(path.shaken)
settled = compiled(path.settled)
bin_of = compiled(bins.bin_of)
bin_of_code = compiled(bins.bin_of_code)
bin_above = compiled(bins.bin_above)
ordered = compiled(bins.ordered)
quantised = compiled(bins.quantised)


@numba.njit(error_model="numpy", forceinline=True)
def words(number):
    return Words(number & 0xFFFFFFFF, number >> 32)


@numba.njit(error_model="numpy", forceinline=True)
def count(counts, offset, codes, at):
    counts[np.uint64(offset + codes[np.uint64(at)])] += np.int32(1)


@numba.njit(error_model="numpy", nogil=True, cache=True)
def simulate(first, paths, group, chunk, seed, start, p, q, least, steps_per_month, inputs, moments, table,
             segments, slot, layout, width, counts, extremes, events, sums, watched, watch_step, out,
             rows, drawn, jumps, jumper, size, moved, codes, ranges, queue):
    align_stack()
    p = Params({params})
    days = (table.shape[0] - 1) // 2
    steps = inputs.shape[0]
    fans = extremes.shape[1]
    often = max(q.jump_0, q.jump_1, q.jump_2) > {often}
    kept = int(chunk * steps_per_month < steps)  # 0: each group is done before the next, in the same rows
    for opening in range(0, steps, chunk * steps_per_month):
        closing = min(opening + chunk * steps_per_month, steps)
        for base in range(0, paths, group):
            members = min(group, paths - base)
            last = first + base + members - 1
            for lead in range(0, members, LANES):
                number = first + base + lead
                mine = rows[(base * kept + lead) * {rows} : (base * kept + lead + LANES) * {rows}]
                if opening == 0:
                    for l in range(LANES):
                        a = begin(start, q, seed, words(min(number + l, last)))
{store_start}
                for t in range(opening, closing):
                    i = Inputs({inputs})
                    m = Moment({moments})
                    if segments.shape[1] > 0:
                        moved[:] = 0.0
                        for k in range(segments.shape[1]):
                            block, low, high = segments[t, k, 0], segments[t, k, 1], segments[t, k, 2]
                            for l in range(LANES):
                                day = block_start(seed, words(min(number + l, last)), block, days)
                                moved[l] += table[day + high] - table[day + low]
                    if often:
                        for l in range(LANES):
                            e = draw(seed, words(min(number + l, last)), t + 1)
{store_draws}
                    else:
                        for l in range(LANES):
                            e = draw_but_jump(seed, words(min(number + l, last)), t + 1)
{store_draws}
                        for l in range(LANES):
                            regime = next_regime({regime}, {u_regime}, q)
                            jumps[l] = 1 if {u_jump} < jump_chance(regime, q) else 0
                        jumping = 0
                        for l in range(LANES):
                            jumper[np.uint64(jumping)] = l
                            jumping += jumps[l]
                        for k in range(ROUND):
                            jumper[np.uint64(jumping + k)] = 0
                        for k in range((jumping + ROUND - 1) // ROUND * ROUND):
                            size[k] = draw_jump(seed, words(min(number + jumper[k], last)), t + 1)
                        for k in range(jumping):
                            drawn[np.uint64({sizes} * LANES + jumper[k])] = size[k]
                    for l in range(LANES):
                        a = Path(State({state}), Tally({tally}), {regime})
                        a = shaken(a, q, m, Draws({draws}), moved[l])
                        {x}, {y}, {regime} = a.state.x, a.state.y, a.regime
                    for l in range(LANES):
                        a = settled(Path(State({state}), Tally({tally}), {regime}), p, i, m, least)
{store_step}
                    if t + 1 == watch_step:
                        for k in range(watched.shape[0]):
                            for l in range(min(LANES, members - lead)):
                                out[k, base + lead + l] = mine[watched[k] * LANES + l]
                    if (t + 1) % steps_per_month == 0:
                        for r in range({rows}):
                            if slot[r] >= 0:
                                place = (t - opening) // steps_per_month * fans + slot[r]
                                to = place * group + lead
                                b = Bins(layout[r, 0], layout[r, 1], layout[r, 2])
                                low = ordered(mine[r * LANES])
                                high = low
                                if b.centre == 0:
                                    for l in range(LANES):
                                        code = ordered(mine[np.uint64(r * LANES + l)])
                                        low, high = min(low, code), max(high, code)
                                        codes[np.uint64(to + l)] = bin_above(code, b)
                                else:
                                    for l in range(LANES):
                                        code = ordered(mine[np.uint64(r * LANES + l)])
                                        low, high = min(low, code), max(high, code)
                                        codes[np.uint64(to + l)] = bin_of_code(code, b)
                                ranges[place, 0] = low if lead == 0 else min(ranges[place, 0], low)
                                ranges[place, 1] = high if lead == 0 else max(ranges[place, 1], high)
                if closing == steps:
                    b = Bins(layout[{loss}, 0], layout[{loss}, 1], layout[{loss}, 2])
                    for l in range(min(LANES, members - lead)):
                        for k in range(3):
                            events[k, int(mine[({event} + k) * LANES + l])] += 1
                        usd = quantised(mine[{loss} * LANES + l])
                        loss = bin_of(mine[{loss} * LANES + l], b)
                        sums[loss, 0] += 1
                        sums[loss, 1] += usd & 0xFFFFFFFF
                        sums[loss, 2] += usd >> 32
            waiting = 0
            for r in range({rows}):
                f = slot[r]
                if f >= 0:
                    for month in range(opening // steps_per_month, closing // steps_per_month):
                        place = (month - opening // steps_per_month) * fans + f
                        low, high = ranges[place, 0], ranges[place, 1]
                        extremes[month, f, 0] = min(extremes[month, f, 0], low)
                        extremes[month, f, 1] = max(extremes[month, f, 1], high)
                        offset = month * width + layout[r, 3]
                        if low == high:
                            counts[offset + codes[place * group]] += np.int32(members)
                        else:
                            queue[waiting, 0], queue[waiting, 1] = offset, place * group
                            waiting += 1
            fours = waiting // 4 * 4
            for k in range(0, fours, 4):
                offset0, at0 = queue[k, 0], queue[k, 1]
                offset1, at1 = queue[k + 1, 0], queue[k + 1, 1]
                offset2, at2 = queue[k + 2, 0], queue[k + 2, 1]
                offset3, at3 = queue[k + 3, 0], queue[k + 3, 1]
                for l in range(members):
                    count(counts, offset0, codes, at0 + l)
                    count(counts, offset1, codes, at1 + l)
                    count(counts, offset2, codes, at2 + l)
                    count(counts, offset3, codes, at3 + l)
            for k in range(fours, waiting):
                for l in range(members):
                    count(counts, queue[k, 0], codes, queue[k, 1] + l)
'''


def text(zeros: Collection[str]) -> str:
    """The kernel's source for plans whose parameters `zeros` are 0."""
    places = {name: f"mine[{k} * LANES + l]" for k, name in enumerate(ROWS)}
    stored = [f"a.state.{n}" for n in State._fields] + [f"a.tally.{n}" for n in Tally._fields] + ["a.regime"]
    drawn = [f"drawn[{k} * LANES + l]" for k in range(len(Draws._fields))]

    def stores(to: list[str], values: list[str], indent: int = 24) -> str:
        return "\n".join(f"{' ' * indent}{place} = {v}" for place, v in zip(to, values, strict=True))

    return _TEXT.format(
        lanes=LANES,
        round=ROUND,
        rows=len(ROWS),
        params=", ".join("0.0" if n in zeros else f"p.{n}" for n in Params._fields),
        store_start=stores(list(places.values()), stored),
        store_draws=stores(drawn, [f"e.{n}" for n in Draws._fields], 28),
        store_step=stores(list(places.values()), stored),
        draws=", ".join(drawn),
        u_regime=drawn[Draws._fields.index("u_regime")],
        u_jump=drawn[Draws._fields.index("u_jump")],
        sizes=Draws._fields.index("e_jump"),
        often=OFTEN,
        state=", ".join(places[n] for n in State._fields),
        tally=", ".join(places[n] for n in Tally._fields),
        regime=places["regime"],
        x=places["x"],
        y=places["y"],
        inputs=", ".join(f"inputs[t, {k}]" for k in range(len(Inputs._fields))),
        moments=", ".join(f"moments[t, {k}]" for k in range(len(Moment._fields))),
        loss=ROWS.index("shortfall_usd"),
        event=ROWS.index("first_shortfall"),
    )
