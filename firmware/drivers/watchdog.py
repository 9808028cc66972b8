"""The hardware watchdog: fed only when the tick and the foreground have both advanced since it was fed last.

RP2040 datasheet 4.7, RP2350 datasheet 12.9: CTRL is the first register, bit 30 enables, and it goes on through a soft reset of
MicroPython, which takes every timer away. So whoever waits at the prompt is fed from a timer, and that is set up again before
anything else at each start (boot.py).
"""

import machine
from image_facts import CHIP

TIMEOUT_MS = 1000
CTRL, CLEAR, ENABLE = CHIP["watchdog"], CHIP["watchdog"] + 0x3000, 1 << 30  # datasheet 2.1.2: +0x3000 clears bits
# What restarted the chip, read before anything here starts the watchdog anew: a time-out leaves the mark that starting it made in
# SCRATCH4, a restart by the ROM or by machine.reset none.
_RAN_OUT = machine.mem32[CTRL + 0x1C] == 0x6AB73121

_timer = None


class Watchdog:
    def __init__(self, trail=None):
        """`trail[1]` counts the passes since it was fed: where no tick comes any more there are many."""
        self._trail = [0, 0] if trail is None else trail
        self._dog = None
        self._seen = -1

    def start(self):
        """Once the loop runs: from here on only the loop feeds it."""
        global _timer
        if _timer:
            _timer.deinit()
            _timer = None
        self._dog = machine.WDT(timeout=TIMEOUT_MS)

    def passed(self, ticks):
        """Once a pass of the foreground, with a number that each tick changes."""
        if self._dog and ticks != self._seen:
            self._seen = ticks
            self._trail[1] = 0
            self._dog.feed()
        else:
            self._trail[1] += 1

    def last_work(self):
        """For what is still to be done with the outputs safe, in the loop or after it."""
        if self._dog:
            self._dog.feed()


def feed_at_prompt():
    """If it runs, feed it from a timer for as long as the prompt is used; the outputs are safe there."""
    global _timer
    if machine.mem32[CTRL] & ENABLE:
        dog = machine.WDT(timeout=TIMEOUT_MS)
        _timer = machine.Timer(period=TIMEOUT_MS // 4, callback=lambda timer: dog.feed())


def ran_out():
    """Whether it was this watchdog that restarted the chip."""
    return _RAN_OUT


def stop():
    """For the chip's ROM, which takes a new image at its leisure."""
    machine.mem32[CLEAR] = ENABLE
