"""What the drivers compute, and what an image's file and a board's pins are held to."""

import collections
import random
import sys
import types
from pathlib import Path

import pytest
from stackpress.config import board_file, hardware
from stackpress.electrical import safety, state_machines
from stackpress.flashing import uf2
from stackpress_core import document_rules

from boards.images import build
from hil_tests.devices.ads131m04 import RATIOS, crc16

HERE = Path(__file__).resolve().parents[1]
ROOT = HERE.parents[1]


def _driver(name: str) -> types.ModuleType:
    """A driver's module with what only a board has left out."""
    text = (ROOT / f"firmware/drivers/{name}.py").read_text()
    pio = types.SimpleNamespace(OUT_LOW=0, OUT_HIGH=1, SHIFT_LEFT=0, JOIN_RX=0)
    stubs = {"machine": types.ModuleType("machine"), "rp2": types.ModuleType("rp2")}
    stubs["rp2"].PIO = pio
    stubs["rp2"].asm_pio = lambda **_: lambda program: program
    module = types.ModuleType(name)
    before = {key: sys.modules.get(key) for key in stubs}
    sys.modules.update(stubs)
    try:
        exec(compile(text, name, "exec"), module.__dict__)
    finally:
        for key, old in before.items():
            sys.modules.pop(key) if old is None else sys.modules.update({key: old})
    return module


def test_ratios_of_the_converter_are_what_the_boards_table_says():
    assert _driver("ads131m04").RATIOS == hardware.part("converter", "ads131m04").ratios == RATIOS


def test_crc_table_gives_the_crc_of_the_datasheet():
    driver, table = _driver("ads131m04"), bytearray(512)
    driver.crc_table(table)
    halves = memoryview(table).cast("H")
    chance = random.Random(1)
    for _ in range(50):
        sent = [chance.getrandbits(24) for _ in range(5)]
        crc = 0xFFFF
        for word in sent:
            for byte in word.to_bytes(3, "big"):
                crc = (crc << 8 ^ halves[(crc >> 8 ^ byte) & 255]) & 0xFFFF
        assert crc == crc16(sent)


@pytest.mark.parametrize(("clock_hz", "has", "lacks"),
                         [(8192000, (500, 4000, 8000), (6000, 3000)), (6144000, (6000, 3000), (4000,))])  # fmt: skip
def test_converter_runs_at_exactly_the_rates_that_it_names(clock_hz, has, lacks):
    driver = _driver("ads131m04")
    rates = driver.rates(clock_hz)
    assert set(has) <= set(rates) and not set(lacks) & set(rates) and list(rates) == sorted(rates)
    for hz in rates:
        assert clock_hz / 2 / RATIOS[driver.ratio_code(hz, clock_hz)] == hz


@pytest.mark.parametrize(("clock_hz", "converter_hz", "dac_hz"), [(125_000_000, 125_000_000, 31_250_000),
                                                                  (150_000_000, 75_000_000, 30_000_000)])  # fmt: skip
def test_state_machines_run_at_whole_dividers_on_both_chips(clock_hz, converter_hz, dac_hz):
    asked = []
    wired = types.SimpleNamespace(exec=lambda word: None, irq=lambda *a, **k: None, active=lambda on: None)
    pins = type("Pin", (), {"OUT": 0, "IN": 0, "PULL_UP": 0, "PULL_DOWN": 0, "__init__": lambda self, *a, **k: None})
    converter, dac = _driver("ads131m04"), _driver("dac8551")
    for driver in (converter, dac):
        driver.machine.freq, driver.machine.Pin, driver.machine.mem32 = lambda: clock_hz, pins, collections.defaultdict(int)
        driver.rp2.StateMachine = lambda number, program, freq, **_: asked.append(freq) or wired
    converter.Converter(0, 1, 2, 3, 4).prepare(4000, None)
    dac.Dac(4, 5, 6).start()
    assert asked == [converter_hz, dac_hz] == [state_machines.pio_hz(clock_hz, most) for most in (converter.PIO_HZ, dac.PIO_HZ)]
    assert [clock_hz % hz for hz in asked] == [0, 0]


@pytest.mark.parametrize("name", ["pico", "pico2", "pico_hx711"])
def test_driver_and_host_refuse_the_same_slow_ticks_and_the_one_shot_outlives_the_others(name):
    """A tick may be late by a quarter of its period (1.25 periods is what the converter's program waits)."""
    board, deadman = board_file.load_board(name), _driver("deadman").make
    made = deadman(types.SimpleNamespace(pins=board.pins, settings=board.settings))
    assert made.slowest_hz == board.slowest_hz
    late_us = safety.LATE * 1e6
    assert late_us / made.slowest_hz < 1000 * board.settings["one_shot_ms"] <= late_us / (made.slowest_hz - 1)


def test_a_rate_that_the_converter_does_not_have_is_refused_with_those_it_has():
    document = {"format": 1, "params": {"tick_rate_hz": 6000}}
    assert document_rules.config(document, None, (4000, 8000)) == ["tick_rate_hz = 6000: the converter gives 4000, 8000"]
    assert document_rules.config(document, None, (3000, 6000)) == document_rules.config(document, None) == []
    assert document_rules.config(document, None, (), 6000) == [] and "permissive" in document_rules.config(document, None, (), 6001)[0]


def test_uf2_gives_back_what_was_put_in():
    image = bytes(range(256)) * 5 + b"end"
    family, address, back = uf2.decode(uf2.encode(image, uf2.FAMILIES["rp2040"]))
    assert (family, address) == (0xE48BFF56, 0x10000000) and back[: len(image)] == image


@pytest.mark.parametrize("harm", [slice(0, 4), slice(20, 24), slice(508, 512)])
def test_harmed_uf2_is_refused(harm):
    data = bytearray(uf2.encode(b"x" * 600, uf2.FAMILIES["rp2040"]))
    data[harm] = b"\x07\x07\x07\x07"
    with pytest.raises(ValueError):
        uf2.decode(bytes(data))


def test_pico_has_one_role_for_each_of_its_26_pins():
    pins = build.board_data("pico")["pins"]
    assert len(set(pins.values())) == len(pins) <= 26
    assert set(pins.values()) <= set(range(23)) | {26, 27, 28}
