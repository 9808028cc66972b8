"""Claims about what the press answers: texts, blocks, the log, documents, and what breaks off; on CPython and on MicroPython."""

import binascii
import struct

from bench_language import ask, bench, errors, payload, run, send
from fakes import Parts, Serial
from stackpress_core.errors import Refused, ScpiError, StorageFault
from stackpress_core.log.telemetry import WIDTH
from stackpress_core.scpi import commands, sources
from stackpress_core.scpi.server import Server
from stackpress_core.tick import blackboard, states


def test_answers_that_nobody_reads_are_dropped_so_that_what_comes_in_drains():
    for lines, number in ((60, -410), (4000, -430)):
        server, serial, press = bench()
        serial.reads = False
        serial.sent = b"*IDN?\n" * lines
        for _ in range(10):  # 100 ms have not passed
            server.poll()
        assert errors(server) == []
        run(server, 3000)
        assert serial.sent == b"" and errors(server) == [number] and server.out.dropped > 0
        serial.reads = True
        run(server)
        assert ask(server, "SYST:ECHO? 'again'").endswith('"again"\n') and errors(server) == []


def test_an_answer_that_was_cut_short_ends_its_line():
    server, serial, press = bench()
    serial.sent = b"LOG:READ? 1\n"
    while len(serial.got) < 700:
        server.poll()
    cut, serial.reads = len(serial.got), False
    serial.sent = b"*IDN?\n" * 40
    run(server, 100)
    serial.reads = True
    run(server, 5)
    assert serial.got[cut:] == b"\n" and errors(server) == [-410]
    assert ask(server, "CYCL:STAT?") == "safe\n"


def test_an_answer_that_is_read_late_is_whole_if_nothing_waits_for_it():
    server, serial, press = bench()
    serial.reads = False
    serial.sent = b"LOG:READ? 1\n"
    run(server, 500)
    serial.reads = True
    run(server, 100)
    assert len(payload(serial.got)) == 2000 and errors(server) == []


def test_log_blocks_hold_whole_records_and_go_on_where_they_ended():
    server, serial, _ = bench()
    assert ask(server, "LOG:STAT?") == "1,41,0,0,0,7,0\n"
    serial.got, serial.sent = b"", b"LOG:READ? 1,1024;READ? 39;*OPC?\n"
    run(server, 200)
    end = serial.got.index(b";#")
    assert len(payload(serial.got[:end] + b"\n")) == 1000
    assert payload(serial.got[end + 1 :].replace(b";1\n", b"\n")) == bytes([39]) * 100 + bytes([40]) * 100
    ask(server, "LOG:PULL 40")
    assert ask(server, "LOG:STAT?") == "1,41,40,0,0,7,0\n"


def test_a_reader_that_fails_makes_a_bad_block_and_no_shifted_line():
    block = sources.Block(300, lambda offset, size: b"x" * 100 if offset == 0 else b"")
    data = b""
    while True:
        part = block.read(100)
        if not part:
            break
        data += part
    assert data[:5] == b"#3304" and len(data) == 309
    assert struct.unpack("<I", data[-4:])[0] != binascii.crc32(data[5:-4]) & 0xFFFFFFFF


def test_telemetry_is_pulled_with_a_cursor_and_a_loss_is_a_number():
    server, _, press = bench()
    assert ask(server, "TEL? 0") == "1,0,%d,0\n" % WIDTH
    press.S[blackboard.AT["TEMPERATURE"] + 1] = blackboard.ABSENT
    for i in range(100):
        press.S[blackboard.AT["FORCE_F"]] = i
        press.telemetry.look(0, 0)
    numbers = [int(x) for x in ask(server, "TEL? 10,3").split(",")]
    assert numbers[:4] == [40, 27, WIDTH, 3]
    rows = [numbers[4 + WIDTH * i : 4 + WIDTH * (i + 1)] for i in range(3)]
    assert [row[0] for row in rows] == [37, 38, 39] and [row[4] for row in rows] == [36, 37, 38]
    assert rows[0][13] == blackboard.ABSENT
    assert [int(x) for x in ask(server, "TEL? 101").split(",")] == [101, 0, WIDTH, 0]


def test_documents_travel_as_text_and_come_back_as_blocks():
    server, serial, press = bench()
    text = b'{"format":1,"note":"' + b"n" * 700 + b'"}'
    send(server, "program/pellet", text)
    assert errors(server) == [] and press.done == [("changed", "program/pellet")]
    serial.got, serial.sent = b"", b'DATA:READ? "program/pellet"\n'
    run(server)
    assert payload(serial.got) == text
    assert ask(server, "PROG:CAT?") == '"pellet"\n'
    assert ask(server, "DATA:CAT?") == '"program/pellet",ok,%d,%d\n' % (len(text), binascii.crc32(text) & 0xFFFFFFFF)
    ask(server, 'PROG:DEL "pellet"')
    assert ask(server, "PROG:CAT?") == '""\n'
    ask(server, 'DATA:READ? "config"')
    assert errors(server) == [-256]


def test_nothing_is_written_while_armed():
    server, _, press = bench()
    press.state = states.READY
    send(server, "config", b"{}")
    assert errors(server) == [-221] and press.documents.text("config") is None


