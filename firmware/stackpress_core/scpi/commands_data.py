"""Commands that carry data: DATA (documents), CEILing, CALibration, LOG.

Documents come in base64 lines, so that no data byte can be a stop byte; they go out as blocks with a CRC-32. Writing is
refused while the press is armed: the processor stands still while its flash is written. A program that comes while a cell is
pressed waits for that in RAM.
"""

import json

from stackpress_core import documents
from stackpress_core.errors import Refused, ScpiError
from stackpress_core.scpi.answers import quoted
from stackpress_core.scpi.sources import Block, Text
from stackpress_core.scpi.values import decimal
from stackpress_core.tick import blackboard

LOG_BUFFER = 512  # holds at least one whole record
LOG_BLOCK = 4096
RAW = blackboard.AT["RAW"]


# -- DATA -------------------------------------------------------------------------------------------------------------


def commit(c, n, a):
    """All or nothing: judged, written, read back; what was in force stays in force if anything is wrong."""
    name, text = c.parts.transfer.take()
    if documents.kind_of(name) != "program":
        c.parts.settings.refuse_writing()
    if name == "calibration":
        text = bound_to_board(c, text, a[0] is not None)
    c.parts.settings.put_text(name, text)


def bound_to_board(c, text, confirmed):
    """A calibration of another board is refused, or taken over by name when that is confirmed."""
    document = documents.parsed(text)
    here = c.parts.board.identity
    there = document.get("board") if isinstance(document, dict) else here
    if there == here:
        return text
    if not confirmed:
        raise Refused("the calibration belongs to board %s, this is %s; CONFirm takes it over" % (there, here))
    document["from_board"] = there
    document["board"] = here
    return json.dumps(document).encode()


def read_q(c, n, a):
    documents.kind_of(a[0])
    text = c.parts.documents.text(a[0])
    if text is None:
        raise ScpiError(-256, "%s is %s" % (a[0], c.parts.documents.state(a[0])))
    if not c.as_they_are:
        from stackpress_core.scpi import line_safe  # only for who asks for it: memory is dear

        text = line_safe.json_text(text)
    return Block(len(text), lambda offset, size: text[offset : offset + size])


def catalog_q(c, n, a):
    """name, state, bytes, CRC-32 of each document."""
    return Text(catalog_pieces(c.parts.documents) if c.parts.documents.names() else ['""'])


def catalog_pieces(store):
    comma = ""
    for name in store.names():
        text = store.text(name)
        size = 0 if text is None else len(text)
        yield "%s%s,%s,%d,%d" % (comma, quoted(name), store.state(name), size, store.crc(name))
        comma = ","


def delete(c, n, a):
    c.parts.settings.remove(a[0])


# -- CEILing ----------------------------------------------------------------------------------------------------------


def ceilings(c):
    found = c.parts.documents.get("ceilings")
    if found is None:
        raise Refused("no ceilings have been written")
    return found


def frame_q(c, n, a):
    return decimal(ceilings(c)["frame_cn"], a[0][0], a[0][1])


def relief_q(c, n, a):
    return decimal(ceilings(c)["relief_cn"], a[0][0], a[0][1])


def cell_q(c, n, a):
    cells = ceilings(c)["cell_cn"]
    if not 1 <= n[0] <= len(cells):
        raise ScpiError(-114)
    return decimal(cells[n[0] - 1], a[0][0], a[0][1])


# -- CALibration ------------------------------------------------------------------------------------------------------


def code_q(c, n, a):
    if not 1 <= n[0] <= c.parts.params["cell_count"]:
        raise ScpiError(-114, "this press has %d cells" % c.parts.params["cell_count"])
    return c.parts.S[RAW + n[0] - 1]


def state_q(c, n, a):
    """Which step the procedure is at, then its points as code,force pairs (N)."""
    k = c.parts.calibrator
    head = "%s,%d,%d" % (quoted(k.step), k.cell, len(k.points))
    return Text([head] + [",%d,%s" % (code, decimal(force_cn, 100)) for code, force_cn in k.points])


# -- LOG --------------------------------------------------------------------------------------------------------------


