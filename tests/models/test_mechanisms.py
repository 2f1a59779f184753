"""Each network's rule against a case worked by hand, with the figures of its own documents if any."""

import numpy as np
import pytest

from models.mechanisms import (
    Akash,
    Filecoin,
    Fixed,
    Helium,
    Livepeer,
    Market,
    Payout,
    Render,
    Start,
    Supply,
    moved,
)
from models.parameters import DAYS_PER_MONTH
from tests.scenarios import BASELINE, PROTOCOL

DAY = 1 / DAYS_PER_MONTH


def begin(rule, *, unissued=1e9, circulating=1e9, schedule=0.0, months=1.0, cap=None):
    token = PROTOCOL if cap is None else PROTOCOL.model_copy(update={"cap_io": cap})
    return rule.begin(Start(BASELINE, token, unissued, circulating, schedule, months))


def supply(unissued=1e9, circulating=1e9, burned=0.0):
    return Supply(*(np.array([io]) for io in (unissued, circulating, burned)))


def market(price=1.0, revenue=0.0, target=0.0, schedule=0.0, at=0.0, months=1.0):
    return Market(np.array([price]), np.array([revenue]), target, schedule, 0.0, at, months)


def amounts(p: Payout) -> tuple[float, ...]:
    """income, new, again, burned."""
    return p.income.item(), p.new.item(), p.again.item(), p.burned.item()


# Akash


def test_akash_settles_at_the_price_of_the_day_as_in_the_example_of_its_proposal() -> None:
    # AEP-76: 1,000 USD topped up at 1.14 burn 877.192982 AKT, settled at 1.50 they mint 666.666667.
    # Here every customer keeps one step of credits. Step 1 tops up 2,000 (its own use and the next one's):
    # burned 2,000 / 1.14 = 1,754.385965, minted again 1,000 / 1.14 = 877.192982.
    rule = Akash(spread=0.0, runway_days=DAYS_PER_MONTH)
    s, memory = supply(), begin(rule)
    first, memory = rule.step(s, memory, market(1.14, 1000))
    assert amounts(first) == pytest.approx((1000, 0, 877.192982, 1754.385965))
    # Step 2 uses the 1,000 bought at 1.14 and tops up 1,000 at 1.50: 1,000 / 1.50 = 666.666667 both ways.
    s = moved(s, first)
    second, memory = rule.step(s, memory, market(1.5, 1000))
    assert amounts(second) == pytest.approx((1000, 0, 666.666667, 666.666667))
    # The dollar bought at 1.14 and settled at 1.50 left 877.192982 - 666.666667 = 210.526316 burned; the
    # other 666.666667 that are still burned stand behind the credits now held.
    assert moved(s, second).burned.item() == pytest.approx(210.526316 + 666.666667)


def test_akash_mints_new_tokens_when_the_price_has_fallen_too_far() -> None:
    # AEP-76: settled at 0.90, the 1,000 USD need 1,111.111111; 877.192982 were burned, 233.918129 are new.
    rule = Akash(spread=0.0, runway_days=0.0)
    paid, _ = rule.step(supply(burned=877.192982), (np.array([1000.0]),), market(0.9, 1000))
    assert amounts(paid) == pytest.approx((1000, 233.918129, 877.192982, 0))


def test_akash_takes_the_spread_when_credits_are_bought() -> None:
    # 1,000 USD at 2: 500 burned, credits 997.50, minted again 498.75; 1.25 stay burned.
    rule = Akash(spread=0.0025, runway_days=0.0)
    paid, (credits,) = rule.step(supply(), begin(rule), market(2.0, 1000))
    assert amounts(paid) == pytest.approx((997.5, 0, 498.75, 500))
    assert credits.item() == pytest.approx(0, abs=1e-9)


def test_akash_keeps_the_days_of_credits_whatever_the_step() -> None:
    # 30 USD a day, 7 days kept: 210 USD of credits, after a month in one step as after daily steps.
    rule = Akash(spread=0.0, runway_days=7.0)
    _, (month,) = rule.step(supply(), begin(rule), market(1.0, 30 * DAYS_PER_MONTH))
    _, (day,) = rule.step(supply(), begin(rule), market(1.0, 30, months=DAY))
    assert (month.item(), day.item()) == pytest.approx((210, 210))


# Render


RENDER = Render(burn_share=0.95, yearly=(9_126_804, 5_900_000), damping=0.945, supply=500e6)


