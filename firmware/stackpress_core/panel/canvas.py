"""What the panel is drawn on: 128 x 64 dots in pages of eight rows, or the same rows as lines of text.

A row is begun, written from left to right and ended; numbers go straight from a whole number to glyphs, so that drawing takes no
memory. Writing a dot that is there already costs nothing on the wire: for each page `buf` keeps four bits of which 32 columns
have changed.
"""

import micropython
from micropython import const

from stackpress_core.panel.glyphs import LARGE, LARGE_ORDER, SMALL

WIDTH, PAGES = const(128), const(8)
SMALL_SIZE, TALL, TWICE, LARGE_SIZE = range(4)
CELL = (6, 8, 12, 20)  # columns of a character in each size
HIGH = (1, 2, 2, 4)  # and its pages
BUF_BYTES = const(1032)  # 1024 of dots, then for each page the slices that have changed
_POINT = const(8)  # columns of the point in the large size
_FORCE_COLUMNS = const(100)  # five large digits; then comes the unit
LARGEST_N = 100000  # from here on in kN


@micropython.viper
def draw_small(buf, text, at: int, span: int) -> int:
    """Characters of `text` (span: first | count << 12) from `at` (page << 7 | column, 1024: inverse); gives the next column."""
    b = ptr8(buf)  # noqa: F821
    t = ptr8(text)  # noqa: F821
    g = ptr8(SMALL)  # noqa: F821
    page = (at >> 7) & 7
    x = at & 127
    flip = 255 if at & 1024 else 0
    i = span & 0xFFF
    end = i + (span >> 12)
    dirty = 0
    while i < end and x < 128:
        c = t[i] - 32
        if c < 0 or c > 95:
            c = 95
        k = 0
        while k < 6 and x < 128:
            v = flip
            if k < 5:
                v = g[c * 5 + k] ^ flip
            if b[page << 7 | x] != v:
                b[page << 7 | x] = v
                dirty |= 1 << (x >> 5)
            k += 1
            x += 1
        i += 1
    b[1024 + page] |= dirty
    return x


@micropython.viper
def draw_high(buf, text, at: int, span: int) -> int:
    """The same glyphs over two pages: each dot two by two, or (`at` with 1024) twice as high and with bold strokes."""
    b = ptr8(buf)  # noqa: F821
    t = ptr8(text)  # noqa: F821
    g = ptr8(SMALL)  # noqa: F821
    page = (at >> 7) & 7
    i = span & 0xFFF
    end = i + (span >> 12)
    half = 0
    last = 0
    tall = at & 1024
    cell = 8 if tall else 12
    while half < 8:
        x = at & 127
        n = i
        dirty = 0
        while n < end and x < 128:
            c = t[n] - 32
            if c < 0 or c > 95:
                c = 95
            k = 0
            while k < cell and x < 128:
                v = 0
                if tall:
                    if k < 5:
                        v = g[c * 5 + k]
                    if k and k < 6 and c != 77 and c != 87:  # m and w would become blots
                        v |= g[c * 5 + k - 1]
                elif k < 10:
                    v = g[c * 5 + (k >> 1)]
                carry = 0
                if half:
                    carry = v >> 3 & 1  # all of it stands one row lower, with light above it
                v = (v >> half) & 15
                v = ((v & 1) * 6 | (v >> 1 & 1) * 24 | (v >> 2 & 1) * 96 | (v >> 3) * 384 | carry) & 255
                if b[page << 7 | x] != v:
                    b[page << 7 | x] = v
                    dirty |= 1 << (x >> 5)
                k += 1
                x += 1
            n += 1
        b[1024 + page] |= dirty
        last = x
        half += 4
        page = (page + 1) & 7
    return last


@micropython.viper
def draw_large(buf, at: int, glyph: int, columns: int):
    """One large digit over four pages; two blank columns after it."""
    b = ptr8(buf)  # noqa: F821
    g = ptr8(LARGE)  # noqa: F821
    page = (at >> 7) & 7
    row = 0
    while row < 4 and page < 8:
        k = 0
        dirty = 0
        while k < columns:
            x = (at & 127) + k
            v = 0
            if k < columns - 2:
                v = g[glyph * 72 + row * 18 + k]
            if x < 128 and b[page << 7 | x] != v:
                b[page << 7 | x] = v
                dirty |= 1 << (x >> 5)
            k += 1
        b[1024 + page] |= dirty
        row += 1
        page += 1


