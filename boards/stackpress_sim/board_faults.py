"""Faults of the electronics and of the program, beside the plant's own (boards/stackpress_plant/faults.py).

The rows are in fault_table.py. What a fault does is written where the board acts: the loop asks `on`, the flash asks `busy`.
"""

from stackpress_core.tick import blackboard

from stackpress_sim.fault_table import FAULTS
from stackpress_sim.nor_file import NorFile

NAMES = tuple(row[0] for row in FAULTS)
TICK_US = blackboard.AT["TICK_US"]


class InjectedCrash(Exception):
    """What the fault `crash` raises."""


class Flash(NorFile):
    """The log's chip, which can be made to say that it is busy."""

    stuck = False

    def busy(self):
        return self.stuck


class BoardFaults:
    def __init__(self, flash):
        self._flash = flash
        self.on = {}
        self.hangs = False
        self._since_ms = 0

    def set(self, name, value, S, now_ms):
        """At press time `now_ms`."""
        self.on[name] = value
        if name == "foreground":
            self._since_ms = now_ms
        self._apply(S)

    def raise_crash(self):
        """In the loop, where an exception of the foreground's would come out. Raises InjectedCrash."""
        if "crash" in self.on:
            raise InjectedCrash("injected")

    def still_hangs(self, now_ms):
        """Whether the foreground hangs; one with a duration ends by itself: nobody can speak to the press meanwhile."""
        for_ms = self.on["foreground"]
        if for_ms > 1 and now_ms - self._since_ms >= for_ms:
            del self.on["foreground"]
            self.hangs = False
        return self.hangs

    def clear(self, name, S):
        """One, or all if `name` is None."""
        for each in [name] if name else list(self.on):
            self.on.pop(each, None)
        self._apply(S)

    def _apply(self, S):
        us = self.on.get("overrun", 0)
        S[TICK_US] = 1000 if us == 1 else us
        self._flash.stuck = "flash_busy" in self.on
        self.hangs = "foreground" in self.on
