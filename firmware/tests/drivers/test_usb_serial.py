"""The line that listens by itself: what arrives is fetched between two steps, in order, and a stop byte is told at once."""

import sys
import types

import pytest
from drivers import usb_serial


class Port:
    """Standard input, output and poll of a board, with bytes that a host has sent."""

    def __init__(self):
        self.sent, self.got = bytearray(), bytearray()
        self.buffer = self

    def readinto(self, buf):
        buf[0] = self.sent.pop(0)

    def write(self, data):
        self.got += bytes(data)
        return len(data)

    def register(self, stream, event):
        pass

    def ipoll(self, wait):
        return iter([0] if self.sent else [])


class Timer:
    """What `machine.Timer` calls; here the test does."""

    def __init__(self, period, callback):
        self.period, self.callback, self.on = period, callback, True

    def deinit(self):
        self.on = False


@pytest.fixture
def line(monkeypatch):
    port = Port()
    monkeypatch.setattr(usb_serial, "sys", types.SimpleNamespace(stdin=port, stdout=port))
    monkeypatch.setattr(usb_serial, "select", types.SimpleNamespace(poll=lambda: port, POLLIN=1, POLLOUT=4))
    monkeypatch.setitem(sys.modules, "machine", types.SimpleNamespace(Timer=Timer))
    return usb_serial.UsbSerial(), port


def taken(serial, size=64):
    buf = bytearray(size)
    return bytes(buf[: serial.read(buf)])


def test_without_a_listener_a_read_fetches_by_itself(line):
    serial, port = line
    port.sent += b"*IDN?\n"
    assert taken(serial) == b"*IDN?\n" and taken(serial) == b""


def test_stop_byte_is_told_when_it_is_fetched_and_read_in_its_place(line):
    serial, port = line
    told = []
    serial.listen(lambda: told.append(1))
    port.sent += b"MEAS:FORC?\n\x18"
    assert taken(serial) == b"" and not told
    serial._timer.callback(serial._timer)
    assert told == [1]
    assert taken(serial, 4) == b"MEAS" and taken(serial) == b":FORC?\n\x18" and taken(serial) == b""


def test_more_than_the_ring_holds_waits_and_nothing_is_lost(line):
    serial, port = line
    serial.listen(lambda: None)
    port.sent += bytes(65 + n % 26 for n in range(2000))
    whole, got = bytes(port.sent), b""
    for _ in range(200):
        for _ in range(20):
            serial._timer.callback(serial._timer)
        got += taken(serial, 48)
    assert got == whole


def test_nothing_is_fetched_behind_a_break_byte_until_the_press_reads_on(line):
    """A press that obeys it reads no more: the rest of the same packet is the prompt's, however often the timer comes before."""
    serial, port = line
    serial.listen(lambda: None)
    port.sent += b"a\x03b"
    for _ in range(2):
        serial._timer.callback(serial._timer)
    assert bytes(port.sent) == b"b" and taken(serial) == b"a\x03"
    for _ in range(2):
        serial._timer.callback(serial._timer)
    assert bytes(port.sent) == b"b"
    assert taken(serial) == b""
    serial._timer.callback(serial._timer)
    assert taken(serial) == b"b"


def test_quiet_leaves_what_comes_to_the_prompt(line):
    serial, port = line
    serial.listen(lambda: None)
    timer = serial._timer
    serial.quiet()
    assert not timer.on
    port.sent += b"x"
    assert bytes(port.sent) == b"x" and taken(serial) == b"x"
