"""A journal without a chip: a few sectors of RAM that behave like NOR. What is in it is gone with the power, and it says so."""


BLANK = b"\xff" * 256


class RamNor:
    PAGE = 256
    SECTOR = 4096

    def __init__(self, sectors=4):
        self.size = sectors * self.SECTOR
        self._data = bytearray(b"\xff" * self.size)

    def busy(self):
        return False

    def read(self, addr, buf):
        buf[:] = memoryview(self._data)[addr : addr + len(buf)]

    def program(self, addr, buf):
        data = self._data
        for i in range(len(buf)):
            data[addr + i] &= buf[i]

    def erase(self, addr):
        """A page at a time: a sector's worth of ones may not be found in a heap that has been used for a while."""
        for at in range(addr, addr + self.SECTOR, self.PAGE):
            self._data[at : at + self.PAGE] = BLANK


def make(board):
    return RamNor()
