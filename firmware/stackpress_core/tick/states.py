"""What the blackboard's numbers are called: press states and what may follow what, modes, reactions, valve kinds, inputs, valves.

It imports nothing, so that whatever has to name such a number can: the core, the simulated plant, the host. The tick adopts a
state only if the table allows it; a trip is the tick's own doing and needs no permission.
"""

SAFE, READY, PRESSING, HOLDING, RELEASING, TRIPPED, SERVICE, MONITOR = range(8)

# state, name, states that may follow by an order, what it means
STATES = (
    (SAFE, "safe", (READY, SERVICE, MONITOR), "Nothing is energised; the ram is vented."),
    (READY, "ready", (SAFE, PRESSING), "Armed: every check has passed, the ram is still vented."),
    (PRESSING, "pressing", (HOLDING, RELEASING, READY, SAFE), "The force is being changed by a program."),
    (HOLDING, "holding", (PRESSING, RELEASING, READY, SAFE), "The force, or the valve, is being held."),
    (RELEASING, "releasing", (PRESSING, HOLDING, READY, SAFE), "The force is being taken away at a bounded rate."),
    (TRIPPED, "tripped", (SAFE,), "An interlock has stopped the press; it waits for an acknowledgement."),
    (SERVICE, "service", (SAFE,), "De-energised, ceilings may be written."),
    (MONITOR, "monitor", (SAFE,), "A manual press: force is read, judged and logged, nothing is driven."),
)

NAMES = tuple(row[1] for row in STATES)
DRIVEN = (PRESSING, HOLDING, RELEASING)  # the drive follows orders; a trip that holds or ramps drives as well, by its reaction
ARMED = (READY,) + DRIVEN

# What the controller does in a driven state.
OFF, APPROACH, FORCE, LOCK, VENT = range(5)
MODES = ("off", "approach", "force", "lock", "vent")

# What an interlock does, by severity.
REACT_NONE, REACT_WARN, REACT_HOLD, REACT_RAMP, REACT_VENT = range(5)
REACTIONS = ("none", "warn", "hold", "ramp", "vent")

# What drives the ram.
KIND_NONE, KIND_REGULATOR, KIND_FILL_VENT = range(3)
KINDS = ("none", "regulator", "fill_vent")

# Bits of INPUTS, 1 = closed or pressed; a press at rest that may be armed has those of HEALTHY closed.
INPUTS = ("estop_a", "estop_b", "guard_a", "guard_b", "pressure_ok", "supply_ok", "start", "stop", "reset", "select",
          "trigger_in", "travel_ok")
IN = {name: 1 << i for i, name in enumerate(INPUTS)}
IN_ESTOP, IN_GUARD = IN["estop_a"] | IN["estop_b"], IN["guard_a"] | IN["guard_b"]
IN_HEALTHY = IN_ESTOP | IN_GUARD | IN["pressure_ok"] | IN["supply_ok"] | IN["travel_ok"]

# Bits of VALVE and PROPOSED_VALVE.
VALVE_FILL, VALVE_VENT, VALVE_DUMP_CLOSED, VALVE_PERMISSIVE, VALVE_TRIGGER_OUT = 1, 2, 4, 8, 16
VALVE_POWERED = VALVE_FILL | VALVE_VENT | VALVE_DUMP_CLOSED | VALVE_PERMISSIVE  # none of these: nothing at the ram is energised

# Bits of STATUS, what the converter's driver says of this tick's sample.
SAMPLE_NEW, SAMPLE_CRC_BAD, SAMPLE_CHIP_RESET = 1, 2, 4


# The flags of a flight recorder's entry: the state, then from these bits on mode, range, status, valves and "denied".
FLIGHT_MODE_AT, FLIGHT_RANGE_AT, FLIGHT_STATUS_AT, FLIGHT_VALVE_AT, FLIGHT_DENIED_AT = 4, 7, 8, 10, 14

# Bits of what a press says of itself to *TST?, from the first on: what is not well.
SELFTEST = ("configuration", "calibration", "ceilings", "samples", "journal", "tick")


def mask(states):
    """One bit for each of these states."""
    bits = 0
    for state in states:
        bits |= 1 << state
    return bits


TRANSITIONS = tuple(mask(row[2]) for row in STATES)
