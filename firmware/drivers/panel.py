"""The carrier's panel on one I2C: an SSD1306, and an MCP23017 with buttons, lights, buzzer, supervisor and thermocouple selects.

One thing each foreground pass: a poll of the expander when it is due, else one slice of the display, else one row drawn; all of it
below a millisecond and a half. Whatever does not answer is asked again now and then, is told to the log once, and keeps nobody from
working: without the display everything else goes on; without the expander no button is pressed and the supply counts as not good,
because nobody watches it. RP2040 datasheet 4.3: the I2C runs at 400 kHz.

Port A: start, stop, reset, select, supply_ok. Each contact closes to ground: the stop button's is closed until pressed, the
supervisor's while the supply is good, so a broken wire is a stop or a fault. Port B: red, amber, green, buzzer; 6, 7 the selects.
"""

import machine
from micropython import const
from stackpress_core.log.records import EVENT_PART
from stackpress_core.panel import lights
from stackpress_core.tick import blackboard

from drivers import memory
from drivers.mcp23017 import Expander
from drivers.screen import Screen

HZ, TIMEOUT_US = const(400000), const(4000)
POLL_MS, LAMPS_MS = const(15), const(60)
CHECK_MS = const(1000)  # is the expander set up, is the display: one of them was perhaps without supply for a moment
FAILS = const(4)  # polls in a row; one may be lost to noise
_MASK = const((1 << 30) - 1)
_INVERTED = const(0b11101)  # port A: these read 1 when their contact is closed
_BUTTONS, _SUPPLY = const(15), const(16)
_STOP = const(2)
_SELECTS = const(0xC0)
ETIMEDOUT = const(110)
_SHIFT = 6  # of start in the blackboard's inputs; the others follow in the same order


class Panel:
    """`begin(press)` once, `service(wall_ms)` each pass, `select(channel)` for a thermocouple."""

    def __init__(self, data, clock):
        self._pins = machine.Pin(data), machine.Pin(clock)
        self._bus = data >> 1 & 1  # RP2040 datasheet 1.4.3
        i2c = self._open()
        self._expander = Expander(i2c, _INVERTED, _SELECTS)
        self._screen = Screen(i2c)
        self.expander_there = False
        self._words = memory.words()
        self._press = None
        self._fails = self._last = self._held = self._stuck = self._turn = 0
        self._polled = self._lamped = self._checked = -CHECK_MS
        self._told = [True, True]  # of expander and display: there, as far as the log knows
        self._wedged = False  # a transfer ran into its time-out: the controller stands in the middle of something

    def _open(self):
        """A slave that was cut off in the middle of a byte holds the data line: nine clocks free it (UM10204 3.1.16)."""
        data, clock = self._pins
        data.init(machine.Pin.OPEN_DRAIN, value=1)
        for _ in range(9):
            clock.init(machine.Pin.OPEN_DRAIN, value=0)
            clock.init(machine.Pin.OPEN_DRAIN, value=1)
        return machine.I2C(self._bus, scl=clock, sda=data, freq=HZ, timeout=TIMEOUT_US)

    def begin(self, press):
        """Before the first tick."""
        self._press = press
        self._retry()
        if self.expander_there:
            self._poll()

    def service(self, wall_ms):
        if (wall_ms - self._polled) & _MASK >= POLL_MS:
            self._polled = wall_ms
            self._look_after(wall_ms)
        elif self._screen.there:
            self._with_screen(wall_ms)

    # -- the expander

    def _look_after(self, now):
        """Poll and lights; once a second whether anything has to be set up anew."""
        if self.expander_there:
            self._poll()
        if (now - self._checked) & _MASK >= CHECK_MS:
            self._checked = now
            self._turn ^= 1
            if self._turn:
                self._retry()
            elif self._screen.there:
                self._with_screen(-1)
        elif (now - self._lamped) & _MASK >= LAMPS_MS and self.expander_there:
            self._lamped = now
            self._drive(self._expander.outputs & _SELECTS | lights.lamps(self._press.panel, now))

    def _poll(self):
        """Buttons must be the same twice, but for stop. One held when the expander came does nothing before it is let go."""
        try:
            port = self._expander.read()
        except OSError as error:
            self._failed(error)
            self._fails += 1
            if self._fails >= FAILS:
                self.expander_there = False
                self._words[memory.EXPANDER] = 0
                self._tell(0, "expander", False)
            return
        self._fails = 0
        same = ~(port ^ self._last)
        self._last = port
        self._stuck &= port
        self._held = self._held & ~same | port & same & _BUTTONS & ~self._stuck | port & _STOP
        self._words[memory.EXPANDER] = (self._held & _BUTTONS) << _SHIFT | (blackboard.IN["supply_ok"] if port & _SUPPLY else 0)

    def _drive(self, outputs):
        if outputs == self._expander.outputs:
            return
        try:
            self._expander.drive(outputs)
        except OSError as error:
            self._failed(error)

    def select(self, channel):
        """Thermocouple 0 or 1, or None; OSError without the expander. Low is selected."""
        lit = self._expander.outputs & ~_SELECTS
        self._expander.drive(lit | (_SELECTS if channel is None else _SELECTS & ~(0x40 << channel)))

    def _retry(self):
        """Whatever is not there, or has lost its setting, is set up."""
        if self._wedged:
            self._wedged = False
            self._expander.bus = self._screen.display.bus = self._open()
        try:
            if not self.expander_there or self._expander.lost_setting():
                self._expander.set_up()
                self._held = self._last = 0
                self._stuck = _BUTTONS & ~_STOP
            self.expander_there = True
            self._fails = 0
        except OSError as error:
            self._failed(error)
            self.expander_there = False
            self._words[memory.EXPANDER] = 0
        self._tell(0, "expander", self.expander_there)
        if not self._screen.there:
            self._with_screen(-1)

    def _failed(self, error):
        """Nobody answered, or the bus stands still."""
        if error.args[0] == ETIMEDOUT:
            self._wedged = True

    def _tell(self, part, name, there):
        """To the log, when it changes."""
        if there != self._told[part] and self._press:
            self._told[part] = there
            self._press.events.tell(EVENT_PART, 0, 1 if there else 0, name)

    def _with_screen(self, now):
        """What is due of the display at `now`; -1: whatever it needs to be set up, or renewed."""
        screen = self._screen
        try:
            if now >= 0:
                screen.show(self._press.panel, now)
            elif screen.there:
                screen.renew()
            else:
                screen.set_up()
        except OSError as error:
            self._failed(error)
        self._tell(1, "display", screen.there)

    def off(self):
        """The foreground goes away: no light, no buzzer."""
        self._drive(_SELECTS)


def make(board):
    return Panel(board.pins["panel_data"], board.pins["panel_clock"])
