"""What an image does in C with records and rows is what Python says: the same bytes, whole, damaged, cut short or blank. And a
question is known by its whole line and nothing less."""

import array
import ctypes
import random
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import pytest
from stackpress_core.log import records, sectors
from stackpress_core.scpi import outbox, plain_line

PARTS = Path(__file__).resolve().parents[2] / "boards/images/micropython/wire_parts.h"
DOORS = """
size_t records_of(const uint8_t *data, size_t room, uint32_t seq, uint32_t *after) { return whole_records(data, room, seq, after); }
void block(uint8_t *ring, uint32_t n) { put_block_head(ring, n); put_block_end(ring, n); }
int32_t log_from(const uint8_t *ring, uint32_t mask, uint32_t at, uint32_t n, uint32_t most) { return log_asked(ring, mask, at, n, most); }
bool erased(const uint8_t *data, size_t n) { return is_erased(data, n); }
uint32_t rows_into(uint8_t *ring, uint32_t mask, uint32_t at, const int32_t *table, int32_t *marks) {
    return put_rows(ring, mask, at, table, marks);
}
int32_t question(const uint8_t *texts, size_t size, const uint8_t *ring, uint32_t mask, uint32_t at, uint32_t n, uint8_t *rest, uint32_t room) {
    return question_in(texts, size, ring, mask, at, n, rest, room);
}
"""


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    assert compiler, "a C compiler is needed: the tick's own test wants one as well"
    folder = tmp_path_factory.mktemp("wire_parts")
    (folder / "doors.c").write_text(PARTS.read_text() + DOORS)
    library = folder / "wire_parts.so"
    subprocess.run(
        [compiler, "-O1", "-Wall", "-Werror", "-fwrapv", "-shared", "-fPIC", "-o", library, folder / "doors.c"],
        check=True,
    )
    loaded = ctypes.CDLL(str(library))
    loaded.records_of.restype = ctypes.c_size_t
    loaded.erased.restype = ctypes.c_bool
    return loaded


def record(seq, payload, kind=3):
    body = struct.pack(records.HEAD, kind, len(payload), 7, seq) + payload
    return body + struct.pack("<I", zlib.crc32(body))


def in_c(parts, data, room, seq=0):
    after = ctypes.c_uint32()
    n = parts.records_of(bytes(data), ctypes.c_size_t(room), seq, ctypes.byref(after))
    return n, after.value, parts.erased(bytes(data[n:]), ctypes.c_size_t(room - n))


def test_whole_records_are_the_same_ones_in_a_log_that_is_damaged_anywhere(parts):
    rng = random.Random(1)
    for _ in range(400):
        whole = [
            record(seq, rng.randbytes(rng.choice((0, 1, 26, rng.randrange(records.PAYLOAD_MAX + 1)))))
            for seq in range(rng.randrange(12))
        ]
        data = bytearray(
            b"".join(whole)
            + rng.choice((b"", b"\xff" * rng.randrange(300), rng.randbytes(rng.randrange(300)), bytes(40)))
        )
        for _ in range(rng.choice((0, 0, 1, 3))):
            if data:
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        for room in (len(data), rng.randrange(len(data) + 1)):
            seq = rng.choice((0, 0, 1, 12))
            assert in_c(parts, data, room, seq) == sectors.whole_records(memoryview(data), room, seq)


def test_a_length_that_no_record_has_ends_the_log_however_good_its_crc(parts):
    for n in (records.PAYLOAD_MAX, records.PAYLOAD_MAX + 1, 255):
        data = record(1, b"abc") + record(2, bytes(n))
        expected = (17 + 14 + n, 3, True) if n == records.PAYLOAD_MAX else (17, 2, False)
        assert in_c(parts, data, len(data)) == sectors.whole_records(memoryview(data), len(data), 1) == expected


def test_records_before_the_one_that_is_wanted_are_none(parts):
    data = record(7, b"abc") + record(8, b"") + b"\xff" * 20
    for seq, expected in ((7, (31, 9, True)), (0, (31, 9, True)), (8, (0, 8, False))):
        assert in_c(parts, data, len(data), seq) == sectors.whole_records(memoryview(data), len(data), seq) == expected


def test_a_block_is_closed_by_the_same_bytes(parts):
    rng = random.Random(3)
    for n in (0, 1, 2, 5, 255, 256, 995, 996, outbox.BLOCK_MOST):
        python = bytearray(outbox.RING_SIZE)
        python[outbox.BLOCK_HEAD : outbox.BLOCK_HEAD + n] = data = rng.randbytes(n)
        c = (ctypes.c_uint8 * len(python))(*python)
        plain_line.close_block(python, 1, n)
        parts.block(c, n)
        assert bytes(c) == bytes(python)
        assert python[1:].startswith(b"#4%04d" % (n + 4) + data + struct.pack("<I", zlib.crc32(data)))


