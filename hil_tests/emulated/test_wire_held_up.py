"""A host that reads slowly or asks quickly, a cable pulled in a block, a bus that sleeps: the press goes on, no record is lost."""

import struct
import zlib
from collections.abc import Callable, Iterator

import pytest
from stackpress_core.scpi.outbox import RING_SIZE

from hil_tests.bench.board.host import Host
from hil_tests.bench.board.rig import Rig, forked
from hil_tests.conftest import EMULATED_TIMEOUT_S

pytestmark = pytest.mark.timeout(EMULATED_TIMEOUT_S)
BLOCK = "LOG:READ? 1"
LONGEST_MS = 60.0  # that an answer may take, a collection included
ROW_LATE_MS = 25  # of a row of telemetry, behind its tenth of a second
OFF_N = 60.0  # of a ramp, from its set-point


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    one = Rig().boot().press()
    one.run(0.3)
    yield one


def undisturbed(rig: Rig, seconds: float, between: Callable[[], None] = lambda: None) -> None:
    """So much time in which each tick comes and the force follows its set-point."""
    missed, token = rig.word("MISSED"), rig.word("TOKEN")
    for _ in range(round(seconds / 0.1)):
        between()
        rig.run(0.1)
        assert abs(rig.force_n() - rig.word("SET") / 100) < OFF_N
    rig.need_pressing()
    assert rig.word("MISSED") == missed and rig.word("TOKEN") - token >= rig.hz * (seconds - 0.01)


def numbers_of(log: bytes) -> list[int]:
    found, at = [], 0
    while at < len(log):
        found.append(struct.unpack_from("<I", log, at + 6)[0])
        at += 14 + log[at + 1]
    return found


def need_whole_log(rig: Rig) -> None:
    found, state = numbers_of(rig.host.pull()), rig.host.ask("LOG:STAT?").split(b",")
    assert found == list(range(1, len(found) + 1)) and len(found) > 20 and state[4] == b"0"


def begun(rig: Rig) -> None:
    """A block is under way: some of it has come."""
    rig.chip.bus.reading = False
    rig.host.send(BLOCK)
    rig.run(0.02)
    rig.chip.bus.reading = True
    rig.run(0.0004)
    assert 100 < len(rig.host._buffer) < 1500
    rig.chip.bus.reading = False


def another_host(rig: Rig) -> None:
    rig.host = Host(rig.chip)
    rig.chip.plug()
    rig.run(0.3)
    assert rig.host.ask("*IDN?").startswith(b"stackpress,pico,")


def test_a_host_that_reads_a_few_packets_in_a_tenth_of_a_second_holds_up_nothing(rig: Rig) -> None:
    def slowly() -> None:
        answers: list[bytes] = []
        rig.chip.bus.reading = False
        rig.host.send(BLOCK, answers.append)

        def some() -> None:
            rig.chip.bus.reading = True
            rig.run(0.0002)
            rig.chip.bus.reading = False
            parts.append(len(answers))

        parts: list[int] = []
        undisturbed(rig, 1.2, some)
        assert parts.index(1) > 5
        data, crc = answers[0][:-4], answers[0][-4:]
        assert struct.pack("<I", zlib.crc32(data)) == crc and numbers_of(data)[0] == 1
        rig.chip.bus.reading = True
        need_whole_log(rig)

    forked(slowly)


def test_rows_of_telemetry_come_whole_and_once_each_however_slowly_the_host_reads(rig: Rig) -> None:
    """More of them than the ring holds: they are made while others are sent."""

    def slowly() -> None:
        rig.run(3.2)
        answers: list[bytes] = []
        rig.host.send("TEL? 0,64", answers.append)
        looks = 0
        while not answers:
            rig.run(0.0004)
            rig.chip.bus.reading = looks % 3 == 0
            looks += 1
            assert looks < 500
        rig.chip.bus.reading = True
        cursor, lost, width, count, *numbers = [int(part) for part in answers[0].split(b",")]
        assert len(answers[0]) > RING_SIZE and lost == 0 and len(numbers) == width * count
        assert numbers[::width] == list(range(cursor - count, cursor)) and rig.host._buffer == b""
        ms = [1000 * seconds + part for seconds, part in zip(numbers[1::width], numbers[2::width], strict=True)]
        late = [at - 100 * i for i, at in enumerate(ms[3:])]  # the first are from the start of the program
        assert max(late) - min(late) < ROW_LATE_MS, late
        undisturbed(rig, 0.1)

    forked(slowly)


def test_a_host_that_asks_for_log_and_force_in_turns_as_quickly_as_it_can_is_answered_each_time(rig: Rig) -> None:
    def in_turns() -> None:
        host = rig.host
        host.answered_ms.clear()
        host.load(1, ("LOG:READ?", "MEAS:FORC?"))
        undisturbed(rig, 0.4)
        host.load(0)
        rig.run(0.1)
        blocks, forces = host.answered_ms["LOG:READ?"], host.answered_ms["MEAS:FORC?"]
        assert not host.waiting and host._buffer == b"" and abs(len(blocks) - len(forces)) <= 1
        assert len(blocks) > 40 and max(blocks + forces) < LONGEST_MS
        need_whole_log(rig)

    forked(in_turns)


def test_a_cable_that_is_pulled_in_a_block_costs_the_next_host_nothing(rig: Rig) -> None:
    def pulled() -> None:
        begun(rig)
        rig.chip.suspend()
        undisturbed(rig, 0.3)
        another_host(rig)
        need_whole_log(rig)
        undisturbed(rig, 0.1)

    forked(pulled)


def test_a_bus_that_sleeps_in_a_block_goes_on_with_it_and_the_press_never_waited(rig: Rig) -> None:
    def asleep() -> None:
        begun(rig)
        rig.chip.suspend()
        undisturbed(rig, 0.6)
        rig.chip.resume()
        rig.run(0.05)
        assert not rig.host.waiting and rig.host._buffer == b""
        assert 0 < float(rig.host.ask("MEAS:FORC?")) < 10000
        need_whole_log(rig)

    forked(asleep)
