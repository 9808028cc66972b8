"""The carrier's other parts at the wire: regulator's DAC, permissive and its one-shot, journal chip, outputs, watchdog, files."""

import random
import tomllib
from pathlib import Path
from typing import Any

import pytest
from stackpress import paths
from stackpress.electrical.circuit import circuit_of
from stackpress_core.file_store import FileStore
from stackpress_core.tick import blackboard

from hil_tests.devices.carrier import BOUNCING, OneShot
from hil_tests.devices.dac8551 import Dac8551
from hil_tests.devices.on_chip import FUNCTION_SIO, PADS
from hil_tests.devices.peripherals import Peripherals
from hil_tests.devices.w25q import W25q

SHEETS = tomllib.loads((paths.BOARDS / "data_sheets.toml").read_text())
DAC = {"pio_data": 4, "dac_clock": 5, "dac_sync": 6}
PERMISSIVE = 7


def test_dac_has_every_code_that_the_tick_drops_into_the_fifo() -> None:
    rp2040 = Peripherals(step_cycles=2)
    chip = Dac8551(rp2040.wires, DAC)
    rp2040.driver("dac8551").Dac(4, 5, 6).start()
    rp2040.fixed()
    drive = rp2040.stage("dac8551_stages", "drive")
    for n, code in enumerate((0, 1, 0x8000, 0xFFFF, 0x1234, 0xAAAA, 0x5555)):
        rp2040.put("CODE", code)
        drive()
        rp2040.run_us(10)
        assert chip.code == code and chip.writes == n + 1
        assert rp2040.wires.level(4) == 0 and rp2040.wires.level(6) == 1  # the shared data line is left low, nobody selected


def test_dac_that_lost_its_supply_has_its_code_again_at_the_next_tick() -> None:
    rp2040 = Peripherals(step_cycles=2)
    chip = Dac8551(rp2040.wires, DAC)
    rp2040.driver("dac8551").Dac(4, 5, 6).start()
    rp2040.fixed()
    drive = rp2040.stage("dac8551_stages", "drive")
    rp2040.put("CODE", 4000)
    drive()
    rp2040.run_us(10)
    chip.unpowered()
    assert chip.code == 0
    drive()
    rp2040.run_us(10)
    assert chip.code == 4000


class Permissive:
    """The deadman's program with the one-shot behind it, and the tick's token."""

    def __init__(self) -> None:
        self.rp2040 = Peripherals(step_cycles=8)
        self.one_shot = OneShot(self.rp2040.wires, PERMISSIVE)
        self.edges: list[tuple[float, int]] = []
        self.rp2040.wires.watch(PERMISSIVE, lambda level: self.edges.append((self.rp2040.wires.now_ns, level)))
        self.rp2040.driver("deadman").Deadman(PERMISSIVE).begin(None)
        self.rp2040.fixed()
        self.token = self.rp2040.stage("deadman_stages", "token")

    def tick(self, us: float = 250) -> None:
        self.token()
        self.rp2040.run_us(us)

    @property
    def pulses(self) -> int:
        return sum(level for _, level in self.edges)


def test_one_pulse_for_each_token_and_none_without() -> None:
    p = Permissive()
    p.rp2040.put("VALVE", blackboard.VALVE_PERMISSIVE)
    for n in range(1, 40):
        p.tick()
        assert p.pulses == n and p.one_shot.alive
    p.rp2040.run_us(5000)
    assert p.pulses == 39 and not p.one_shot.alive
    widths = [b - a for (a, up), (b, _) in zip(p.edges, p.edges[1:], strict=False) if up]
    assert all(30_900 <= width <= 31_100 for width in widths)


def test_the_falling_edge_of_a_pulse_does_not_trigger_the_one_shot() -> None:
    p = Permissive()
    p.rp2040.put("VALVE", blackboard.VALVE_PERMISSIVE)
    p.token()
    p.rp2040.run_us(5000)
    (rose, up), (fell, down) = p.edges
    assert (up, down) == (1, 0) and p.one_shot.last_ns == fell and p.one_shot.until_ns == rose + 1e6


