"""How an answer is written: quoted strings, lists of them, numbers in the unit that was asked for."""

from stackpress_core.scpi.sources import Text
from stackpress_core.scpi.values import decimal
from stackpress_core.tick import blackboard

NOT_A_NUMBER = "9.91E+37"  # SCPI-99 7.2.1.5


def quoted(text):
    """A SCPI string: quotes doubled, line ends made spaces so that a line stays one line."""
    return '"' + str(text).replace("\n", " ").replace("\r", " ").replace('"', '""') + '"'


def listed(texts):
    """Quoted strings, comma-separated; an empty string when there are none."""
    if not texts:
        return '""'
    return Text(("," if i else "") + quoted(text) for i, text in enumerate(texts))


def in_unit(value, unit):
    """`unit` is a numerator and a denominator, as arguments.py gives them."""
    return NOT_A_NUMBER if value == blackboard.ABSENT else decimal(value, unit[0], unit[1], 9)


def written(value):
    """What a part of the press says by itself: a text, texts, or a whole number."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, (list, tuple)):
        return listed(value)
    return int(value)
