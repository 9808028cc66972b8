"""A server with the fake press behind it: a question put, its errors, the payload of its block."""

import binascii
import struct

from fakes import Parts, Serial
from stackpress_core.scpi import commands
from stackpress_core.scpi.server import Server


def bench():
    press = Parts()
    serial = Serial()
    return Server(serial, commands.MODULES, press), serial, press


def run(server, passes=40):
    for _ in range(passes):
        server.poll()


def ask(server, text):
    serial = server.serial
    serial.got = b""
    serial.sent += text.encode() + b"\n"
    for _ in range(400):
        server.poll()
    return serial.got.decode()


def errors(server):
    found = []
    while server.status.errors.queue:
        found.append(server.status.errors.queue.pop(0)[0])
    return found


def refused(text, number):
    server, _, press = bench()
    assert ask(server, text) == "", text
    assert errors(server) == [number], text
    assert press.done == [], text


def payload(answer):
    digits = int(answer[1:2])
    length = int(answer[2 : 2 + digits])
    body = answer[2 + digits :]
    assert body[length:] == b"\n"
    data, crc = body[: length - 4], body[length - 4 : length]
    assert struct.unpack("<I", crc)[0] == binascii.crc32(data) & 0xFFFFFFFF
    return data


def send(server, name, text, commit="DATA:COMM"):
    ask(server, 'DATA:BEG "%s",%d,%d' % (name, len(text), binascii.crc32(text) & 0xFFFFFFFF))
    for at in range(0, len(text), 192):
        ask(server, 'DATA:PUT %d,"%s"' % (at, binascii.b2a_base64(text[at : at + 192]).decode().strip()))
    ask(server, commit)
