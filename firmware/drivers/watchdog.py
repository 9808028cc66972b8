"""The hardware watchdog: fed only when the tick and the foreground have both advanced since it was fed last.

RP2040 datasheet 4.7: it can't be stopped once started. It starts with the loop, so a board that waits at the prompt has it too,
and the prompt's timer feeds it there.
"""

import machine

TIMEOUT_MS = 1000


class Watchdog:
    def __init__(self):
        self._dog = None
        self._seen = -1

    def start(self):
        self._dog = machine.WDT(timeout=TIMEOUT_MS)

    def passed(self, ticks):
        """Once a pass of the foreground, with a number that each tick changes."""
        if self._dog and ticks != self._seen:
            self._seen = ticks
            self._dog.feed()

    def feed_at_prompt(self):
        """From a timer, for as long as the prompt is used; the outputs are safe there."""
        if self._dog:
            dog = self._dog
            machine.Timer(period=TIMEOUT_MS // 4, callback=lambda timer: dog.feed())
