"""What the log says: every kind of record and its fields, declared once for the press and for the host.

A field is a row (name, struct code, scale, unit): value = raw * scale in `unit`. The press packs with it (packing.py), the
host decodes, labels and documents with it. A field coded `T<n>` is UTF-8 text and `B<n>` raw bytes that take what is left.

A record's own length says which fields it has. A field is only ever added behind the others of its kind, and none is changed
or taken away: a record without the last ones is an older firmware's, one that goes on behind them a newer one's, and both are
whole. Behind a text, fields are added as well: the text then ends in a zero byte. A kind that ends in raw bytes can't grow; what
it would need is a new kind (decisions/records-grow-at-the-end.md).

Press time is t_s (seconds since boot) and t_ms (within the second): it never wraps. Together with the boot id in the
record's head it dates a record for good; the host knows which Unix time that was (kind TIME_MAP).
"""

SAMPLE, EVENT, RUN, STEP, TRIP, FLIGHT, TIME_MAP, BOOT, RUN_END, PULLED = range(1, 11)

HEAD = "<BBII"  # kind, payload length, boot id, sequence number; then the payload; then CRC-32 of all before it
HEAD_BYTES = 10
CRC_BYTES = 4
OVERHEAD_BYTES = HEAD_BYTES + CRC_BYTES
PAYLOAD_MAX = 250
RECORD_MAX = PAYLOAD_MAX + OVERHEAD_BYTES

ABSENT_I16 = -32768  # a temperature that no sensor gives
ABSENT_I32 = -(1 << 30)  # a force or a travel that no sensor gives

# Sample flags
FLAG_STALE, FLAG_WARNING, FLAG_LOW_RANGE, FLAG_LOCKED, FLAG_DENSE = 1, 2, 4, 8, 16

_TIME = (("t_s", "I", 1, "s"), ("t_ms", "H", 0.001, "s"))

# A sample tells of all the ticks since the one before. Its rows go on: the column of the exported table (Battery Data Format or
# in its style; "" = none), where the sampler gets the value (a word of the blackboard, or an attribute of the readings, the runner,
# the events or the sampler itself), and what the column means. A row is all that a new column needs.
SAMPLE_FIELDS = (
    ("t_s", "I", 1, "s", "", "T_SECOND", ""),
    ("t_ms", "H", 0.001, "s", "", "readings.time_ms", ""),
    ("state", "B", 1, "1", "Press State / 1", "STATE",
     "0 safe, 1 ready, 2 pressing, 3 holding, 4 releasing, 5 tripped, 6 service, 7 monitor"),
    ("flags", "B", 1, "1", "Sample Flags / 1", "sampler.flags", "1 stale, 2 warning, 4 low range, 8 valve locked, 16 dense"),
    ("run", "H", 1, "1", "", "sampler.run", ""),
    ("step", "B", 1, "1", "Step ID", "sampler.step",
     "place in the program of the step that the row lies in, from 1; 0 = in none"),
    ("cycle", "H", 1, "1", "Step Cycle / 1", "sampler.cycle", "round of a cycle step, level of a sweep, from 1; 0 in other steps"),
    ("set_cn", "i", 0.01, "N", "Set Force / N", "SET", "set-point at the end of the row"),
    ("force_mean_cn", "i", 0.01, "N", "Applied Force / N", "sampler.mean_cn", "unfiltered: mean of all ticks since the row before"),
    ("force_min_cn", "i", 0.01, "N", "Force Min / N", "sampler.min_cn", "unfiltered: smallest of all ticks since the row before"),
    ("force_max_cn", "i", 0.01, "N", "Force Max / N", "sampler.max_cn", "unfiltered: largest of all ticks since the row before"),
    ("cell_cn", "4i", 0.01, "N", "Force Cell %d / N", "CELL", "each load cell at the end of the row"),
    ("imbalance_permille", "h", 0.001, "1", "Force Imbalance / 1", "IMBALANCE",
     "largest deviation of a cell from its even share"),
    ("displacement_nm", "i", 1e-9, "m", "Displacement / m", "DISPLACEMENT", "of the ram"),
    ("temp_cc", "2h", 0.01, "degC", "Temperature T%d / degC", "TEMPERATURE", "where the sensors sit is the set-up's own"),
    ("valve_code", "H", 1 / 65535, "1", "Valve / 1", "readings.valve_code", "regulator set-point, 0 to 1 of its range"),
    ("moves", "H", 1, "1", "Valve Moves / 1", "sampler.moves", "since boot, modulo 65536"),
    ("ticks", "I", 1, "1", "Ticks / 1", "sampler.ticks", "control ticks that the row stands for"),
    ("valve_bits", "B", 1, "1", "Valve Bits / 1", "VALVE",
     "1 fill, 2 vent, 4 dump closed, 8 permissive, 16 trigger out"),
)

