"""The blackboard: one preallocated array of 32-bit words that holds all that one tick knows.

Data flows through it from top to bottom: what was sampled, what it means, what is wrong, what is wanted, what is permitted.
`WORDS` is the only place where a word gets its number; the tick's modules carry copies of the numbers they use, as
constants that the compiler can fold (`make docs` writes them, a test compares them).
"""

import array

from stackpress_core.tick import interlock, states

CELLS = 4
POINTS = 8  # calibration points a cell, at most
MASK_ROWS = 30  # interlock rows that one word of row bits has: it stays a small integer
ROW_MASKS = 2  # words of row bits
ROW_SIGNAL, ROW_LIMIT, ROW_STATES, ROW_DEBOUNCE, ROW_OVER, ROW_REACTION, ROW_BIT = range(7)  # words of a row, see ROW below
ROW_WORDS = 7
CAL_WORDS = 4 * POINTS + 2  # codes, forces, slopes, residual slopes, then points in use and shift

ABSENT = -(1 << 30)

# name, length in words, meaning
WORDS = (
    # sampled
    ("RAW", CELLS, "codes, signed 24 bit"),
    ("STATUS", 1, "SAMPLE_* bits of this tick"),
    ("INPUTS", 1, "IN_* bits, 1 = closed or pressed"),
    ("TEMPERATURE", 2, "centi-degC, ABSENT if there is none"),
    ("DISPLACEMENT", 1, "nm from the ram's rest, ABSENT if there is none"),
    ("TICK_US", 1, "duration of the tick before"),
    ("TICK_WORST", 1, "longest duration so far / us"),
    ("MISSED", 1, "ticks that were missed since boot"),
    # time
    ("T_SECOND", 1, "press time, whole seconds since boot"),
    ("T_SUB", 1, "ticks within that second"),
    ("HZ", 1, "ticks a second"),
    # force
    ("CELL", CELLS, "calibrated force of each cell / cN"),
    ("CELL_ZERO", CELLS, "what it showed with nothing pressed before the run, taken out of that force / cN"),
    ("LAST_RAW", CELLS, "codes of the sample before"),
    ("REPEATS", CELLS, "samples that repeated it"),
    ("SEGMENT", CELLS, "calibration segment in use"),
    ("VALID", 1, "cells whose sample can be believed, one bit each"),
    ("HIGH", 1, "total of the high range / cN"),
    ("LOW", 1, "total of the low range / cN"),
    ("RANGE", 1, "0 high range, 1 low range in use"),
    ("RANGE_BIAS", 1, "what fades out after a changeover / cN, Q4"),
    ("FORCE", 1, "total force / cN"),
    ("FILTER", 1, "filtered force / cN, Q4"),
    ("FORCE_F", 1, "filtered force / cN"),
    ("FORCE_H", 1, "force with the hold filter / cN"),
    ("FILTER_H", 1, "the same, Q4"),
    ("IMBALANCE", 1, "largest difference from an even share / permille"),
    ("DISPLACEMENT_F", 1, "lagged displacement / nm"),
    ("SPEED", 1, "ram speed / nm/s, ABSENT without a scale"),
    ("PEAK", 1, "recent peak of the force / cN, Q4"),
    # signals that interlocks watch and that are not words of their own; larger is worse
    ("SIG_ESTOP", 1, "E-stop channels that are open, as bits of the inputs"),
    ("SIG_GUARD", 1, "guard channels that are open, likewise"),
    ("SIG_DISCREPANCY", 1, "ticks for which two channels disagreed"),
    ("SIG_PRESSURE", 1, "over-pressure switch has opened"),
    ("SIG_SUPPLY", 1, "supply is low"),
    ("SIG_TRAVEL", 1, "travel limit is reached"),
    ("SIG_AHEAD", 1, "total of the high range, ahead of a force that rises / cN"),
    ("SIG_CELL_CEILING", 1, "largest excess of a cell over its ceiling, a quarter of the same ahead / cN"),
    ("SIG_CELL", 1, "largest force of a high-range cell / cN"),
    ("SIG_STALE", 1, "ticks since a sample that can be believed"),
    ("SIG_RAIL", 1, "cells at the converter's rail"),
    ("SIG_FROZEN", 1, "samples for which a cell's code has not changed"),
    ("SIG_CRC", 1, "samples with a bad CRC in a row"),
    ("SIG_RESET", 1, "the converter has restarted by itself"),
    ("SIG_IMBALANCE", 1, "imbalance where it is judged / permille"),
    ("SIG_RUNAWAY", 1, "force above what the order may bring / cN"),
    ("SIG_RESPONSE", 1, "force below what the order may leave / cN"),
    ("SIG_CONTACT", 1, "approaching at full drive, nothing touched"),
    ("SIG_VENT", 1, "ticks for which the dump has been open and the force is there, 0: nothing to wait for"),
    ("SIG_FALL", 1, "ticks for which the set-point has waited for a force that does not fall"),
    ("SIG_ANSWER", 1, "the drive rose by the contact force, and neither force nor travel answers"),
    ("SIG_SPEED", 1, "speed of a ram that touches nothing beyond what an approach may have / nm/s"),
    ("SIG_DROP", 1, "sudden drop beyond what is allowed / cN"),
    ("SIG_RAMP", 1, "deviation from the ramp beyond what is allowed / cN"),
    ("SIG_HOLD", 1, "force below the hold's band / cN"),
    ("SIG_ABOVE", 1, "force above it / cN"),
    ("SIG_DRIVE", 1, "what a valve was told to give beyond what the cells read and what that may be / cN"),
    ("SIG_SENSOR", 1, "sensor that says what the others do not: 1 the scale stands, 2 one range has jumped, 3 one was lost"),
    ("SIG_CYCLE", 1, "how often the valve took a held force across its dead-band, in the lesser of two minutes"),
    ("SIG_DUTY", 1, "valve moves in the last minute of a hold"),
    ("SIG_HOT", 1, "hottest platen / centi-degC"),
    ("SIG_OVERRUN", 1, "overrun ticks in a row"),
    ("SIG_LEASE", 1, "the host's lease is over"),
    ("SIG_LOG", 1, "unpulled records were overwritten"),
    ("SIG_STORAGE", 1, "the journal can't be written"),
    ("SIG_FOREGROUND", 1, "ticks since the foreground passed"),
    ("SIG_CRASH", 1, "a crash is not acknowledged"),
    # judged
    ("ACTIVE", ROW_MASKS, "interlock rows that are tripped now, one bit each, MASK_ROWS to a word"),
    ("LATCHED", ROW_MASKS, "rows that stopped the press, until acknowledged"),
    ("WARNED", ROW_MASKS, "rows that warn, until acknowledged"),
    ("OVER", ROW_MASKS, "rows whose signal is over its limit, debounce or not"),
    ("FIRST", 1, "row that stopped the press first, -1 if none"),
    ("REACTION", 1, "worst reaction that is in force"),
    ("TRIP_TICKS", 1, "ticks since the trip, up to 2^29"),
    ("TRIP_SPEED", 1, "SPEED at the trip, absent if the force was being taken off"),
    ("STOPPING", 1, "mailbox: 1 while a stop is under way, which no trip may turn into a hold"),
    ("RAMP_LEFT", 1, "ticks that the ramp-down reaction still has"),
    # decided
    ("STATE", 1, "press state"),
    ("MODE", 1, "what the controller does"),
    ("MODE_BEFORE", 1, "what it did a tick before"),
    ("ORDER_SEQ", 1, "mailbox: a new order has a new number"),
    ("ORDER_SEEN", 1, "number of the order that was read last"),
    ("ORDER_STATE", 1, "mailbox: state that is asked for"),
    ("ORDER_MODE", 1, "mailbox: mode that is asked for"),
    ("ORDER_TARGET", 1, "mailbox: force or drive target / cN"),
    ("ORDER_RATE", 1, "mailbox: rate / cN per tick, Q16"),
    ("ORDER_CORNER", 1, "mailbox: change of the rate a tick, Q16"),
    ("ORDER_LANDING", 1, "mailbox: rate for the distance left / per tick, Q16"),
    ("ORDER_SPEED", 1, "mailbox: approach speed / nm/s"),
    ("TARGET", 1, "where the set-point goes / cN"),
    # of the order, see limits.py; written by the foreground with it
    ("EXCESS", 1, "what the force may be beyond where the order goes / cN"),
    ("RAMP_MIN", 1, "a deviation from the ramp that does not count / cN"),
    ("HOLD_BAND", 1, "half the band of a hold / cN"),
    ("RESPONSE", 1, "what the force may be below the set-point / cN"),
    ("DROP_MIN", 1, "a drop that is no fracture / cN"),
    ("RAMP_ALLOWED", 1, "deviation that the ramp may have / cN"),
    ("RAMP_FROM", 1, "where its ramp started / cN"),
    ("RATE_MAX", 1, "how fast / cN per tick, Q16"),
    ("CORNER", 1, "change of the rate a tick, Q16"),
    ("LANDING", 1, "rate for the distance left / per tick, Q16"),
    ("SET", 1, "set-point / cN"),
    ("SET_REM", 1, "its remainder, Q16"),
    ("SET_RATE", 1, "its rate / cN per tick, Q16"),
    ("FALL_FROM", 1, "force that a fall is measured from, and the least force of a vent, or of an armed press / cN"),
    ("DRIVE_USUAL", 1, "what the drive gives beyond the force, before a hold counts as lasting / cN"),
    ("REACHED", 1, "ticks for which the set-point has rested on its target, or the valve was locked, up to 2^29"),
    ("ERROR", 1, "set-point minus filtered force / cN"),
    ("INTEGRAL", 1, "integral part / cN"),
    ("INTEGRAL_REM", 1, "its remainder, Q16"),
    ("REVERSAL", 1, "hysteresis compensation / cN"),
    ("HOLDING_STILL", 1, "1 while the error is inside the dead-band"),
    ("PULSE", 1, "open time owed to the solenoid valves / ticks, Q12"),
    ("WANTED_RATE", 1, "force rate that is asked of the solenoids / cN/s"),
    ("PULSE_WAIT", 1, "ticks until the next pulse of a hold"),
    ("PROPOSED", 1, "drive that the controller asks for / cN"),
    ("PROPOSED_VALVE", 1, "solenoids that it asks for, VALVE_* bits"),
    ("GAIN_FILL", 1, "gain schedule of the fill valve, Q8"),
    ("GAIN_VENT", 1, "gain schedule of the vent valve, Q8"),
    ("APPROACH_SPEED", 1, "nm/s"),
    ("CONTACT_TICKS", 1, "ticks at full drive without contact; of solenoids without a scale those with the fill valve open"),
    ("ANSWER_AT", 1, "approach: travel at which the ram last answered the drive / nm"),
    ("ANSWER_DRIVE", 1, "the drive then / cN, -1 while the ram has not moved"),
    ("ANSWER_FORCE", 1, "the force at which a cell last felt more / cN"),
    ("EFFORT", 1, "drive of the approach; of solenoids what was asked for since an answer, or by pulses of a hold, mod 2^29 / cN"),
    ("ANSWER_TICKS", 1, "ticks for which the drive stood at what it may rise to without an answer"),
    # permitted
    ("DRIVE", 1, "drive that is permitted / cN"),
    ("CODE", 1, "the same as the regulator's set-point, 0..65535"),
    ("VALVE", 1, "VALVE_* bits that are permitted"),
    ("DENIED", 1, "1 while the permit changes what was asked for"),
    ("OPEN_TICKS", 1, "ticks for which a solenoid has been open"),
    ("MOVES", 1, "valve moves since boot, modulo 2^29"),
    ("MOVE_DRIVE", 1, "drive at the last counted move of the regulator / cN"),
    ("TRIGGER", 1, "mailbox: 1 puts the trigger output on"),
    ("TOKEN", 1, "ticks that were completed, modulo 2^29: what feeds the deadman"),
    # recorded
    ("BANK", 1, "statistics bank that the tick fills"),
    ("BANK_WANTED", 1, "mailbox: bank that the foreground wants filled"),
    ("STATISTICS", 16, "two banks of count, min, max, sum low, sum high, and three spare"),
    ("RING_AT", 1, "next entry of the flight recorder"),
    ("RING_LEN", 1, "entries of the flight recorder"),
    ("RING_FILLED", 1, "entries that were written since it was last emptied, up to 2^29"),
    ("RING_AFTER", 1, "entries that are still written after a trip"),
    ("RING_LEFT", 1, "entries still to be written after a trip, -1 while nothing tripped"),
    # tuning: what params, ceilings and calibration come down to (tuning.py)
    ("K_HIGH_MASK", 1, "cells of the high range"),
    ("K_LOW_MASK", 1, "cells of the low range"),
    ("K_HIGH_COUNT", 1, "how many they are"),
    ("K_SHARE", 1, "even share, Q12"),
    ("K_RANGE_UP", 1, "cN"),
    ("K_RANGE_DOWN", 1, "cN"),
    ("K_FADE", 1, "how fast the range bias fades / cN a tick, Q4"),
    ("K_RAIL", 1, "code of the rail"),
    ("K_FILTER", 1, "shift of the force filter"),
    ("K_FILTER_H", 1, "shift of the hold filter"),
    ("K_LAG", 1, "shift of the displacement lag"),
    ("K_SPEED", 1, "speed for one nm behind / nm/s, Q4"),
    ("K_CELL_CEILING", CELLS, "cN"),
    ("K_IMBALANCE_MIN", 1, "cN"),
    ("K_DROP", 1, "part of the peak that may be lost, Q10"),
    ("K_DROP_DECAY", 1, "shift with which the peak follows the force"),
    ("K_RAMP_DEV", 1, "part of the target, Q10"),
    ("K_RUNAWAY", 1, "the most that the force may be beyond anything / cN"),
    ("K_DRIVE", 1, "what a regulator may be told to give beyond what the cells read / cN"),
    ("K_BUDGET", 1, "longest tick / us"),
    ("K_CONTACT", 1, "contact force / cN"),
    ("K_KIND", 1, "valve kind"),
    ("K_LEAD", 1, "lead of the feed-forward / ticks"),
    ("K_HYSTERESIS", 1, "half the regulator's hysteresis / cN"),
    ("K_SETTLE", 1, "ticks of rest before a set-point counts as held"),
    ("K_P", 1, "proportional gain, Q10"),
    ("K_I", 1, "integral gain a tick, Q16"),
    ("K_I_HOLD", 1, "the same in a hold"),
    ("K_I_MAX", 1, "bound of the integral part / cN"),
    ("K_V", 1, "force rate for an error / 1/s, Q8"),
    ("K_DEAD", 1, "dead-band as part of the set-point, Q10"),
    ("K_DEAD_MIN", 1, "cN"),
    ("K_DEAD_MAX", 1, "cN"),
    ("K_DEAD_IN", 1, "part of the dead-band that an error must come down to, Q8"),
    ("K_REVERSAL_RATE", 1, "how fast a hold crosses the hysteresis / cN per tick, Q16"),
    ("K_REVERSAL_PART", 1, "how fast a ramp crosses it, for each cN of force / 1 per tick, Q16"),
    ("REVERSAL_REM", 1, "its remainder"),
    ("K_FILL", 1, "2^30 / K_FILL_RATE: part of a tick to open for a force rate"),
    ("K_VENT", 1, "the same for the vent valve"),
    ("K_FILL_RATE", 1, "force rate of the open fill valve / cN/s"),
    ("K_VENT_RATE", 1, "force rate of the open vent valve / cN/s"),
    ("K_MIN_ON", 1, "shortest pulse / ticks"),
    ("K_OUT_SHIFT", 1, "drive / cN to code: shift first"),
    ("K_OUT_GAIN", 1, "then gain, Q13"),
    ("K_OUT_MAX", 1, "largest drive that the permit lets through / cN"),
    ("K_SLEW", 1, "largest change of the drive / cN a tick, Q8"),
    ("SLEW_REM", 1, "its remainder"),
    ("K_FORCE_DENY", 1, "above this force nothing may push / cN"),
    ("K_APPROACH_MAX", 1, "largest drive of an approach / cN"),
    ("K_APPROACH_RATE", 1, "how fast it rises / cN per tick, Q16"),
    ("K_DRAG", 1, "force that moves a free ram / cN for each nm/s, Q16"),
    ("K_LAG_MS", 1, "from a drive that rises to a force or travel that is seen to / ms"),
    ("K_LAND", 1, "approach: rate for the force that is left / per tick, Q16"),
    ("APPROACH_REM", 1, "its remainder"),
    ("K_TRIP_RATE", 1, "ramp-down reaction / cN per tick, Q16"),
    ("K_TRIP_CORNER", 1, "change of that rate a tick, Q16"),
    ("K_TRIP_LANDING", 1, "rate for the distance left / per tick, Q16"),
    ("K_TRIP_TICKS", 1, "the ramp-down reaction vents after this"),
    ("K_MOVE", 1, "smaller steps of the regulator are not counted as moves / cN"),
    ("K_TRANSITIONS", len(states.STATES), "for each state, the states that may follow, one bit each"),
    ("ROW_COUNT", 1, "interlock rows in use"),
    ("CAL", CELLS * CAL_WORDS, "calibration, see force.py"),
    ("ABORT", 1, "a stop byte has come that the foreground has not got round to yet"),
    # last, so that a row more moves no other word: word watched, limit, states, debounce and time over the limit / ticks, reaction
    ("ROW", len(interlock.ROWS) * ROW_WORDS, "interlock rows"),
)

