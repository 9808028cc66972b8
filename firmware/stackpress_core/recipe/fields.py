"""What a program may say: one row a field, shared by device, host, help text and PROGRAMS.md.

Every value is an integer in the unit that its name ends in, so that the device needs no floats and a number cannot be
taken for another unit; the host writes the same fields in friendlier units (`to_mpa = 370` for `to_pa`).
`kinds.py` puts the fields together to kinds of steps.
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
STEPS_MAX = 255  # a row of the log has a byte for the step's place
POINTS_MAX = 64
NAME_MAX = 24

AT_TIMEOUT = ("go_on", "hold", "stop", "vent")
HOST_LOSS = ("carry_on", "hold", "ramp_down")
AT_END = ("vent", "hold")

# A row: name, unit, least, most, default (None: absent), help. Unit: an integer's unit, or "text", "yes", a tuple of
# words to choose from, or a unit followed by " list".


def force(name, help_text, least=0, default=None):
    return (name, "cN", least, FORCE_MAX_CN, default, help_text)


def pressure(name, help_text, least=0):
    return (name, "Pa", least, PRESSURE_MAX_PA, None, help_text)


def time(name, help_text, default=None, least=0):
    return (name, "ms", least, TIME_MAX_MS, default, help_text)


def level(stem, help_text):
    return (force(stem + "_cn", help_text), pressure(stem + "_pa", help_text + ", over the cell's area"))


def rate(stem, help_text):
    return (
        (stem + "_cn_per_s", "cN/s", 1, FORCE_MAX_CN, None, help_text),
        (stem + "_pa_per_s", "Pa/s", 1, PRESSURE_MAX_PA, None, help_text + ", over the cell's area"),
    )


def timeout(default, at_timeout, help_text="longest time for the step", choice=AT_TIMEOUT):
    return (
        time("timeout_ms", help_text, default, 100 if default else 0),
        ("at_timeout", choice, 0, 0, at_timeout, "what to do when the time is over"),
    )


AUTO = "longest time for the movement; 0: twice what the rate needs and 30 s more"
FOR = time("for_ms", "ends after this time")
UNTIL_TRIGGER = (
    ("until_trigger", "yes", 0, 0, None, "ends at the next rising edge of the trigger input"),
    ("until_trigger_over", "yes", 0, 0, None, "ends at its next falling edge: when who holds it, as a cycler that cycles, lets go"),
)
CREEP_NM = ("until_creep_nm_per_min", "nm/min", 1, 1_000_000_000, None, "ends when the ram creeps this slowly")
CREEP_CN = ("until_creep_cn_per_min", "cN/min", 1, FORCE_MAX_CN, None, "ends when the force drifts this slowly")
WINDOW = time("creep_window_ms", "creep compares the means of two windows of this length", MINUTE_MS, 1000)
AT_LEAST = time("at_least_ms", "does not end before this time", 0)
SETTLED_FOR = time("settled_for_ms", "time that the force must stay within the band", 5 * SECOND_MS)
RATE = rate("rate", "how fast the set-point moves")
TO = level("to", "where the set-point goes")
BY = (
    ("by_cn", "cN", -FORCE_MAX_CN, FORCE_MAX_CN, None, "change from the set-point at the step's start"),
    ("by_pa", "Pa", -PRESSURE_MAX_PA, PRESSURE_MAX_PA, None, "change from the set-point at the start, over the area"),
)

# Fields that any step may have.
COMMON = (
    ("note", "text", 0, 60, None, "a word for the log and the display"),
    ("temperature_min_cc", "cc", -10_000, 60_000, None, "the step waits until the platen is at least this warm"),
    ("temperature_max_cc", "cc", -10_000, 60_000, None, "the step waits until the platen is at most this warm"),
    ("temperature_input", "count", 1, 2, 1, "which thermometer is meant"),
    time("temperature_timeout_ms", "longest wait for the temperature", HOUR_MS),
    ("temperature_at_timeout", AT_TIMEOUT, 0, 0, "hold", "what to do when the temperature did not come in time"),
)

HEADER = (
    ("format", "count", FORMAT, FORMAT, FORMAT, "version of this form"),
    ("name", "text", 1, NAME_MAX, None, "letters, digits, _ and -; the press keeps the program under it"),
    ("about", "text", 0, 200, "", "one sentence: what the program is for"),
    ("area_um2", "um2", 0, AREA_MAX_UM2, 0, "pressed area; needed as soon as a step speaks of pressure"),
    ("host_loss", HOST_LOSS, 0, 0, "carry_on", "what to do when the host's lease runs out while the program runs"),
    ("at_end", AT_END, 0, 0, "vent", "after the last step: release at the stop rate and vent, or go on holding"),
) + rate("stop_rate", "rate of a controlled stop; the press's own release rate if absent") + (
    ("sample", "text", 0, 32, "", "what is pressed"),
    ("operator", "text", 0, 24, "", "who presses it"),
) + level("most", "the most that may be asked for while it runs; without it, the highest that the program itself asks for")
HEADER_GROUPS = ((1, "name"), (0, "stop_rate_cn_per_s", "stop_rate_pa_per_s"), (0, "most_cn", "most_pa"))

# A field that says nothing unless one of these stands beside it.
_UNTIL = ("until_settled_cn", "until_settled_ppm", "until_creep_nm_per_min", "until_creep_cn_per_min", "until_trigger",
          "until_trigger_over")  # fmt: skip
_TEMPERATURES = ("temperature_min_cc", "temperature_max_cc")
_SETTLED = ("until_settled_cn", "until_settled_ppm", "pressures_pa", "forces_cn")
ONLY_WITH = (
    ("temperature_input", _TEMPERATURES),
    ("temperature_timeout_ms", _TEMPERATURES),
    ("temperature_at_timeout", _TEMPERATURES),
    ("settled_for_ms", _SETTLED),
    ("creep_window_ms", ("until_creep_nm_per_min", "until_creep_cn_per_min")),
    ("at_least_ms", _UNTIL),
)
NOTHING_BESIDE = (("timeout_ms", "for_ms"), ("at_timeout", "for_ms"))  # a step of a told length needs no longest time

# What a press must have before a field may be used.
NEEDS = (
    ("until_trigger", "trigger"),
    ("until_trigger_over", "trigger"),
    ("wait_trigger_ms", "trigger"),
    ("until_creep_nm_per_min", "displacement"),
    ("travel_nm", "displacement"),
    ("temperature_min_cc", "temperature"),
    ("temperature_max_cc", "temperature"),
)
