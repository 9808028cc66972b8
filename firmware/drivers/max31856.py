"""MAX31856: two thermocouples of type K for the platens, polled in turn on the journal's SPI.

Datasheet (Maxim 19-7534): registers 00h CR0 .. 0Fh SR, read at their number and written at 80h + number, counting up by
themselves; SPI mode 1, at most 5 MHz; its board (Adafruit 3263) pulls the clock up with 10 kOhm only, so 1 MHz. CR0: automatic
conversion, open-circuit detection, 50 Hz (which may only be chosen while conversions are off); CR1: type K. 0Ch .. 0Eh:
linearised temperature, 19 bits of 2^-7 degC. SR: whatever makes it meaningless gives no temperature. A value is believed only
while the chip still has the setting that it was given: a supply that dipped is noticed.

The journal's NOR flash has the same SPI in mode 0, so the mode is changed for each poll and back; its own select is an output of
the processor and high between any two calls. The selects here are pins of the panel's expander.
"""

from micropython import const
from stackpress_core.tick import blackboard

SPI_HZ, NOR_HZ = const(1000000), const(24000000)
PERIOD_MS = const(50)  # one of the two: each is asked ten times a second, about as often as it converts
SETTLE_MS = const(300)  # the first conversion after a new setting: at most 185 ms
_OFF, _AUTO, _TYPE_K = const(0x11), const(0x91), const(0x03)
_MEANINGLESS = const(0xC3)  # SR: cold junction or thermocouple out of range, over- or under-voltage, open circuit
_TEMPERATURE = blackboard.AT["TEMPERATURE"]
_WALL = const((1 << 30) - 1)


def centi_c(high, middle, low):
    """LTCBH, LTCBM, LTCBL as centi-degC."""
    code = high << 11 | middle << 3 | low >> 5
    if code & 0x40000:
        code -= 0x80000
    return code * 100 >> 7


class Thermocouples:
    """`select(n)` selects chip n, `select(None)` none; it raises OSError if the expander does not answer."""

    def __init__(self, spi, select, S=None):
        self._spi, self._select, self._S = spi, select, S
        self._out, self._back = bytearray(17), bytearray(17)
        out, back = memoryview(self._out), memoryview(self._back)
        self._parts = {size: (out[:size], back[:size]) for size in (2, 3, 17)}
        self._set = [False, False]
        self._since = [0, 0]
        self._due = 0
        self._turn = 1
        self.failures = 0  # polls that the expander did not answer

    def begin(self, press):
        self._S = press.S

    def service(self, wall_ms):
        """One chip, when it is due: at most two short transfers and two writes to the expander, well below a millisecond."""
        if (wall_ms - self._due) & _WALL > _WALL >> 1:
            return
        self._due = (wall_ms + PERIOD_MS) & _WALL
        self._turn = n = 1 - self._turn
        self._S[_TEMPERATURE + n] = self._poll(n, wall_ms)

    def _poll(self, n, now):
        self._spi.init(baudrate=SPI_HZ, polarity=0, phase=1)
        try:
            if not self._set[n]:
                self._configure(n)
                self._set[n], self._since[n] = True, now
                return blackboard.ABSENT
            back = self._exchange(n, 0, 17)
        except OSError:
            self.failures += 1
            self._set[n] = False
            return blackboard.ABSENT
        finally:
            self._deselect()
            self._spi.init(baudrate=NOR_HZ, polarity=0, phase=0)
        if back[1] != _AUTO or back[2] != _TYPE_K:
            self._set[n] = False
            return blackboard.ABSENT
        if back[16] & _MEANINGLESS or (now - self._since[n]) & _WALL < SETTLE_MS:
            return blackboard.ABSENT
        self._since[n] = (now - SETTLE_MS) & _WALL  # stays settled however long the clock runs
        return centi_c(back[13], back[14], back[15])

    def _configure(self, n):
        out = self._out
        out[1], out[2] = _OFF, _TYPE_K
        self._exchange(n, 0x80, 3)
        out[1] = _AUTO
        self._exchange(n, 0x80, 2)

    def _exchange(self, n, address, size):
        """One transfer from `address` on, in `_out` and `_back`."""
        self._out[0] = address
        self._select(n)
        out, back = self._parts[size]
        self._spi.write_readinto(out, back)
        self._select(None)
        return self._back

    def _deselect(self):
        """A chip that stays selected would talk into the flash's answers: asked for again."""
        for _ in range(3):
            try:
                self._select(None)
                return
            except OSError:
                self.failures += 1


def make(board):
    return Thermocouples(board.spi("flash_clock", "flash_data_in", "flash_data_out"), board.panel.select)
