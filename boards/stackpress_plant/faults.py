"""Faults that a test or the command line can put into the press.

The rows are in fault_table.py. `value` None takes a fault back. Rows only write words of the plant's state, so they may be
set between any two ticks.
"""

from stackpress_core.tick import states

from . import state as w
from .fault_table import FAULTS

ROWS = {row[0]: row for row in FAULTS}


def inputs_of(name):
    """The bits of the press's inputs that this fault opens or presses."""
    bits = 0
    for one in ROWS[name][2]:
        bits |= states.IN[one]
    return bits


def _inputs(plant, active):
    opened, pressed = 0, 0
    for name in active:
        kind = ROWS[name][1]
        if kind == "open":
            opened |= inputs_of(name)
        elif kind == "press":
            pressed |= inputs_of(name)
    P = plant.P
    P[w.INPUTS_OK] = states.IN_HEALTHY & ~opened | pressed
    chain_opens = opened & (states.IN_ESTOP | states.IN_GUARD) and plant.spec["safety_relay"]
    P[w.RELAY_OPEN] = 1 if "no_power" in active or chain_opens and "relay_dead" not in active else 0


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
    elif spec["valve_kind"] == states.KIND_FILL_VENT:
        plant.leak(spec["leak_nm_h"] if value is None else value * 60000)
    else:
        P[w.AIR] = 1024 if value is None else max(1, 1024 - value * 1024 // 1000)


def _one_word(plant, row, value):
    P = plant.P
    kind, arg = row[1:3]
    if kind == "noise":
        P[w.NOISE_X] = 1 if value is None else value
    elif kind == "stuck":
        P[w.STUCK] = 0 if value is None else 1
    elif kind in ("dump", "vent", "scale"):
        P[{"dump": w.DUMP_STUCK, "vent": w.VENT_STUCK, "scale": w.SCALE}[kind]] = 0 if value is None else arg
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
        plant.P[w.STATUS_OK] = rows[-1] if rows else states.SAMPLE_NEW
    elif kind in ("gain", "off_centre"):
        _gains(plant, plant.active)
    elif kind in ("runaway", "air", "leak"):
        _drive(plant, name, value)
    else:
        _one_word(plant, row, value)