KINDS = {
    SAMPLE: ("sample", SAMPLE_FIELDS),
    EVENT: ("event", _TIME + (
        ("code", "H", 1, "1"),  # a key of EVENTS
        ("run", "H", 1, "1"),
        ("a", "i", 1, "1"),
        ("b", "i", 1, "1"),
        ("text", "T64", 1, ""),
    )),
    RUN: ("run", _TIME + (
        ("run", "H", 1, "1"),
        ("area_um2", "I", 1e-12, "m2"),
        ("hz", "H", 1, "Hz"),
        ("host_loss", "B", 1, "1"),  # place in recipe/fields.py's HOST_LOSS
        ("cells", "B", 1, "1"),
        ("firmware_hash", "8s", 1, ""),
        ("config_hash", "8s", 1, ""),
        ("calibration_hash", "8s", 1, ""),
        ("program_hash", "8s", 1, ""),
        ("zero_cn", "4i", 0.01, "N"),  # force of each cell before the run, nothing pressed
        ("firmware", "16s", 1, ""),
        ("program", "32s", 1, ""),
        ("sample", "32s", 1, ""),
        ("operator", "24s", 1, ""),
    )),
    STEP: ("step", _TIME + (
        ("run", "H", 1, "1"),
        ("step", "B", 1, "1"),  # place in the program, from 1; 0 = none
        ("count", "H", 1, "1"),  # steps begun in this run, from 1; never repeats
        ("cycle", "H", 1, "1"),
        ("phase", "B", 1, "1"),  # STEP_BEGINS or STEP_ENDS
        ("target_cn", "i", 0.01, "N"),
        ("force_cn", "i", 0.01, "N"),  # filtered: a record keeps the names that it was given
        ("displacement_nm", "i", 1e-9, "m"),
        ("kind", "12s", 1, ""),
        ("outcome", "T32", 1, ""),
    )),
    TRIP: ("trip", _TIME + (
        ("run", "H", 1, "1"),
        ("trip", "H", 1, "1"),  # counts trips since boot, from 1; flight slices carry the same number
        ("step", "B", 1, "1"),
        ("state", "B", 1, "1"),  # press state before the trip
        ("reason", "B", 1, "1"),  # row of the interlock table
        ("reaction", "B", 1, "1"),  # place in REACTIONS
        ("inputs", "H", 1, "1"),
        ("force_cn", "i", 0.01, "N"),  # filtered: a record keeps the names that it was given
        ("set_cn", "i", 0.01, "N"),
        ("cell_cn", "4i", 0.01, "N"),
        ("imbalance_permille", "h", 0.001, "1"),
        ("displacement_nm", "i", 1e-9, "m"),
        ("valve_code", "H", 1 / 65535, "1"),
        ("name", "T32", 1, ""),
    )),
    FLIGHT: ("flight", _TIME + (  # time of the trip
        ("trip", "H", 1, "1"),
        ("hz", "H", 1, "Hz"),
        ("first", "i", 1, "tick"),  # tick of the first entry, counted from the trip
        ("entries", "B224", 1, ""),
    )),
    TIME_MAP: ("time_map", _TIME + (
        ("unix_s", "I", 1, "s"),
        ("unix_ms", "H", 0.001, "s"),
    )),
    BOOT: ("boot", _TIME + (
        ("boot", "I", 1, "1"),
        ("cause", "B", 1, "1"),  # place in RESET_CAUSES
        ("hz", "H", 1, "Hz"),
        ("firmware_hash", "8s", 1, ""),
        ("config_hash", "8s", 1, ""),
        ("firmware", "16s", 1, ""),
        ("name", "16s", 1, ""),
        ("identity", "T48", 1, ""),
    )),
    RUN_END: ("run_end", _TIME + (
        ("run", "H", 1, "1"),
        ("outcome", "B", 1, "1"),  # a key of OUTCOMES
        ("zero_cn", "4i", 0.01, "N"),  # force of each cell after the run, or ABSENT_I32 if still pressed
        ("peak_cn", "i", 0.01, "N"),
        ("moves", "I", 1, "1"),
        ("ticks", "I", 1, "1"),
        ("missed_ticks", "I", 1, "1"),
    )),
    PULLED: ("pulled", (("seq", "I", 1, "1"),)),  # the journal's own: the host has every record up to seq
}

# Bytes of each kind's part before its text or raw bytes, as the first firmware wrote it: no record is shorter.
OLDEST_BYTES = {SAMPLE: 64, EVENT: 18, RUN: 168, STEP: 38, TRIP: 48, FLIGHT: 14, TIME_MAP: 12, BOOT: 61, RUN_END: 41, PULLED: 4}

FLIGHT_ENTRY = "<iIHHH"  # force / cN; set-point and imbalance; requested and permitted valve; flags
FLIGHT_FIELDS = (
    ("force_cn", 0.01, "Applied Force / N"),
    ("set_cn", 0.01, "Set Force / N"),
    ("imbalance_percent", 0.01, "Force Imbalance / 1"),
    ("requested", 1 / 65535, "Requested Valve / 1"),
    ("permitted", 1 / 65535, "Valve / 1"),
    ("flags", 1, "Sample Flags / 1"),
)
FLIGHT_ENTRY_BYTES = 14
FLIGHT_SLICE = 16  # entries in a full slice