@micropython.viper
def fill(buf, at: int, end: int, value: int):
    """Columns from `at` up to `end` of its page, each with the dots of `value`."""
    b = ptr8(buf)  # noqa: F821
    page = (at >> 7) & 7
    x = at & 127
    dirty = 0
    while x < end:
        if b[page << 7 | x] != value:
            b[page << 7 | x] = value
            dirty |= 1 << (x >> 5)
        x += 1
    b[1024 + page] |= dirty


def digits(value, decimals=0):
    """Characters that `number` writes."""
    count = 1
    if value < 0:
        value, count = -value, 2
    for _ in range(decimals):
        value //= 10
    while value > 9:
        value, count = value // 10, count + 1
    return count + decimals + 1 if decimals else count


class Pen:
    """Rows of characters; what a character does is the subclass's business."""

    page = size = x = flip = 0

    def put(self, text, first, count):
        """Write `count` characters of `text` from `first` on; the subclass's, as are the next two."""

    def skip(self, columns):
        """Leave so many columns empty."""

    def unit(self, page, text):
        """Write the force's unit beside it."""

    def row(self, page, size, flip=0):
        """Begin a row of the given size; `flip`: dark on light."""
        self.page, self.size, self.flip = page, size, 1024 if flip else 0
        self.x = 0
        self.skip(1)

    def text(self, text, first=0, count=-1):
        self.put(text, first, len(text) - first if count < 0 else count)

    def number(self, value, decimals=0):
        """A whole number, or with a point before its last digits."""
        if value < 0:
            self.put("-", 0, 1)
            value = -value
        point = place = 1
        for _ in range(decimals):
            point *= 10
        place = point
        while value // place > 9:
            place *= 10
        while place:
            self.put("0123456789", value // place % 10, 1)
            if place == point and decimals:
                self.put(".", 0, 1)
            place //= 10

    def right(self, characters):
        """Go on where so many characters end at the right edge; never backwards."""
        self.skip(WIDTH - 1 - characters * CELL[self.size] - self.x)

    def force(self, page, force_cn):
        """The force over four pages, as large as it goes; None: it is not known."""
        value, decimals, kilo = 0, 0, False
        if force_cn is not None:
            value = (force_cn + 50) // 100
            if not -LARGEST_N // 10 < value < LARGEST_N:
                value, decimals, kilo = (force_cn + 5000) // 10000, 1, True
        self.row(page, LARGE_SIZE)
        taken = 100 if force_cn is None else digits(value, decimals) * 20 - (20 - _POINT if decimals else 0)
        self.skip(_FORCE_COLUMNS - taken - self.x)
        if force_cn is None:
            self.text("-----")
        else:
            self.number(value, decimals)
        self.unit(page, "kN" if kilo else "N")


class Canvas(Pen):
    """Dots in `buf`, as the display keeps them."""

    def __init__(self):
        self.buf = bytearray(BUF_BYTES)

    def put(self, text, first, count):
        if self.x >= WIDTH:
            return
        at = self.page << 7 | self.x | self.flip
        if self.size == SMALL_SIZE:
            self.x = draw_small(self.buf, text, at, first | count << 12)
        elif self.size != LARGE_SIZE:
            self.x = draw_high(self.buf, text, at | (1024 if self.size == TALL else 0), first | count << 12)
        else:
            for i in range(first, first + count):
                glyph = LARGE_ORDER.find(text[i])
                columns = _POINT if text[i] == "." else CELL[LARGE_SIZE]
                draw_large(self.buf, self.page << 7 | self.x, max(glyph, 0), columns)
                self.x += columns

    def skip(self, columns):
        end = min(self.x + columns, WIDTH)
        if end > self.x:
            for page in range(self.page, self.page + HIGH[self.size]):
                fill(self.buf, page << 7 | self.x, end, 255 if self.flip else 0)
            self.x = end

    def end(self):
        self.skip(WIDTH - self.x)

    def unit(self, page, text):
        """Beside the large digits, at their foot."""
        self.skip(4)
        for at in range(page, page + 2):
            fill(self.buf, at << 7 | self.x, WIDTH, 0)
        self.page, self.size = page + 2, TWICE
        self.text(text)
        self.end()


class Lines(Pen):
    """The same rows as text, for who has no eyes: `lines()` gives those that say something."""

    def __init__(self):
        self.rows = [""] * PAGES

    def put(self, text, first, count):
        self.rows[self.page] += text[first : first + count]

    def skip(self, columns):
        if columns > CELL[self.size] and self.rows[self.page]:
            self.rows[self.page] += " "

    def end(self):
        pass

    def unit(self, page, text):
        self.rows[page] += " " + text

    def lines(self):
        return [row.strip() for row in self.rows if row.strip()]
