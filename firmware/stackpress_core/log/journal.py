"""The journal: an append-only ring of CRC'd, sequence-numbered records on NOR flash; it survives a power cut anywhere.

`append` costs no flash time: it puts the record into a small RAM queue. `service` writes it, one bounded flash step
at a time, and erases one sector ahead, so a record is durable a few foreground passes after its event. The oldest
sector is always the next to go, and the host pulls in order, so pulled sectors go first; when an unpulled one has to
go, its records are counted in `overwritten_unpulled`, for the press to react to. A loss is always a number: a record
that found the queue full is counted in `dropped` and its sequence number stays missing from the stream.
"""

import binascii
import struct

from stackpress_core.log import packing, records, sectors

_OVERHEAD = records.OVERHEAD_BYTES
_TRIES = 100000  # of a flush on a chip that stays busy
_NEAR = 64  # records that a read walks over sooner than it seeks

PIECE_BYTES = 256


class Journal:
    """Mounts what is on `flash` (an empty or foreign chip becomes an empty journal) and continues it.

    `flash` has .size, .PAGE, .SECTOR, read(addr, buf), program(addr, buf), erase(addr); if it also has busy(), nothing
    is asked of it while that is true, and if it has `settled`, what was programmed is durable, and given away, only once that
    was true. `queue_bytes` bounds the burst that can be taken between two service passes.
    """

    def __init__(self, flash, boot_id, queue_bytes=4096, missing=""):
        self.boot_id = boot_id
        self.missing = missing  # why what should keep it does not; "" if it does
        self.origin = boot_id  # boot id at which this journal began: tells a new chip from the old one
        self.next_seq = 1
        self.pulled_seq = 0
        self.overwritten_unpulled = 0
        self.dropped = 0
        self.failures = 0  # flash operations that raised; each is tried again
        self._flash = flash
        self._busy = getattr(flash, "busy", None)
        self.settles = hasattr(flash, "settled")  # `service` has to be called though it is not busy
        self._sectors = sectors.Sectors(flash)
        self._queue = bytearray(queue_bytes)
        self._view = memoryview(self._queue)
        self._out = 0  # first queued byte still to be programmed
        self._in = 0  # end of the queued bytes
        self._left = 0  # bytes still to be programmed of a record that was begun
        self._seq = 0  # its sequence number
        self._written_next = 1  # sequence number after the last record that was programmed
        self._sure_last, self._sure_offset = -1, 0  # up to here it is durable
        self.durable_next = 1  # sequence number after the last record that is wholly on flash
        self._first = 0  # oldest sector's number
        self._last = -1  # sector being written; -1 before the very first
        self._offset = flash.SECTOR  # where the next byte goes in it
        self._erased = False  # the sector after it is ready
        self.busy = True  # `service` has something to go on with
        self._hint = (0, 0, 0)  # (seq, sector, offset) where the next read will probably go on
        self._mount()
        self._written_next = self.durable_next
        self._sure_last, self._sure_offset = self._last, self._offset  # it was on the flash before

    # -- writing ---------------------------------------------------------------------------------------------------

    @property
    def room(self):
        """Payload bytes that bulk (flight slices) may append now: a quarter of the queue is for what can't wait."""
        return max(0, self._free() - len(self._queue) // 4)

    def _free(self):
        return len(self._queue) - (self._in - self._out) - _OVERHEAD

    @property
    def pending(self):
        """Bytes in the queue that are not durable yet."""
        return self._in - self._out

    @property
    def left_permille(self):
        """How much room there is until something is de-energised; 1000 for a flash that can be written at any time."""
        return getattr(self._flash, "left_permille", 1000)

    def write(self, kind, *values):
        """Queue a record of these values, one a field; as `append`."""
        return self.append(kind, packing.pack(kind, values))

    def append(self, kind, payload):
        """Queue a record and give its sequence number, or -1 if there was no room (counted in `dropped`)."""
        seq = self.next_seq
        self.next_seq = seq + 1
        n = len(payload)
        if n > records.PAYLOAD_MAX or n > self._free():
            self.dropped += 1
            return -1
        if self._in + n + _OVERHEAD > len(self._queue):
            self._compact()
        at = self._in
        end = at + records.HEAD_BYTES + n
        struct.pack_into(records.HEAD, self._queue, at, kind, n, self.boot_id, seq)
        self._view[at + records.HEAD_BYTES : end] = payload
        crc = binascii.crc32(self._view[at:end]) & 0xFFFFFFFF
        struct.pack_into("<I", self._queue, end, crc)
        self._in = end + records.CRC_BYTES
        self.busy = True
        return seq

    def service(self, budget=2):
        """Do at most `budget` flash operations (a program inside a page, or an erase); gives how many were done."""
        done = 0
        try:
            while done < budget and not (self._busy and self._busy()) and self._work():
                done += 1
        except OSError:
            self.failures += 1
        self.busy = self._in > self._out or not self._erased
        self._make_sure()
        return done

    def _make_sure(self):
        """What was programmed counts from now on, unless the flash still holds it where a power cut would take it."""
        if not self.settles or self._flash.settled:
            self.durable_next = self._written_next
            self._sure_last, self._sure_offset = self._last, self._offset

    def flush(self):
        """Make everything queued durable now; bounded by the queue and by tries, but not by a pass."""
        tries = _TRIES
        while self.pending and tries:
            failures = self.failures
            self.service()
            tries = 0 if self.failures != failures else tries - 1

    def mark_pulled(self, seq):
        """The host has every record up to `seq` on its own disk. Kept over a reboot by a record of the journal."""
        seq = min(seq, self.durable_next - 1)
        if seq > self.pulled_seq:
            self.pulled_seq = seq
            if self._free() >= 4:  # else the next sector's header will keep it
                self.write(records.PULLED, seq)

    def _work(self):
        """One flash operation towards: queue written, one sector erased ahead. False if there is nothing to do."""
        if self.pending:
            if self._left == 0 and not self._begin_record():
                return True
            self._program_part()
            return True
        if not self._erased:
            self._erase_ahead()
            return True
        return False

    def _begin_record(self):
        """True if the record at the queue's head may be programmed now; else one step towards that was done."""
        size = self._queue[self._out + 1] + _OVERHEAD
        if self._offset + size <= self._flash.SECTOR:
            self._left = size
            self._seq = struct.unpack_from("<I", self._queue, self._out + 6)[0]
            return True
        if not self._erased:
            self._erase_ahead()
            return False
        first = struct.unpack_from("<I", self._queue, self._out + 6)[0]
        self._sectors.write_header(self._last + 1, self.boot_id, self.origin, first, self.pulled_seq)
        self._last += 1  # not before: a flash that refuses the header is asked again for the same sector
        self._offset = sectors.HEADER_BYTES
        self._erased = False
        return False

    def _program_part(self):
        page = self._flash.PAGE
        n = min(self._left, page - self._offset % page)
        address = self._sectors.address(self._last) + self._offset
        self._flash.program(address, self._view[self._out : self._out + n])
        self._offset += n
        self._out += n
        self._left -= n
        if self._left == 0:
            self._written_next = self._seq + 1
        if self._out == self._in:
            self._out = self._in = 0

    def _compact(self):
        """In pieces: a heap that has been in use for weeks may have no block as large as the queue."""
        view, at, n = self._view, self._out, self._in - self._out
        for done in range(0, n, PIECE_BYTES):
            end = min(done + PIECE_BYTES, n)
            view[done:end] = bytes(view[at + done : at + end])
        self._out, self._in = 0, n

    def _erase_ahead(self):
        """Erase the sector after the one being written; what is lost there unpulled is counted."""
        number = self._last + 1
        old = number - self._sectors.count
        if old >= self._first:
            self._count_lost(old)
            self._first = old + 1
        self._flash.erase(self._sectors.address(number))
        self._erased = True

    def _count_lost(self, number):
        gone = self._sectors.header_of(number)
        after = self._first_seq_from(number + 1)
        if gone and after - 1 > self.pulled_seq:
            self.overwritten_unpulled += after - max(gone[3], self.pulled_seq + 1)

    # -- reading ---------------------------------------------------------------------------------------------------

    @property
    def first_seq(self):
        """Sequence number of the oldest record still there (next_seq when there is none)."""
        return self._first_seq_from(self._first)

    @property
    def sectors_before_loss(self):
        """Sectors that can still be filled before unpulled records are overwritten."""
        if self._last < 0:
            return self._sectors.count - 1
        number = self._first
        if self.pulled_seq:
            number = self._sector_of(self.pulled_seq + 1)
        return max(0, self._sectors.count - 1 - (self._last - number))

    def read_from(self, seq, buf):
        """Copy whole records, heads and CRCs and all, from `seq` on into `buf`; gives (bytes, seq to ask for next).

        Only durable records; a record that is gone is skipped (the numbers in the stream show the gap). (0, seq) means
        there is nothing there yet. Raises ValueError if `buf` could not hold the longest record.
        """
        if len(buf) < records.RECORD_MAX:
            raise ValueError("buffer is shorter than a record")
        number, offset, seq = self._seek(seq)
        used, view = 0, memoryview(buf)
        while number <= self._sure_last:
            end = self._flash.SECTOR if number < self._sure_last else self._sure_offset
            if offset + _OVERHEAD > end:
                if number < self._sure_last:
                    self._hint = (seq, number + 1, sectors.HEADER_BYTES)
                number, offset = number + 1, sectors.HEADER_BYTES
                continue
            if self._hint == (seq, number, offset):  # here, and if the first record is wanted, so are all behind it
                n, seq, ended = self._sectors.records_at(number, offset, end, view[used:], seq)
                if n:
                    used += n
                    offset += n
                    self._hint = (seq, number, offset)
                if ended:
                    offset = end
                    continue
                if n and used + 1 < len(buf) and offset < end and used + buf[used + 1] + _OVERHEAD > len(buf):
                    break  # the one behind them is longer than what is left
            n = self._sectors.record_at(number, offset, end)
            if n and self._sectors.seq() >= seq:
                if used + n > len(buf):
                    break
                buf[used : used + n] = self._sectors.record(n)
                used += n
                seq = self._sectors.seq() + 1
            if n:
                offset += n
                self._hint = (seq, number, offset)
                continue
            offset = self._sectors.skip(number, offset, end)
            if offset >= end:
                number, offset = number + 1, sectors.HEADER_BYTES
        return used, seq

    def _seek(self, seq):
        """(sector, offset, seq) to start reading at: the hint when it fits, else bisection over the headers."""
        hint_seq, number, offset = self._hint
        if hint_seq and hint_seq <= seq <= hint_seq + _NEAR and number >= self._first:
            return number, offset, seq
        return self._sector_of(seq), sectors.HEADER_BYTES, max(seq, min(self.first_seq, self.next_seq))

    def _sector_of(self, seq):
        """The last sector whose first record is not after `seq`; sectors with a broken header are stepped over."""
        low, high = self._first, self._last
        while low < high:
            middle = number = (low + high + 1) // 2
            header = self._sectors.header_of(number)
            while header is None and number < high:
                number += 1
                header = self._sectors.header_of(number)
            if header and header[3] <= seq:
                low = number
            else:
                high = middle - 1
        return low

    def _first_seq_from(self, number):
        while number <= self._last:
            header = self._sectors.header_of(number)
            if header:
                return header[3]
            number += 1
        return self.durable_next

    # -- mounting --------------------------------------------------------------------------------------------------

    def _mount(self):
        last = None
        for place in range(self._sectors.count):
            header = self._sectors.header(place)
            if header and (last is None or header[0] > last[0]):
                last = header
        if last is None:
            return
        self._sectors.write_header(*last)  # once more: what has just been read may have been on its way when the power went
        self._last, _, self.origin, self.durable_next, self.pulled_seq = last
        old = self._last - self._sectors.count + 1  # the next to be erased: it may be half erased already
        self._first = max(0, old + 1)
        while not self._sectors.header_of(self._first):
            self._first += 1
        self._mount_last()
        if old >= 0:
            self._count_lost(old)
        self.next_seq = self.durable_next

    def _mount_last(self):
        """Read through the sector that was being written; go on in a fresh page behind the last good record and what was torn."""
        offset = good_end = sectors.HEADER_BYTES
        size, newest, length = self._flash.SECTOR, bytearray(records.RECORD_MAX), 0
        while offset < size:
            n = self._sectors.record_at(self._last, offset, size)
            if n == 0:
                offset = self._sectors.skip(self._last, offset, size)
                continue
            offset = good_end = offset + n
            newest[:n], length = self._sectors.record(n), n
            self.durable_next = self._sectors.seq() + 1
            if self._sectors.kind() == records.PULLED:
                pulled = struct.unpack_from("<I", newest, records.HEAD_BYTES)[0]
                self.pulled_seq = max(self.pulled_seq, pulled)
        self._offset = self._sectors.made_sure(self._last, good_end, memoryview(newest)[:length])
