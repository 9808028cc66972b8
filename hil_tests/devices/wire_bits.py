"""Which bits of the press's blackboard the carriers' wires stand for."""

from collections.abc import Mapping

# isort: split
from stackpress_core.tick import blackboard

from hil_tests.devices.wires import Wires

IN = blackboard.IN
HEALTHY = blackboard.IN_HEALTHY
PERMISSIVE = blackboard.VALVE_PERMISSIVE
AT_PINS = {"fill": blackboard.VALVE_FILL, "vent": blackboard.VALVE_VENT, "dump": blackboard.VALVE_DUMP_CLOSED}


def opened(valve_state: int) -> dict[str, int]:
    """What a target's truth says of the valves, from the plant's bits."""
    set_of = {name: int(bool(valve_state & bit)) for name, bit in AT_PINS.items()}
    return {"fill_open": set_of["fill"], "vent_open": set_of["vent"], "dump_open": 1 - set_of["dump"]}


def valve_bits(wires: Wires, pins: Mapping[str, int], permitted: bool) -> int:
    """What stands at the valves' pins and the permissive's one-shot, as the blackboard's word VALVE has it."""
    bits = PERMISSIVE if permitted else 0
    for role, bit in AT_PINS.items():
        if wires.level(pins[role]):
            bits |= bit
    return bits
