"""What a program may say: one table of step kinds and their fields, shared by device, host, help text and PROGRAMS.md.

Every value is an integer in the unit that its name ends in, so that the device needs no floats and a number cannot be
taken for another unit; the host writes the same fields in friendlier units (`to_mpa = 370` for `to_pa`).
A new field is one row here; a new step kind is one row here and one row of functions in `steps.py`.
"""

FORCE_MAX_CN = 10_000_000  # 100 kN, the most that any press of this kind measures
PRESSURE_MAX_PA = 1_000_000_000
AREA_MAX_UM2 = 4_290_000_000  # 65 mm x 65 mm; the run header keeps 32 bits
SECOND_MS = 1_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
TIME_MAX_MS = 400 * 24 * HOUR_MS
CN_PER_PA_UM2 = 10_000_000_000  # 1 cN = 1e10 Pa um2
FORMAT = 1
STEPS_MAX = 64
POINTS_MAX = 64
NAME_MAX = 24

AT_TIMEOUT = ("go_on", "hold", "stop", "vent")
HOST_LOSS = ("carry_on", "hold", "ramp_down")
AT_END = ("vent", "hold")

# A row: name, unit, least, most, default (None: absent), help. Unit: an integer's unit, or "text", "yes", a tuple of
# words to choose from, or a unit followed by " list".


def _force(name, help_text, least=0, default=None):
    return (name, "cN", least, FORCE_MAX_CN, default, help_text)


def _pressure(name, help_text, least=0):
    return (name, "Pa", least, PRESSURE_MAX_PA, None, help_text)


def _time(name, help_text, default=None, least=0):
    return (name, "ms", least, TIME_MAX_MS, default, help_text)


def _level(stem, help_text):
    return (_force(stem + "_cn", help_text), _pressure(stem + "_pa", help_text + ", over the cell's area"))


def _rate(stem, help_text):
    return (
        (stem + "_cn_per_s", "cN/s", 1, FORCE_MAX_CN, None, help_text),
        (stem + "_pa_per_s", "Pa/s", 1, PRESSURE_MAX_PA, None, help_text + ", over the cell's area"),
    )


def _timeout(default, at_timeout, help_text="longest time for the step", choice=AT_TIMEOUT):
    return (
        _time("timeout_ms", help_text, default, 100 if default else 0),
        ("at_timeout", choice, 0, 0, at_timeout, "what to do when the time is over"),
    )


_AUTO = "longest time for the movement; 0: twice what the rate needs and 30 s more"
_FOR = _time("for_ms", "ends after this time")
_UNTIL_TRIGGER = ("until_trigger", "yes", 0, 0, None, "ends at the next rising edge of the trigger input")
_CREEP_NM = ("until_creep_nm_per_min", "nm/min", 1, 1_000_000_000, None, "ends when the ram creeps this slowly")
_CREEP_CN = ("until_creep_cn_per_min", "cN/min", 1, FORCE_MAX_CN, None, "ends when the force drifts this slowly")
_WINDOW = _time("creep_window_ms", "creep compares the means of two windows of this length", MINUTE_MS, 1000)
_AT_LEAST = _time("at_least_ms", "does not end before this time", 0)
_SETTLED_FOR = _time("settled_for_ms", "time that the force must stay within the band", 5 * SECOND_MS)
_RATE = _rate("rate", "how fast the set-point moves")
_TO = _level("to", "where the set-point goes")
_BY = (
    ("by_cn", "cN", -FORCE_MAX_CN, FORCE_MAX_CN, None, "change from the set-point at the step's start"),
    ("by_pa", "Pa", -PRESSURE_MAX_PA, PRESSURE_MAX_PA, None, "change from the set-point at the start, over the area"),
)

# Fields that any step may have.
COMMON = (
    ("note", "text", 0, 60, None, "a word for the log and the display"),
    ("temperature_min_cc", "cc", -10_000, 60_000, None, "the step waits until the platen is at least this warm"),
    ("temperature_max_cc", "cc", -10_000, 60_000, None, "the step waits until the platen is at most this warm"),
    ("temperature_input", "count", 1, 2, 1, "which thermometer is meant"),
    _time("temperature_timeout_ms", "longest wait for the temperature", HOUR_MS),
    ("temperature_at_timeout", AT_TIMEOUT, 0, 0, "hold", "what to do when the temperature did not come in time"),
)

