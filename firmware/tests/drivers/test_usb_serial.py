"""The driver of the port gives the image's module what it wants: the address of the word that a stop sets, and nothing else."""

import importlib
import sys
import types

import pytest


@pytest.fixture
def line(monkeypatch):
    wire = types.SimpleNamespace(read=lambda buf: 0, offer=lambda ring, start, n: 0, told=lambda: 0, held=lambda: 7, listened=[], quieted=[])
    wire.idle, wire.whole_records, wire.rows = lambda: True, lambda view, room, seq: (0, seq, True), lambda *a: 0
    wire.asked, wire.log_asked, wire.close_block = lambda texts, rest: -2, lambda block: -1, lambda ring, start, n: None
    wire.stream = lambda ring, place, table, marks: 0
    wire.listen, wire.quiet = wire.listened.append, lambda: wire.quieted.append(1)
    memory = types.SimpleNamespace(address_of=lambda words: 1000)
    monkeypatch.setitem(sys.modules, "usb_wire", wire)
    monkeypatch.setitem(sys.modules, "drivers.memory", memory)
    monkeypatch.delitem(sys.modules, "drivers.usb_serial", raising=False)
    usb_serial = importlib.import_module("drivers.usb_serial")
    monkeypatch.setattr(usb_serial, "memory", memory)
    yield usb_serial.UsbSerial(), wire
    sys.modules.pop("drivers.usb_serial", None)


def test_a_stop_sets_the_word_of_the_blackboard_that_was_named(line):
    serial, wire = line
    serial.listen([0] * 40, 12)
    assert wire.listened == [1000 + 4 * 12]


def test_the_prompt_gets_the_port_when_the_press_is_quiet(line):
    serial, wire = line
    serial.quiet()
    assert wire.quieted == [1] and serial.held == 7
