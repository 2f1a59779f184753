"""What the facts say to a supplier: terms, assumptions with their alternatives, and a fleet to start from."""

from collections.abc import Mapping

from data.fact import Cell, Fact
from models.readers.fleet import Terms
from models.readers.fleet_income import Judgement

Facts = Mapping[str, Fact]


def supplier_terms(facts: Facts) -> Terms:
    """What the network asks of a supplier, as io.net publishes it."""

    def number(id_: str) -> float:
        return facts[id_].number

    multipliers = facts["gpu_multipliers"]
    pools = facts["block_reward_pools"]
    return Terms(
        multipliers=dict(zip(multipliers.texts("model"), multipliers.numbers("multiplier"), strict=True)),
        min_memory_gb=number("supplier_min_vram_gb"),
        min_down_mbps=number("supplier_min_down_mbps"),
        min_up_mbps=number("supplier_min_up_mbps"),
        min_uptime_hours=number("supplier_min_uptime_hours"),
        first_test_hours=number("supplier_first_test_hours"),
        proofs=facts["supplier_proofs"].text,
        stake_per_gpu_io=number("stake_per_gpu_io"),
        unstaking_days=number("unstaking_days"),
        costaker_wait_days=number("costaker_wait_days"),
        costake_max_share=number("costake_max_share"),
        slashing=facts["slashing_rule"].text,
        fee_reservation=number("fee_reservation"),
        fee_usdc=number("fee_usdc"),
        fee_io=number("fee_io"),
        enterprise_share=dict(zip(pools.texts("pool"), pools.numbers("share"), strict=True))["Enterprise"],
        score=facts["block_reward_rule"].text,
        active_gpus=_active(facts["gpu_counts"]),
    )


def _active(counts: Fact) -> float:
    """The newest count of active GPUs: those that are paid."""
    rows = [row for row in counts.records() if str(row["what"]).startswith("active")]
    return float(max(rows, key=lambda row: str(row["date"]))["gpus"])


def judgement(facts: Facts) -> Judgement:
    """What nobody has published and a supplier's answer hangs on, at the assumed values."""
    return Judgement(
        mean_multiplier=facts["supplier_mean_multiplier"].number,
        roi_target=facts["supplier_roi_target"].number,
        discount_rate=facts["supplier_discount_rate"].number,
    )


def judged_otherwise(facts: Facts) -> dict[str, tuple[float, ...]]:
    """The alternatives of what nobody has published, by the field of Judgement."""
    fields = {"mean_multiplier": "supplier_mean_multiplier", "roi_target": "supplier_roi_target"}
    return {field: tuple(map(float, facts[id_].alternatives)) for field, id_ in fields.items()}


def example_fleet(facts: Facts) -> list[dict[str, Cell]]:
    """Rows with the fields of models.readers.fleet.Machine."""
    return facts["supplier_example_fleet"].records()