@pytest.mark.parametrize(
    ("board", "name", "made"),
    [
        ("pico", "ads131m04", lambda m, pins: m.Converter(*[pins["converter_" + n] for n in ("clock", "select", "data")],
                                                          pins["data_ready"], pins["pio_data"])),
        ("pico_hx711", "hx711", lambda m, pins: m.Converter(pins["hx711_clock"], pins["hx711_data"])),
        ("pico", "outputs", lambda m, pins: m.inputs([pins[n] for n in BOUNCING])),
    ],
)  # fmt: skip
def test_inputs_are_pulled_inside_the_chip_to_where_the_carrier_pulls_them(board: str, name: str, made: Any) -> None:
    """Against each other they would be a divider, and a broken wire could read as what permits."""
    rp2040, circuit = Peripherals(step_cycles=8), circuit_of(board)
    assert circuit
    pins = circuit.board.pins
    made(rp2040.driver(name), pins)
    looked = 0
    for net, gpio in pins.items():
        pulled = {"GND": 0x4}.get(min(circuit.pulls(net))[1], 0x8) if circuit.pulls(net) else 0
        inside = rp2040.mcu.read_uint32(PADS + 4 + 4 * gpio) & 0x0C
        if pulled and rp2040.mcu.gpio[gpio].function_select == FUNCTION_SIO and not rp2040.mcu.gpio[gpio].output_enable:
            looked += 1
            assert inside == pulled, f"{net}: {inside:#x} inside, {pulled:#x} outside"
    assert looked >= 1


ONE_SHOTS = {  # maker's factor for 22 kOhm and 100 nF: shortest and longest time / ms, and whether each tick at 8 kHz triggers it
    "74hc123_nxp": (0.88, 2.2, False),
    "sn74lvc1g123": (1.98, 2.42, True),
}


@pytest.mark.parametrize(("name", "expected"), ONE_SHOTS.items())
def test_one_shot_lasts_as_its_maker_says_and_is_triggered_again_no_sooner(name: str, expected: tuple[float, float, bool]) -> None:
    sheet = SHEETS[name]["one_shot"]
    shortest, longest, every = expected
    found = []
    for k in (sheet["k"][0], sheet["k"][2]):
        rp2040 = Peripherals(step_cycles=8)
        pin = rp2040.machine.Pin(PERMISSIVE, 1, value=0)
        one = OneShot(rp2040.wires, PERMISSIVE, k * 22e3 * 100e-9 * 1e3, sheet["retrigger_us"])
        for _ in range(8):  # ticks of 125 us
            pin(1)
            rp2040.run_us(31)
            pin(0)
            rp2040.run_us(94)
        assert one.pulses == (8 if every else 4)
        triggered = one.until_ns - one.holds_ns
        while one.alive:
            rp2040.run_us(10)
        found.append((rp2040.wires.now_ns - triggered) / 1e6)
    assert found == pytest.approx([shortest, longest], abs=0.02)


def test_tick_that_does_not_permit_gives_no_token() -> None:
    p = Permissive()
    for valve in (0, blackboard.VALVE_FILL, blackboard.VALVE_DUMP_CLOSED | blackboard.VALVE_VENT):
        p.rp2040.put("VALVE", valve)
        p.tick(2000)
    assert p.pulses == 0 and not p.one_shot.alive


def test_hung_processor_is_dead_at_the_pin_within_two_milliseconds_at_any_phase() -> None:
    chance = random.Random(2)
    for _ in range(20):
        p = Permissive()
        p.rp2040.put("VALVE", blackboard.VALVE_PERMISSIVE)
        for _ in range(4):
            p.tick(250)
        p.token()
        p.rp2040.run_us(chance.random() * 250)  # and here it hangs
        hung = p.rp2040.wires.now_ns
        while p.one_shot.alive:
            p.rp2040.run_us(50)
        assert p.rp2040.wires.now_ns - hung <= 2e6


def test_tokens_that_wait_are_as_many_pulses_and_a_full_fifo_holds_few() -> None:
    """Ticks that come late all at once can't keep the permissive for long after the last of them."""
    p = Permissive()
    p.rp2040.put("VALVE", blackboard.VALVE_PERMISSIVE)
    for _ in range(50):
        p.token()
    stopped = p.rp2040.wires.now_ns
    p.rp2040.run_us(5000)
    assert p.pulses <= 6 and p.one_shot.last_ns + 1e6 - stopped < 2e6


def test_soft_reset_with_the_permissive_high_takes_it_low() -> None:
    p = Permissive()
    p.rp2040.put("VALVE", blackboard.VALVE_PERMISSIVE)
    p.token()
    p.rp2040.run_us(10)
    assert p.rp2040.wires.level(PERMISSIVE) == 1
    p.rp2040.driver("outputs").safe([PERMISSIVE])
    assert p.rp2040.wires.level(PERMISSIVE) == 0


def test_outputs_are_low_and_inputs_read_a_broken_wire_as_open() -> None:
    rp2040 = Peripherals(step_cycles=8)
    outputs = rp2040.driver("outputs")
    for pin in (15, 22, 28):
        rp2040.machine.Pin(pin, 1, value=1)
    outputs.safe([15, 22, 28])
    assert [rp2040.wires.level(pin) for pin in (15, 22, 28)] == [0, 0, 0]
    outputs.inputs([10, 11])
    rp2040.wires.drive(10, 1)
    assert [rp2040.machine.Pin(pin)() for pin in (10, 11)] == [1, 0]


