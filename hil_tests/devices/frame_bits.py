"""Which bits of the press's frame the carriers' wires stand for."""

from collections.abc import Mapping

from stackpress import rooms as rooms  # makes `press` importable

# isort: split
from press import frame

from hil_tests.devices.wires import Wires

IN = frame.IN
HEALTHY = frame.IN_HEALTHY
PERMISSIVE = frame.VALVE_PERMISSIVE
AT_PINS = {"fill": frame.VALVE_FILL, "vent": frame.VALVE_VENT, "dump": frame.VALVE_DUMP_CLOSED}


def valve_bits(wires: Wires, pins: Mapping[str, int], permitted: bool) -> int:
    """What stands at the valves' pins and the permissive's one-shot, as the frame's word VALVE has it."""
    bits = sum(bit for role, bit in AT_PINS.items() if wires.level(pins[role]))
    return bits | (PERMISSIVE if permitted else 0)