# (kind, help, groups, rows). A group (least, names...): at least so many of the names, and never two of them.
STEPS = (
    (
        "contact",
        "Close the ram at a bounded speed until the force is there, so that the powder or foil is met gently.",
        ((1, "to_cn", "to_pa"),),
        _TO
        + (
            ("speed_um_per_s", "um/s", 1, 50_000, 500, "speed of the ram"),
            ("travel_nm", "nm", 1000, 500_000_000, None, "longest travel; over it, the same as after the longest time"),
        )
        + _timeout(2 * MINUTE_MS, "vent", choice=AT_TIMEOUT[1:]),  # what was not met can not be pressed
    ),
    (
        "ramp",
        "Move the set-point at a bounded rate to a force, to a pressure, or by a difference.",
        ((1, "to_cn", "to_pa", "by_cn", "by_pa"), (1, "rate_cn_per_s", "rate_pa_per_s")),
        _TO + _BY + _RATE + _timeout(0, "hold", _AUTO),
    ),
    (
        "hold",
        "Regulate the force where it is: for a time, or until it has settled, creep has slowed, or a trigger comes.",
        (
            (
                1,
                "for_ms",
                "until_settled_cn",
                "until_settled_ppm",
                "until_creep_nm_per_min",
                "until_creep_cn_per_min",
                "until_trigger",
            ),
        ),
        (
            _FOR,
            _force("until_settled_cn", "ends when the force stays within this of the set-point", 1),
            ("until_settled_ppm", "ppm", 100, 500_000, None, "ends when the force stays this near the set-point"),
            _CREEP_NM,
            _CREEP_CN,
            _UNTIL_TRIGGER,
            _SETTLED_FOR,
            _WINDOW,
            _AT_LEAST,
        )
        + _timeout(HOUR_MS, "hold"),
    ),
    (
        "cycle",
        "Go up and down between two levels, with a dwell at each.",
        ((1, "low_cn", "low_pa"), (1, "high_cn", "high_pa"), (1, "rate_cn_per_s", "rate_pa_per_s"), (1, "count")),
        _level("low", "lower level")
        + _level("high", "upper level")
        + _RATE
        + (
            ("count", "count", 1, 60_000, None, "how many times up and down"),
            _time("dwell_low_ms", "time at the lower level", 0),
            _time("dwell_high_ms", "time at the upper level", 0),
        )
        + _timeout(0, "hold", _AUTO),
    ),
    (
        "sweep",
        "Visit a list of levels: settle, soak, pulse the trigger output, wait for the trigger input, go to the next.",
        ((1, "pressures_pa", "forces_cn"), (1, "rate_cn_per_s", "rate_pa_per_s")),
        (
            ("pressures_pa", "Pa list", 0, PRESSURE_MAX_PA, None, "the pressures, in the order of the visits"),
            ("forces_cn", "cN list", 0, FORCE_MAX_CN, None, "the forces, in the order of the visits"),
        )
        + _RATE
        + (
            ("settled_ppm", "ppm", 100, 500_000, 5_000, "band round the set-point that counts as settled"),
            _SETTLED_FOR,
            _time("soak_ms", "further time at the level before the trigger", 0),
            _time("trigger_ms", "length of the trigger output's pulse", 100),
            _time("wait_trigger_ms", "longest wait for the trigger input after the pulse; 0: do not wait", 0),
        )
        + _timeout(10 * MINUTE_MS, "go_on", "longest time to settle at one level"),
    ),
    (
        "relax",
        "Lock the valve and log how the force decays, for a time or until it hardly changes.",
        ((1, "for_ms", "until_creep_cn_per_min"),),
        (_FOR, _CREEP_CN, _WINDOW, _AT_LEAST) + _timeout(HOUR_MS, "hold"),
    ),
    (
        "creep",
        "Regulate the force and log the displacement densely, for a time or until it hardly changes.",
        ((1, "for_ms", "until_creep_nm_per_min"),),
        (_FOR, _CREEP_NM, _WINDOW, _AT_LEAST) + _timeout(HOUR_MS, "hold"),
    ),
    (
        "release",
        "Take the force down at a bounded rate, to a level or to nothing, so that the pellet does not crack.",
        ((0, "to_cn", "to_pa"), (1, "rate_cn_per_s", "rate_pa_per_s")),
        _TO + _RATE + _timeout(0, "vent", _AUTO),
    ),
    (
        "vent",
        "Let all pressure out and wait until the force is gone.",
        (),
        (_force("below_cn", "the force that counts as gone", 100, 5_000),) + _timeout(30 * SECOND_MS, "vent"),
    ),
    (
        "watch",
        "Leave the valve alone, read and log: for a time, or until the force passes a level (a hand pump's work).",
        ((1, "for_ms", "until_above_cn", "until_above_pa", "until_below_cn", "until_below_pa", "until_trigger"),),
        (_FOR,)
        + _level("until_above", "ends when the force is at least this")
        + _level("until_below", "ends when the force is at most this")
        + (_UNTIL_TRIGGER,)
        + _timeout(HOUR_MS, "go_on"),
    ),
)

