"""From what people configure to what the tick needs: parameters, ceilings and calibration become words of the frame.

This runs in the foreground, before the tick is started or while the press is safe, and may use any Python. Rates become fixed
point per tick here, so that the tick itself never divides by its own rate.
"""

from press import cycle, frame, interlock

FULL_CODE = 1 << 23
FORCE_SPAN = 33000000  # cN: what all cells together may read at the rail, so that Q4 stays within 2^30


def shift_for(ms, hz):
    """Shift of a first-order filter whose time constant is about `ms`."""
    ticks = ms * hz // 1000
    shift = 0
    while (2 << shift) <= ticks and shift < 12:
        shift += 1
    return shift


def rate_q16(rate_cn_per_s, hz):
    """A rate as cN per tick, Q16; at least the smallest step there is, at most what a word holds."""
    return max(1, min((1 << 30) - 1, (rate_cn_per_s << 16) // hz))


def corner_words(rate, ms, hz):
    """(change of the rate a tick, rate per distance left), both Q16, for corners that last `ms`."""
    ticks = max(1, ms * hz // 1000)
    return max(1, rate // ticks), max(1, 65536 // ticks)


def segments(points):
    """Calibration words of one cell from [[code, force_cn], ...] with rising codes; ValueError says what is wrong."""
    if not 2 <= len(points) <= frame.POINTS:
        raise ValueError("a calibration has 2 to %d points, not %d" % (frame.POINTS, len(points)))
    codes = [p[0] for p in points]
    forces = [p[1] for p in points]
    steepest = 0
    for (c0, f0), (c1, f1) in zip(points, points[1:]):
        if c1 - c0 < 1000:
            raise ValueError("calibration codes must rise by at least 1000: %d, %d" % (c0, c1))
        steepest = max(steepest, abs(f1 - f0) / (c1 - c0))
        if f1 == f0:
            raise ValueError("two calibration codes have the same force %d cN" % f0)
    for code in (-FULL_CODE, FULL_CODE):
        if abs(force_at(points, code)) > FORCE_SPAN:
            raise ValueError("the calibration reaches %d cN at the rail, more than %d" % (force_at(points, code), FORCE_SPAN))
    # one shift for the cell, so that its steepest slope is a mantissa below 2^17
    shift = 0
    while shift < 17 and steepest * (1 << (13 + shift)) < (1 << 17) - 1:
        shift += 1
    slopes, residues = [], []
    for (c0, f0), (c1, f1) in zip(points, points[1:]):
        q = ((f1 - f0) << (22 + shift)) // (c1 - c0)
        slopes.append(q >> 10)
        residues.append(q & 1023)
    pad = frame.POINTS

    def padded(values):
        return values + [0] * (pad - len(values))

    return padded(codes) + padded(forces) + padded(slopes) + padded(residues) + [len(points), shift]


def force_at(points, code):
    """Force / cN at a code, on the line through the segment that the code falls in."""
    j = 0
    while j < len(points) - 2 and code >= points[j + 1][0]:
        j += 1
    (c0, f0), (c1, f1) = points[j], points[j + 1]
    return f0 + (code - c0) * (f1 - f0) // (c1 - c0)


def calibrate(s, calibration, zero=None):
    """Write the calibration's cells into the frame, moved to the commissioning zero; a cell without one reads zero."""
    at = frame.AT["CAL"]
    for i in range(frame.CELLS):
        cell = calibration["cells"][i] if calibration and i < len(calibration["cells"]) else None
        points = cell["points"] if cell else [[0, 0], [FULL_CODE, 1]]
        if cell and zero and zero["code"][i] and "zero_code" in cell:
            moved = zero["code"][i] - cell["zero_code"]
            points = [[code + moved, force] for code, force in points]
        words = segments(points)
        for k, word in enumerate(words):
            s[at + i * frame.CAL_WORDS + k] = word
        s[frame.AT["SEGMENT"] + i] = 0


def _rows(s, p, ceilings, hz):
    """The interlock table as words: signal, limit, states, debounce, count, reaction."""
    at = frame.AT["ROW"]
    for i, row in enumerate(interlock.ROWS):
        _, signal, limit, debounce, _, states, _, _ = row
        if isinstance(limit, tuple):
            limit = ceilings[limit[1] + "_cn"]
        elif isinstance(limit, str):
            limit = p[limit] * hz // 1000 if limit.endswith("_ms") else p[limit]
        if isinstance(debounce, str):
            debounce = p[debounce] * (1000 if debounce.endswith("_s") else 1)
        words = (frame.AT[signal], limit, states, debounce * hz // 1000, 0, interlock.reaction_of(row, p))
        for k, word in enumerate(words):
            s[at + i * frame.ROW_WORDS + k] = word
    s[frame.AT["ROW_COUNT"]] = len(interlock.ROWS)


def _drive(p, hz, s, at):
    """Words of the valve: scale, hysteresis, slew, pulses."""
    full = p["valve_full_scale_n"]
    shift = 0
    while full >> shift >= 1 << 17:
        shift += 1
    s[at["K_OUT_SHIFT"]] = shift
    s[at["K_OUT_GAIN"]] = (65535 << (13 + shift)) // full
    hysteresis = full * p["valve_hysteresis_permille"] // 2000
    s[at["K_HYSTERESIS"]] = hysteresis
    s[at["K_REVERSAL_STEP"]] = max(1, hysteresis * 20 // hz)
    s[at["K_I_MAX"]] = full // 8
    s[at["K_OUT_MAX"]] = min(full, p["force_limit_n"] + full // 8)
    s[at["K_LEAD"]] = p["valve_lead_ms"] * hz // 1000
    s[at["K_SLEW"]] = max(1, (p["valve_slew_n_per_s"] << 8) // hz)
    s[at["K_MOVE"]] = max(1, full >> 12)
    s[at["K_FILL_RATE"]] = p["fill_rate_n_per_s"]
    s[at["K_VENT_RATE"]] = p["vent_rate_n_per_s"]
    s[at["K_FILL"]] = ((1 << 30) - 1) // p["fill_rate_n_per_s"]
    s[at["K_VENT"]] = ((1 << 30) - 1) // p["vent_rate_n_per_s"]
    s[at["K_MIN_ON"]] = max(1, (p["valve_min_on_ms"] * hz + 999) // 1000)


def compile_frame(s, p, ceilings, calibration, zero=None):
    """Write every K_* word, the interlock rows and the calibration. `p` params.Values, the others their documents or None."""
    at, hz = frame.AT, p["tick_rate_hz"]
    ceilings = ceilings or {"frame_cn": 0, "cell_cn": [0] * frame.CELLS, "relief_cn": 0}
    high = p["high_range_mask"]
    count = sum(1 for i in range(frame.CELLS) if high >> i & 1)
    words = {
        "HZ": hz,
        "K_HIGH_MASK": high,
        "K_LOW_MASK": p["low_range_mask"],
        "K_HIGH_COUNT": count,
        "K_SHARE": 4096 // count,
        "K_RANGE_UP": p["range_up_n"],
        "K_RANGE_DOWN": p["range_down_n"],
        "K_FADE": max(1, (2000 << 4) // hz),
        "K_RAIL": p["rail_counts"],
        "K_FILTER": shift_for(p["filter_ms"], hz),
        "K_FILTER_H": shift_for(p["hold_filter_ms"], hz),
        "K_IMBALANCE_MIN": p["imbalance_min_n"],
        "K_DROP": p["force_drop_permille"] * 1024 // 1000,
        "K_DROP_MIN": p["force_drop_min_n"],
        "K_DROP_DECAY": max(1, shift_for(p["force_drop_ms"], hz)),
        "K_RAMP_DEV": p["ramp_deviation_permille"] * 1024 // 1000,
        "K_RAMP_MIN": p["ramp_deviation_min_n"],
        "K_HOLD_DEV": p["hold_band_permille"] * 1024 // 1000,
        "K_HOLD_MIN": p["hold_band_min_n"],
        "K_BUDGET": p["tick_budget_us"],
        "K_CONTACT": p["contact_force_n"],
        "K_KIND": p["valve_kind"],
        "K_P": p["kp_permille"] * 1024 // 1000,
        "K_I": max(1, p["ki_permille_per_s"] * 65536 // 1000 // hz),
        "K_V": p["kv_permille_per_s"] * 256 // 1000,
        "K_DEAD": p["deadband_permille"] * 1024 // 1000,
        "K_DEAD_MIN": p["deadband_min_n"],
        "K_DEAD_MAX": p["deadband_max_n"],
        "K_REVERSAL_RATE": rate_q16(p["reversal_rate_n_per_s"], hz),
        "K_SETTLE": p["corner_ms"] * hz // 1000,
        "K_FORCE_DENY": p["force_limit_n"],
        "K_APPROACH_MAX": p["approach_force_n"],
        "K_APPROACH_RATE": rate_q16(p["approach_rate_n_per_s"], hz),
        "APPROACH_RATE": p["approach_rate_n_per_s"],
        "K_TRIP_RATE": rate_q16(p["trip_ramp_n_per_s"], hz),
        "K_TRIP_TICKS": p["trip_ramp_limit_s"] * hz,
        "GAIN": 256,
    }
    words["K_TRIP_CORNER"], words["K_TRIP_LANDING"] = corner_words(words["K_TRIP_RATE"], p["corner_ms"], hz)
    lag = max(1, shift_for(32, hz))
    words["K_LAG"], words["K_SPEED"] = lag, min(1023, max(1, hz * 16 >> lag))
    for name, word in words.items():
        s[at[name]] = word
    _drive(p, hz, s, at)
    for i in range(frame.CELLS):
        s[at["K_CELL_CEILING"] + i] = ceilings["cell_cn"][i]
    for i, bits in enumerate(cycle.TRANSITIONS):
        s[at["K_TRANSITIONS"] + i] = bits
    _rows(s, p, ceilings, hz)
    calibrate(s, calibration, zero)


def gain_for(stiffness_cn_per_um, p):
    """Gain schedule of the solenoid valves, Q8: how much longer they open on a stack of this stiffness than on the reference.

    Their flow moves the ram against the stack and the trapped fluid in series. A regulator sets pressure, not flow, so the
    stack's stiffness does not change its gain and its loop does not read this.
    """
    if stiffness_cn_per_um <= 0:
        return 256
    fluid = p["fluid_stiffness_n_per_um"]
    gain = p["stiffness_ref_n_per_um"] * (fluid + stiffness_cn_per_um) * 256 // (fluid * stiffness_cn_per_um)
    return max(p["schedule_low_permille"] * 256 // 1000, min(p["schedule_high_permille"] * 256 // 1000, gain))
