"""Faults that a test or the command line can put into the press: one row each.

A row is (name, kind, argument, help). The kind says what is changed; `value` None takes the fault back. Rows only write
words of the plant's state, so they may be set between any two ticks.
"""

from . import step as w

_CELL = "value = cell 1..4"
# name, kind, argument, help
FAULTS = (
    ("estop", "open", 3, "E-stop pressed, both channels"),
    ("estop_a", "open", 1, "E-stop channel A alone open"),
    ("estop_b", "open", 2, "E-stop channel B alone open"),
    ("guard", "open", 12, "guard open, both channels"),
    ("guard_a", "open", 4, "guard channel A alone open"),
    ("guard_b", "open", 8, "guard channel B alone open"),
    ("overpressure", "open", 16, "over-pressure switch open"),
    ("supply", "open", 32, "supply low"),
    ("travel", "open", 2048, "travel limit reached"),
    ("start", "press", 64, "start button held"),
    ("stop", "press", 128, "stop button held"),
    ("reset", "press", 256, "reset button held"),
    ("select", "press", 512, "select button held"),
    ("trigger_in", "press", 1024, "trigger input on"),
    ("relay_dead", "relay", 0, "the hard-wired relay does not drop with E-stop and guard"),
    ("cell_open", "cell", 1, "open bridge, code at the rail; " + _CELL),
    ("cell_short", "cell", 2, "shorted bridge, code 0; " + _CELL),
    ("cell_frozen", "cell", 3, "code no longer changes; " + _CELL),
    ("converter_dead", "status", 0, "no new samples"),
    ("crc", "status", 3, "samples with a bad CRC"),
    ("chip_reset", "status", 5, "converter says that it has reset"),
    ("gain_1", "gain", 0, "sensitivity error of cell 1 / permille"),
    ("gain_2", "gain", 1, "sensitivity error of cell 2 / permille"),
    ("gain_3", "gain", 2, "sensitivity error of cell 3 / permille"),
    ("gain_4", "gain", 3, "sensitivity error of cell 4 / permille"),
    ("zero_1", "zero", 0, "zero shift of cell 1 / codes"),
    ("zero_2", "zero", 1, "zero shift of cell 2 / codes"),
    ("zero_3", "zero", 2, "zero shift of cell 3 / codes"),
    ("zero_4", "zero", 3, "zero shift of cell 4 / codes"),
    ("off_centre", "off_centre", 0, "load moves towards cell 1 / permille of the cells' circle"),
    ("noise_burst", "noise", 0, "noise times value"),
    ("stuck_valve", "word", w.STUCK, "valve ignores its command"),
    ("stuck_open", "runaway", 0, "full drive whatever the command; value = force / N, 1 = full scale"),
    ("no_air", "air", 0, "no supply: nothing can be filled"),
    ("weak_air", "air", 1, "drive reduced to value / permille"),
    ("leak", "leak", 0, "leak: fluid as ram travel at 33 kN / um/min; regulator loses value / permille"),
    ("fracture", "fracture", 0, "the specimen breaks now; value = lost part of the force / permille, 1 = its own"),
    ("temperature_1", "temperature", 0, "platen reads value / centi-degC, -1073741824 = absent"),
    ("temperature_2", "temperature", 1, "room reads value / centi-degC, -1073741824 = absent"),
)
ROWS = {row[0]: row for row in FAULTS}


def _inputs(plant, active):
    healthy, pressed = 0, 0
    for name in active:
        kind, bits = ROWS[name][1:3]
        if kind == "open":
            healthy |= bits
        elif kind == "press":
            pressed |= bits
    P = plant.P
    P[w.INPUTS_OK] = (1 | 2 | 4 | 8 | 16 | 32 | 2048) & ~healthy | pressed
    P[w.RELAY_OPEN] = 1 if healthy & 15 and plant.spec["safety_relay"] and "relay_dead" not in active else 0


def _cell(plant, code, value):
    for i in range(4):
        if value is None and plant.P[w.MODE + i] == code:
            plant.P[w.MODE + i] = 0
    if value is not None:
        if not 1 <= value <= 4:
            raise ValueError(f"a cell is 1..4, not {value!r}")
        plant.P[w.MODE + value - 1] = code


def _gains(plant, active):
    error = [active.get(f"gain_{i + 1}", 0) * 1000 for i in range(4)]
    share = None
    if "off_centre" in active:
        e = active["off_centre"] * 1000 * 2 // 3
        share = [v + d for v, d in zip(plant.spec["share_ppm"], (e, -e // 2, -e // 2))]  # noqa: B905 (MicroPython)
    plant.gains(share, error)


def _drive(plant, name, value):
    """Faults of the valve that scale or replace what it puts out."""
    P, spec = plant.P, plant.spec
    kind = ROWS[name][1]
    if kind == "runaway":
        full = spec["full_scale_cn"] * 64
        P[w.RUNAWAY] = 0 if value is None else full if value == 1 else min(full, value * 6400)
    elif kind == "air":
        P[w.AIR] = 1024 if value is None else 0 if name == "no_air" else value * 1024 // 1000
    elif spec["valve_kind"]:
        plant.leak(spec["leak_nm_h"] if value is None else value * 60000)
    else:
        P[w.AIR] = 1024 if value is None else max(1, 1024 - value * 1024 // 1000)


def _one_word(plant, row, value):
    P = plant.P
    kind, arg = row[1:3]
    if kind == "noise":
        P[w.NOISE_X] = 1 if value is None else value
    elif kind == "word":
        P[arg] = 0 if value is None else 1
    elif kind == "zero":
        P[w.ZERO0 + arg] = plant.spec["zero_code"][arg] + (value or 0)
    elif kind == "temperature":
        P[w.T_SET_ON + arg], P[w.T_SET + arg] = (0, 0) if value is None else (1, value)
    elif kind == "fracture" and value is not None:
        plant.fracture_drop(value if value > 1 else plant.specimen["fracture_drop_permille"])
        P[w.FRACTURE] = 0
    P[w.COUNT] = 1  # the slow part shows it at the next tick


def apply(plant, name, value):
    """Set (value) or take back (None) one fault. Unknown name: KeyError; wrong value: ValueError."""
    row = ROWS[name]
    kind = row[1]
    before = dict(plant.active)
    if value is None:
        plant.active.pop(name, None)
    else:
        plant.active[name] = value
    try:
        _set(plant, row, kind, name, value)
    except ValueError:
        plant.active = before
        raise


def _set(plant, row, kind, name, value):
    if kind in ("open", "press", "relay"):
        _inputs(plant, plant.active)
    elif kind == "cell":
        _cell(plant, row[2], value)
    elif kind == "status":
        rows = [ROWS[n][2] for n in plant.active if ROWS[n][1] == "status"]
        plant.P[w.STATUS_OK] = rows[-1] if rows else 1
    elif kind in ("gain", "off_centre"):
        _gains(plant, plant.active)
    elif kind in ("runaway", "air", "leak"):
        _drive(plant, name, value)
    else:
        _one_word(plant, row, value)
