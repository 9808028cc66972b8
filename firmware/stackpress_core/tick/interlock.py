"""Why the ram may not move: one row for each reason; judge.py holds them all against their limits in every tick.

Each row watches one word of the blackboard; larger is worse. The word must exceed its limit for longer than the debounce, in one of
the row's states. Reactions order by severity, and a press that has stopped only ever escalates. The reason that came first is
kept until it is acknowledged. A monitored manual press has no valve to react with, so there every reaction is a warning.

A row is all that a reason takes: limit and debounce may be parameters, the log, the status registers, the panel, the host and
INTERLOCKS.md read this table or ask the press for it. `blackboard.py` has one bit for each row, and says how many it has room for.
"""

from stackpress_core.tick import states

WARN, HOLD, RAMP, VENT = states.REACT_WARN, states.REACT_HOLD, states.REACT_RAMP, states.REACT_VENT

ALWAYS = states.mask(range(8)) & ~states.mask((states.SERVICE,))
IN_USE = ALWAYS & ~states.mask((states.SAFE,))
DRIVEN = states.mask(states.DRIVEN)
MOVING = states.mask((states.PRESSING, states.RELEASING))
STILL = states.mask((states.HOLDING,))
WATCHED = DRIVEN | states.mask((states.READY, states.MONITOR))

# When a trip may be acknowledged: once what the signal says is gone, or at any time, because what was judged is a movement that
# the trip has ended. A channel of a switch that opened alone asks for more (switches.py).
GONE, STOPPED = "gone", "stopped"

# What a row is about, as the summary registers of status.py tell it: safety, force, time, temperature, log.
# Limits: a whole number, a parameter (its raw value, a time as ticks) or ("ceiling", key). Debounce: ms as a number or a parameter.

NAME, SIGNAL, LIMIT, DEBOUNCE, REACTION, STATES, ENDS, CONCERN, HINT = range(9)

