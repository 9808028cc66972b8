"""The press file's numbers that follow from what was measured: gains, lead, hysteresis, rates, and what noise and a scale allow."""

from dataclasses import dataclass

from ..config.schema import ParamValue
from .machine import Machine, fitting, rounded
from .plant_model import Plant
from .solenoids import FLUID_PART, Rates
from .tuning import KI_MOST, REVERSAL_PART, gains

KV_MOST, KV_DELAY = 3.0, 0.25  # 1/s; of one over the delay: a quarter of what would oscillate for ever is 0.39
FILTER_S = 0.004
DRIVE_LEAST, DRIVE_ROOM = 30, 1.5  # permille, and times what spring and hysteresis take: by no more may a drive exceed the force
SCHEDULE_ROOM = 0.8  # of the factor that the block itself needs
NOISE_CONTACT, NOISE_DEADBAND = 10.0, 6.0  # times a cell's noise


@dataclass(frozen=True)
class Measured:
    """What the proposal is made of; `rates` of a press with solenoids, `plant` of one with a regulator."""

    machine: Machine
    noise_n: float  # of the range that sees a contact
    plant: Plant | None = None
    rates: Rates | None = None
    stiffness_n_per_um: float = 0.0


def propose(found: Measured, before: dict[str, ParamValue]) -> dict[str, ParamValue]:
    """Every parameter that a measurement decides, over what was there before."""
    chosen = dict(before)
    contact = max(float(before["contact_force_n"]), NOISE_CONTACT * found.noise_n)
    chosen["contact_force_n"] = fitting("contact_force_n", rounded(contact))
    band = max(float(before["deadband_min_n"]), NOISE_DEADBAND * found.noise_n)
    if found.plant is not None:
        chosen.update(of_regulator(found.plant, float(before["valve_full_scale_n"])))
        usual = float(before["reversal_rate_n_per_s"])
        chosen["reversal_rate_n_per_s"] = fitting("reversal_rate_n_per_s", rounded(REVERSAL_PART * usual))
    elif found.rates is not None:
        full, usual = float(before["valve_full_scale_n"]), float(before["fill_rate_n_per_s"])
        chosen.update(of_solenoids(found.rates, full, found.stiffness_n_per_um, usual))
    chosen["deadband_min_n"] = fitting("deadband_min_n", rounded(band))
    return chosen


def of_regulator(plant: Plant, full_n: float) -> dict[str, ParamValue]:
    """Gains, lead, hysteresis; the scale where it is off."""
    kp, ki = gains(plant)
    named = {
        "kp_permille": 1000 * kp,
        "ki_permille_per_s": 1000 * min(ki, KI_MOST),
        "ki_hold_permille_per_s": 1000 * min(ki, KI_MOST),
        "valve_lead_ms": 1000 * plant.delay_s,
        "valve_hysteresis_permille": 2000 * plant.play_n / full_n,
        "drive_permille": max(DRIVE_LEAST, DRIVE_ROOM * 1000 * (plant.play_n + max(plant.offset_n, 0.0)) / full_n),
    }
    chosen = {name: fitting(name, round(value)) for name, value in named.items()}
    if abs(plant.gain - 1) > 0.02:
        chosen["valve_full_scale_n"] = fitting("valve_full_scale_n", rounded(plant.gain * full_n))
    return chosen


def of_solenoids(rates: Rates, full_n: float, stiffness_n_per_um: float, usual_n_per_s: float) -> dict[str, ParamValue]:
    """What an open valve gives at half scale, and on which stiffness, which is what the gain schedule counts from.

    An approach knows no stiffness yet and takes the stack for the reference: on a stiff press that is not the block but a stack on
    which the fill valve gives what is `usual`. Else a powder would be met with pulses that are too short for it to answer.
    """
    softer = min(1.0, usual_n_per_s / max(rates.fill_n_per_s, 1.0)) if stiffness_n_per_um > 0 else 1.0
    half_n = full_n / 2
    vent = rates.vent_n_per_s * (half_n / max(rates.vent_at_n, 1.0)) ** 0.5  # it goes with the root of the pressure
    named = {
        "fill_rate_n_per_s": rounded(softer * rates.fill_n_per_s),
        "vent_rate_n_per_s": rounded(softer * vent),
        "kv_permille_per_s": round(1000 * min(KV_MOST, KV_DELAY / (rates.dead_s + FILTER_S))),
        "valve_lead_ms": round(1000 * rates.dead_s),
    }
    if stiffness_n_per_um > 0:
        fluid = FLUID_PART * stiffness_n_per_um
        named["fluid_stiffness_n_per_um"] = rounded(fluid)
        named["stiffness_ref_n_per_um"] = rounded(softer * fluid * stiffness_n_per_um / (fluid + stiffness_n_per_um))
        named["schedule_low_permille"] = round(min(500, SCHEDULE_ROOM * 1000 * softer))
    named["deadband_permille"] = 8  # one 3 ms pulse moves a stiff cell by more than a regulator's step
    return {name: fitting(name, value) for name, value in named.items()}
