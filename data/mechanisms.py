"""The payout rules that are compared, each with the figures that its network publishes."""

from collections.abc import Mapping

from data.fact import Fact
from models.mechanism_paths import Mechanism
from models.mechanisms import Akash, Filecoin, Fixed, Helium, Ide, Legacy, Livepeer, Render


def build_mechanisms(facts: Mapping[str, Fact]) -> tuple[Mechanism, ...]:
    """io.net's two rules, then the other networks'."""

    def number(id_: str) -> float:
        return facts[id_].number

    return (
        Mechanism("ide", "IDE", ("burn_share", "guided_burn_io"), Ide()),
        Mechanism("legacy", "Old schedule", ("emission_annual_rate", "emission_q"), Legacy()),
        Mechanism(
            "akash",
            "Akash",
            ("akash_rule", "akash_spread", "akash_runway_days"),
            Akash(spread=number("akash_spread"), runway_days=number("akash_runway_days")),
        ),
        Mechanism(
            "render",
            "Render",
            ("render_rule", "render_burn_share", "render_mint", "render_damping", "render_supply"),
            Render(
                burn_share=number("render_burn_share"),
                yearly=facts["render_mint"].numbers("rndr"),
                damping=number("render_damping"),
                supply=number("render_supply"),
            ),
        ),
        Mechanism(
            "helium",
            "Helium",
            (
                "helium_net_emission", "helium_burn_epochs", "helium_epoch_days", "helium_cap_share",
                "helium_floor", "helium_floor_share", "helium_ceiling", "helium_alpha",
            ),
            Helium(
                epochs=number("helium_burn_epochs"),
                epoch_days=number("helium_epoch_days"),
                cap_share=number("helium_cap_share"),
                floor=number("helium_floor_share"),
                ceiling=number("helium_ceiling"),
                alpha=number("helium_alpha"),
            ),
        ),
        Mechanism(
            "filecoin",
            "Filecoin",
            ("filecoin_rule", "filecoin_simple_share", "filecoin_half_life_years"),
            Filecoin(
                simple_share=number("filecoin_simple_share"),
                half_life_years=number("filecoin_half_life_years"),
            ),
        ),
        Mechanism(
            "livepeer",
            "Livepeer",
            ("livepeer_step", "livepeer_target", "livepeer_rounds_per_year"),
            Livepeer(
                change=number("livepeer_step"),
                target=number("livepeer_target"),
                rounds_per_year=number("livepeer_rounds_per_year"),
            ),
        ),
        Mechanism(
            "aethir",
            "Aethir",
            ("aethir_reward_share", "aethir_years"),
            Fixed(share=number("aethir_reward_share"), years=number("aethir_years")),
        ),
    )  # fmt: skip
