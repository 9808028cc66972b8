"""Every parameter of a press, declared once: the firmware, the host tool, its help and the documents read this one table.

A value is written in the unit that its name ends in. The device keeps whole numbers: raw = round(value * scale). Where the
scale is a tuple of words the value is one of them, and raw its index; low, default and high are then indexes too.
Limits that may never be exceeded (frame, cells, relief valve) are not here: they are the ceilings, a record of their own.
"""

from stackpress_core.errors import short
from stackpress_core.tick import states

STOPS = states.REACTIONS[states.REACT_WARN :]
YES = ("no", "yes")

NAME, GROUP, SCALE, LOW, DEFAULT, HIGH, HELP, BOUND = range(8)

# name, group, scale, low, default, high, help, and of what protects: the weakest value that a configuration may have without the
# owner's code (owner.py). It lies on that side of the default on which the press is protected less; of words the first are weaker.
PARAMS = (
    ("tick_rate_hz", "tick", 1, 50, 4000, 8000, "Rate of the force loop"),
    ("tick_budget_us", "tick", 1, 10, 250, 20000, "A tick that takes longer than this is an overrun", 1000),
    ("cell_count", "cells", 1, 1, 4, 4, "Load cells that are fitted"),
    ("high_range_mask", "cells", 1, 1, 7, 15, "Cells of the high range, one bit a cell; their forces add up"),
    ("low_range_mask", "cells", 1, 0, 8, 15, "Cells of the low range, one bit a cell; 0 if the press has one range"),
    ("range_up_n", "cells", 100, 0, 1700, 100000, "The low range hands over to the high range above this force"),
    ("range_down_n", "cells", 100, 0, 1400, 100000, "The high range hands over to the low range below this force"),
    ("rail_counts", "cells", 1, 7000000, 8300000, 8388607, "A code beyond this is at the converter's rail", 8380000),
    ("valve_kind", "valve", states.KINDS, 0, 1, 2, "What drives the ram; none is a manual press"),
    ("valve_full_scale_n", "valve", 100, 100, 66000, 100000, "Force at the regulator's full set-point of 10 V"),
    ("valve_hysteresis_permille", "valve", 1, 0, 12, 50, "Regulator's hysteresis, of full scale; compensated at each reversal"),
    ("valve_lead_ms", "valve", 1, 0, 60, 500, "Delay of the valve that the feed-forward leads by"),
    ("valve_slew_n_per_s", "valve", 100, 10, 40000, 400000, "The permit lets the valve's set-point move no faster than this",
     100000),
    ("fill_rate_n_per_s", "valve", 100, 100, 1700, 40000, "Force rate with the fill valve open, on the reference stiffness"),
    ("vent_rate_n_per_s", "valve", 100, 100, 1700, 40000, "Force rate with the vent valve open, on the reference stiffness"),
    ("valve_min_on_ms", "valve", 1, 1, 3, 100, "Shortest pulse that the solenoid valves obey"),
    ("force_limit_n", "limits", 100, 10, 55000, 100000, "Working limit of the total force; programs stay below it"),
    ("cell_limit_n", "limits", 100, 10, 20000, 100000, "Working limit of each high-range cell"),
    ("limit_debounce_ms", "limits", 1, 0, 5, 1000, "A working limit must be exceeded this long", 20),
    ("rate_limit_n_per_s", "limits", 100, 1, 5000, 40000, "Fastest ramp that a program may ask for"),
    ("approach_limit_um_per_s", "limits", 1, 1, 3000, 20000, "Fastest approach that a program may ask for"),
    ("travel_limit_um", "limits", 1, 100, 50000, 500000, "Ram travel that a program may use"),
    ("temperature_limit_c", "limits", 100, -50, 120, 400, "Platens hotter than this stop the press", 200),
    ("kp_permille", "control", 1, 0, 350, 4000, "Proportional gain of the force loop, of one"),
    ("ki_permille_per_s", "control", 1, 0, 7500, 20000, "Integral gain of the force loop, of one each second"),
    ("ki_hold_permille_per_s", "control", 1, 0, 4000, 20000, "The same in a hold, where a ram that sticks answers late"),
    ("kv_permille_per_s", "control", 1, 10, 3000, 20000, "Force rate for a force error with solenoid valves, of one each second"),
    ("filter_ms", "control", 1, 0, 4, 500, "Time constant of the force filter before the controller", 50),
    ("hold_filter_ms", "control", 1, 0, 60, 2000, "Time constant of the force filter in a hold"),
    ("corner_ms", "control", 1, 20, 600, 5000, "Time over which a ramp's corners are rounded"),
    ("deadband_permille", "control", 1, 0, 3, 50, "Hold: no valve move while the error is below this part of the set-point"),
    ("deadband_min_n", "control", 100, 0, 2.5, 1000, "Hold: the dead-band is never narrower than this"),
    ("deadband_max_n", "control", 100, 0.1, 20, 1000, "Hold: the dead-band is never wider than this"),
    ("reversal_rate_n_per_s", "control", 100, 1, 20, 10000, "Hold: how fast the drive crosses the valve's hysteresis"),
    ("fluid_stiffness_n_per_um", "control", 100, 0.1, 26, 10000, "Stiffness of the fluid that closed solenoid valves trap"),
    ("stiffness_ref_n_per_um", "control", 100, 0.1, 24, 10000, "Stiffness of stack and fluid at which the valve rates hold"),
    ("schedule_low_permille", "control", 1, 100, 500, 1000, "Gain schedule: smallest factor, on a stiff stack"),
    ("schedule_high_permille", "control", 1, 1000, 16000, 64000, "Gain schedule: largest factor, on a soft stack"),
    ("approach_force_n", "control", 100, 1, 2500, 20000, "Approach: the drive rises no higher than this while nothing is touched",
     5000),
    ("approach_rate_n_per_s", "control", 100, 1, 400, 10000, "Approach: the drive rises this fast until the ram moves"),
    ("ram_speed_um_per_s_per_n", "control", 1, 1, 16, 2000, "A free ram moves this much faster for each newton more of drive"),
    ("contact_force_n", "control", 100, 1, 25, 1000, "Below this force the specimen counts as not touched", 100),
    ("trip_ramp_n_per_s", "interlock", 100, 10, 2000, 40000, "Ramp-down reaction: its rate, where a program has none", 200),
    ("trip_ramp_limit_s", "interlock", 1, 1, 60, 600, "Ramp-down reaction: longest time, unless the program's rate needs more",
     180),
    ("discrepancy_ms", "interlock", 1, 10, 500, 5000, "Two channels of one switch may disagree this long", 1000),
    ("stale_ms", "interlock", 1, 1, 5, 1000, "A sample older than this is stale", 50),
    ("frozen_samples", "interlock", 1, 8, 64, 100000, "A code that repeats this often is frozen", 256),
    ("crc_samples", "interlock", 1, 1, 3, 1000, "Samples with a bad CRC in a row", 10),
    ("imbalance_permille", "interlock", 1, 10, 200, 1000, "Largest difference of one cell's share from its even share", 300),
    ("imbalance_min_n", "interlock", 100, 1, 3000, 100000, "Imbalance is judged above this force", 5000),
    ("imbalance_ms", "interlock", 1, 0, 200, 60000, "Imbalance must last this long", 2000),
    ("imbalance_reaction", "interlock", STOPS, 0, 2, 3, "What an imbalance does", 1),
    ("runaway_n", "interlock", 100, 1, 1500, 20000, "Runaway: beyond what is asked for by this it is one in any case", 3000),
    ("runaway_permille", "interlock", 1, 0, 4, 1000, "Runaway: less is one beyond this part of what is asked for, and", 100),
    ("runaway_min_n", "interlock", 100, 1, 60, 20000, "Runaway: beyond this, and beyond what the rate brings", 500),
    ("runaway_ms", "interlock", 1, 0, 2, 10000, "It must last this long", 200),
    ("vent_ms", "interlock", 1, 100, 3000, 60000, "The force must be gone this long after the dump was opened", 10000),
    ("no_fall_ms", "interlock", 1, 200, 2000, 60000, "A force that is to fall must have fallen by a 64th in this time", 5000),
    ("drive_permille", "interlock", 1, 1, 30, 1000, "A regulator may give this part of its full scale beyond the cells", 100),
    ("drive_ms", "interlock", 1, 0, 1000, 60000, "It must last this long", 5000),
    ("no_response_n", "interlock", 100, 1, 1500, 20000, "Force below the set-point that is no response; half of it is, too", 5000),
    ("no_response_ms", "interlock", 1, 0, 1500, 60000, "It must last this long", 5000),
    ("no_contact_ms", "interlock", 1, 100, 30000, 600000,
     "Longest approach at full drive without contact; of solenoids without a scale with the valve open", 120000),
    ("no_answer_ms", "interlock", 1, 100, 1000, 60000, "Approach: a drive at what it may rise to waits this long for an answer",
     3000),
    ("force_drop_permille", "interlock", 1, 10, 120, 1000, "Sudden loss of this part of the force is a fracture", 300),
    ("force_drop_min_n", "interlock", 100, 1, 200, 20000, "A smaller drop is no fracture; a quarter of a small force is, or all",
     1000),
    ("force_drop_ms", "interlock", 1, 5, 80, 5000, "A slower drop is no fracture", 40),
    ("force_drop_reaction", "interlock", STOPS, 0, 2, 3, "What a sudden force drop does", 1),
    ("ramp_deviation_permille", "interlock", 1, 1, 40, 1000, "Ramp: largest deviation, of the target", 100),
    ("ramp_deviation_min_n", "interlock", 100, 1, 400, 20000, "Ramp: a smaller one does not count; half of a small force does",
     1000),
    ("ramp_deviation_ms", "interlock", 1, 0, 500, 60000, "Ramp: the deviation must last this long", 2000),
    ("ramp_deviation_reaction", "interlock", STOPS, 0, 2, 3, "What a ramp deviation does", 1),
    ("hold_band_permille", "interlock", 1, 1, 100, 1000, "Hold: largest deviation, of the set-point", 200),
    ("hold_band_min_n", "interlock", 100, 1, 150, 20000, "Hold: a smaller one does not count, unless the range resolves it", 500),
    ("hold_band_s", "interlock", 1, 0, 10, 3600, "Hold: the deviation must last this long", 60),
    ("hold_band_reaction", "interlock", STOPS, 0, 1, 3, "What leaving the hold band does; too much is ramped down, not held", 1),
    ("duty_moves_per_min", "interlock", 1, 1, 240, 6000, "Hold: more valve moves than this point to a leak"),
    ("duty_reaction", "interlock", STOPS, 0, 0, 3, "What too many valve moves do"),
    ("temperature_reaction", "interlock", STOPS, 0, 2, 3, "What a platen that is too hot does", 1),
    ("sensor_reaction", "interlock", STOPS, 0, 0, 3, "What a scale that stands, or a force range that jumps alone, does"),
    ("overrun_ticks", "interlock", 1, 1, 20, 10000, "Overrun ticks in a row that stop the press", 100),
    ("foreground_ms", "interlock", 1, 100, 3000, 60000, "The tick stops the press when the foreground was away this long", 10000),
    ("log_full_reaction", "interlock", STOPS, 0, 0, 3, "What overwriting records that nobody pulled does"),
    ("storage_reaction", "interlock", STOPS, 0, 0, 3, "What a journal that can't be written does"),
    ("sample_dense_ms", "log", 1, 20, 100, 60000, "Log: a sample this often in ramps"),
    ("sample_sparse_s", "log", 1, 1, 20, 3600, "Log: a sample this often in a hold that is settled"),
    ("sample_idle_s", "log", 1, 1, 60, 3600, "Log: a sample this often while nothing is pressed"),
    ("journal_in_ram", "log", YES, 0, 0, 1, "Arm although the journal's chip does not answer: the log goes with the power"),
)

