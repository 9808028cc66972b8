"""Answers that are too long to be held: a source is asked for a piece whenever there is room for one."""

import binascii
import struct

from stackpress_core.errors import ScpiError


class Text:
    """A long answer made of pieces that a generator yields one by one. Where one fails the answer ends, and `error` says why."""

    def __init__(self, pieces):
        self.pieces = iter(pieces)
        self.rest = b""
        self.error = None

    def read(self, size):
        while not self.rest:
            try:
                self.rest = next(self.pieces).encode()
            except StopIteration:
                return b""
            except Exception as error:  # whatever it was: the outbox tells it
                self.error = error
                return b""
        part = self.rest[:size]
        self.rest = self.rest[size:]
        return part


class Block:
    """A definite-length block: `#<digits><length>`, payload, CRC-32 of the payload (little endian, counted in length).

    `reader(offset, size)` gives up to `size` bytes. If it fails or ends early, the promised length is still sent,
    filled with zeros, and the CRC is made wrong on purpose: the host sees a bad block, never a shifted line. `error` says why.
    """

    def __init__(self, length, reader, with_crc=True):
        self.length = length
        self.reader = reader
        self.with_crc = with_crc
        digits = str(length + (4 if with_crc else 0))
        self.head = ("#%d%s" % (len(digits), digits)).encode()
        self.offset = 0
        self.crc = 0
        self.broken = False
        self.error = None
        self.tailed = not with_crc

    def read(self, size):
        if self.head:
            part = self.head
            self.head = b""
            return part
        if self.offset < self.length:
            return self.payload(min(size, self.length - self.offset))
        if self.tailed:
            return b""
        self.tailed = True
        return struct.pack("<I", self.crc ^ (0xFFFFFFFF if self.broken else 0))

    def payload(self, size):
        part = b"" if self.broken else self.fetch(size)
        if not part:
            if not self.broken and self.error is None:
                self.error = ScpiError(-310, "%d bytes of a block, %d were announced" % (self.offset, self.length))
            self.broken = True
            part = bytes(size)
        self.offset += len(part)
        self.crc = binascii.crc32(part, self.crc) & 0xFFFFFFFF
        return part

    def fetch(self, size):
        try:
            return bytes(self.reader(self.offset, size))[:size]
        except Exception as error:  # whatever it was: the outbox tells it
            self.error = error
            return b""