KINDS = tuple([row[0] for row in STEPS])  # a kind's number in the log is its place here: add at the end only
STEP_OF = {row[0]: row for row in STEPS}
MOVELESS = ("watch",)  # steps that a manual press, which has no valve, can do

HEADER = (
    ("format", "count", FORMAT, FORMAT, FORMAT, "version of this form"),
    ("name", "text", 1, NAME_MAX, None, "letters, digits, _ and -; the press keeps the program under it"),
    ("about", "text", 0, 200, "", "one sentence: what the program is for"),
    ("area_um2", "um2", 0, AREA_MAX_UM2, 0, "pressed area; needed as soon as a step speaks of pressure"),
    ("host_loss", HOST_LOSS, 0, 0, "carry_on", "what to do when the host's lease runs out while the program runs"),
    ("at_end", AT_END, 0, 0, "vent", "after the last step: release at the stop rate and vent, or go on holding"),
) + _rate("stop_rate", "rate of a controlled stop; the press's own release rate if absent") + (
    ("sample", "text", 0, 32, "", "what is pressed"),
    ("operator", "text", 0, 24, "", "who presses it"),
)
HEADER_GROUPS = ((1, "name"), (0, "stop_rate_cn_per_s", "stop_rate_pa_per_s"))

# A field that says nothing unless one of these stands beside it.
_UNTIL = ("until_settled_cn", "until_settled_ppm", "until_creep_nm_per_min", "until_creep_cn_per_min", "until_trigger")
_WATCHED = ("until_above_cn", "until_above_pa", "until_below_cn", "until_below_pa", "until_trigger")
_TEMPERATURES = ("temperature_min_cc", "temperature_max_cc")
_SETTLED = ("until_settled_cn", "until_settled_ppm", "pressures_pa", "forces_cn")
ONLY_WITH = {
    "temperature_input": _TEMPERATURES,
    "temperature_timeout_ms": _TEMPERATURES,
    "temperature_at_timeout": _TEMPERATURES,
    "settled_for_ms": _SETTLED,
    "creep_window_ms": ("until_creep_nm_per_min", "until_creep_cn_per_min"),
    "at_least_ms": _UNTIL,
}
TIMEOUT_ONLY_WITH = {"hold": _UNTIL, "relax": _UNTIL, "creep": _UNTIL, "watch": _WATCHED}

# What a press must have before a field, or a kind of step, may be used.
NEEDS = {
    "creep": "displacement",
    "until_trigger": "trigger",
    "wait_trigger_ms": "trigger",
    "until_creep_nm_per_min": "displacement",
    "travel_nm": "displacement",
    "temperature_min_cc": "temperature",
    "temperature_max_cc": "temperature",
}
