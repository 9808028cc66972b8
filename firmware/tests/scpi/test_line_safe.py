"""Blocks for programs that end an answer at its first line feed: none holds one, and what it holds comes out again."""

import binascii
import struct

from fakes import Parts, Serial
from stackpress_core.scpi import commands, line_safe
from stackpress_core.scpi.server import Server

ALL = bytes(range(256))
PAYLOADS = (b"", b"\n", b"\n" * 31, b"\n" * 32, b"\n" * 33, bytes(4096), ALL * 16, b"\n\x00" * 700, ALL[:10] + b"\n" + ALL[11:], b"x" * 4095,
            bytes([10, 11, 8, 9, 14, 15, 12, 13] * 300))  # fmt: skip


def drained(block, size):
    data = b""
    while True:
        part = block.read(size)
        if not part:
            return data
        data += part


def body(data):
    digits = int(data[1:2])
    size = int(data[2 : 2 + digits])
    assert len(data) == 2 + digits + size
    payload, crc = data[2 + digits : -4], data[-4:]
    assert struct.unpack("<I", crc)[0] == binascii.crc32(payload) & 0xFFFFFFFF
    return payload


def unmasked(payload):
    assert payload[: len(line_safe.MARK)] == line_safe.MARK
    found, rest = b"", payload[len(line_safe.MARK) : -1]
    for at in range(0, len(rest), line_safe.PIECE + 1):
        found += bytes([byte ^ rest[at] for byte in rest[at + 1 : at + line_safe.PIECE + 1]])
    return found


def test_no_payload_makes_a_line_feed_and_each_comes_out_again():
    for payload in PAYLOADS:
        for most in (1, 7, 64, 512):  # what the reader gives at once
            for size in (16, 33, 128):  # what the port takes at once
                data = drained(line_safe.block(len(payload), lambda offset, n: payload[offset : offset + min(n, most)]), size)
                assert b"\n" not in data
                assert unmasked(body(data)) == payload


def test_a_crc_that_would_hold_a_line_feed_does_not():
    for i in range(1500):
        payload = b"%d" % i
        data = drained(line_safe.block(len(payload), lambda offset, n: payload[offset : offset + n]), 128)
        assert b"\n" not in data and unmasked(body(data)) == payload
        text = line_safe.json_text(b'{"a":\n%d}' % i)
        assert b"\n" not in text + struct.pack("<I", binascii.crc32(text)) and text.strip() == b'{"a": %d}' % i


def test_a_reader_that_ends_early_makes_a_bad_block_of_the_length_that_was_told():
    block = line_safe.block(300, lambda offset, size: b"x" * 10 if offset < 100 else b"")
    data = drained(block, 64)
    digits = int(data[1:2])
    assert len(data) == 2 + digits + int(data[2 : 2 + digits])
    assert struct.unpack("<I", data[-4:])[0] != binascii.crc32(data[2 + digits : -4]) & 0xFFFFFFFF and block.error is not None


def ask(server, text):
    server.serial.got, server.serial.sent = b"", text
    for _ in range(400):
        server.poll()
    return server.serial.got


def test_whoever_opens_the_port_gets_lines_until_it_asks_for_bytes_as_they_are():
    server = Server(Serial(), commands.MODULES, Parts())
    server.hung_up()  # as a press starts
    lines = ask(server, b"LOG:READ? 1\n")
    assert lines.count(b"\n") == 1 and lines.endswith(b"\n")
    records = b"".join([bytes([seq]) * 100 for seq in range(1, 41)])
    assert unmasked(body(lines[:-1])) == records[:4000]
    for greeting in (b"\x1f\n", b"ABOVE\x7f\x1f\n", b"xyz\x1f\r"):  # a host that spoils what was left says it in the same line
        server.hung_up()
        assert body(ask(server, greeting + b"LOG:READ? 1\n")[:-1]) == records[:2000]  # whole records that a board holds at once
        assert ask(server, b"LOG:READ? 1\n").count(b"\n") > 1
    assert ask(server, b"\t\nLOG:READ? 1\n") == lines  # it said that it goes
    ask(server, b"\x1f\n")
    server.serial.heard = 2  # or its port was closed
    assert ask(server, b"LOG:READ? 1\n") == lines


def test_a_document_is_one_line_too():
    server = Server(Serial(), commands.MODULES, Parts())
    text = b'{\n "name": "two",\n "steps": []\n}\n'
    server.parts.documents.write("program/two", text)
    assert body(ask(server, b'DATA:READ? "program/two"\n')[:-1]) == text
    server.hung_up()
    answer = ask(server, b'DATA:READ? "program/two"\n')
    assert answer.count(b"\n") == 1 and body(answer[:-1]).strip() == text.replace(b"\n", b" ").strip()
