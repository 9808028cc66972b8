"""SSD1306 behind I2C, from its datasheet (Solomon Systech rev 1.1): commands, addressing modes, display RAM, what one sees.

8.1.5.2 a control byte says whether the next byte (Co = 1) or all that follow (Co = 0) are data or commands. 9 command table, with
the number of bytes that follow each. 10.1.3 to 10.1.5 addressing. 8.7 the RAM: a byte is a column of eight dots, lowest bit on top.
After a reset it is off, at column and page 0, in page addressing mode; the RAM holds anything.
"""

import random

WIDTH, PAGES = 128, 8
# command: bytes after it (9, tables 9-1 to 9-5 and the charge pump's 8D); those not listed have none
FOLLOW = {0x20: 1, 0x21: 2, 0x22: 2, 0x26: 6, 0x27: 6, 0x29: 5, 0x2A: 5, 0x81: 1, 0x8D: 1, 0xA3: 2, 0xA8: 1, 0xD3: 1, 0xD5: 1,
          0xD9: 1, 0xDA: 1, 0xDB: 1}  # fmt: skip
HORIZONTAL, VERTICAL, PAGE = range(3)


class Ssd1306:
    """`dot(x, y)` is what the glass shows; `on` whether it shows anything. The module is mounted as most are: A1, C8."""

    def __init__(self, address: int = 0x3C, seed: int = 1) -> None:
        self.address = address
        self.absent = False
        self.ram = bytearray(random.Random(seed).randbytes(WIDTH * PAGES))
        self.unknown: list[int] = []
        self.data_bytes = self.switched_off = 0
        self._control = True
        self.reset()

    def reset(self) -> None:
        """RES# or power-on; the RAM stays as it is."""
        self.on = self.charge_pump = self.inverse = self.all_on = False
        self.remap = self.scan_down = False
        self.mode, self.column, self.page, self.start_line, self.offset, self.rows = PAGE, 0, 0, 0, 0, 64
        self._columns, self._pages = (0, WIDTH - 1), (0, PAGES - 1)
        self._command: list[int] = []

    # -- I2C -----------------------------------------------------------------------------------------------------------

    def selected(self, reading: bool) -> bool:
        self._control, self._single, self._data = True, False, False
        return not self.absent

    def written(self, byte: int) -> bool:
        if self._control:
            self._single, self._data, self._control = bool(byte & 0x80), bool(byte & 0x40), False
            return True
        if self._data:
            self._dots(byte)
        else:
            self._commanded(byte)
        self._control = self._single
        return True

    def read(self) -> int:
        return 0x00 if self.on else 0x40  # status, D6: display off

    def stopped(self) -> None:
        pass

    # -- commands ------------------------------------------------------------------------------------------------------

    def _commanded(self, byte: int) -> None:
        self._command.append(byte)
        code, *values = self._command
        if len(values) == FOLLOW.get(code, 0):
            self._command = []
            self._obey(code, values)

    def _obey(self, code: int, values: list[int]) -> None:
        if code < 0x20:
            self._page_column(code)
        elif code == 0x20:
            self.mode = values[0] & 3
        elif code == 0x21:
            self._columns, self.column = (values[0] & 127, values[1] & 127), values[0] & 127
        elif code == 0x22:
            self._pages, self.page = (values[0] & 7, values[1] & 7), values[0] & 7
        elif 0x40 <= code < 0x80:
            self.start_line = code & 63
        elif 0xB0 <= code < 0xB8:
            self.page = code & 7
        elif code == 0x8D:
            self.charge_pump = bool(values[0] & 4)
        else:
            self._switch(code, values)

    def _page_column(self, code: int) -> None:
        if code < 0x10:
            self.column = self.column & 0x70 | code & 15
        else:
            self.column = (code & 7) << 4 | self.column & 15

    def _switch(self, code: int, values: list[int]) -> None:
        pairs = {0xAE: "on", 0xA0: "remap", 0xA4: "all_on", 0xA6: "inverse"}
        base = code & ~1
        if base in pairs:
            setattr(self, pairs[base], bool(code & 1))
            self.switched_off += code == 0xAE
        elif code in (0xC0, 0xC8):
            self.scan_down = code == 0xC8
        elif code == 0xA8:
            self.rows = (values[0] & 63) + 1
        elif code == 0xD3:
            self.offset = values[0] & 63
        elif code not in (*FOLLOW, 0xE3, 0x2E, 0x2F):
            self.unknown.append(code)

    def _dots(self, byte: int) -> None:
        """Data at the pointer, which then goes on as the mode says."""
        self.ram[self.page * WIDTH + self.column] = byte
        self.data_bytes += 1
        if self.mode == PAGE:
            self.column = (self.column + 1) % WIDTH
            return
        first, last = self._columns
        top, bottom = self._pages
        if self.mode == HORIZONTAL:
            self.column, carry = (first, 1) if self.column == last else (self.column + 1, 0)
            if carry:
                self.page = top if self.page == bottom else self.page + 1
        else:
            self.page, carry = (top, 1) if self.page == bottom else (self.page + 1, 0)
            if carry:
                self.column = first if self.column == last else self.column + 1

    # -- the glass -----------------------------------------------------------------------------------------------------

    def dot(self, x: int, y: int) -> int:
        """Whether a dot shines, as one sees it: mounted upside down, so remap and scan direction must both be set."""
        if not self.on or not self.charge_pump:
            return 0
        column = x if self.remap else WIDTH - 1 - x
        row = y if self.scan_down else self.rows - 1 - y
        row = (row + self.start_line + self.offset) % 64
        return (self.ram[row // 8 * WIDTH + column] >> row % 8 & 1 | int(self.all_on)) ^ int(self.inverse)

    def picture(self) -> bytes:
        """128 x 64 dots, a byte each, row by row: 0 or 255."""
        return bytes(255 * self.dot(x, y) for y in range(64) for x in range(WIDTH))