def test_who_pulls_the_log_is_known_by_his_whole_line_wherever_the_ring_ends(parts):
    mask, most = 63, outbox.BLOCK_MOST
    lines = {b"LOG:READ? 0,4096\n": 0, b"LOG:READ? 131,2036\n": 131, b"LOG:READ? 999999999,4096\n": 999999999}
    others = (
        b"", b"LOG:READ? ", b"LOG:READ? 1,4096", b"LOG:READ? 1\n", b"LOG:READ? ,4096\n", b"LOG:READ? 1,\n", b"LOG:READ? 1,2035\n",
        b"LOG:READ? 1,4096\n\n", b"LOG:READ? 1,4096\nSTOP\n", b"LOG:READ? 1,4096;\n", b"LOG:READ? 1,4096\x1f\n", b"log:read? 1,4096\n",
        b"LOG:READ? 1234567890,4096\n", b"LOG:READ? -1,4096\n", b"LOG:READ? 1,4096\x18\n", b"LOG:READ? 1,4,4096\n",
    )  # fmt: skip
    for line in (*lines, *others):
        for at in (0, 40, 63, 64000):
            ring = bytearray(mask + 1)
            for i, byte in enumerate(line):
                ring[at + i & mask] = byte
            assert parts.log_from(bytes(ring), mask, at, len(line), most) == lines.get(line, -1), line


def test_a_page_is_erased_to_its_last_bit_or_it_is_not(parts):
    assert parts.erased(b"", ctypes.c_size_t(0)) and sectors.blank(b"")
    for at in (0, 1, 130, 255):
        page = bytearray(b"\xff" * 256)
        assert parts.erased(bytes(page), ctypes.c_size_t(256)) and sectors.blank(page)
        page[at] = 0x7F
        assert not parts.erased(bytes(page), ctypes.c_size_t(256)) and not sectors.blank(page)


def test_rows_of_numbers_are_the_same_digits_round_the_end_of_ring_and_table(parts):
    rng = random.Random(2)
    edges = (0, 1, -1, 9, -10, 999999999, -1000000000, (1 << 30) - 1, 1 - (1 << 30), -(1 << 30))
    mask = 1023
    for _ in range(60):
        around, width = rng.randrange(1, 9), rng.randrange(1, 24)
        words = [
            rng.choice(edges)
            if rng.random() < 0.3
            else rng.randrange(-(10 ** rng.randrange(1, 9)), 10 ** rng.randrange(1, 9))
            for _ in range(around * width)
        ]
        table, first, at = array.array("i", words), rng.randrange(1, 3 * around), rng.randrange(5000)
        marks = array.array("i", (first, first + rng.randrange(around + 1), around, width, rng.randrange(mask)))
        python, c, ours = bytearray(mask + 1), (ctypes.c_uint8 * (mask + 1))(), array.array("i", marks)
        n = plain_line.rows(python, mask, at, table, marks)
        given = (ctypes.c_int32 * len(words)).from_buffer(table), (ctypes.c_int32 * 5).from_buffer(ours)
        assert parts.rows_into(c, mask, at, *given) == n and ours == marks and bytes(c) == bytes(python)
        assert marks[0] == marks[1] or marks[4] - n < width * outbox.NUMBER_MOST


def test_a_question_is_known_by_its_whole_line_wherever_the_ring_ends(parts):
    texts, mask = b"MEAS:FORC?\nLOG:READ? \nTEL? \n", 63
    lines = {
        b"MEAS:FORC?\n": (0, b""), b"LOG:READ? 1\n": (1, b"1"), b"LOG:READ? 1234567890,4096\n": (1, b"1234567890,4096"),
        b"TEL? 0,64\n": (2, b"0,64"), b"TEL? ,\n": (2, b","),
    }  # fmt: skip
    others = (
        b"MEAS:FORC?", b"MEAS:FORC? \n", b"MEAS:FORC?\nX", b"MEAS:FORC?\n\n", b"LOG:READ? \n", b"LOG:READ?\n", b"LOG:READ? 1",
        b"LOG:READ? 1;\n", b"LOG:READ? 1\x18\n", b"LOG:READ? 1\nSTOP\n", b"LOG:READ? -1\n", b"LOG:READ? 123456789012345678901234\n",
        b"log:read? 1\n", b"LOG:READ?\t1\n", b"\n", b"TEL",
    )  # fmt: skip
    for line in (*lines, *others):
        for at in (0, 40, 63, 64000):
            ring, rest = bytearray(mask + 1), (ctypes.c_uint8 * 16)()
            for i, byte in enumerate(line):
                ring[at + i & mask] = byte
            found = parts.question(texts, ctypes.c_size_t(len(texts)), bytes(ring), mask, at, len(line), rest, 16)
            if line in lines:
                assert (found & 15, bytes(rest[: found >> 4])) == lines[line], line
            else:
                assert found == -1, line
