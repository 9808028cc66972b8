"""Drivers of the panel against models of its chips that were written from their datasheets: bus, dots, buttons, failures."""

import random
import sys
import types
from pathlib import Path

import pytest
from bench_press import CONTACT, MemoryBoard, PressBench, hold, ramp, recipe
from stackpress_core.log import records
from stackpress_core.panel import pages
from stackpress_core.panel.canvas import Canvas
from stackpress_core.tick import blackboard, states

from hil_tests.devices.mcp23017 import GPPUA, IODIRA, IODIRB, IPOLA, OLATB, Mcp23017
from hil_tests.devices.ssd1306 import Ssd1306

ROOT = Path(__file__).resolve().parents[3]
DRIVERS = ("memory", "mcp23017", "ssd1306", "screen", "panel")


class Bus:
    """machine.I2C before the models; a transfer that nobody acknowledges is an OSError."""

    def __init__(self, *devices):
        self.devices = {device.address: device for device in devices}
        self.longest = self.transfers = 0
        self.stuck = False

    def _to(self, address, reading):
        if self.stuck:
            raise OSError(110)
        device = self.devices.get(address)
        if device is None or not device.selected(reading):
            raise OSError(5)
        return device

    def writeto(self, address, data):
        self.transfers += 1
        self.longest = max(self.longest, len(data))
        device = self._to(address, False)
        for byte in bytes(data):
            if not device.written(byte):
                raise OSError(5)
        device.stopped()

    def writeto_mem(self, address, register, data):
        self.writeto(address, bytes([register]) + bytes(data))

    def readfrom_mem_into(self, address, register, into):
        self.writeto(address, bytes([register]))
        device = self._to(address, True)
        for i in range(len(into)):
            into[i] = device.read()
        device.stopped()


class Pin:
    OPEN_DRAIN = 2

    def __init__(self, number, *_, **__):
        self.number, self.set = number, []

    def init(self, mode, value):
        self.set.append(value)


@pytest.fixture
def drivers(monkeypatch):
    """The drivers with a machine of their own; gives (module panel, words, bus)."""
    display, expander = Ssd1306(), Mcp23017()
    expander.ground(0, 1, True)
    expander.ground(0, 4, True)
    bus = Bus(display, expander)
    machine = types.ModuleType("machine")

    def opened(number, **_):
        bus.opened, bus.stuck = getattr(bus, "opened", 0) + 1, False
        return bus

    machine.Pin, machine.I2C = Pin, opened
    fixed = [0] * 16
    package = types.ModuleType("drivers")
    memory = types.ModuleType("drivers.memory")
    memory.EXPANDER, memory.words = 2, lambda: fixed
    package.memory = memory
    for name, module in (("machine", machine), ("drivers", package), ("drivers.memory", memory)):
        monkeypatch.setitem(sys.modules, name, module)
    for name in DRIVERS[1:]:
        module = types.ModuleType("drivers." + name)
        path = ROOT / f"firmware/drivers/{name}.py"
        module.__file__ = str(path)
        monkeypatch.setitem(sys.modules, "drivers." + name, module)
        exec(compile(path.read_text(), str(path), "exec"), module.__dict__)
    return types.SimpleNamespace(panel=sys.modules["drivers.panel"], words=fixed, bus=bus, display=display, expander=expander)