def test_another_boards_calibration_needs_a_confirmation():
    server, _, press = bench()
    text = b'{"format":1,"board":"other"}'
    send(server, "calibration", text)
    assert errors(server) == [-221] and press.documents.text("calibration") is None
    send(server, "calibration", text, "DATA:COMM CONF")
    assert errors(server) == []
    assert press.documents.get("calibration") == {"format": 1, "board": "e660-0001", "from_board": "other"}


def failing(good, error):
    yield good
    raise error


def test_a_text_that_breaks_off_is_an_error_with_its_reason():
    for error, number in ((OSError(5), -320), (StorageFault("torn"), -320), (MemoryError(), -225), (ScpiError(-310, "x"), -310), (KeyError("k"), -300)):
        server, serial, _ = bench()
        server.answer(sources.Text(failing("1,", error)))
        run(server)
        assert serial.got == b"1," and errors(server) == [number]


def test_a_block_that_breaks_off_or_ends_early_is_an_error_with_its_reason():
    def reader(offset, size):
        if offset:
            raise OSError(5)
        return b"x" * 20

    for read, number in ((reader, -320), (lambda offset, size: b"" if offset else b"x" * 20, -310)):
        server, _, _ = bench()
        server.answer(sources.Block(100, read))
        run(server)
        assert errors(server) == [number]


def test_a_document_that_can_not_be_read_is_listed_as_bad():
    server, _, press = bench()
    store, good = press.documents.store, press.documents.store.read
    for name in ("config", "program/one", "program/two"):
        press.documents.write(name, b'{"name":"%s"}' % name.split("/")[-1].encode())

    def read(slot):
        if slot.startswith("program/one"):
            raise OSError(5)
        return good(slot)

    store.read = read
    listed = ask(server, "DATA:CAT?")
    assert '"program/one",bad,0,0' in listed and '"config",ok' in listed and '"program/two",ok' in listed
    assert press.documents.failures > 0
    store.read = None  # no store at all: every document fails, and the answer says so
    assert ask(server, "DATA:CAT?") == "\n" and errors(server) == [-300]


class Alone(Serial):
    """A line that knows, as the USB port does, when one question came alone."""

    def asked(self, texts, rest):
        line, rows = self.sent[:-1], texts.split(b"\n")[:-1]
        if line not in rows:
            return -1 if self.sent else -2
        self.sent = b""
        return rows.index(line)

    def log_asked(self, block):
        head, _, rest = self.sent.partition(b" ")
        seq, _, most = rest.partition(b",")
        if head != b"LOG:READ?" or not most or int(most) < block:
            return -1
        self.sent = b""
        return int(seq)


class Faulty:
    """A part of the press of which nothing can be told."""

    def __init__(self, error):
        self.error = error

    def __getattr__(self, name):
        raise self.error


def test_a_number_that_can_not_be_told_goes_the_long_way_where_its_error_is_kept():
    for error, number in ((Refused("not now"), -221), (ScpiError(-230), -230), (OSError(5), -320), (TypeError("a defect"), -300)):
        server = Server(Alone(), commands.MODULES, Parts())
        assert ask(server, "MEAS:FORC?") == "663.66\n" and server.repeated.numbers
        server.serial.sent = b"MEAS:FORC?\n"
        server.go_on()
        assert server.serial.sent == b"" and server.runs == 1, "it was answered the short way"
        part, name, places = server.repeated.numbers[0]
        (question, found) = list(server.repeated.known.items())[0]
        for many in (1, 3):  # alone, and beside others that are the same
            server.repeated.numbers[0] = Faulty(error), name, places
            server.repeated.known[question] = found[:3] + (Faulty(error),) + found[4:]
            server.serial.got, server.serial.sent = b"", b"MEAS:FORC?\n" * many
            for _ in range(60):
                server.go_on()
                server.poll()
            assert server.serial.got == b"" and errors(server) == [number] * many, (number, many)
        server.repeated.numbers[0], server.repeated.known[question] = (part, name, places), found
        assert ask(server, "MEAS:FORC?") == "663.66\n" and errors(server) == []


def block_of(server, seq, alone):
    """What comes for one question, and how many units were run for it."""
    server.poll()
    serial, before = server.serial, server.runs
    serial.most, serial.got, serial.sent = 4096, b"", b"LOG:READ? %d,4096\n" % seq
    for _ in range(20):
        if alone:
            server.go_on()
        server.poll()
    return serial.got, server.runs - before


def test_a_block_of_the_log_that_is_asked_for_alone_is_the_one_that_comes_the_long_way():
    alone, other = Server(Alone(), commands.MODULES, Parts()), Server(Serial(), commands.MODULES, Parts())
    for seq in (1, 30, 41):
        long_way = block_of(other, seq, False)
        assert long_way[1] == 1 and len(long_way[0]) > 8
        assert block_of(alone, seq, True) == (long_way[0], 0), seq
    alone.as_they_are = other.as_they_are = False  # whoever reads to a line's end gets no block with line feeds in it
    assert block_of(alone, 30, True) == block_of(other, 30, False)


def test_a_log_that_can_not_be_read_is_told_however_it_is_asked_for():
    server = Server(Alone(), commands.MODULES, Parts())

    def broken(seq, buf):
        raise OSError(5)

    server.parts.journal.read_from = broken
    server.serial.sent = b"LOG:READ? 1,4096\n"
    for _ in range(60):
        server.go_on()
        server.poll()
    assert server.serial.got == b"" and errors(server) == [-320]
