"""Numbers, units, words and strings of a SCPI message, in exact integers.

A single-precision float holds seven digits, which a force in hundredths of a newton or a log sequence number outgrows;
so a number is kept as digits and a power of ten and becomes an integer of the press's own unit once, with one rounding.
`MPA` is megapascal, an exception to IEEE 488.2's M = milli as MHZ is.
"""

from stackpress_core.errors import ScpiError

# quantity -> the unit that a bare number has, and (suffix, numerator, denominator) to the press's own integer unit
UNITS = (
    ("force", "N", (("N", 100, 1), ("KN", 100000, 1), ("CN", 1, 1))),  # cN
    ("pressure", "PA", (("PA", 1, 1), ("KPA", 1000, 1), ("MPA", 1000000, 1), ("BAR", 100000, 1))),  # Pa
    ("time", "S", (("S", 1000, 1), ("MS", 1, 1), ("MIN", 60000, 1), ("HR", 3600000, 1))),  # ms
    ("length", "M", (("M", 1000000000, 1), ("MM", 1000000, 1), ("UM", 1000, 1), ("NM", 1, 1))),  # nm
    ("temperature", "CEL", (("CEL", 100, 1),)),  # centi-degC
    ("ratio", "", (("", 1000, 1), ("PCT", 10, 1), ("PPM", 1, 1000))),  # permille
    ("stiffness", "N/M", (("N/M", 1, 1), ("N/UM", 1000000, 1), ("KN/MM", 1000000, 1), ("N/MM", 1000, 1))),  # N/m
)
MAX_DIGITS = 255  # IEEE 488.2, 7.7.2.4.1, and so the exponent
MAX_EXPONENT = 32000
MNEMONIC_MAX = 12
BEYOND = 40  # powers of ten: every limit is below, every unit above its reciprocal


def units_of(quantity):
    for name, default, rows in UNITS:
        if name == quantity:
            return default, rows
    raise ScpiError(-310, "no quantity " + quantity)


def factor(quantity, suffix):
    """(numerator, denominator) of a suffix; -131 if this quantity has no such unit."""
    default, rows = units_of(quantity)
    wanted = suffix.upper() or default
    for name, num, den in rows:
        if name == wanted:
            return num, den
    names = " ".join(name for name, _, _ in rows if name)
    raise ScpiError(-131, "%s is not one of %s" % (suffix, names))


def is_letter(c):
    return "A" <= c <= "Z" or "a" <= c <= "z"


def is_digit(c):
    return "0" <= c <= "9"


def digits_from(text, i):
    start = i
    while i < len(text) and is_digit(text[i]):
        i += 1
    return text[start:i], i


def split_number(text):
    """'-1.5 E3 KN' -> (mantissa, power of ten, 'KN'). -121, -123, -124, -131, -134 or -138 when it is not a number.

    As 488.2 has it: 255 digits that count (leading zeros do not), exponents to 32000, white space round the E.
    """
    if text[:1] == "#":
        return nondecimal(text), 0, ""
    sign = -1 if text[:1] == "-" else 1
    whole, i = digits_from(text, 1 if text[:1] in ("+", "-") else 0)
    fraction = ""
    if text[i : i + 1] == ".":
        fraction, i = digits_from(text, i + 1)
    if not whole and not fraction:
        raise ScpiError(-121, text[:12])
    power, i = exponent_from(text, i)
    suffix = checked_suffix(text[i:].strip(" "))
    digits = (whole + fraction).lstrip("0")
    if len(digits) > MAX_DIGITS:
        raise ScpiError(-124)
    if abs(power) > MAX_EXPONENT:
        raise ScpiError(-123)
    mantissa, power = bounded(digits, power - len(fraction))
    return sign * mantissa, power, suffix


def bounded(digits, power):
    """The same number; what is larger than any limit, or smaller than any unit, becomes one that is quick to work with."""
    places = len(digits) + power  # before the point
    if not digits or places < -BEYOND:
        return 0, 0
    return (1, BEYOND) if places > BEYOND else (int(digits), power)


def after_blanks(text, i):
    while text[i : i + 1] == " ":
        i += 1
    return i


def exponent_from(text, i):
    """An exponent needs a digit after E (and sign); otherwise the E begins a suffix."""
    at = after_blanks(text, i)
    if text[at : at + 1] not in ("e", "E"):
        return 0, i
    at = after_blanks(text, at + 1)
    negative = text[at : at + 1] == "-"
    digits, end = digits_from(text, at + 1 if text[at : at + 1] in ("+", "-") else at)
    if not digits:
        return 0, i
    digits = digits.lstrip("0")
    power = int(digits or "0") if len(digits) <= 5 else MAX_EXPONENT + 1
    return -power if negative else power, end


