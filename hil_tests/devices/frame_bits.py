"""Which bits of the press's frame the carriers' wires stand for."""

from collections.abc import Mapping

# isort: split
from stackpress_core.tick import words

from hil_tests.devices.wires import Wires

IN = words.IN
HEALTHY = words.IN_HEALTHY
PERMISSIVE = words.VALVE_PERMISSIVE
AT_PINS = {"fill": words.VALVE_FILL, "vent": words.VALVE_VENT, "dump": words.VALVE_DUMP_CLOSED}


def valve_bits(wires: Wires, pins: Mapping[str, int], permitted: bool) -> int:
    """What stands at the valves' pins and the permissive's one-shot, as the frame's word VALVE has it."""
    bits = sum(bit for role, bit in AT_PINS.items() if wires.level(pins[role]))
    return bits | (PERMISSIVE if permitted else 0)
