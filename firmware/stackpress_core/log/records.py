"""What the log says: every kind of record and its fields, declared once for the press and for the host.

A row of a kind is (name, struct code, scale, unit, column): value = raw * scale in `unit`; `column` is the label of
the exported table (Battery Data Format where it has one, its style where it has none; "" = not a column). The press
packs with it, the host decodes, labels and documents with it. Fixed-size kinds let the host read a run of records as
one array. A last field coded `T<n>` is UTF-8 text and `B<n>` raw bytes that take what is left of the payload.

Press time is t_s (seconds since boot) and t_ms (within the second): it never wraps. Together with the boot id in the
record's frame it dates a record for good; the host knows which Unix time that was (kind TIME_MAP).
"""

import struct

SAMPLE, EVENT, RUN, STEP, TRIP, FLIGHT, TIME_MAP, BOOT, RUN_END, PULLED = range(1, 11)

FRAME = "<BBII"  # kind, payload length, boot id, sequence number; then the payload; then CRC-32 of all before it
FRAME_BYTES = 10
CRC_BYTES = 4
OVERHEAD_BYTES = FRAME_BYTES + CRC_BYTES
PAYLOAD_MAX = 250
RECORD_MAX = PAYLOAD_MAX + OVERHEAD_BYTES

ABSENT_I16 = -32768  # a temperature that no sensor gives
ABSENT_I32 = -(1 << 30)  # a force or a travel that no sensor gives

# Sample flags
FLAG_STALE, FLAG_WARNING, FLAG_LOW_RANGE, FLAG_LOCKED, FLAG_DENSE = 1, 2, 4, 8, 16

_TIME = (("t_s", "I", 1, "s", ""), ("t_ms", "H", 0.001, "s", ""))