def log_state_q(c, n, a):
    """first, next, pulled, overwritten before they were pulled, dropped; the boot id at which this journal began; closing."""
    j = c.parts.journal
    return "%d,%d,%d,%d,%d,%d,%d" % (j.first_seq, j.next_seq, j.pulled_seq, j.overwritten_unpulled, j.dropped, j.origin,
                                     c.parts.run_log.closing)  # fmt: skip


class LogReader:
    """Hands out whole records from a sequence number on, a small buffer at a time."""

    def __init__(self, journal, seq):
        self.journal = journal
        self.seq = seq
        self.buf = bytearray(LOG_BUFFER)
        self.view = memoryview(self.buf)
        self.at = 0
        self.end = 0

    def refill(self):
        self.end, self.seq = self.journal.read_from(self.seq, self.buf)
        self.at = 0
        return self.end

    def read(self, offset, size):
        if self.at == self.end and not self.refill():
            return b""
        part = bytes(self.view[self.at : min(self.end, self.at + size)])
        self.at += len(part)
        return part


def log_read_q(c, n, a):
    """A block of whole records, at most `maxbytes`."""
    journal, most = c.parts.journal, a[1] or LOG_BLOCK
    if not c.as_they_are or c.out.deaf:
        return counted_block(journal, a[0], most)
    place = c.out.for_block(most)
    return place[: journal.read_from(a[0], place)[0]]


def counted_block(journal, seq, most):
    """Without line feeds: counted first, then read again while it is sent, never held."""
    from stackpress_core.scpi import line_safe  # as above

    counter = LogReader(journal, seq)
    length = 0
    while length + LOG_BUFFER <= most and counter.refill():
        length += counter.end
    return line_safe.block(length, LogReader(journal, seq).read)


TABLE = (
    ("DATA:BEGin", "transfer.begin", "str,int:1:8192,int:0:4294967295", "Begin a transfer: name, bytes, CRC-32"),
    ("DATA:PUT", "transfer.put", "int:0:8191,str", "A piece of at most 192 bytes at an offset, base64"),
    ("DATA:COMMit", "commit", "[word:CONFirm]", "Put the whole in force; CONFirm: a calibration of another board too"),
    ("DATA:READ?", "read_q", "str", "A document, as a block"),
    ("DATA:CATalog?", "catalog_q", "", "Name, state, bytes and CRC-32 of each document"),
    ("DATA:DELete", "delete", "str", "Remove a document"),
    ("DATA:STORe?", "arming.store_told", "", "How the store of documents was found at this start; empty if as it was left"),
    ("CEILing:FRAMe?", "frame_q", "[unit:force]", "The frame's rating"),
    ("CEILing:CELL<n>?", "cell_q", "[unit:force]", "Rated capacity of a load cell, from 1"),
    ("CEILing:RELief?", "relief_q", "[unit:force]", "Force at which the relief valve opens"),
    ("CALibration:ZERO", "calibrator.zero", "", "Take the commissioning zero of every cell: nothing may rest on them"),
    ("CALibration:TARE", "calibrator.tare", "", "Set the displayed force to zero; the safety bands keep the commissioning zero"),
    ("CALibration:CODE<n>?", "code_q", "", "The converter's code of a cell, from 1, as it is now"),
    ("CALibration:BEGin", "calibrator.begin", "int:1:4,[str]", "Begin the span of a cell; its serial number"),
    ("CALibration:POINt", "calibrator.point", "int:1:4,num:force:0:10000000", "The reference force that rests on a cell now"),
    ("CALibration:ACCept", "calibrator.accept", "[int:0:4294967295]", "Put the points in force; Unix time in s for the record"),
    ("CALibration:ABORt", "calibrator.abort", "", "Forget the points"),
    ("CALibration:STATe?", "state_q", "", "Step, cell, and the points so far"),
    ("LOG:STATe?", "log_state_q", "", "First, next, pulled, overwritten, dropped, origin; 1 while the end record of a run is due"),
    ("LOG:MISSing?", "journal.missing", "", "Why the journal lies in RAM only and goes with the power; empty if it does not"),
    ("LOG:READ?", "log_read_q", "int:0:4294967295,[int:512:4096]", "Whole records from a sequence number on, as a block"),
    ("LOG:NOTE", "events.remark", "str", "A remark with its time, kept in the log"),
    ("LOG:PULLed", "journal.mark_pulled", "int:0:4294967295", "The host keeps every record up to this one"),
)
