"""Bulk without a line feed in it, for programs that take the first one for the end of an answer: PyVISA as it is delivered.

Such a program reads a block to its first line feed, then what the block's length says is missing, and leaves the line feed behind
the block for the next answer. So where nobody has asked for bytes as they are (`as_they_are`), the payload goes in pieces of 32: a
key, then the piece, each byte XORed with the key, which is such that none becomes a line feed (0 in nine pieces of ten). A last
key, with no piece behind it, keeps line feeds out of the block's CRC-32. The host's `logs.decode` takes both forms.
"""

import binascii
import struct

MARK = b"\xffLF\xff"  # no record begins like this
PIECE = 32
LF = 10


def block(length, reader):
    """The block of the `length` bytes that `reader(offset, size)` gives one after the other."""
    return LineSafe(length, reader).block


def json_text(text):
    """A document as a block's payload without line feeds: between the words of a JSON text a blank does as well."""
    if b"\n" in text:
        text = text.replace(b"\n", b" ")
    while b"\n" in struct.pack("<I", binascii.crc32(text)):
        text += b" "
    return text


def masked(piece):
    """The piece behind a key that keeps line feeds out of it."""
    key = 0
    while key == LF or key ^ LF in piece:
        key += 1
    return bytes([key]) + (bytes([byte ^ key for byte in piece]) if key else piece)


class LineSafe:
    def __init__(self, length, reader):
        from stackpress_core.scpi.sources import (
            Block,  # not above: a host reads this file as well, and has no MicroPython
        )

        self.left = length
        self.reader = reader
        self.offset = 0
        self.rest = MARK
        self.block = Block(len(MARK) + length + (length + PIECE - 1) // PIECE + 1, self.read)

    def read(self, offset, size):
        if not self.rest:
            self.rest = self.last_key() if not self.left else self.next_piece()
        part = self.rest[:size]
        self.rest = self.rest[size:]
        return part

    def next_piece(self):
        piece, wanted = b"", min(PIECE, self.left)
        while len(piece) < wanted:
            part = bytes(self.reader(self.offset, wanted - len(piece)))
            if not part:
                return b""  # the block says that it is broken
            piece += part
            self.offset += len(part)
        self.left -= wanted
        return masked(piece)

    def last_key(self):
        key = b"\x00"
        while key[0] == LF or b"\n" in struct.pack("<I", binascii.crc32(key, self.block.crc)):
            key = bytes([key[0] + 1])
        return key
