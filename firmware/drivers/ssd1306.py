"""SSD1306: a display of 128 x 64 dots on I2C, written 32 columns of a page at a time, under a millisecond each.

Datasheet (Solomon Systech SSD1306 rev 1.1) 8.1.5 I2C: a control byte before each command (0x80) and one before the data (0x40), so
place and dots go out in one transfer; 10.1.3 page addressing; section 9 and the application note: the sequence after power-up. Its
RAM holds anything then, so the display is switched on when every dot has been written.
"""

import micropython
from micropython import const

ADDRESS = const(0x3C)
SLICE = const(32)  # columns of a transfer
_HEAD = const(7)
_OFF = b"\x00\xae"
_ON = b"\x00\xaf"
# clock; 64 rows; no offset, start at row 0; charge pump on; page addressing; columns and rows as on the carrier;
# row pins; contrast; pre-charge; deselect level; dots from RAM, not inverted
_SETTING = b"\x00\xd5\x80\xa8\x3f\xd3\x00\x40\x8d\x14\x20\x02\xa1\xc8\xda\x12\x81\xcf\xd9\xf1\xdb\x40\xa4\xa6"


@micropython.viper
def _copy(out, dots, at: int):
    o = ptr8(out)  # noqa: F821
    d = ptr8(dots)  # noqa: F821
    i = 0
    while i < 32:
        o[7 + i] = d[at + i]
        i += 1


class Display:
    """Every method raises OSError if the display does not answer; each transfer takes less than a millisecond."""

    def __init__(self, i2c, address=ADDRESS):
        self.bus, self._address = i2c, address
        self._out = bytearray(_HEAD + SLICE)
        self._out[0] = self._out[2] = self._out[4] = 0x80
        self._out[6] = 0x40

    def set_up(self):
        """Dark, whatever its RAM holds, and ready to be written."""
        self.bus.writeto(self._address, _OFF)
        self.bus.writeto(self._address, _SETTING)

    def show(self):
        """Let its RAM be seen; one that shows it already goes on without a flicker."""
        self.bus.writeto(self._address, _SETTING)
        self.bus.writeto(self._address, _ON)

    def write(self, page, part, dots):
        """Slice `part` (0..3) of a page, out of a picture of 1024 bytes."""
        column = part * SLICE
        out = self._out
        out[1], out[3], out[5] = 0xB0 | page, column & 15, 0x10 | column >> 4
        _copy(out, dots, page << 7 | column)
        self.bus.writeto(self._address, out)
