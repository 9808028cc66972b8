"""A switch's contact, its opto-coupler and the pin behind it: opening and closing bounce, and the pin follows with a delay.

The carriers' BOM has blocks of the kind ZBE101 and ZBE102 (Schneider Harmony): slow-break, so that a hand that turns an emergency
stop back closes them as slowly as it turns. Their catalogue tells no bounce time; ten milliseconds are taken here. Behind them
(boards/spice, `switch_input`): low 65 us after the contact has opened, and 100 us of the coupler's storage; what is open for less
is not seen.
"""

import random

from hil_tests.devices.wires import Wires

FALLS_NS, RISES_NS = 165_000.0, 5_000.0


class Contact:
    """`set` closes or opens it; for `bounce_ms` it is now the one, now the other."""

    def __init__(self, wires: Wires, pin: int, bounce_ms: float = 0.0, seed: int = 1) -> None:
        self._wires, self._pin, self.bounce_ms, self._chance = wires, pin, bounce_ms, random.Random(seed)
        self._wanted = self._is = False
        self._ends_ns = 0.0
        self._bounce = wires.alarm(self._bounced)
        self._follow = wires.alarm(self._followed)
        self.bounces = 0

    def set(self, closed: bool) -> None:
        """As the switch's mechanism has it from now on; the same again is nothing."""
        if closed == self._wanted:
            return
        self._wanted = closed
        if not self.bounce_ms:
            self._is = closed
            self._wires.drive(self._pin, int(closed))
            return
        self._ends_ns = self._wires.now_ns + self.bounce_ms * 1e6
        self._move(closed)
        self._again()

    def _again(self) -> None:
        self._bounce.schedule(self._chance.uniform(30_000, 1_500_000))

    def _bounced(self) -> None:
        if self._wires.now_ns >= self._ends_ns:
            self._move(self._wanted)
            return
        self.bounces += 1
        self._move(not self._is)
        self._again()

    def _move(self, closed: bool) -> None:
        if closed != self._is:
            self._is = closed
            self._follow.cancel()
            self._follow.schedule(RISES_NS if closed else FALLS_NS)

    def _followed(self) -> None:
        self._wires.drive(self._pin, int(self._is))
