"""Parameters of a command: what the table's spec asks for, checked and turned into values a handler can use.

A spec is a comma-joined list; brackets make a parameter optional (None, or the default unit, is given instead):
`str` (control characters in it become blanks: it is for displays and records), `text` (as it came),
`word:CONTrolled|HOLD|VENT`, `bool`, `int:low:high[:default]`, `num:force[:low:high[:default]]` (bounds in the
press's integer unit), `unit:force` (a suffix alone, given as numerator and denominator).
"""

from stackpress_core.errors import ScpiError
from stackpress_core.scpi import values
from stackpress_core.scpi.headers import split_outside


def bind(spec, text):
    """Values for every parameter in `spec`; -108, -109 and the errors of each parameter."""
    tokens = spec.split(",") if spec else []
    parts = [part.strip(" ") for part in split_outside(text, ",")] if text else []
    if len(parts) > len(tokens):
        raise ScpiError(-108, parts[len(tokens)][:40])
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