# name, signal, limit, debounce, reaction or its parameter, states, ends, concern, hint
ROWS = (
    ("estop", "SIG_ESTOP", 0, 0, VENT, ALWAYS, GONE, "safety",
     "The emergency stop is pressed or its wire is broken: make the area safe, release the button, acknowledge."),
    ("guard", "SIG_GUARD", 0, 0, VENT, WATCHED, GONE, "safety",
     "The guard was opened while the press was armed: close it and acknowledge."),
    ("discrepancy", "SIG_DISCREPANCY", "discrepancy_ms", 0, VENT, ALWAYS, GONE, "safety",
     "Two channels of the emergency stop or guard disagree: a contact is welded or a wire is broken."),
    ("overpressure", "SIG_PRESSURE", 0, 0, VENT, IN_USE, GONE, "safety",
     "The over-pressure switch has opened: check the supply and the relief valve before going on."),
    ("ceiling_total", "SIG_AHEAD", ("ceiling", "frame"), 0, VENT, ALWAYS, GONE, "force",
     "The total force passed the frame's rating: inspect the frame before going on."),
    ("ceiling_cell", "SIG_CELL_CEILING", 0, 0, VENT, ALWAYS, GONE, "force",
     "A load cell passed its rated capacity: check its zero and calibration before going on."),
    ("limit_total", "HIGH", "force_limit_n", "limit_debounce_ms", VENT, WATCHED, GONE, "force",
     "The total force passed the working limit: lower the program's force or raise the limit with reason."),
    ("limit_cell", "SIG_CELL", "cell_limit_n", "limit_debounce_ms", VENT, WATCHED, GONE, "force",
     "One load cell passed its working limit: centre the specimen."),
    ("stale", "SIG_STALE", "stale_ms", 0, VENT, WATCHED, GONE, "force",
     "No believable sample arrived in time: check the converter's cable and supply."),
    ("rail", "SIG_RAIL", 0, 1, VENT, WATCHED, GONE, "force",
     "A load cell's signal is at the converter's rail: an open bridge, a broken wire or an overload."),
    ("frozen", "SIG_FROZEN", "frozen_samples", 0, VENT, WATCHED, GONE, "force",
     "A load cell repeats one code: the converter or its cable has died."),
    ("crc", "SIG_CRC", "crc_samples", 0, VENT, WATCHED, GONE, "force",
     "Samples arrive with a wrong checksum: look for noise on the converter's lines."),
    ("chip_reset", "SIG_RESET", 0, 0, VENT, WATCHED, GONE, "force",
     "The converter restarted by itself: its supply dipped; its settings were lost."),
    ("imbalance", "SIG_IMBALANCE", "imbalance_permille", "imbalance_ms", "imbalance_reaction", WATCHED, GONE, "force",
     "The load cells do not share the force evenly, or the two ranges disagree: centre the specimen, take the zero again."),
    ("runaway", "SIG_RUNAWAY", 0, "runaway_ms", VENT, ALWAYS & ~states.mask((states.MONITOR,)), STOPPED, "force",
     "There is force that nobody asked for: a valve is stuck open or the regulator has failed."),
    ("not_vented", "SIG_VENT", "vent_ms", 0, VENT, ALWAYS, GONE, "force",
     "The dump is open and nobody sees the force go: shut off the supply by hand, keep away, have the dump valve repaired."),
    ("no_fall", "SIG_FALL", "no_fall_ms", 0, VENT, DRIVEN | states.mask((states.READY,)), STOPPED, "force",
     "The force did not fall when it was asked to: the valve sticks. The dump was opened instead."),
    ("no_response", "SIG_RESPONSE", 0, "no_response_ms", VENT, DRIVEN, STOPPED, "force",
     "The force does not follow: no supply pressure, a stuck valve, or a leak."),
    ("no_contact", "SIG_CONTACT", "no_contact_ms", 0, VENT, DRIVEN, STOPPED, "force",
     "The drive is at its limit and nothing is felt: the die is empty, the ram is stuck, or the cell is dead."),
    ("force_drop", "SIG_DROP", 0, 0, "force_drop_reaction", DRIVEN, STOPPED, "force",
     "The force dropped at once: the specimen has cracked or the stack has shifted. It is not chased."),
    ("travel", "SIG_TRAVEL", 0, 2, VENT, DRIVEN, STOPPED, "safety",
     "The ram reached its travel limit: the die is empty or the stack is too low."),
    ("ramp_deviation", "SIG_RAMP", 0, "ramp_deviation_ms", "ramp_deviation_reaction", MOVING, STOPPED, "force",
     "The force does not follow the ramp: lower the rate, check supply pressure and tuning."),
    ("hold_band", "SIG_HOLD", 0, "hold_band_s", "hold_band_reaction", STILL, STOPPED, "force",
     "The held force fell below its band: the specimen moves faster than the press can follow, or something leaks."),
    ("duty", "SIG_DUTY", "duty_moves_per_min", 0, "duty_reaction", STILL, STOPPED, "force",
     "The valve moves too often in a hold: look for a leak."),
    ("temperature", "SIG_HOT", "temperature_limit_c", 200, "temperature_reaction", WATCHED, GONE, "temperature",
     "A platen is too hot: check the heater and the program's conditions."),
    ("overrun", "SIG_OVERRUN", "overrun_ticks", 0, VENT, WATCHED, GONE, "time",
     "The force loop does not keep its rate: lower tick_rate_hz or report a fault."),
    ("supply", "SIG_SUPPLY", 0, 5, VENT, WATCHED, GONE, "safety",
     "The valves' supply is low, or nobody watches it: check the power supply, the safety relay's reset, the panel's cable."),
    ("storage", "SIG_STORAGE", 0, 0, "storage_reaction", WATCHED, GONE, "log",
     "The journal can't be written: records may be lost from now on."),
    ("log_full", "SIG_LOG", 0, 0, "log_full_reaction", WATCHED, GONE, "log",
     "Records that nobody had pulled were overwritten: pull the log."),
    ("host_lease", "SIG_LEASE", 0, 0, HOLD, DRIVEN, STOPPED, "time",
     "The host has gone, and the program asks for a stop when it does."),
    ("foreground", "SIG_FOREGROUND", "foreground_ms", 0, VENT, DRIVEN, STOPPED, "time",
     "The program that steers the press has hung: restart the press and report a fault."),
    ("no_answer", "SIG_ANSWER", "no_answer_ms", 0, VENT, DRIVEN, STOPPED, "force",
     "The drive rose, the ram stands and no cell feels it (or less than nothing): a cell's wire is broken, or the ram sticks."),
    ("held_above", "SIG_ABOVE", 0, "hold_band_s", ("hold_band_reaction", RAMP), STILL, STOPPED, "force",
     "The held force stayed above its band: the valve leaks in, sticks, or is tuned too slow. It was taken off, not held."),
    ("drive_mismatch", "SIG_DRIVE", 0, "drive_ms", VENT, DRIVEN | states.mask((states.READY,)), STOPPED, "force",
     "The valve was told to give more, and the cells do not tell of it: check the cells, their calibration, then the supply."),
    ("overspeed", "SIG_SPEED", 0, 0, VENT, DRIVEN, STOPPED, "force",
     "The ram closed far faster than the approach asked: its valve is open too far, or the scale counts what is not there."),
    ("sensor", "SIG_SENSOR", 0, 300, "sensor_reaction", DRIVEN, STOPPED, "force",
     "The scale stands while the force changes, one force range jumped alone, or a sensor was lost: check cables and wires."),
    ("limit_cycle", "SIG_CYCLE", 2, 0, "duty_reaction", STILL, STOPPED, "force",
     "The held force swings round its set-point, for the ram sticks: its dead-band was widened. Clean and oil the ram."),
)

NAMES = tuple(row[NAME] for row in ROWS)

# A force that is not what it should be is often told before its cause, which takes some samples to be sure of. What is found
# within WEIGHED_MS takes the place of the first reason, the surest first. The press has stopped all the same.
WEIGHED_MS = 31
SYMPTOMS = ("force_drop", "runaway", "no_response", "ramp_deviation", "hold_band", "drive_mismatch", "imbalance")
CAUSES = ("rail", "chip_reset", "crc", "stale", "frozen", "overrun", "imbalance")


def row_of(name):
    """The row of this name; ValueError if there is none."""
    return ROWS[NAMES.index(name)]


def reaction_of(row, params):
    """The reaction of a row: its own, or what its parameter says, or that with another in the place of a hold."""
    own = row[REACTION]
    if isinstance(own, int):
        return own
    own, instead = own if isinstance(own, tuple) else (own, HOLD)
    reaction = params[own] + WARN
    return instead if reaction == HOLD else reaction


def names_of(bits):
    """Names of the rows in a number of row bits (blackboard.row_bits)."""
    return [name for i, name in enumerate(NAMES) if bits >> i & 1]
