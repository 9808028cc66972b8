"""Records as bytes and back: the press packs by the table of their fields, whoever reads a journal unpacks by it.

Packing never fails on a value's size: integers are saturated to their field, text is cut to its bound at a whole character.
Unpacking gives None for what an older firmware did not write yet, and what a newer one wrote behind it as bytes.
"""

import struct

from stackpress_core.log import records

MORE = "more"  # the name under which unpack gives the bytes that it has no fields for
_RANGE = {"B": (0, 255), "H": (0, 65535), "h": (-32768, 32767), "I": (0, 0xFFFFFFFF), "i": (-0x80000000, 0x7FFFFFFF)}


def takes_the_rest(code):
    """Whether a field has no size of its own: text or raw bytes, with the most that there may be of them."""
    return code[0] in "TB" and len(code) > 1


def text_bytes(text, limit):
    """UTF-8 of `text`, cut at a whole character to at most `limit` bytes; it ends before a zero byte."""
    raw = text.encode().split(b"\x00")[0]
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


def _format(fields):
    """The struct format of fields of a fixed size, little endian."""
    return "<" + "".join([field[1] for field in fields])


def _rest_at(fields):
    """The place of the field that takes the rest; behind the last one if there is none."""
    for i in range(len(fields)):
        if takes_the_rest(fields[i][1]):
            return i
    return len(fields)


REST_AT = {kind: _rest_at(records.KINDS[kind][1]) for kind in records.KINDS}
FORMATS = {kind: _format(records.KINDS[kind][1][: REST_AT[kind]]) for kind in records.KINDS}
SIZES = {kind: struct.calcsize(FORMATS[kind]) for kind in records.KINDS}  # of the fields before text or raw bytes


def pack(kind, values):
    """Payload of a record: one value a field, in the table's order (a sequence for `4i`, str or bytes for text).

    Raises ValueError when the number of values is wrong.
    """
    fields = records.KINDS[kind][1]
    if len(values) != len(fields):
        raise ValueError(f"{records.KINDS[kind][0]} takes {len(fields)} values, got {len(values)}")
    at = REST_AT[kind]
    payload = struct.pack(FORMATS[kind], *_flatten(fields[:at], values, []))
    if at == len(fields):
        return payload
    code, value = fields[at][1], values[at]
    limit = int(code[1:])
    payload += text_bytes(value, limit) if code[0] == "T" else bytes(value)[:limit]
    added = fields[at + 1 :]
    if added:
        payload += b"\x00" + struct.pack(_format(added), *_flatten(added, values[at + 1 :], []))
    return payload


def _text(raw):
    raw = bytes(raw)
    end = raw.find(b"\x00")
    try:
        return str(raw if end < 0 else raw[:end], "utf-8")
    except (UnicodeError, ValueError):
        return "?"


def _value(field, raw):
    """A field of a fixed size: an integer, a list of them, text, or the bytes of a hash."""
    code = field[1]
    if code[-1] == "s":
        return bytes(raw) if field[0].endswith("_hash") else _text(raw)
    numbers = struct.unpack("<" + code, raw)
    return numbers[0] if len(code) == 1 else list(numbers)


def unpack(kind, payload):
    """The fields of a payload as a dict of raw integers, lists and text (hashes as bytes).

    None is a field that the record does not have yet; MORE is what lies behind the last one that is known, if there is
    anything. Raises ValueError if the payload is not one of that kind: unknown kind, or shorter than it ever was.
    """
    if kind not in records.KINDS:
        raise ValueError(f"unknown kind {kind}")
    if len(payload) < records.OLDEST_BYTES[kind]:
        raise ValueError(f"{records.KINDS[kind][0]} of {len(payload)} bytes")
    out, payload, at, short = {}, bytes(payload), 0, False
    for field in records.KINDS[kind][1]:
        name, code = field[0], field[1]
        if takes_the_rest(code):
            end = payload.find(b"\x00", at) if code[0] == "T" else -1
            end = len(payload) if end < 0 else end
            out[name] = _text(payload[at:end]) if code[0] == "T" else payload[at:end]
            at = end + 1
            continue
        end = at + struct.calcsize("<" + code)
        short = short or end > len(payload)
        out[name] = None if short else _value(field, payload[at:end])
        at = at if short else end
    if at < len(payload):
        out[MORE] = payload[at:]
    return out