class Watched:
    """A press's loop in two numbers: ticks, and passes of the foreground."""

    def __init__(self) -> None:
        self.rp2040 = Peripherals(step_cycles=8)
        self.dog: Any = self.rp2040.driver("watchdog").Watchdog()

    @property
    def timeout_ms(self) -> int:
        return int(self.rp2040.watchdog.timeout)

    @property
    def fed(self) -> int:
        return int(self.rp2040.watchdog.fed)


def test_watchdog_is_fed_only_when_tick_and_foreground_both_advanced() -> None:
    w = Watched()
    w.dog.passed(1)
    assert w.rp2040.watchdog is None, "not started: it must not begin by being fed"
    w.dog.start()
    assert w.timeout_ms <= 1000 and w.fed == 0
    for ticks in range(2, 10):
        w.dog.passed(ticks)
    assert w.fed == 8
    for _ in range(100):
        w.dog.passed(9)  # the foreground passes, the tick is dead
    assert w.fed == 8
    w.dog.passed(10)
    assert w.fed == 9  # and a tick that goes on without the foreground calls nobody


def test_watchdog_knows_the_count_of_ticks_where_it_wraps() -> None:
    w = Watched()
    w.dog.start()
    for ticks in ((1 << 29) - 1, 0, 1):
        w.dog.passed(ticks)
    assert w.fed == 3


def _nor(size: int = 1 << 16, awake: bool = True, worst: bool = False, hz: int = 20_000_000) -> tuple[Peripherals, W25q, Any]:
    rp2040 = Peripherals(step_cycles=8)
    chip = W25q(rp2040.wires, {"flash_select": 17}, size=size, worst=worst)
    rp2040.mcu.clock.tick(5e6 if awake else 0)
    Pin = rp2040.machine.Pin
    spi = rp2040.machine.SPI(0, baudrate=hz, sck=Pin(18), mosi=Pin(19), miso=Pin(16))
    return rp2040, chip, rp2040.driver("w25q").Nor(spi, 17)


def test_nor_says_its_size_programs_inside_a_page_and_erases_a_sector() -> None:
    rp2040, chip, nor = _nor()
    assert nor.size == 1 << 16
    nor.program(0x1003, b"abc")
    assert nor.busy()
    rp2040.run_us(500)
    assert not nor.busy()
    back = bytearray(5)
    nor.read(0x1002, back)
    assert bytes(back) == b"\xffabc\xff"
    nor.erase(0x1000)
    rp2040.mcu.clock.tick(50e6)
    nor.read(0x1002, back)
    assert bytes(back) == b"\xff" * 5 and (chip.programs, chip.erases, chip.violations) == (1, 1, 0)


def test_nor_waits_for_what_it_has_begun() -> None:
    _, chip, nor = _nor()
    for n in range(4):
        nor.program(n * 256, bytes([n]) * 256)
    assert chip.programs == 4 and chip.memory[:1024] == b"".join(bytes([n]) * 256 for n in range(4))


def test_nor_that_is_larger_than_three_address_bytes_is_used_as_far_as_they_reach() -> None:
    """03h, 02h and 20h take 24 bits of address (8.1.2): beyond 16 MB a sector would be another one."""
    rp2040 = Peripherals(step_cycles=8)
    W25q(rp2040.wires, {"flash_select": 17}, size=1 << 25)
    rp2040.mcu.clock.tick(5e6)
    assert rp2040.driver("w25q").Nor(rp2040.machine.SPI(0, baudrate=20000000), 17).size == 1 << 24


def test_nor_that_was_put_to_sleep_is_woken() -> None:
    rp2040, chip, nor = _nor()
    nor._short(0xB9)
    assert chip.asleep
    assert rp2040.driver("w25q").Nor(nor._spi, 17).size == 1 << 16 and not chip.asleep


def test_nor_that_is_not_there_is_said_to_be_absent() -> None:
    rp2040 = Peripherals(step_cycles=8)
    chip = W25q(rp2040.wires, {"flash_select": 17}, size=1 << 16)
    chip.absent = True
    module = rp2040.driver("w25q")
    spi = rp2040.machine.SPI(0, baudrate=20000000)
    with pytest.raises(module.Absent):
        module.Nor(spi, 17)


def test_nor_that_was_erasing_when_the_processor_was_reset_is_waited_for() -> None:
    rp2040, chip, nor = _nor()
    nor.erase(0x1000)
    assert chip.busy
    again = rp2040.driver("w25q").Nor(nor._spi, 17)
    assert again.size == 1 << 16 and not chip.busy and chip.violations == 0


def test_nor_that_stays_busy_is_an_error_after_bounded_time() -> None:
    rp2040, chip, nor = _nor(hz=500_000)
    nor.program(0, b"x")
    chip.stuck_busy = True
    with pytest.raises(OSError):
        nor.read(0, bytearray(1))
    assert rp2040.wires.now_ns < 1e9


