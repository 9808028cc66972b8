"""What goes into the ring without an object in between is, byte by byte, what Python writes."""

import array

from stackpress_core.scpi import inbox, outbox, plain_line
from stackpress_core.scpi.values import decimal

VALUES = (0, 1, -1, 9, 10, 100, 101, -7, 12345, 99999, 1000000, -999999999, -1000000000, 1073741823, -1073741823)
MASK = 63


def written(ring, at, n):
    return bytes([ring[(at + i) & MASK] for i in range(n)])


def test_a_number_in_the_ring_is_the_decimal_that_an_answer_holds():
    ring = bytearray(MASK + 1)
    for at in (0, 60):
        for value in VALUES:
            for places in range(10):
                n = outbox.digits(ring, MASK, at, value, places, outbox.POWERS)
                assert written(ring, at, n).decode() == decimal(value, 10**places, 1, 9) + "\n"


def test_a_row_in_the_ring_is_its_whole_numbers_with_a_comma_each():
    ring = bytearray(MASK + 1)
    for value in VALUES + (-1073741824,):
        n = plain_line.numbers(ring, MASK, 50, array.array("i", (5, value, 7)), 1, 2, outbox.POWERS)
        assert written(ring, 50, n) == b",%d,7" % value


TEXTS = b"MEAS:FORC?\nMEAS:FORC? KN\n"


def answers_to(lines, said, room=40):
    """(row that is wanted, what came into the ring, where the first line begins that is left, how many are left)"""
    ring, marks = bytearray(MASK + 1), array.array("i", (2, lines.count(b"\n"), 60, 60 + room))
    wanted = inbox.answered(b"xx" + lines, TEXTS, len(TEXTS), said, ring, MASK, marks)
    return wanted, written(ring, 60, marks[2] - 60), marks[0] - 2, marks[1]


def test_a_line_is_known_as_a_whole_or_not_at_all():
    for line, row in ((b"MEAS:FORC?", 0), (b"MEAS:FORC? KN", 1), (b"MEAS:FORC", -1), (b"MEAS:FORC? K", -1), (b"MEAS:FORC? KN ", -1),
                      (b"MEAS:FORC?\t", -1), (b"meas:forc?", -1), (b"MEAS:FORC?\x00", -1), (b" MEAS:FORC?", -1), (b"MEAS:FORC?  KN", -1)):  # fmt: skip
        assert answers_to(line + b"\n", bytearray(128)) == (row * inbox.SAID if row >= 0 else -1, b"", 0, 1), line


def test_lines_that_are_known_are_answered_as_far_as_answers_and_room_go():
    said = bytearray(128)
    said[0:3] = b"\x025\n"
    lines = b"MEAS:FORC?\n" * 3 + b"MEAS:FORC? KN\n" + b"MEAS:FORC?\n"
    assert answers_to(lines, said) == (inbox.SAID, b"5\n" * 3, 33, 2)
    said[inbox.SAID : inbox.SAID + 5] = b"\x046.7\n"
    assert answers_to(lines, said) == (-1, b"5\n5\n5\n6.7\n5\n", len(lines), 0)
    assert answers_to(lines, said, 9) == (-1, b"5\n" * 3, 33, 2)
    assert answers_to(lines + b"*IDN?\n", said) == (-1, b"5\n5\n5\n6.7\n5\n", len(lines), 1)


def test_a_number_with_all_it_may_have_is_no_longer_than_an_answer_that_is_given_again():
    said = bytearray(128)
    for value in VALUES:
        for places in range(10):
            assert outbox.digits(said, 127, 1, value, places, outbox.POWERS) < inbox.SAID


class DeafPort:
    held = 0

    def now_ms(self):
        return 0

    def write(self, view):
        return 0


def test_an_answer_is_taken_whole_or_not_at_all():
    box = outbox.Outbox(plain_line.PlainLine(DeafPort()), print, MASK + 1)
    assert box.put(b"x" * 40) and not box.put(b"y" * 24)
    assert box.put(b"z" * 23) and box.pending == 63
    assert bytes(box.view[:63]) == b"x" * 40 + b"z" * 23


class SlowPort:
    """Takes 64 bytes every second look, and counts how often it was looked at; `deaf` takes none."""

    held = 0

    def __init__(self):
        self.ms = self.looks = 0
        self.got = b""
        self.deaf = False

    def now_ms(self):
        self.ms += 1
        return self.ms

    def write(self, view):
        self.looks += 1
        n = 0 if self.deaf or self.looks & 1 else min(64, len(view))
        self.got += bytes(view[:n])
        return n


def test_a_host_that_takes_what_is_offered_between_two_passes_reads():
    port = SlowPort()
    box = outbox.Outbox(plain_line.PlainLine(port), print)
    box.put(b"x" * 40)
    box.pump(256)
    assert port.got == b"" and box.pending == 40  # from now on it is waited for
    assert box.write() == 40  # as who answers one number does
    port.ms += 10 * outbox.UNREAD_MS
    box.put(b"y" * 40)
    assert not box.unread
    box.pump(256)
    port.ms += 10 * outbox.UNREAD_MS
    assert box.unread


def rows_of(box, count):
    from stackpress_core.log.telemetry import WIDTH, Rows

    table = array.array("i", [i * 7919 % 100003 - 50000 for i in range(8 * WIDTH)])
    wanted = b"".join([b",%d" % value for seq in range(count) for value in table[seq % 8 * WIDTH : (seq % 8 + 1) * WIDTH]])
    return Rows(box.rows, table, b"head", 0, count, 8), b"head" + wanted


def test_rows_go_out_while_they_are_made_and_a_host_that_is_slow_gets_each_once():
    port = SlowPort()
    box = outbox.Outbox(plain_line.PlainLine(port), print)
    source, wanted = rows_of(box, 40)
    box.begin(source)
    passes = 0
    while box.source or box.pending:
        box.pump(256)
        passes += 1
        assert passes < 5000
    assert port.got == wanted


class StreamingPort(SlowPort):
    """Makes rows and sends them by itself, as a board's does, as long as its host takes them: `streams` times."""

    def __init__(self):
        super().__init__()
        self.line, self.streams = plain_line.PlainLine(self), 0
        self.rows, self.close_block, self.offer = self.line.rows, self.line.close_block, self.line.offer

    def stream(self, ring, place, table, marks):
        self.streams += 1
        gone = 0
        for _ in range(8):
            marks[4] = min(len(ring) - place[1] - 1, 256)
            place[1] += self.rows(ring, len(ring) - 1, place[0] + place[1], table, marks)
            if place[2] and marks[0] == marks[1] and place[1] < len(ring) - 1:
                ring[(place[0] + place[1]) & len(ring) - 1] = place[2]
                place[1], place[2] = place[1] + 1, 0
            taken = self.offer(ring, place[0], place[1])
            place[0], place[1], gone = (place[0] + taken) & len(ring) - 1, place[1] - taken, gone + taken
        return gone


def test_a_host_that_does_not_read_is_waited_for_in_one_pass_and_no_other():
    port = StreamingPort()
    port.deaf = True
    box = outbox.Outbox(port, print)
    source, wanted = rows_of(box, 40)
    box.begin(source)
    box.last = True
    box.pump(256)
    assert port.streams == 1
    port.looks = 0
    for _ in range(20):
        box.pump(256)
    assert port.streams == 1 and port.looks == 20
    port.deaf = False
    while box.source or box.pending:
        box.pump(256)
    assert port.streams > 1 and port.got == wanted + b"\n"
