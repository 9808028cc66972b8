"""From what people configure to what the tick needs: parameters, ceilings and calibration become words of the blackboard.

This runs in the foreground, before the tick is started or while the press is safe, and may use any Python. Rates become fixed
point per tick here, so that the tick itself never divides by its own rate.
"""

from stackpress_core.params import device_name
from stackpress_core.tick import blackboard, interlock, states

AT = blackboard.AT

FULL_CODE = 1 << 23
FORCE_SPAN = 29000000  # cN: what all cells together may read at the rail; twice that and a range bias, in Q4, fit in 2^30
CODE_SPAN = FULL_CODE + FULL_CODE // 2  # calibration codes, moved to a zero
STEEPEST = 31  # cN a code
RATE_MAX = (1 << 29) - 1  # cN per tick, Q16: twice that fits
INTEGRAL_MAX = 8191  # times the largest error of 2^17 cN
LANDING_LAGS = 3  # of an approach: what is left of its force is closed in this many lags, and does not overshoot
SPEED_MS = 32  # filter of the ram's speed
SOLENOID_MS = 10  # a seat valve closes sooner than a regulator follows
SETTLING = 4  # samples of a converter, until its filter has settled


def shift_for(ms, hz):
    """Shift of a first-order filter whose time constant is about `ms`."""
    ticks = ms * hz // 1000
    shift = 0
    while (2 << shift) <= ticks and shift < 12:
        shift += 1
    return shift


