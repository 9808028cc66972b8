"""How the journal lies on NOR flash: sector headers, whole records, and where a torn write leaves off.

A sector begins with a header, then records follow each other. A record never crosses a sector. After a power cut the
first bad record ends its page: what comes later starts at a page boundary. So a reader that meets bytes that are no
record goes on at the next page, and nothing that was durable is lost behind a torn write.

Sector number q lies at place q % count, so the order needs no table, and a header in the wrong place is not a header.
"""

import binascii
import struct

from stackpress_core.log import records

MAGIC = b"SPJ1"
HEADER = "<4sIIIII"  # magic, sector number, boot id, origin, first record seq, pulled seq; then CRC-32
HEADER_BYTES = 28
_RECORD_MAX = records.RECORD_MAX


class Sectors:
    """Reads and writes headers and records; knows nothing of queues or of what has been pulled."""

    def __init__(self, flash):
        self.flash = flash
        self.count = flash.size // flash.SECTOR
        self._whole_records = getattr(flash, "whole_records", whole_records)
        self._head = bytearray(HEADER_BYTES)
        self._record = bytearray(_RECORD_MAX)
        self._view = memoryview(self._record)

    def address(self, number):
        """Where sector `number` begins."""
        return (number % self.count) * self.flash.SECTOR

    def header(self, place):
        """(number, boot, origin, first_seq, pulled_seq) of the sector at `place`, or None if it has no valid header."""
        self.flash.read(place * self.flash.SECTOR, self._head)
        if self._head[0] != MAGIC[0]:
            return None
        magic, number, boot, origin, first, pulled = struct.unpack_from(HEADER, self._head, 0)
        crc = struct.unpack_from("<I", self._head, HEADER_BYTES - 4)[0]
        body = memoryview(self._head)[: HEADER_BYTES - 4]
        if magic != MAGIC or crc != binascii.crc32(body) & 0xFFFFFFFF or number % self.count != place:
            return None
        return number, boot, origin, first, pulled

    def header_of(self, number):
        """The header of sector `number` if that very sector is still there, else None."""
        found = self.header(number % self.count)
        return found if found and found[0] == number else None

    def write_header(self, number, boot, origin, first, pulled):
        """Open an erased sector."""
        body = struct.pack(HEADER, MAGIC, number, boot, origin, first, pulled)
        self.flash.program(self.address(number), body + struct.pack("<I", binascii.crc32(body) & 0xFFFFFFFF))

    def record_at(self, number, offset, end):
        """Length of the whole, valid record at `offset` of a sector, or 0; it is then in `self.record`."""
        room = min(_RECORD_MAX, end - offset)
        if room < records.OVERHEAD_BYTES:
            return 0
        self.flash.read(self.address(number) + offset, self._view[:room])
        return whole_record(self._view, room)

    def records_at(self, number, offset, end, view, seq):
        """Read what begins at `offset` of a sector: what `whole_records` says of it, its last word only if all of it was read."""
        room = min(len(view), end - offset)
        self.flash.read(self.address(number) + offset, view[:room])
        n, after, ended = self._whole_records(view, room, seq)
        return n, after, ended and offset + room == end

    def record(self, n):
        """The first `n` bytes of the record that `record_at` found."""
        return self._view[:n]

    def seq(self):
        """Sequence number of the record that `record_at` found."""
        return struct.unpack_from("<I", self._record, 6)[0]

    def kind(self):
        """Kind of the record that `record_at` found."""
        return self._record[0]

    def skip(self, number, offset, end):
        """Where to look next when `record_at` found none at `offset`: at most `end`.

        A torn write ended its page, so the next page boundary is where the writer went on. A record that decayed in
        place is followed at once by its neighbour; that is tried when it cannot jump over the writer's new start.
        """
        boundary = (offset // self.flash.PAGE + 1) * self.flash.PAGE
        hop = offset + self._record[1] + records.OVERHEAD_BYTES
        if hop > boundary and self.record_at(number, boundary, end):
            return min(end, boundary)
        return hop if hop < end and self.record_at(number, hop, end) else min(end, boundary)

    def made_sure(self, number, good_end, newest):
        """Where to go on behind `good_end`, where the record `newest` ends, once no bit there can read either way any more.

        A cell that was on its way when the power went is neither: it reads as it likes until it is programmed again. So the newest
        record is, as it was found to be whole, and zeros, which no record is, go over the rest of its page and what was torn.
        """
        page = self.flash.PAGE
        start = min((self.writable_from(number, good_end) // page + 1) * page, self.flash.SECTOR)
        self._program(number, good_end - len(newest), newest)
        zeros = memoryview(bytes(page))
        while good_end < start:
            n = min(page - good_end % page, start - good_end)
            self._program(number, good_end, zeros[:n])
            good_end += n
        return start

    def _program(self, number, offset, view):
        """Page by page."""
        done = 0
        while done < len(view):
            n = min(self.flash.PAGE - (offset + done) % self.flash.PAGE, len(view) - done)
            self.flash.program(self.address(number) + offset + done, view[done : done + n])
            done += n

    def writable_from(self, number, good_end):
        """Where to go on behind the last good record: there, if all after it is erased; else the first page boundary
        behind the last byte that is not, so nothing torn is ever written over."""
        page = self.flash.PAGE
        buf = bytearray(page)
        offset = self.flash.SECTOR
        while offset > good_end:
            self.flash.read(self.address(number) + offset - page, buf)
            start = max(0, good_end - (offset - page))
            if not blank(memoryview(buf)[start:]):
                return offset
            offset -= page
        return good_end


def whole_record(view, room):
    """Length of the valid record at the start of `view` (at most `room` bytes of it), or 0. Its kind may be a newer firmware's."""
    n = view[1] + records.HEAD_BYTES
    if view[1] > records.PAYLOAD_MAX or n + records.CRC_BYTES > room:
        return 0
    crc = struct.unpack_from("<I", view, n)[0]
    return n + records.CRC_BYTES if crc == binascii.crc32(view[:n]) & 0xFFFFFFFF else 0


def whole_records(view, room, seq):
    """(bytes of the whole records at the beginning of `view`, sequence number behind the last, whether all behind them is erased);
    none of them if the first is before `seq`."""
    at = last = 0
    while at + records.OVERHEAD_BYTES <= room:
        n = whole_record(view[at:room], room - at)
        if not n or (not at and struct.unpack_from("<I", view, 6)[0] < seq):
            break
        last, at = at, at + n
    return at, struct.unpack_from("<I", view, last + 6)[0] + 1 if at else seq, blank(view[at:room])


def blank(buf):
    """True if every byte is erased."""
    return all(byte == 0xFF for byte in buf)
