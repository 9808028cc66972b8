"""What keeps the display as the panel's pages want it: one short transfer or one drawn row at a time.

Only slices that have changed are sent. A display that is absent is asked for now and then; one that was without supply for a moment
is whole again after a while, because its setting and a page are sent anew every two seconds.
"""

from micropython import const
from stackpress_core.panel import pages
from stackpress_core.panel.canvas import Canvas

from drivers.ssd1306 import Display

DRAW_MS = const(200)
_MASK = const((1 << 30) - 1)
_ALL = const(15)  # slices of a page
_CHANGED = const(1024)  # where the canvas keeps which slices have changed


class Screen:
    """`there` is False from a transfer that failed until `set_up` went through. Methods raise OSError, and then it is not there."""

    def __init__(self, i2c):
        self.display = Display(i2c)
        self.there = False
        self._canvas = Canvas()
        self._dots = memoryview(self._canvas.buf)
        self._rows = None
        self._row = self._turn = 0
        self._drawn = -DRAW_MS
        self._whole = self._lit = False  # a page has been drawn; the display has every dot of it and is on

    def set_up(self):
        self.there = False
        self.display.set_up()
        self.there, self._whole, self._lit = True, False, False
        for page in range(8):
            self._dots[_CHANGED + page] = _ALL

    def renew(self):
        """Setting and one page, without a flicker."""
        if self._lit:
            self._light()
            self._turn = (self._turn + 1) & 7
            self._dots[_CHANGED + self._turn] = _ALL

    def _light(self):
        self.there = False
        self.display.show()
        self.there = True

    def show(self, panel, now):
        """One slice that has changed; else one row; else, now and then, begin to draw anew."""
        if self._send():
            return
        if self._rows:
            pages.draw_row(self._canvas, panel, self._rows[self._row])
            self._row += 1
            if self._row == len(self._rows):
                self._rows, self._whole = None, True
        elif self._whole and not self._lit:
            self._light()
            self._lit = True
        elif (now - self._drawn) & _MASK >= DRAW_MS:
            self._drawn = now
            self._rows, self._row = pages.rows_of(pages.page_of(panel)), 0

    def _send(self):
        dots = self._dots
        for page in range(8):
            changed = dots[_CHANGED + page]
            if changed:
                part = 0
                while not changed >> part & 1:
                    part += 1
                dots[_CHANGED + page] = changed & ~(1 << part)
                self.there = False
                self.display.write(page, part, dots)
                self.there = True
                return True
        return False
