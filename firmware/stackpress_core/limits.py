"""What the force may be off in one order: the interlocks' limits follow from what is asked for, within the press's parameters.

A limit that is wider than the set-point watches nothing. So each order brings its own: from the force that it goes to, the rate,
what the range in use can resolve, and how late this press's valve answers. The tick only compares; the host's check tells the same.
"""

from stackpress_core.tick import states

RESOLVED = 200  # of the low range: far beyond its noise and nonlinearity, still a part of the least force that it is there for
RESOLVED_HIGH = 1000  # of the working limit, which the high range carries
LANDING_MS = 20  # what a ramp of this rate may land beyond its target
STILL_PART = 8  # of a force at rest, and what the range resolves three times: less lost at once is no fracture
LAG_MS = 80  # from a set-point that turns to a force that does, at least
WORDS = ("EXCESS", "RAMP_MIN", "HOLD_BAND", "RESPONSE", "DROP_MIN")


def lag_ms(p):
    """From a set-point that turns to a force that does, on this press."""
    return max(LAG_MS, p["valve_lead_ms"] + 5 * p["filter_ms"])


def resolved_cn(p, force_cn):
    """What the range that sees this force can tell from nothing."""
    if p["low_range_mask"] and force_cn <= p["range_down_cn"]:
        return p["range_up_cn"] // RESOLVED
    return p["force_limit_cn"] // RESOLVED_HIGH


def hold_floor_cn(p, least_cn):
    """How far from nothing a held force has to be, where the range can tell `least_cn`: a smaller one can't be watched."""
    return min(p["hold_band_min_cn"], 3 * least_cn // 2)


def drop_at_rest_cn(p, force_cn):
    """DROP_MIN once the set-point has rested, or the valve was locked, for a while: little that a valve does is under way."""
    pulse = 2 * p["fill_rate_cn_per_s"] * p["valve_min_on_ms"] // 1000 if p["valve_kind"] == states.KIND_FILL_VENT else 0
    return min(p["force_drop_min_cn"], force_cn // STILL_PART + 3 * resolved_cn(p, force_cn) + pulse)


def of(p, target_cn, from_cn, rate_cn_per_s, turning_cn_per_s=0):
    """The words that WORDS names, for an order to `target_cn` from a set-point of `from_cn` that moves at `turning_cn_per_s`."""
    least, span = resolved_cn(p, target_cn), max(target_cn, from_cn)
    lag = rate_cn_per_s * lag_ms(p) // 1000
    over = p["runaway_min_cn"] + target_cn * p["runaway_permille"] // 1000
    over += (rate_cn_per_s * LANDING_MS + turning_cn_per_s * lag_ms(p)) // 1000
    behind = span // 2
    if p["valve_kind"] == states.KIND_FILL_VENT:
        over += 2 * p["fill_rate_cn_per_s"] * p["valve_min_on_ms"] // 1000  # a pulse on a stack twice as stiff as the reference
        if target_cn >= from_cn:
            behind = span  # they give a flow: a soft stack takes it up and the force is late
    else:
        # what a drive that crosses the hysteresis brings when the ram lets go
        over += min(target_cn // 4, p["valve_full_scale_cn"] * p["valve_hysteresis_permille"] // 8000)
    behind += 2 * least + lag
    if target_cn < from_cn:
        behind = min(behind, max(3 * span // 4, 2 * least + lag))  # a force that stays is seen before the set-point is at nothing
    return (
        min(p["runaway_cn"], over),
        min(p["ramp_deviation_min_cn"], behind),
        max(target_cn * p["hold_band_permille"] // 1000, hold_floor_cn(p, least)),
        min(p["no_response_cn"], behind),
        min(p["force_drop_min_cn"], span // 4 + 3 * least + lag),
    )