class Fitted:
    """A press of the bench with the panel's driver, which the bench calls after each pass."""

    def __init__(self, drivers):
        self.d, self.b = drivers, PressBench(MemoryBoard())
        self.panel = drivers.panel.Panel(26, 27)
        self.panel.begin(self.b.press)
        self.ms = 0

    def run(self, ms):
        for _ in range(ms // 5):
            self.ms += 5
            self.panel.service(self.ms & 0x3FFFFFFF)
            self.b.inputs = blackboard.IN_HEALTHY & ~blackboard.IN["supply_ok"] | self.d.words[2]
            self.b.run_passes(1)

    def push(self, bit, ms=60):
        self.d.expander.ground(0, bit, bit != 1)
        self.run(ms)
        self.d.expander.ground(0, bit, bit == 1)
        self.run(ms)


def drawn(panel):
    canvas = Canvas()
    pages.draw(canvas, panel)
    return bytes(canvas.buf[:1024])


# -- display


def test_every_slice_lands_where_it_belongs(drivers):
    display = sys.modules["drivers.ssd1306"].Display(drivers.bus)
    dots = random.Random(2).randbytes(1024)
    display.set_up()
    for page in range(8):
        for part in range(4):
            display.write(page, part, bytearray(dots))
    assert not drivers.display.on
    display.show()
    assert bytes(drivers.display.ram) == dots and drivers.display.on and drivers.display.unknown == []
    for x, y in ((0, 0), (127, 63), (5, 9), (64, 32)):
        assert drivers.display.dot(x, y) == dots[y // 8 * 128 + x] >> y % 8 & 1
    assert drivers.bus.longest <= 64


def test_display_shows_what_the_pages_draw(drivers):
    f = Fitted(drivers)
    f.b.put(recipe(CONTACT, ramp(300000), hold(3600000), area_um2=78539816))
    f.run(2500)
    assert f.d.display.on and bytes(f.d.display.ram) == drawn(f.b.press.panel)
    f.push(0)
    f.b.until_state(states.HOLDING)
    f.run(1500)
    assert bytes(f.d.display.ram) == drawn(f.b.press.panel)


def test_only_what_has_changed_is_sent(drivers):
    f = Fitted(drivers)
    f.run(2500)
    before = f.d.display.data_bytes
    f.run(900)
    assert f.d.display.data_bytes - before <= 3 * 128  # the slow renewal of a page each second or two


def test_display_that_lost_its_supply_is_whole_again_after_a_while(drivers):
    f = Fitted(drivers)
    f.run(2500)
    f.d.display.reset()
    f.d.display.ram[:] = bytes(range(256)) * 4
    f.run(20000)
    assert f.d.display.on and bytes(f.d.display.ram) == drawn(f.b.press.panel)


def test_a_display_that_is_renewed_is_never_dark_for_a_moment(drivers):
    f = Fitted(drivers)
    f.run(2500)
    off, sent = f.d.display.switched_off, f.d.display.data_bytes
    f.run(20000)
    assert f.d.display.on and f.d.display.switched_off == off and f.d.display.data_bytes >= sent + 1024


def test_absent_display_is_told_once_and_buttons_work(drivers):
    drivers.display.absent = True
    f = Fitted(drivers)
    f.b.put(recipe(CONTACT, ramp(300000), hold(3600000)))
    f.run(5000)
    told = [event for event in f.b.records(records.EVENT) if event["code"] == records.EVENT_PART]
    assert [(event["text"], event["b"]) for event in told] == [("display", 0)]
    f.push(0)
    assert f.b.word("STATE") in states.DRIVEN
    drivers.display.absent = False
    f.run(4000)
    assert bytes(drivers.display.ram) == drawn(f.b.press.panel)


# -- expander


def test_expander_is_set_up_as_the_carrier_is_wired(drivers):
    f = Fitted(drivers)
    registers = f.d.expander.registers
    # GPA7 and GPB7 can only be outputs (DS20001952 rev D, table 1-1)
    assert registers[IODIRA] == 0x7F and registers[IODIRB] == 0 and registers[GPPUA] & 0x1F == 0x1F
    assert registers[IPOLA] == 0b11101 and registers[OLATB] & 0xC0 == 0xC0  # no thermocouple is selected


@pytest.mark.parametrize(("bit", "name"), [(0, "start"), (1, "stop"), (2, "reset"), (3, "select")])
def test_each_button_is_its_bit_of_the_blackboard(drivers, bit, name):
    f = Fitted(drivers)
    f.run(100)
    assert f.d.words[2] == blackboard.IN["supply_ok"]
    drivers.expander.ground(0, bit, bit != 1)
    f.run(60)
    assert f.d.words[2] == blackboard.IN["supply_ok"] | blackboard.IN[name]
    drivers.expander.ground(0, bit, bit == 1)
    f.run(60)
    assert f.d.words[2] == blackboard.IN["supply_ok"]


def test_broken_wires_are_a_stop_and_a_bad_supply_and_never_a_start(drivers):
    drivers.expander.grounded[0] = 0
    f = Fitted(drivers)
    f.run(200)
    assert f.d.words[2] == blackboard.IN["stop"]


def test_start_must_be_seen_twice_and_stop_once(drivers):
    f = Fitted(drivers)
    f.run(100)
    for bit, name in ((0, "start"), (1, "stop")):
        drivers.expander.ground(0, bit, bit != 1)
        f.panel._poll()
        assert bool(f.d.words[2] & blackboard.IN[name]) == (name == "stop")
        drivers.expander.ground(0, bit, bit == 1)
        f.panel._poll()
        f.panel._poll()
        assert not f.d.words[2] & blackboard.IN[name]


def test_button_that_is_held_when_the_expander_comes_does_nothing_before_it_is_let_go(drivers):
    f = Fitted(drivers)
    f.b.put(recipe(CONTACT, ramp(300000), hold(3600000)))
    f.run(1500)
    drivers.expander.absent = True
    f.run(1000)
    assert f.d.words[2] == 0
    drivers.expander.ground(0, 0, True)
    drivers.expander.absent = False
    f.run(4000)
    assert f.d.words[2] == blackboard.IN["supply_ok"] and f.b.word("STATE") == states.SAFE
    drivers.expander.ground(0, 0, False)
    f.run(60)
    f.push(0)
    assert f.b.word("STATE") in states.DRIVEN


def test_expander_that_was_reset_is_set_up_again(drivers):
    f = Fitted(drivers)
    f.run(500)
    drivers.expander.reset()
    f.run(2500)
    assert drivers.expander.registers[IODIRB] == 0 and f.d.words[2] == blackboard.IN["supply_ok"]


def test_expander_that_fails_is_told_once_and_one_lost_transfer_is_nothing(drivers):
    f = Fitted(drivers)
    f.run(500)
    drivers.expander.absent = True
    f.panel._poll()
    drivers.expander.absent = False
    f.run(100)
    assert f.d.words[2] == blackboard.IN["supply_ok"]
    drivers.expander.absent = True
    f.run(10000)
    told = [(event["text"], event["b"]) for event in f.b.records(records.EVENT) if event["code"] == records.EVENT_PART]
    assert told == [("expander", 0)] and f.d.words[2] == 0
    assert "supply" in [code for code, _ in f.b.press.arming.failing()]


def test_selecting_a_thermocouple_leaves_the_lights_alone(drivers):
    f = Fitted(drivers)
    f.b.press.S[blackboard.AT["WARNED"]] = 1
    f.run(500)
    for channel, level in ((0, 0x80), (1, 0x40), (None, 0xC0)):
        f.panel.select(channel)
        assert drivers.expander.registers[OLATB] == level | 0x02  # amber is lit


def test_lights_go_out_when_the_foreground_goes_away(drivers):
    f = Fitted(drivers)
    f.b.press.S[blackboard.AT["WARNED"]] = 1
    f.run(500)
    f.panel.off()
    assert drivers.expander.registers[OLATB] == 0xC0


def test_bus_is_freed_by_nine_clocks_at_the_start(drivers):
    panel = drivers.panel.Panel(26, 27)
    data, clock = panel._pins
    assert data.set == [1] and clock.set == [0, 1] * 9


def test_bus_that_stands_still_is_opened_anew(drivers):
    f = Fitted(drivers)
    f.run(2500)
    assert drivers.bus.opened == 1
    drivers.bus.stuck = True
    f.run(100)
    assert f.d.words[2] == 0
    f.run(3000)
    assert drivers.bus.opened == 2 and f.d.words[2] == blackboard.IN["supply_ok"]
    f.run(4000)
    assert bytes(drivers.display.ram) == drawn(f.b.press.panel)


def test_one_pass_is_one_short_transfer(drivers):
    f = Fitted(drivers)
    worst = 0
    for _ in range(600):
        before = drivers.bus.transfers
        f.run(5)
        worst = max(worst, drivers.bus.transfers - before)
    assert worst <= 4 and drivers.bus.longest <= 64