def flight_set_cn(word):
    """Set-point / cN of a flight entry's second word, or of an array of them: 24 bits, -10 kN to 157 kN."""
    return ((word + 0x100000) & 0xFFFFFF) - 0x100000


def flight_imbalance_percent(word):
    """Imbalance / percent, above the set-point: 8 bits, signed."""
    return (((word >> 24) + 128) & 255) - 128


# Events: number in the log, what people read, what the values a and b say. A number that was given is never given again, so
# that a log of any age is read as it was meant: 5, 13, 14, 15 and 18 have been used.
EVENT_STATE, EVENT_WARNING, EVENT_WARNING_OVER, EVENT_HOST_LOST = 1, 2, 3, 4
EVENT_DOCUMENT, EVENT_TRIGGER_OUT, EVENT_TRIGGER_IN, EVENT_RANGE = 6, 7, 8, 9
EVENT_OVERWRITTEN, EVENT_DROPPED, EVENT_TARE, EVENT_STOP = 10, 11, 12, 16
EVENT_RESET, EVENT_SERVICE, EVENT_REFUSED, EVENT_PART = 17, 19, 20, 21
EVENT_STEP_NOTE, EVENT_STORE, EVENT_CRASH, EVENT_REASON, EVENT_ZERO = 22, 23, 24, 25, 26
EVENT_VALUE, EVENT_STEERED, EVENT_REMARK, EVENT_CHAINED = 27, 28, 29, 30
EVENT_CONTINUED, EVENT_TRIGGER_OVER = 31, 32

EVENTS = {
    EVENT_STATE: "state changed",  # a = from, b = to
    EVENT_WARNING: "warning",  # text = row of the interlock table
    EVENT_WARNING_OVER: "warning over",
    EVENT_HOST_LOST: "host lost",
    EVENT_DOCUMENT: "configuration changed",  # text = document; a, b = CRC-32 of the old and the new version, 0 for none
    EVENT_TRIGGER_OUT: "trigger out",  # a = 1: on
    EVENT_TRIGGER_IN: "trigger in",
    EVENT_RANGE: "force range changed",  # b = 1: low range in use
    EVENT_OVERWRITTEN: "unpulled log overwritten",  # a = records
    EVENT_DROPPED: "log records dropped",  # a = records
    EVENT_TARE: "tare",  # a, b = what the display left out before, and leaves out now / cN
    EVENT_STOP: "stop asked",  # text = controlled, hold or vent
    EVENT_RESET: "reset",
    EVENT_SERVICE: "service",  # a = 0 left, 1 entered, 2 a code was refused (b = wrong ones in a row), 3 code set, 4 code forgotten
    EVENT_REFUSED: "note",  # text = what was asked for at the press itself, and why not
    EVENT_PART: "part fails",  # text = which; b = 1: it is back
    EVENT_STEP_NOTE: "step",  # text = the step's note; a = its place in the program, b = its count in the run
    EVENT_STORE: "store of documents",  # text = how it was found at this start, if not as it was left
    EVENT_CRASH: "crash before this start",  # text = a line of what is known: last section, place of code, registers
    EVENT_REASON: "another reason",  # text = row of the interlock table that has joined the trip
    EVENT_ZERO: "zero moved",  # since the run before, or the commissioning zero: a = cell from 1, b = by so many cN; text = both
    EVENT_VALUE: "value changed",  # text = parameter, or document and number; a, b = old and new one, ABSENT_I32 for none
    EVENT_STEERED: "steered",  # text = set-point (cN), length of the step (s), step, pause (1: paused); a, b = before, after
    EVENT_REMARK: "remark",  # text = what somebody had to say at that moment
    EVENT_CHAINED: "goes on",  # from the held cell: a = number of the next run, b = its force / cN; text = program
    EVENT_CONTINUED: "continued",  # a = number of the run that left the cell held, b = largest force that the cell had seen / cN
    EVENT_TRIGGER_OVER: "trigger in over",  # its input is off again; told, as its beginning is, while a program runs
}

STEP_BEGINS, STEP_ENDS = 1, 2  # phase of a step record
RUN_DONE, RUN_STOPPED, RUN_TRIPPED, RUN_ABORTED = 1, 2, 3, 4
OUTCOMES = {RUN_DONE: "done", RUN_STOPPED: "stopped", RUN_TRIPPED: "tripped", RUN_ABORTED: "aborted"}
REACTIONS = ("none", "warn", "hold", "ramp down", "vent")  # states.REACTIONS, said in words
RESET_CAUSES = ("power", "reset", "watchdog", "crash")  # place in it = cause of a boot record