def checked_suffix(suffix):
    if not suffix:
        return ""
    if suffix[0] == ":":
        raise ScpiError(-103, suffix[:12])  # the semicolon before the next header was left out
    if not is_letter(suffix[0]):
        raise ScpiError(-121, suffix[:12])
    if len(suffix) > MNEMONIC_MAX:
        raise ScpiError(-134)
    for c in suffix:
        if not (is_letter(c) or is_digit(c) or c in "/.^-"):
            raise ScpiError(-131, suffix)
    return suffix


def nondecimal(text):
    """#H1F, #Q17, #B101: without sign, exponent and suffix."""
    base = {"H": 16, "Q": 8, "B": 2}.get(text[1:2].upper(), 0)
    if not base:
        raise ScpiError(of_block(text))
    digits, _, suffix = text[2:].partition(" ")
    if checked_suffix(suffix.strip(" ")):
        raise ScpiError(-138, suffix.strip(" ")[:12])
    if len(digits.lstrip("0")) > MAX_DIGITS:
        raise ScpiError(-124)
    value = 0
    for c in digits.upper():
        digit = "0123456789ABCDEF".find(c)
        if not 0 <= digit < base:
            raise ScpiError(-121, text[:12])
        value = value * base + digit
    if not digits:
        raise ScpiError(-121, text[:12])
    return value


def of_block(text):
    """The error that a block is: no command takes one, bulk towards the press is text. -161 where it is no whole block."""
    if not is_digit(text[1:2] or " "):
        return -161
    count = int(text[1])
    digits, _ = digits_from(text[: 2 + count], 2)
    whole = count == 0 or len(digits) == count and len(text) >= 2 + count + int(digits)
    return -168 if whole else -161


def of_expression(text):
    """The error that an expression is: no command takes one. -171 where its parentheses do not fit."""
    depth = 0
    for i, c in enumerate(text):
        depth += 1 if c == "(" else -1 if c == ")" else 0
        if depth == 0:
            return -178 if i == len(text) - 1 else -171
    return -171


def check_word(text):
    """-144 or -141 when this is no character data: letters, digits and underscores, twelve at most."""
    for c in text:
        if not (is_letter(c) or is_digit(c) or c == "_"):
            raise ScpiError(-141, text[:20])
    if len(text) > MNEMONIC_MAX:
        raise ScpiError(-144, text[:20])


def to_integer(mantissa, power, num=1, den=1):
    """mantissa * 10^power * num / den, rounded to nearest (half away from zero), exact."""
    value = mantissa * num
    if power >= 0:
        value *= 10**power
    else:
        den *= 10 ** (-power)
    half = (2 * abs(value) + den) // (2 * den)
    return half if value >= 0 else -half


def decimal(value, num=1, den=1, places=6):
    """value * den / num as decimal text without a float; at most `places` decimals, trailing zeros cut."""
    scaled = to_integer(value * den * 10**places, 0, 1, num)
    sign = "-" if scaled < 0 else ""
    digits = str(abs(scaled))
    while len(digits) <= places:
        digits = "0" + digits
    whole, fraction = digits[: len(digits) - places], digits[len(digits) - places :].rstrip("0")
    return sign + whole + ("." + fraction if fraction else "")


def string(text):
    """A quoted string, single or double, the quote doubled inside. -151 when unterminated."""
    quote = text[0]
    inner = text[1:-1]
    if len(text) < 2 or text[-1] != quote or quote in inner.replace(quote + quote, ""):
        raise ScpiError(-151)
    return inner.replace(quote + quote, quote)


def printable(text):
    return "".join([c if c >= " " else " " for c in text])


def word_matches(word, pattern):
    """`word` is the short form (the pattern's capitals) or the long form of `pattern`, in any case."""
    word = word.upper()
    return word == pattern.upper() or word == short_form(pattern)


def short_form(pattern):
    return "".join(c for c in pattern if not "a" <= c <= "z")


def kind_of(text):
    """'number', 'string', 'block', 'word' or 'expression' by its first character."""
    c = text[:1]
    if c in ('"', "'"):
        return "string"
    if c == "#":
        return "number" if text[1:2].upper() in ("H", "Q", "B") else "block"
    if c == "(":
        return "expression"
    if is_letter(c or " "):
        return "word"
    return "number"