# names of what stands in the words (states.py), here for those who read and write the blackboard and for layout.py
INPUTS, IN, IN_HEALTHY = states.INPUTS, states.IN, states.IN_HEALTHY
SAMPLE_NEW, SAMPLE_CRC_BAD, SAMPLE_CHIP_RESET = states.SAMPLE_NEW, states.SAMPLE_CRC_BAD, states.SAMPLE_CHIP_RESET
STATE_SAFE, STATE_READY, STATE_PRESSING, STATE_HOLDING, STATE_RELEASING, STATE_TRIPPED, STATE_MONITOR = (
    states.SAFE, states.READY, states.PRESSING, states.HOLDING, states.RELEASING, states.TRIPPED, states.MONITOR)
MODE_OFF, MODE_APPROACH, MODE_FORCE, MODE_LOCK, MODE_VENT = states.OFF, states.APPROACH, states.FORCE, states.LOCK, states.VENT
REACT_NONE, REACT_WARN, REACT_HOLD, REACT_RAMP, REACT_VENT = (
    states.REACT_NONE, states.REACT_WARN, states.REACT_HOLD, states.REACT_RAMP, states.REACT_VENT)
KIND_NONE, KIND_REGULATOR, KIND_FILL_VENT = states.KIND_NONE, states.KIND_REGULATOR, states.KIND_FILL_VENT
VALVE_FILL, VALVE_VENT, VALVE_DUMP_CLOSED = states.VALVE_FILL, states.VALVE_VENT, states.VALVE_DUMP_CLOSED
VALVE_PERMISSIVE, VALVE_TRIGGER_OUT, VALVE_POWERED = states.VALVE_PERMISSIVE, states.VALVE_TRIGGER_OUT, states.VALVE_POWERED

