"""Values of resistors and capacitors as people write them (4.7k, 100n 50V), and the order code of a resistor."""

import re

SCALE = {"p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6}
CODE = {"p": "P", "n": "N", "u": "U", "": "R", "k": "K", "M": "M"}


def value(text: str) -> float:
    """`4.7k` in Ohm, `100n 50V` in Farad. ValueError if it is no such text."""
    match = re.fullmatch(r"([0-9.]+)([pnumkM]?)(?: [0-9]+V)?", text)
    if not match:
        raise ValueError(f"{text!r} is no value")
    return float(match[1]) * SCALE[match[2]]


def volts(text: str) -> float:
    """The rating behind a capacitor's value."""
    match = re.search(r" ([0-9]+)V", text)
    if not match:
        raise ValueError(f"{text!r} does not say how many volts")
    return float(match[1])


def resistor_code(text: str, percent: float, why: str) -> str:
    """Yageo's order code: RC0603 1 %, RC1206 where the row asks for 0.25 W, RT0603 0.1 %."""
    number, unit = re.fullmatch(r"([0-9.]+)([kM]?)", text).groups()  # type: ignore[union-attr]
    letter = CODE[unit]
    digits = number.replace(".", letter) if "." in number else number + letter
    if percent < 1:
        return f"RT0603BRD07{digits}L"
    return f"RC1206{'JR' if percent == 5 else 'FR'}-07{digits}L" if "0.25 W" in why else f"RC0603FR-07{digits}L"
