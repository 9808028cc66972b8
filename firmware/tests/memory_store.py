"""Documents in memory, for a press without a chip; on CPython and on MicroPython."""


class Store:
    """`slots` is what it holds: slot -> bytes."""

    def __init__(self, slots=()):
        self.slots = dict(slots)

    def read(self, name):
        return self.slots.get(name)

    def write(self, name, data):
        self.slots[name] = bytes(data)

    def remove(self, name):
        del self.slots[name]

    def names(self):
        return list(self.slots)
