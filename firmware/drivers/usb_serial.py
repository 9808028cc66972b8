"""The serial port over USB, which never blocks and takes no more than it is asked for: the image's own module `usb_wire`.

A foreground pass may take tens of milliseconds, so the stop byte and a break on the line are seen in the interrupt of the USB
controller: each sets a word of the blackboard, and the next tick vents.
"""

import time

import usb_wire

from drivers import memory

whole_records = usb_wire.whole_records  # as log/sectors.py has it, in a twentieth of the time
WALL_MASK = (1 << 30) - 1
BROKE, HUNG_UP = 1, 2  # of `told`
WORD = 4


class UsbSerial:
    """`read(buf)` gives nothing after a break byte: the press decides whose that is, and whoever reads on has decided."""

    def __init__(self):
        self.read, self.offer, self.told, self.idle = usb_wire.read, usb_wire.offer, usb_wire.told, usb_wire.idle
        self.rows, self.close_block, self.stream = usb_wire.rows, usb_wire.close_block, usb_wire.stream  # scpi/plain_line.py
        self.asked, self.log_asked = usb_wire.asked, usb_wire.log_asked  # as scpi/repeated.py wants them

    def listen(self, words, index):
        """From now on the port is the press's; whatever stops sets `words[index]`."""
        usb_wire.listen(memory.address_of(words) + WORD * index)

    def quiet(self):
        """No longer: the prompt reads the line itself."""
        usb_wire.quiet()

    def now_ms(self):
        return time.ticks_ms() & WALL_MASK

    @property
    def held(self):
        """Bytes on their way to the host: they stay where they are."""
        return usb_wire.held()
