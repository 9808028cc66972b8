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
from press import frame, panel_lights, panel_pages
from press.canvas import Canvas

from drivers import memory
from drivers.mcp23017 import Expander
from drivers.ssd1306 import Display

HZ, TIMEOUT_US = const(400000), const(4000)
POLL_MS, LAMPS_MS, DRAW_MS = const(15), const(60), const(200)
CHECK_MS = const(1000)  # is the expander set up, is the display: one of them was perhaps without supply for a moment
RETRY_MS = const(2000)
FAILS = const(4)  # polls in a row; one may be lost to noise
_MASK = const((1 << 30) - 1)
_INVERTED = const(0b11101)  # port A: these read 1 when their contact is closed
_BUTTONS, _SUPPLY = const(15), const(16)
_STOP = const(2)
_SELECTS = const(0xC0)
ETIMEDOUT = const(110)
_SHIFT = 6  # of start in the frame's inputs; the others follow in the same order


class Panel:
    """`begin(press)` once, `service(wall_ms)` each pass, `select(channel)` for a thermocouple."""

    def __init__(self, data, clock):
        self._pins = machine.Pin(data), machine.Pin(clock)
        self._bus = data >> 1 & 1  # RP2040 datasheet 1.4.3
        i2c = self._open()
        self._expander = Expander(i2c, _INVERTED, _SELECTS)
        self._display = Display(i2c)
        self.expander_there = self.display_there = False
        self._words = memory.words()
        self._canvas = Canvas()
        self._dots = memoryview(self._canvas.buf)
        self._press = self._rows = None
        self._page = ""
        self._row = 0
        self._fails = self._last = self._held = self._stuck = 0
        self._lit = False  # the display has every dot and is on
        self._polled = self._lamped = self._drawn = self._checked = self._asked = -RETRY_MS
        self._told = [True, True]
        self._wedged = False  # a transfer ran into its time-out: the controller stands in the middle of something
        self._turn = 0

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
        elif self.display_there:
            self._show(wall_ms)

    # -- the expander

    def _look_after(self, now):
        """Poll and lights; once a second whether anything has to be set up anew."""
        if self.expander_there:
            self._poll()
        if (now - self._checked) & _MASK >= CHECK_MS:
            self._checked = now
            self._turn += 1
            if self._turn & 1:
                self._retry()
            elif self.display_there:
                self._refresh()
        elif (now - self._lamped) & _MASK >= LAMPS_MS and self.expander_there:
            self._lamped = now
            self._drive(self._expander.outputs & _SELECTS | panel_lights.lamps(self._press.panel, now))

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
        self._words[memory.EXPANDER] = (self._held & _BUTTONS) << _SHIFT | (frame.IN["supply_ok"] if port & _SUPPLY else 0)

    def _drive(self, outputs):
        if outputs == self._expander.outputs:
            return
        try:
            self._expander.drive(outputs)
        except OSError as error:
            self._failed(error)

    def select(self, channel):
        """Thermocouple 0 or 1, or None; OSError without the expander. Low is selected."""
        lights = self._expander.outputs & ~_SELECTS
        self._expander.drive(lights | (_SELECTS if channel is None else _SELECTS & ~(0x40 << channel)))

    def _retry(self):
        """Whatever is not there, or has lost its setting, is set up."""
        if self._wedged:
            self._wedged = False
            self._expander.bus = self._display.bus = self._open()
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
        if not self.display_there:
            self._set_up_display()

    def _failed(self, error):
        """Nobody answered, or the bus stands still."""
        if error.args[0] == ETIMEDOUT:
            self._wedged = True

    def _tell(self, part, name, there):
        """To the log, when it changes."""
        if there != self._told[part] and self._press:
            self._told[part] = there
            self._press.sampler.event(21, 0, 1 if there else 0, name)

    def off(self):
        """The foreground goes away: no light, no buzzer."""
        self._drive(_SELECTS)

    # -- the display

    def _set_up_display(self):
        try:
            self._display.set_up()
            self.display_there, self._lit = True, False
            self._all_anew()
        except OSError as error:
            self._failed(error)
            self.display_there = False
        self._tell(1, "display", self.display_there)

    def _all_anew(self):
        for page in range(8):
            self._dots[1024 + page] = 15

    def _refresh(self):
        """A display that was without supply comes back: its setting and a page each time, without a flicker."""
        if self._lit:
            self._send_setting()
            self._dots[1024 + (self._turn >> 1 & 7)] = 15

    def _send_setting(self):
        try:
            self._display.set_up()
            self._display.show()
        except OSError as error:
            self._lose_display(error)

    def _lose_display(self, error):
        self._failed(error)
        self.display_there = False
        self._tell(1, "display", False)

    def _show(self, now):
        """One slice that has changed; else one row; else, now and then, begin to draw anew."""
        dots = self._dots
        for page in range(8):
            changed = dots[1024 + page]
            if changed:
                part = 0
                while not changed >> part & 1:
                    part += 1
                dots[1024 + page] = changed & ~(1 << part)
                try:
                    self._display.write(page, part, dots)
                except OSError as error:
                    self._lose_display(error)
                return
        panel = self._press.panel
        if self._rows:
            panel_pages.draw_row(self._canvas, panel, self._rows[self._row])
            self._row += 1
            if self._row == len(self._rows):
                self._rows = None
        elif not self._lit:
            self._lit = True
            self._send_setting()
        elif (now - self._drawn) & _MASK >= DRAW_MS:
            self._drawn = now
            page = panel_pages.page_of(panel)
            self._rows, self._row = panel_pages.PAGES[page], 0


def make(board):
    return Panel(board.pins["panel_data"], board.pins["panel_clock"])
