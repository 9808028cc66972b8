"""Parameters of a command: what the table's spec asks for, checked and turned into values a handler can use.

A spec is a comma-joined list; brackets make a parameter optional (None, or the default unit, is given instead):
`str` (control characters in it become blanks: it is for displays and records), `text` (as it came),
`word:CONTrolled|HOLD|VENT`, `bool`, `int:low:high[:default]`, `num:force[:low:high[:default]]` (bounds in the
press's integer unit), `unit:force` (a suffix alone, given as numerator and denominator).
"""

import array

import micropython
from micropython import const

from stackpress_core.errors import ScpiError
from stackpress_core.scpi import values
from stackpress_core.scpi.headers import split_outside

_MOST = const(4)  # parameters
_DIGITS = const(9)  # below 2^30
_BOUND = const(999999999)  # stands for every bound above it: no number of so many digits is more
FOUND = array.array("i", (0, 0, 0, 0))  # what was found last


@micropython.viper
def plain_integers(spec_buf, spec_end: int, text_buf, text_end: int, found_buf) -> int:
    """The parameters in the text where `spec` wants nothing but integers and the text is nothing but digits and commas: into
    `found`, how many there are, and 16 times how many there may be. -1 for anything else, and for whatever is wrong."""
    spec = ptr8(spec_buf)  # noqa: F821
    text = ptr8(text_buf)  # noqa: F821
    found = ptr32(found_buf)  # noqa: F821
    s = 0
    t = 0
    count = 0
    wanted = 0
    while s < spec_end:
        optional = 0
        if spec[s] == 91:
            optional = 1
            s += 1
        if wanted == _MOST or s + 4 > spec_end or spec[s] != 105 or spec[s + 1] != 110 or spec[s + 2] != 116 or spec[s + 3] != 58:
            return 0 - 1
        s += 4
        low = 0 - 1
        high = 0
        places = 0
        while s < spec_end and spec[s] != 44 and spec[s] != 93:
            c = spec[s]
            s += 1
            if c == 58:
                if low >= 0:
                    return 0 - 1
                low = high
                high = 0
                places = 0
            elif c < 48 or c > 57:
                return 0 - 1
            else:
                places += 1
                high = high * 10 + c - 48 if places <= _DIGITS else _BOUND
        if low < 0:
            return 0 - 1
        while s < spec_end and spec[s] != 44:
            s += 1
        s += 1
        wanted += 1
        if t < text_end:
            value = 0
            places = 0
            while t < text_end and text[t] != 44:
                c = text[t]
                t += 1
                places += 1
                if c < 48 or c > 57 or places > _DIGITS:
                    return 0 - 1
                value = value * 10 + c - 48
            if places == 0 or value < low or value > high or t + 1 == text_end:
                return 0 - 1
            t += 1
            found[count] = value
            count += 1
        elif not optional:
            return 0 - 1
    if t < text_end:
        return 0 - 1
    return wanted << 4 | count


def integers(spec, text, n):
    """Values for every parameter in `spec` if it and the first `n` bytes of the text are plain integers and no more; else None."""
    code = plain_integers(spec, len(spec), text, n, FOUND)
    if code < 0:
        return None
    given = code & 15
    return [FOUND[i] if i < given else None for i in range(code >> 4)]


def wants_integers(spec):
    """Whether nothing else is wanted."""
    return all(token.strip("[")[:4] == "int:" for token in spec.split(","))


def bind(spec, text):
    """Values for every parameter in `spec`; -108, -109 and the errors of each parameter."""
    if not spec and not text:
        return []
    if text and text[0] <= "9":
        found = integers(spec, text, len(text))
        if found is not None:
            return found
    tokens = spec.split(",") if spec else []
    parts = [part.strip(" ") for part in split_outside(text, ",")] if text else []
    if len(parts) > len(tokens):
        more = parts[len(tokens)]
        raise ScpiError(-108, more[:40] if values.kind_of(more) == "number" else "")  # a text may be a code: none is said again
    found = []
    for i, token in enumerate(tokens):
        optional = token[0] == "["
        fields = token.strip("[]").split(":")
        if i < len(parts) and parts[i]:
            found.append(one(fields, parts[i]))
        elif not optional or i < len(parts):
            raise ScpiError(-109)
        else:
            found.append(values.factor(fields[1], "") if fields[0] == "unit" else None)
    return found


def one(fields, text):
    kind = values.kind_of(text)
    if kind in ("block", "expression"):
        raise ScpiError(values.of_block(text) if kind == "block" else values.of_expression(text))
    if fields[0] in ("str", "text"):
        expect(kind, "string")
        string = values.string(text)
        return string if fields[0] == "text" else values.printable(string)
    if fields[0] == "unit":
        expect(kind, "word")
        return values.factor(fields[1], values.checked_suffix(text))
    if fields[0] == "word":
        expect(kind, "word")
        return choice(fields[1].split("|"), text)
    if fields[0] == "bool" and kind == "word":
        return 1 if choice(("OFF", "ON"), text) == "ON" else 0
    if kind == "word":
        return extreme(fields, text)
    expect(kind, "number")
    return number(fields, text)


def expect(kind, wanted):
    if kind != wanted:
        raise ScpiError(-104, "a %s is expected" % wanted)


def choice(patterns, text):
    """The pattern that `text` is the short or long form of; -224 if it is none of them."""
    values.check_word(text)
    for pattern in patterns:
        if values.word_matches(text, pattern):
            return pattern
    raise ScpiError(-224, "%s is not one of %s" % (text[:20], "|".join(patterns)))


def bounds(fields):
    """The integers after the type (and quantity): [low, high, default] as far as they are given."""
    return [int(field) for field in fields[2 if fields[0] == "num" else 1 :]]


def extreme(fields, text):
    """MINimum, MAXimum, DEFault of a bounded number."""
    values.check_word(text)
    limits = [0, 1] if fields[0] == "bool" else bounds(fields)
    for i, name in enumerate(("MINimum", "MAXimum", "DEFault")):
        if i < len(limits) and values.word_matches(text, name):
            return limits[i]
    raise ScpiError(-104 if not limits else -224, text[:20])


def number(fields, text):
    if fields[0] == "int" and len(text) < 10 and text.isdigit() and max(text) <= "9":  # most are
        return within(fields, int(text), text, 1, 1)
    mantissa, power, suffix = values.split_number(text)
    num, den = 1, 1
    if fields[0] == "num":
        num, den = values.factor(fields[1], suffix)
    elif suffix:
        raise ScpiError(-138, suffix)
    value = values.to_integer(mantissa, power, num, den)
    if fields[0] == "bool":
        return 1 if value else 0
    return within(fields, value, text, num, den)


def within(fields, value, text, num, den):
    limits = bounds(fields)
    if len(limits) >= 2 and not limits[0] <= value <= limits[1]:
        low, high = values.decimal(limits[0], num, den), values.decimal(limits[1], num, den)
        raise ScpiError(-222, "%s is outside %s .. %s" % (text[:20], low, high))  # in the unit that was given
    return value