def rate_q16(rate_cn_per_s, hz):
    """A rate as cN per tick, Q16; at least the smallest step there is, at most what a word holds."""
    return max(1, min(RATE_MAX, (rate_cn_per_s << 16) // hz))


def corner_words(rate, ms, hz):
    """(change of the rate a tick, rate per distance left), both Q16, for corners that last `ms`."""
    ticks = max(1, ms * hz // 1000)
    return max(1, rate // ticks), max(1, 65536 // ticks)


def force_lag_ms(p, sample_hz):
    """From a drive that rises to a force that is seen to; `sample_hz` of the converter."""
    valve = SOLENOID_MS if p["valve_kind"] == blackboard.KIND_FILL_VENT else p["valve_lead_ms"]
    return max(1, valve + p["filter_ms"] + SETTLING * 1000 // sample_hz)


def lag_ms(p, sample_hz):
    """From a drive that rises to a force or a travel that is seen to; `sample_hz` of the converter."""
    return force_lag_ms(p, sample_hz) + (0 if p["valve_kind"] == blackboard.KIND_FILL_VENT else SPEED_MS)


def segments(points):
    """Calibration words of one cell from [[code, force_cn], ...] with rising codes; ValueError says what is wrong."""
    if not 2 <= len(points) <= blackboard.POINTS:
        raise ValueError("a calibration has 2 to %d points, not %d" % (blackboard.POINTS, len(points)))
    codes = [p[0] for p in points]
    forces = [p[1] for p in points]
    if max(codes) > CODE_SPAN or min(codes) < -CODE_SPAN:
        raise ValueError("calibration codes lie within -%d .. %d" % (CODE_SPAN, CODE_SPAN))
    rising = forces[1] > forces[0]
    steepest = 0
    for (c0, f0), (c1, f1) in zip(points, points[1:]):
        if c1 - c0 < 1000:
            raise ValueError("calibration codes must rise by at least 1000: %d, %d" % (c0, c1))
        steepest = max(steepest, abs(f1 - f0) / (c1 - c0))
        if f1 == f0:
            raise ValueError("two calibration codes have the same force %d cN" % f0)
        if (f1 > f0) != rising:
            raise ValueError("calibration forces go back at %d cN" % f0)
    if steepest > STEEPEST:
        raise ValueError("the calibration rises by %d cN a code, more than %d" % (steepest, STEEPEST))
    if span(points) > FORCE_SPAN:
        raise ValueError("the calibration reaches %d cN at the rail, more than %d" % (span(points), FORCE_SPAN))
    # one shift for the cell, so that its steepest slope is a mantissa below 2^17
    shift = 0
    while shift < 17 and steepest * (1 << (13 + shift)) < (1 << 17) - 1:
        shift += 1
    slopes, residues = [], []
    for (c0, f0), (c1, f1) in zip(points, points[1:]):
        q = ((f1 - f0) << (22 + shift)) // (c1 - c0)
        slopes.append(q >> 10)
        residues.append(q & 1023)
    pad = blackboard.POINTS

    def padded(values):
        return values + [0] * (pad - len(values))

    return padded(codes) + padded(forces) + padded(slopes) + padded(residues) + [len(points), shift]


def span(points):
    """The largest force that a cell can read, of either sign / cN."""
    return max([abs(force_at(points, code)) for code in (-FULL_CODE, FULL_CODE)] + [abs(force) for _, force in points])


def force_at(points, code):
    """Force / cN at a code, on the line through the segment that the code falls in."""
    j = 0
    while j < len(points) - 2 and code >= points[j + 1][0]:
        j += 1
    (c0, f0), (c1, f1) = points[j], points[j + 1]
    return f0 + (code - c0) * (f1 - f0) // (c1 - c0)


def moved(cell, zero_code):
    """A cell's points, moved so that `zero_code` reads what its own zero did; 0 leaves them."""
    shift = zero_code - cell["zero_code"] if zero_code and "zero_code" in cell else 0
    return [[code + shift, force] for code, force in cell["points"]]


def calibrate(s, calibration, zero=None):
    """Write the calibration's cells into the blackboard, moved to the commissioning zero; a cell without one reads zero."""
    at = AT["CAL"]
    for i in range(blackboard.CELLS):
        cell = calibration["cells"][i] if calibration and i < len(calibration["cells"]) else None
        segment = segments(moved(cell, zero["code"][i] if zero else 0) if cell else [[0, 0], [FULL_CODE, 1]])
        for k, word in enumerate(segment):
            s[at + i * blackboard.CAL_WORDS + k] = word
        s[AT["CELL"] + i] += s[AT["CELL_ZERO"] + i]  # who looks before the next tick sees what that will
        s[AT["SEGMENT"] + i] = s[AT["CELL_ZERO"] + i] = 0


def _rows(s, p, ceilings, hz):
    """The interlock table as words of the blackboard."""
    for i, row in enumerate(interlock.ROWS):
        at, limit, debounce = blackboard.row_at(i), row[interlock.LIMIT], row[interlock.DEBOUNCE]
        if isinstance(limit, tuple):
            limit = ceilings[limit[1] + "_cn"]
        elif isinstance(limit, str):
            limit = p[device_name(limit)] * hz // 1000 if limit.endswith("_ms") else p[device_name(limit)]
        if isinstance(debounce, str):
            debounce = p[debounce] * (1000 if debounce.endswith("_s") else 1)
        s[at + blackboard.ROW_SIGNAL] = AT[row[interlock.SIGNAL]]
        s[at + blackboard.ROW_LIMIT] = limit
        s[at + blackboard.ROW_STATES] = row[interlock.STATES]
        s[at + blackboard.ROW_DEBOUNCE] = debounce * hz // 1000
        s[at + blackboard.ROW_OVER] = 0
        s[at + blackboard.ROW_REACTION] = interlock.reaction_of(row, p)
        s[at + blackboard.ROW_BIT] = 1 << i % blackboard.MASK_ROWS
    s[AT["ROW_COUNT"]] = len(interlock.ROWS)


def _drive(p, hz, s):
    """Words of the valve: scale, hysteresis, slew, pulses."""
    full = p["valve_full_scale_cn"]
    shift = 0
    while full >> shift >= 1 << 17:
        shift += 1
    s[AT["K_OUT_SHIFT"]] = shift
    s[AT["K_OUT_GAIN"]] = (65535 << (13 + shift)) // full
    hysteresis = full * p["valve_hysteresis_permille"] // 2000
    s[AT["K_HYSTERESIS"]] = hysteresis
    s[AT["K_I_MAX"]] = full // 8
    s[AT["K_OUT_MAX"]] = min(full, p["force_limit_cn"] + full // 8)
    s[AT["K_LEAD"]] = p["valve_lead_ms"] * hz // 1000
    s[AT["K_SLEW"]] = max(1, (p["valve_slew_cn_per_s"] << 8) // hz)
    s[AT["K_MOVE"]] = max(1, full >> 12)
    s[AT["K_FILL_RATE"]] = p["fill_rate_cn_per_s"]
    s[AT["K_VENT_RATE"]] = p["vent_rate_cn_per_s"]
    s[AT["K_FILL"]] = ((1 << 30) - 1) // p["fill_rate_cn_per_s"]
    s[AT["K_VENT"]] = ((1 << 30) - 1) // p["vent_rate_cn_per_s"]
    s[AT["K_MIN_ON"]] = max(1, (p["valve_min_on_ms"] * hz + 999) // 1000)


def compile_words(s, p, ceilings, calibration, zero=None, sample_hz=0):
    """Write every K_* word, the interlock rows and the calibration. `p` params.Values, the others their documents or None.

    `sample_hz` is the rate of a converter that is slower than the tick, 0 of one that is not: filters of the force go on with
    each sample.
    """
    hz = p["tick_rate_hz"]
    sample_hz = min(hz, sample_hz or hz)
    # without ceilings the press can't be armed, and a limit of zero would trip it on noise
    ceilings = ceilings or {"frame_cn": FORCE_SPAN, "cell_cn": [FORCE_SPAN] * blackboard.CELLS, "relief_cn": FORCE_SPAN}
    high = p["high_range_mask"]
    lag, approach = lag_ms(p, sample_hz), p["approach_rate_cn_per_s"]
    if p["valve_kind"] == blackboard.KIND_FILL_VENT:
        approach = min(approach, p["fill_rate_cn_per_s"])  # solenoids can't be asked for more than an open valve gives
    count = sum(1 for i in range(blackboard.CELLS) if high >> i & 1)
    integral = (p["ki_permille_per_s"] * 65536 + 500 * hz) // (1000 * hz)  # of a drive
    if p["valve_kind"] == blackboard.KIND_FILL_VENT:
        integral = p["kv_permille_per_s"] ** 2 // 1000 * 16384 // (1000 * hz)  # of a force rate, critically damped with K_V
    tuned = {
        AT["HZ"]: hz,
        AT["K_HIGH_MASK"]: high,
        AT["K_LOW_MASK"]: p["low_range_mask"],
        AT["K_HIGH_COUNT"]: count,
        AT["K_SHARE"]: 4096 // count,
        AT["K_RANGE_UP"]: p["range_up_cn"],
        AT["K_RANGE_DOWN"]: p["range_down_cn"],
        AT["K_FADE"]: max(1, (2000 << 4) // hz),
        AT["K_RAIL"]: p["rail_counts"],
        AT["K_FILTER"]: shift_for(p["filter_ms"], sample_hz),
        AT["K_FILTER_H"]: shift_for(p["hold_filter_ms"], sample_hz),
        AT["K_IMBALANCE_MIN"]: p["imbalance_min_cn"],
        AT["K_DROP"]: p["force_drop_permille"] * 1024 // 1000,
        AT["DROP_MIN"]: p["force_drop_min_cn"],
        AT["K_DROP_DECAY"]: max(1, shift_for(p["force_drop_ms"], sample_hz)),
        AT["K_RAMP_DEV"]: p["ramp_deviation_permille"] * 1024 // 1000,
        AT["RAMP_MIN"]: p["ramp_deviation_min_cn"],
        AT["HOLD_BAND"]: p["hold_band_min_cn"],
        AT["RESPONSE"]: p["no_response_cn"],
        AT["EXCESS"]: p["runaway_cn"],
        AT["K_RUNAWAY"]: p["runaway_cn"],
        AT["K_DRIVE"]: p["valve_full_scale_cn"] // 1000 * p["drive_permille"],
        AT["K_BUDGET"]: p["tick_budget_us"],
        AT["K_CONTACT"]: p["contact_force_cn"],
        AT["K_KIND"]: p["valve_kind"],
        AT["K_P"]: p["kp_permille"] * 1024 // 1000,
        AT["K_I"]: min(INTEGRAL_MAX, integral),
        AT["K_I_HOLD"]: max(1, p["ki_hold_permille_per_s"] * 65536 // 1000 // hz),
        AT["K_V"]: p["kv_permille_per_s"] * 256 // 1000,
        AT["K_DEAD"]: p["deadband_permille"] * 1024 // 1000,
        AT["K_DEAD_MIN"]: p["deadband_min_cn"],
        AT["K_DEAD_MAX"]: p["deadband_max_cn"],
        AT["K_DEAD_IN"]: 192 if p["valve_kind"] == blackboard.KIND_FILL_VENT else 64,  # one pulse is a solenoid's smallest step
        AT["K_REVERSAL_PART"]: max(1, 81920 // hz),
        AT["K_REVERSAL_RATE"]: rate_q16(p["reversal_rate_cn_per_s"], hz),
        AT["K_SETTLE"]: p["corner_ms"] * hz // 1000,
        AT["K_FORCE_DENY"]: p["force_limit_cn"],
        AT["K_APPROACH_MAX"]: min(p["approach_force_cn"], p["valve_full_scale_cn"], p["force_limit_cn"]),
        AT["K_APPROACH_RATE"]: rate_q16(approach, hz),
        AT["K_DRAG"]: min(4095, 6554 // p["ram_speed_um_per_s_per_n"]),
        AT["K_LAG_MS"]: lag,
        AT["K_LAND"]: max(1, min(4095, 65536000 // (LANDING_LAGS * force_lag_ms(p, sample_hz) * hz))),
        AT["K_TRIP_RATE"]: rate_q16(p["trip_ramp_cn_per_s"], hz),
        AT["K_TRIP_TICKS"]: p["trip_ramp_limit_s"] * hz,
        AT["GAIN_FILL"]: 256,
        AT["GAIN_VENT"]: 256,
    }
    if (s[AT["K_HIGH_MASK"]], s[AT["K_LOW_MASK"]]) != (high, p["low_range_mask"]):
        s[AT["RANGE"]] = s[AT["RANGE_BIAS"]] = 0  # else the range stays: each change adds what the two disagree by at that moment
    tuned[AT["K_TRIP_CORNER"]], tuned[AT["K_TRIP_LANDING"]] = corner_words(tuned[AT["K_TRIP_RATE"]], p["corner_ms"], hz)
    lag = max(1, shift_for(SPEED_MS, hz))
    tuned[AT["K_LAG"]], tuned[AT["K_SPEED"]] = lag, min(1023, max(1, hz * 16 >> lag))
    for place, word in tuned.items():
        s[place] = word
    _drive(p, hz, s)
    for i in range(blackboard.CELLS):
        s[AT["K_CELL_CEILING"] + i] = ceilings["cell_cn"][i]
    for i, bits in enumerate(states.TRANSITIONS):
        s[AT["K_TRANSITIONS"] + i] = bits
    _rows(s, p, ceilings, hz)
    calibrate(s, calibration, zero)


def schedule(s, p, stiffness_cn_per_um, force_cn):
    """Gain schedule of the solenoid valves: how much longer they open than on the reference stiffness at half scale.

    Their flow moves the ram against the stack and the trapped fluid in series, and what a vent lets out goes with the root
    of the pressure. A regulator sets pressure, not flow: the stack's stiffness does not change its gain.
    """
    low, high = p["schedule_low_permille"] * 256 // 1000, p["schedule_high_permille"] * 256 // 1000
    gain = 256
    if stiffness_cn_per_um > 0:
        fluid = p["fluid_stiffness_cn_per_um"]
        gain = p["stiffness_ref_cn_per_um"] * (fluid + stiffness_cn_per_um) * 256 // (fluid * stiffness_cn_per_um)
    s[AT["GAIN_FILL"]] = max(low, min(high, gain))
    half = p["valve_full_scale_cn"] // 2
    force = max(force_cn, p["contact_force_cn"])
    s[AT["GAIN_VENT"]] = max(low, min(high, int(gain * (half / force) ** 0.5)))