@pytest.mark.parametrize(
    ("at", "new"),
    # RNP-006: 9,126,804 / 12 = 760,567 a month; year 2: 5.9M / 12; year 3: that x 0.945; year 4: x 0.945^2
    [(0, 760_567), (11, 760_567), (12, 491_666.667), (24, 464_625), (36, 439_070.625)],
)
def test_render_mints_by_schedule_and_burns_by_revenue(at: float, new: float) -> None:
    # Burned: 0.95 x 1,000 / 2 = 475. Suppliers get what was minted, at 2 each. As many tokens exist as
    # Render's: 1e9 of the cap not issued, 500M issued.
    memory = begin(RENDER, cap=1.5e9)
    paid, _ = RENDER.step(supply(), memory, market(2.0, 1000, at=at))
    assert amounts(paid) == pytest.approx((2 * new, new, 0, 475))


def test_render_s_schedule_is_scaled_by_the_tokens_that_exist() -> None:
    # 569M issued against 500M: 760,567 x 1.138; a step across the years' border takes half of each month.
    memory = begin(RENDER, cap=1.569e9)
    paid, _ = RENDER.step(supply(), memory, market(1.0, 0))
    assert paid.new.item() == pytest.approx(865_525.246)
    border, _ = RENDER.step(supply(), memory, market(1.0, 0, at=11.5))
    assert border.new.item() == pytest.approx(1.138 * (760_567 + 491_666.667) / 2)


# Helium


def helium(**changes):
    figures = {"epochs": 7, "epoch_days": 1, "cap_share": 0.01, "floor": 0.5, "ceiling": 3, "alpha": 1.0}
    return Helium(**(figures | changes))


def test_helium_tops_up_to_half_of_what_customers_pay() -> None:
    # 1,000 USD at 0.50 burn 2,000. Schedule 800, cap 0.01 x 1,000 = 10: baseline 810. The floor is
    # 0.5 x 1,000 / 0.50 = 1,000 tokens: top-up 190, minted again 10 + 190; income 1,000 x 0.50 = 500.
    rule = helium()
    paid, _ = rule.step(supply(), begin(rule, schedule=1000), market(0.5, 1000, schedule=800))
    assert amounts(paid) == pytest.approx((500, 800, 200, 2000))


def test_helium_divides_the_top_up_by_the_share_that_reaches_suppliers() -> None:
    # alpha 0.625: of the baseline 810 arrive 506.25; (1,000 - 506.25) / 0.625 = 790 top up; of 800 + 10 + 790
    # = 1,600 arrive 1,000, worth 500.
    rule = helium(alpha=0.625)
    paid, _ = rule.step(supply(), begin(rule, schedule=1000), market(0.5, 1000, schedule=800))
    assert amounts(paid) == pytest.approx((500, 800, 800, 2000))


def test_helium_s_top_up_never_passes_the_recent_burn() -> None:
    # Nothing scheduled: the floor is 0.5 x 1,000 / 0.50 = 1,000. The mean burn over seven days is
    # (2,000 + 6 x 100) / 7 = 371.43: 10 under the cap, 361.43 as a top-up.
    rule = helium()
    recent = tuple(np.array([100.0]) for _ in range(7))
    paid, (kept, _) = rule.step(supply(), (recent, 10.0), market(0.5, 1000, months=DAY))
    assert amounts(paid) == pytest.approx((371.428571 * 0.5, 0, 371.428571, 2000))
    assert len(kept) == 7


def test_helium_mints_no_burned_token_twice() -> None:
    # The burn was 500 a day and fell to 10, and all that was burned before is minted again already: of the
    # (0.5 x 10) / 0.1 = 50 wanted (alpha 0.1), only the 10 just burned are there, 4 of them under the cap.
    rule = helium(alpha=0.1)
    recent = tuple(np.array([500.0]) for _ in range(7))
    paid, _ = rule.step(supply(), (recent, 4.0), market(0.5, 5, months=DAY))
    assert amounts(paid) == pytest.approx((10 * 0.1 * 0.5, 0, 10, 10))


def test_helium_s_floor_binds_below_the_price_that_its_proposal_names() -> None:
    # An earlier text of HIP-149: a pool of 15,215 HNT a day, 91,000 GB at 0.10 USD, so the minimum of 4,550
    # USD binds below 0.2990 USD (stated: about 0.30). At 0.29 (4,550 / 0.29 - 15,215) / 0.75 = 632.87 top up.
    rule = helium(alpha=0.75)
    for price, again in ((0.31, 0), (0.29, 632.873563)):
        memory = begin(rule, schedule=0.0, months=DAY)
        paid, _ = rule.step(supply(), memory, market(price, 9100, schedule=15_215 / 0.75, months=DAY))
        assert paid.again.item() == pytest.approx(again)


def test_helium_s_suppliers_earn_at_most_three_times_what_customers_pay() -> None:
    # 800 scheduled at 4 are worth 3,200 and 10 minted again 40; 3 x 1,000 go to suppliers, 240 to stakers.
    rule = helium()
    paid, _ = rule.step(supply(), begin(rule, schedule=1000), market(4.0, 1000, schedule=800))
    assert amounts(paid) == pytest.approx((3000, 800, 10, 250))


