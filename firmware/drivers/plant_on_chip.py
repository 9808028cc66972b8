# ruff: noqa: F821 - the instructions of a PIO program
"""A press with nothing attached: its physics runs on the chip, in the tick, where another board reads a converter.

A PIO state machine starts the tick once a period (RP2040 datasheet 3.5.7: IRQ raises an interrupt of the processor); the tick's
first stage is one step of the plant. A rate that the chip can't hold beside its foreground is ticked at MOST_HZ: press time
then runs slower than the wall's, and everything that counts in press time stays as it was asked for.
"""

import time
from array import array

import machine
import rp2
from micropython import const
from stackpress_core.tick import blackboard
from stackpress_plant.faults import FAULTS as PLANT_FAULTS
from stackpress_plant.plant import Plant, words_of

from drivers import memory

MOST_HZ = 4000  # what the converters of other boards are run at; a tick with the plant in it takes 36 us
PIO_HZ = 1000000
STATE_WORDS = const(848)  # of a plant, with 40 ms of dead time at 4 kHz; one that needs more brings its own
BLINK_SHIFT = const(9)  # the LED changes every 512 ms: the foreground is alive
FAULTS = (
    ("overrun", "each tick counts as `value` us longer, 1 = 1000"),
    ("foreground", "the foreground hangs for `value` ms; the watchdog ends it after a second"),
    ("flash_busy", "the log's flash stays busy"),
    ("crash", "an exception in the foreground, now"),
)
NAMES = tuple([row[0] for row in FAULTS])
# a word of the plant's state which the physics does not use
_OVERRUN = const(203)


@rp2.asm_pio()
def period_program():
    """OSR holds the microseconds of a period, less the three that the other instructions take."""
    wrap_target()
    mov(x, osr)
    label("wait")
    jmp(x_dec, "wait")
    irq(rel(0))
    wrap()


class InjectedCrash(Exception):
    """What the fault `crash` raises."""


class PlantOnChip:
    """A converter for the board, and what the commands of a simulated plant speak to."""

    def __init__(self, board):
        self._board = board
        self._words = memory.words()
        self._sm = None
        self._spec = None
        self._broken = {}
        # the next plant's state: two arrays take turns, for a heap that has been used for a while has no piece of this size
        self._spare = _state()
        self._led = machine.Pin("LED", machine.Pin.OUT, value=0)
        self.plant = None
        self.hz = self.period_us = 0
        self.present = True

    # -- as a converter ------------------------------------------------------------------------------------------------

    def begin(self, press):
        document = press.documents.get("plant")
        self._take(document["plant"] if document else None)

    def _take(self, spec):
        from plant_spec import own

        self._spec = spec or own()

    def set_up(self, hz):
        """The plant for this rate: every coefficient holds for one."""
        self._put(self._made(self._spec, hz), hz)
        return True

    def _made(self, spec, hz):
        plant = Plant(spec, hz, 1, words_of(blackboard.AT), self._spare)
        if self.plant:
            for name, value in self.plant.active.items():
                plant.fault(name, value)
        return plant

    def _put(self, plant, hz):
        self._words[memory.PLANT] = memory.address_of(plant.P)
        self._spare = self.plant.P if self.plant else _state()
        self.plant, self.hz = plant, hz
        self._apply()

    def prepare(self, hz, handler):
        """The state machine; `start` lets it run."""
        self.period_us = 1000000 // min(hz, MOST_HZ)
        sm = self._sm = rp2.StateMachine(0, period_program, freq=PIO_HZ)
        sm.put(self.period_us - 3)
        sm.exec("pull()")
        sm.irq(handler, hard=True)

    def start(self):
        self._words[memory.PERIOD_US] = self.period_us
        self._sm.active(1)

    def stop(self):
        if self._sm:
            self._sm.active(0)
            self._sm.irq(None)
            self._sm = None

    def service(self, wall_ms):
        """The LED, and the faults of the program: they have to happen in the foreground."""
        self._led(wall_ms >> BLINK_SHIFT & 1)
        if not self._broken:
            return
        if "crash" in self._broken:
            raise InjectedCrash("injected")
        hang_ms = self._broken.pop("foreground", 0)
        began = time.ticks_ms()
        while time.ticks_diff(time.ticks_ms(), began) < hang_ms:
            pass

    # -- as a bench: what SIMulation asks for --------------------------------------------------------------------------

    def new_plant(self, spec):
        """Another press and specimen, or the image's own if `spec` is None; raises what a wrong one makes Plant raise."""
        before = self._spec
        self._take(spec)
        try:
            plant = self._made(self._spec, self.hz)
        except Exception:
            self._spec = before
            raise
        self._put(plant, self.hz)

    def plant_truth(self):
        return self.plant.truth()

    def fault(self, name, value):
        """KeyError if there is none of that name, ValueError if it can't have this value."""
        if name not in NAMES:
            self.plant.fault(name, value)
            return
        self._broken[name] = value
        self._apply()

    def clear_fault(self, name):
        """One, or all if `name` is None."""
        if name is None or name in NAMES:
            for each in [name] if name else list(self._broken):
                self._broken.pop(each, None)
            self._apply()
        if name not in NAMES:
            self.plant.clear(name)

    def _apply(self):
        us = self._broken.get("overrun", 0)
        self.plant.P[_OVERRUN] = 1000 if us == 1 else us
        self._board.flash.stuck = "flash_busy" in self._broken

    def faults(self):
        """Those that are set: name and value."""
        active = dict(self.plant.active)
        active.update(self._broken)
        return active

    def known_faults(self):
        """All there are: name and help."""
        return [(row[0], row[-1]) for row in PLANT_FAULTS + FAULTS]


def _state():
    return array("i", [0] * STATE_WORDS)


def make(board):
    board.simulation = PlantOnChip(board)
    return board.simulation