KINDS = {
    SAMPLE: ("sample", _TIME + (
        ("state", "B", 1, "1", "Press State / 1"),  # tick/states.py
        ("flags", "B", 1, "1", "Sample Flags / 1"),  # FLAG_...
        ("run", "H", 1, "1", "Run Number / 1"),
        ("step", "B", 1, "1", "Step ID"),  # place in the program, from 1; 0 = none
        ("cycle", "H", 1, "1", "Cycle Count / 1"),
        ("set_cn", "i", 0.01, "N", "Set Force / N"),
        ("force_mean_cn", "i", 0.01, "N", "Applied Force / N"),
        ("force_min_cn", "i", 0.01, "N", "Force Min / N"),
        ("force_max_cn", "i", 0.01, "N", "Force Max / N"),
        ("cell_cn", "4i", 0.01, "N", "Force Cell %d / N"),
        ("imbalance_permille", "h", 0.001, "1", "Force Imbalance / 1"),
        ("displacement_nm", "i", 1e-9, "m", "Displacement / m"),
        ("temp_cc", "2h", 0.01, "degC", "Temperature T%d / degC"),
        ("valve_code", "H", 1 / 65535, "1", "Valve / 1"),
        ("moves", "H", 1, "1", "Valve Moves / 1"),
        ("ticks", "I", 1, "1", "Ticks / 1"),
        ("valve_bits", "B", 1, "1", "Valve Bits / 1"),
    )),
    EVENT: ("event", _TIME + (
        ("code", "H", 1, "1", ""),  # a key of EVENTS
        ("run", "H", 1, "1", ""),
        ("a", "i", 1, "1", ""),
        ("b", "i", 1, "1", ""),
        ("text", "T64", 1, "", ""),
    )),
    RUN: ("run", _TIME + (
        ("run", "H", 1, "1", ""),
        ("area_um2", "I", 1e-12, "m2", ""),
        ("hz", "H", 1, "Hz", ""),
        ("host_loss", "B", 1, "1", ""),  # place in recipe/fields.py's HOST_LOSS
        ("cells", "B", 1, "1", ""),
        ("firmware_hash", "8s", 1, "", ""),
        ("config_hash", "8s", 1, "", ""),
        ("calibration_hash", "8s", 1, "", ""),
        ("program_hash", "8s", 1, "", ""),
        ("zero_cn", "4i", 0.01, "N", ""),  # force of each cell before the run, nothing pressed
        ("firmware", "16s", 1, "", ""),
        ("program", "32s", 1, "", ""),
        ("sample", "32s", 1, "", ""),
        ("operator", "24s", 1, "", ""),
    )),
    STEP: ("step", _TIME + (
        ("run", "H", 1, "1", ""),
        ("step", "B", 1, "1", ""),  # place in the program, from 1; 0 = none
        ("count", "H", 1, "1", ""),  # steps begun in this run, from 1; never repeats
        ("cycle", "H", 1, "1", ""),
        ("phase", "B", 1, "1", ""),  # STEP_BEGINS or STEP_ENDS
        ("target_cn", "i", 0.01, "N", ""),
        ("force_cn", "i", 0.01, "N", ""),
        ("displacement_nm", "i", 1e-9, "m", ""),
        ("kind", "12s", 1, "", ""),
        ("outcome", "T32", 1, "", ""),
    )),
    TRIP: ("trip", _TIME + (
        ("run", "H", 1, "1", ""),
        ("trip", "H", 1, "1", ""),  # counts trips since boot, from 1; flight slices carry the same number
        ("step", "B", 1, "1", ""),
        ("state", "B", 1, "1", ""),  # press state before the trip
        ("reason", "B", 1, "1", ""),  # row of the interlock table
        ("reaction", "B", 1, "1", ""),  # place in REACTIONS
        ("inputs", "H", 1, "1", ""),
        ("force_cn", "i", 0.01, "N", ""),
        ("set_cn", "i", 0.01, "N", ""),
        ("cell_cn", "4i", 0.01, "N", ""),
        ("imbalance_permille", "h", 0.001, "1", ""),
        ("displacement_nm", "i", 1e-9, "m", ""),
        ("valve_code", "H", 1 / 65535, "1", ""),
        ("name", "T32", 1, "", ""),
    )),
    FLIGHT: ("flight", _TIME + (  # time of the trip
        ("trip", "H", 1, "1", ""),
        ("hz", "H", 1, "Hz", ""),
        ("first", "i", 1, "tick", ""),  # tick of the first entry, counted from the trip
        ("entries", "B224", 1, "", ""),
    )),
    TIME_MAP: ("time_map", _TIME + (
        ("unix_s", "I", 1, "s", ""),
        ("unix_ms", "H", 0.001, "s", ""),
    )),
    BOOT: ("boot", _TIME + (
        ("boot", "I", 1, "1", ""),
        ("cause", "B", 1, "1", ""),  # place in RESET_CAUSES
        ("hz", "H", 1, "Hz", ""),
        ("firmware_hash", "8s", 1, "", ""),
        ("config_hash", "8s", 1, "", ""),
        ("firmware", "16s", 1, "", ""),
        ("name", "16s", 1, "", ""),
        ("identity", "T48", 1, "", ""),
    )),
    RUN_END: ("run_end", _TIME + (
        ("run", "H", 1, "1", ""),
        ("outcome", "B", 1, "1", ""),  # a key of OUTCOMES
        ("zero_cn", "4i", 0.01, "N", ""),  # force of each cell after the run, or ABSENT_I32 if still pressed
        ("peak_cn", "i", 0.01, "N", ""),
        ("moves", "I", 1, "1", ""),
        ("ticks", "I", 1, "1", ""),
        ("missed_ticks", "I", 1, "1", ""),
    )),
    PULLED: ("pulled", (("seq", "I", 1, "1", ""),)),  # the journal's own: the host has every record up to seq
}

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

EVENTS = {
    EVENT_STATE: "state changed",  # a = from, b = to
    EVENT_WARNING: "warning",  # text = row of the interlock table
    EVENT_WARNING_OVER: "warning over",
    EVENT_HOST_LOST: "host lost",
    EVENT_DOCUMENT: "configuration changed",  # text = document
    EVENT_TRIGGER_OUT: "trigger out",  # a = 1: on
    EVENT_TRIGGER_IN: "trigger in",
    EVENT_RANGE: "force range changed",  # b = 1: low range in use
    EVENT_OVERWRITTEN: "unpulled log overwritten",  # a = records
    EVENT_DROPPED: "log records dropped",  # a = records
    EVENT_TARE: "tare",
    EVENT_STOP: "stop asked",  # text = controlled, hold or vent
    EVENT_RESET: "reset",
    EVENT_SERVICE: "service",  # a = 1: unlocked
    EVENT_REFUSED: "note",  # text = what was asked for at the press itself, and why not
    EVENT_PART: "part fails",  # text = which; b = 1: it is back
}