if len(interlock.ROWS) > ROW_MASKS * MASK_ROWS:
    raise ValueError("tick/interlock.py has %d rows, one bit each, and tick/blackboard.py room for %d: raise ROW_MASKS there"
                     % (len(interlock.ROWS), ROW_MASKS * MASK_ROWS))  # fmt: skip

NAMES = tuple([name for name, _, _ in WORDS])
PLACES = tuple([sum([length for _, length, _ in WORDS[:i]]) for i in range(len(WORDS))])
LENGTH = sum([length for _, length, _ in WORDS])


class Places:
    """Where each word stands, by its name. No dictionary: a board has both tuples in its flash, and this would be its largest."""

    def __getitem__(self, name):
        return PLACES[NAMES.index(name)]

    def __iter__(self):
        return iter(NAMES)

    def keys(self):
        return NAMES


AT = Places()
_ROW = AT["ROW"]


def row_at(i):
    """Where interlock row `i` stands in the blackboard."""
    return _ROW + ROW_WORDS * i


def row_bits(s, at):
    """The row bits of ACTIVE, LATCHED or WARNED as one number: a small integer as long as no row beyond the first word's is set."""
    bits = 0
    for n in range(ROW_MASKS - 1, -1, -1):
        bits = bits << MASK_ROWS | s[at + n]
    return bits


def clear_row_bits(s, at):
    for n in range(ROW_MASKS):
        s[at + n] = 0


def new():
    """A blackboard whose every word is safe: nothing energised, no cell believed."""
    return array.array("i", [0] * LENGTH)