NAMES = tuple([row[NAME] for row in PARAMS])  # a board has it in flash; a dictionary would be a kilobyte of its RAM
DEVICE_UNITS = {(100, "n"): "cn", (100, "c"): "cc"}  # scale, unit as it is written: unit of the device's whole number


def row_of(name):
    """The row of this parameter; KeyError if there is none."""
    if name not in NAMES:
        raise KeyError(name)
    return PARAMS[NAMES.index(name)]


def device_name(name):
    """The name of a parameter's whole number: `force_limit_n` in a file is `force_limit_cn` in the press."""
    return _device_name(row_of(name))


def _device_name(row):
    name, scale = row[NAME], row[SCALE]
    if scale == 1 or isinstance(scale, tuple):
        return name
    parts = name.split("_")
    unit = parts.index("per") - 1 if "per" in parts else -1
    parts[unit] = DEVICE_UNITS[scale, parts[unit]]
    return "_".join(parts)


def to_raw(name, value):
    """The device's whole number for a value in the parameter's own unit; KeyError, ValueError say what is wrong."""
    row = row_of(name)
    scale, low, high = row[SCALE], row[LOW], row[HIGH]
    if isinstance(scale, tuple):
        if value not in scale[low : high + 1]:
            raise ValueError("%s is one of %s, not %r" % (name, ", ".join(scale[low : high + 1]), value))
        return scale.index(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("%s is a number, not %r" % (name, value))
    if not low <= value <= high:
        raise ValueError("%s = %s lies outside %s .. %s" % (name, value, low, high))
    return int(round(value * scale))


def from_raw(name, raw):
    """The value in the parameter's own unit for the device's whole number."""
    scale = row_of(name)[SCALE]
    if isinstance(scale, tuple):
        return scale[raw]
    return raw if scale == 1 else raw / scale


def bounds_raw(name):
    """(low, default, high) as the device's whole numbers."""
    return _bounds(row_of(name))


def _bounds(row):
    k = 1 if isinstance(row[SCALE], tuple) else row[SCALE]
    return int(round(row[LOW] * k)), int(round(row[DEFAULT] * k)), int(round(row[HIGH] * k))


def bound_raw(name):
    """(the weakest whole number without the owner's code, whether weaker ones are smaller); None where there is no such bound."""
    row = row_of(name)
    if len(row) <= BOUND:
        return None
    words = isinstance(row[SCALE], tuple)
    return int(round(row[BOUND] * (1 if words else row[SCALE]))), words or row[BOUND] < row[DEFAULT]


def beyond(raws):
    """Which of {name: raw} protect less than a configuration may without the owner's code: sentences."""
    found = []
    for name, raw in raws.items():
        bound = bound_raw(name)
        if bound and (raw < bound[0] if bound[1] else raw > bound[0]):
            found.append("%s = %s is weaker than %s" % (name, from_raw(name, raw), from_raw(name, bound[0])))
    return found


def complaints(raws):
    """What is wrong with a {name: raw} record: a list of sentences, empty if nothing is."""
    found = []
    for name, raw in raws.items():
        if name not in NAMES:
            found.append("%s is not a parameter of this firmware" % name[:40])
            continue
        low, _, high = _bounds(PARAMS[NAMES.index(name)])
        if isinstance(raw, bool) or not isinstance(raw, int):
            found.append("%s is a whole number, not %s" % (name, short(raw)))
        elif not low <= raw <= high:
            found.append("%s = %s lies outside %s .. %s" % (name, short(raw), low, high))
    return found or _conflicts(Values(raws))


def _conflicts(v):
    """Values that are each in bounds but can't be true together."""
    found = []
    cells = (1 << v["cell_count"]) - 1
    high, low = v["high_range_mask"], v["low_range_mask"]
    if (high | low) & ~cells:
        found.append("high_range_mask and low_range_mask name a cell beyond cell_count")
    if high & low:
        found.append("high_range_mask and low_range_mask share a cell")
    if low and v["range_down_cn"] >= v["range_up_cn"]:
        found.append("range_down_n must lie below range_up_n")
    if v["valve_kind"] == states.KIND_FILL_VENT and v["tick_rate_hz"] * v["valve_min_on_ms"] < 1000:
        found.append("valve_min_on_ms is shorter than one tick")
    return found


class Values:
    """The parameters of one press by device name: whole numbers in the unit that the name says, defaults where none was set."""

    def __init__(self, raws=()):
        self._raws = {}
        self.take(raws)

    def take(self, raws):
        """Replace all of them; `raws` have the names that are written in files."""
        raws = dict(raws)
        self._raws = {_device_name(row): raws.get(row[NAME], _bounds(row)[1]) for row in PARAMS}

    def __getitem__(self, name):
        return self._raws[name]