# Filecoin


FILECOIN = Filecoin(simple_share=0.3, half_life_years=6)


def minted_after(months: int, revenue: float) -> float:
    """Of a pool of 1,000 tokens, with a baseline of 100 USD a month."""
    memory, total = begin(FILECOIN, unissued=1000.0), 0.0
    for month in range(months):
        paid, memory = FILECOIN.step(supply(), memory, market(1.0, revenue, 100.0, at=month))
        assert paid.income.item() == pytest.approx(revenue + paid.new.item())
        total += paid.new.item()
    return total


def test_filecoin_mints_half_in_a_half_life_when_the_baseline_is_met() -> None:
    assert minted_after(72, 100) == pytest.approx(500)
    assert minted_after(72, 900) == pytest.approx(500)


def test_filecoin_defers_the_baseline_s_part() -> None:
    # No revenue: only 300 x 1/2. Half the baseline for 144 months: 300 x 3/4 by time and, 72 effective months
    # in, 700 x 1/2.
    assert minted_after(72, 0) == pytest.approx(150)
    assert minted_after(144, 50) == pytest.approx(225 + 350)


# Livepeer


def test_livepeer_s_inflation_moves_by_its_step_a_round() -> None:
    # LIP-34: 0.0502 % a round, moved by 0.00005 %. One round a step, 1M tokens: 502 in the first round; if
    # suppliers were overpaid then (502 + 600 USD for 1,000), 501.5 in the second, if underpaid 502.5.
    rule = Livepeer(change=5e-7, target=0.5, rounds_per_year=12)
    for revenue, second in ((600, 501.5), (400, 502.5)):
        memory = begin(rule, circulating=1e6, schedule=502)
        paid, memory = rule.step(supply(circulating=1e6), memory, market(1.0, revenue, 1000))
        assert amounts(paid) == pytest.approx((502 + revenue, 502, 0, 0))
        paid, _ = rule.step(supply(circulating=1e6), memory, market(1.0, 0, 1000))
        assert paid.new.item() == pytest.approx(second)


def test_livepeer_s_bonded_share_follows_pay_up_to_all() -> None:
    # Target 1,000: paid 800 -> bonded 0.4; paid 5,000 -> all.
    rule = Livepeer(change=5e-7, target=0.5, rounds_per_year=12)
    for revenue, bonded in ((800, 0.4), (5000, 1.0)):
        _, memory = rule.step(supply(), begin(rule), market(1.0, revenue, 1000))
        assert memory[1].item() == pytest.approx(bonded)


def test_livepeer_moves_by_all_rounds_of_a_step_and_never_below_zero() -> None:
    # 36 rounds a month: underpaid suppliers raise it by 36 x 5e-7 = 1.8e-5, on 1M tokens 36 x 18 = 648.
    rule = Livepeer(change=5e-7, target=0.5, rounds_per_year=432)
    paid, _ = rule.step(supply(circulating=1e6), (0.0, 0.4), market(1.0, 0, 1000))
    assert paid.new.item() == pytest.approx(648)
    paid, _ = rule.step(supply(circulating=1e6), (1e-6, 0.6), market(1.0, 0, 1000))
    assert paid.new.item() == 0


# Fixed emission


def test_aethir_emits_half_of_the_supply_evenly_over_four_years() -> None:
    # 42B x 0.5 / 48 = 437.5M a month; half a month before the end half of it, then nothing.
    rule = Fixed(share=0.5, years=4)
    memory = begin(rule, cap=42e9)
    for at, new in ((0, 437.5e6), (47.5, 218.75e6), (48, 0)):
        paid, _ = rule.step(supply(unissued=42e9), memory, market(0.01, 1000, at=at))
        assert amounts(paid) == pytest.approx((1000 + 0.01 * new, new, 0, 0))


@pytest.mark.parametrize("rule", [RENDER, FILECOIN, Fixed(0.5, 4), Livepeer(5e-7, 0.5, 414.7), helium()])
def test_no_rule_issues_more_than_is_not_yet_issued(rule) -> None:
    memory = begin(rule, schedule=1e6, cap=2e9)
    paid, _ = rule.step(supply(unissued=7.0), memory, market(1.0, 50.0, 100.0, schedule=1e6))
    assert paid.new.item() == 7.0


@pytest.mark.parametrize("rule", [RENDER, Akash(0.0025, 7), helium()])
def test_no_rule_burns_more_than_circulates(rule) -> None:
    paid, _ = rule.step(supply(circulating=3.0), begin(rule, cap=2e9), market(1.0, 50.0))
    assert paid.burned.item() == 3.0
