"""Press states and the one table of what may follow what.

The tick adopts a state only if this table allows it; a trip is the tick's own doing and needs no permission.
"""

SAFE, READY, PRESSING, HOLDING, RELEASING, TRIPPED, SERVICE, MONITOR = range(8)

# state, name, states that may follow on command, what it means
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
ENERGISED = (PRESSING, HOLDING, RELEASING)

# What the controller does in an energised state.
OFF, APPROACH, FORCE, LOCK, VENT = range(5)
MODES = ("off", "approach", "force", "lock", "vent")


def mask(states):
    """One bit for each of these states."""
    bits = 0
    for state in states:
        bits |= 1 << state
    return bits


TRANSITIONS = tuple(mask(row[2]) for row in STATES)