STEP_BEGINS, STEP_ENDS = 1, 2  # phase of a step record
RUN_DONE, RUN_STOPPED, RUN_TRIPPED, RUN_ABORTED = 1, 2, 3, 4
OUTCOMES = {RUN_DONE: "done", RUN_STOPPED: "stopped", RUN_TRIPPED: "tripped", RUN_ABORTED: "aborted"}
REACTIONS = ("none", "warn", "hold", "ramp down", "vent")  # states.REACTIONS, said in words
RESET_CAUSES = ("power", "reset", "watchdog", "crash")  # place in it = cause of a boot record

_RANGE = {"B": (0, 255), "H": (0, 65535), "h": (-32768, 32767), "I": (0, 0xFFFFFFFF), "i": (-0x80000000, 0x7FFFFFFF)}


def fixed_format(kind):
    """The struct format of a kind's fixed part, little endian."""
    return "<" + "".join([f[1] for f in KINDS[kind][1] if f[1][0] not in "TB" or f[1] == "B"])


def tail_of(kind):
    """The last field of a kind if it has no fixed size, else None."""
    last = KINDS[kind][1][-1]
    return last if last[1][0] in "TB" and len(last[1]) > 1 else None


FORMATS = {kind: fixed_format(kind) for kind in KINDS}
SIZES = {kind: struct.calcsize(FORMATS[kind]) for kind in KINDS}  # of the fixed part


def text_bytes(text, limit):
    """UTF-8 of `text`, cut at a whole character to at most `limit` bytes."""
    raw = text.encode() if isinstance(text, str) else bytes(text)
    if len(raw) <= limit:
        return raw
    while limit and raw[limit] & 0xC0 == 0x80:
        limit -= 1
    return raw[:limit]


def _fit(code, value):
    """`value` as an integer that the struct code can hold; out of range is saturated, never wrapped."""
    low, high = _RANGE[code]
    value = int(value)
    return low if value < low else (high if value > high else value)


def _flatten(fields, values, out):
    for i in range(len(fields)):
        code, value = fields[i][1], values[i]
        if code[-1] == "s":
            size = int(code[:-1])
            out.append(text_bytes(value, size) if isinstance(value, str) else bytes(value)[:size])
        elif len(code) == 1:
            out.append(_fit(code, value))
        else:
            for k in range(int(code[:-1])):
                out.append(_fit(code[-1], value[k]))
    return out


def pack(kind, *values):
    """Payload of a record: one value a field, in the table's order (a sequence for `4i`, str or bytes for text).

    Integers are saturated to their field, text is cut to its bound: packing never fails on a value's size.
    Raises ValueError when the number of values is wrong.
    """
    fields = KINDS[kind][1]
    if len(values) != len(fields):
        raise ValueError(f"{KINDS[kind][0]} takes {len(fields)} values, got {len(values)}")
    tail = tail_of(kind)
    fixed = fields[:-1] if tail else fields
    payload = struct.pack(FORMATS[kind], *_flatten(fixed, values, []))
    if tail is None:
        return payload
    limit = int(tail[1][1:])
    return payload + (text_bytes(values[-1], limit) if tail[1][0] == "T" else bytes(values[-1])[:limit])


def _text(raw):
    raw = bytes(raw)
    end = raw.find(b"\x00")
    try:
        return str(raw if end < 0 else raw[:end], "utf-8")
    except (UnicodeError, ValueError):
        return "?"


def unpack(kind, payload):
    """The fields of a payload as a dict of raw integers, lists and text (hashes as bytes).

    Raises ValueError if the payload is not one of that kind: unknown kind, or the wrong length.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind}")
    size, tail = SIZES[kind], tail_of(kind)
    if len(payload) < size or (tail is None and len(payload) != size):
        raise ValueError(f"{KINDS[kind][0]} of {len(payload)} bytes")
    raw = struct.unpack(FORMATS[kind], bytes(payload[:size]))
    out, at = {}, 0
    for field in KINDS[kind][1]:
        name, code = field[0], field[1]
        if field is tail:
            rest = bytes(payload[size:])
            out[name] = _text(rest) if code[0] == "T" else rest
        elif code[-1] == "s":
            out[name] = raw[at] if name.endswith("_hash") else _text(raw[at])
            at += 1
        elif len(code) == 1:
            out[name] = raw[at]
            at += 1
        else:
            count = int(code[:-1])
            out[name] = list(raw[at : at + count])
            at += count
    return out
