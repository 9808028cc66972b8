"""The journal of a press that only pretends: RAM, enough for the flight recorder's window, and it can be told to be stuck."""

from drivers.ram_nor import RamNor

SECTORS = 11  # 44 kB


class PlantFlash(RamNor):
    stuck = False

    def busy(self):
        return self.stuck


def make(board):
    return PlantFlash(SECTORS)
