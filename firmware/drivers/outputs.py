"""Valve outputs: everything low, which is safe, before anything else runs. From then on the tick drives them."""

import machine


class Absent(Exception):
    """A part that the board should have does not answer."""


def safe(pins):
    """Drive each pin low. A soft reset leaves pins as they were: this is the first thing at every start."""
    for number in pins:
        machine.Pin(number, machine.Pin.OUT, value=0)


def inputs(pins):
    """Switches close to 3.3 V: a broken wire reads as open."""
    for number in pins:
        machine.Pin(number, machine.Pin.IN, machine.Pin.PULL_DOWN)