def test_nor_that_is_as_slow_as_it_may_be_is_waited_for() -> None:
    rp2040, chip, nor = _nor(worst=True, hz=500_000)
    nor.program(0, b"x")
    rp2040.run_us(2900)
    assert nor.busy()
    rp2040.run_us(200)
    assert not nor.busy()
    nor.erase(0)
    began = rp2040.wires.now_ns
    nor.program(0, b"\x55")
    assert 0.4e9 <= rp2040.wires.now_ns - began < 0.45e9 and chip.memory[0] == 0x55


def test_nor_writes_nothing_in_the_first_milliseconds_of_its_supply() -> None:
    rp2040, chip, nor = _nor(awake=False)
    nor.program(0, b"x")
    assert chip.programs == 0 and not nor.busy()
    rp2040.mcu.clock.tick(5e6)
    nor.program(0, b"x")
    assert chip.programs == 1


@pytest.mark.parametrize("what", ["erase", "program"])
def test_power_cut_leaves_bits_between_what_was_and_what_was_to_be_and_the_rest_alone(what: str) -> None:
    rp2040, chip, nor = _nor()
    for at in range(0x1000, 0x2000, 256):
        nor.program(at, bytes(range(256)))
    rp2040.run_us(500)
    was = bytes(chip.memory)
    nor.erase(0x1000) if what == "erase" else nor.program(0x1000, bytes(256))
    rp2040.run_us(100)
    to_be = bytes(chip.memory)
    left = bytes(chip.power_cut())
    here = slice(0x1000, 0x2000 if what == "erase" else 0x1100)
    assert left[here] not in (was[here], to_be[here])
    assert all(a & b & ~c == 0 and c & ~(a | b) == 0 for a, b, c in zip(was, to_be, left, strict=True))
    assert left[:0x1000] == was[:0x1000] and left[0x2000:] == was[0x2000:]


def test_documents_are_files_and_a_missing_one_is_none(tmp_path: Path) -> None:
    store = FileStore(str(tmp_path / "documents"))
    assert store.names() == [] and store.read("config/a") is None
    store.write("config/a", b"one")
    store.write("calibration/b", bytes(range(256)))
    assert store.names() == ["calibration/b", "config/a"] and store.read("calibration/b") == bytes(range(256))
    store.remove("config/a")
    store.remove("config/a")
    assert store.names() == ["calibration/b"]


def test_without_a_file_system_reading_says_none_and_writing_fails_aloud() -> None:
    store = FileStore("/proc/no such place/documents")
    assert store.read("config/a") is None and store.names() == []
    with pytest.raises(OSError):
        store.write("config/a", b"x")


def test_ram_journal_is_a_nor_whose_bits_only_fall() -> None:
    nor: Any = Peripherals(step_cycles=8).driver("ram_nor").RamNor(2)
    nor.program(10, b"\x0f")
    nor.program(10, b"\xf3")
    back = bytearray(1)
    nor.read(10, back)
    assert back[0] == 0x03 and nor.size == 8192 and not nor.busy()
    nor.erase(0)
    nor.read(10, back)
    assert back[0] == 255


def test_dac_without_supply_takes_no_frame_and_none_that_began_before_it_came() -> None:
    rp2040, power = Peripherals(step_cycles=2), [False]
    chip = Dac8551(rp2040.wires, DAC, lambda: power[0])
    rp2040.driver("dac8551").Dac(4, 5, 6).start()
    rp2040.fixed()
    drive = rp2040.stage("dac8551_stages", "drive")
    rp2040.put("CODE", 4000)
    drive()
    rp2040.run_us(10)
    assert chip.writes == chip.code == 0
    drive()
    rp2040.run_us(0.8)
    assert rp2040.wires.level(6) == 0  # in the middle of a frame
    power[0] = True
    rp2040.run_us(10)
    assert chip.writes == chip.code == 0
    drive()
    rp2040.run_us(10)
    assert chip.code == 4000


@pytest.mark.parametrize("buffered", [True, False])
def test_lines_of_a_running_press_feed_a_dac_without_supply_unless_a_buffer_is_between_them(buffered: bool) -> None:
    rp2040, power = Peripherals(step_cycles=2), [True]
    chip = Dac8551(rp2040.wires, DAC, lambda: power[0], buffered)
    rp2040.driver("dac8551").Dac(4, 5, 6).start()
    rp2040.fixed()
    drive = rp2040.stage("dac8551_stages", "drive")
    for on in (True, False):
        power[0] = on
        rp2040.put("CODE", 0xFFFF)
        drive()
        rp2040.run_us(10)
        assert (chip.fed == 0) == (on or buffered)
