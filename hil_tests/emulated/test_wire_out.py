"""What goes out of the image's port: a host that reads slowly, rows in the time that they take."""

import struct
import zlib
from collections.abc import Iterator

import pytest

from hil_tests.conftest import EMULATED_TIMEOUT_S
from hil_tests.targets.emulator import EmulatorTarget

pytestmark = pytest.mark.timeout(EMULATED_TIMEOUT_S)


@pytest.fixture
def target() -> Iterator[EmulatorTarget]:
    with EmulatorTarget() as one:
        one.boot()
        one.run_for(0.3)
        yield one


def payload(answer: bytes) -> bytes:
    """Of a block and its line end, whose CRC-32 is right."""
    assert answer[:2] == b"#4" and answer[-1:] == b"\n" and len(answer) == 7 + int(answer[2:6])
    data, crc = answer[6:-5], answer[-5:-1]
    assert struct.pack("<I", zlib.crc32(data)) == crc
    return data


def test_blocks_are_whole_however_slowly_they_are_read_and_the_ticks_go_on(target: EmulatorTarget) -> None:
    first = payload(target.said(b"\x1f\nLOG:READ? 1\n", 0.1))
    missed, token, at = target.word("MISSED"), target.word("TOKEN"), len(target.console)
    target.chip.send(b"LOG:READ? 1\n" * 8)
    for _ in range(60):
        target.chip.bus.reading = not target.chip.bus.reading
        target.run_for(0.0011)
    target.chip.bus.reading = True
    target.run_for(0.1)
    answers = bytes(target.console[at:])
    for _ in range(8):
        size = 7 + int(answers[2:6])
        assert payload(answers[:size])[: len(first)] == first
        answers = answers[size:]
    assert answers == b"" and target.word("MISSED") == missed and target.word("TOKEN") > token + 400


def test_sixty_four_rows_are_there_in_twenty_milliseconds(target: EmulatorTarget) -> None:
    target.run_for(6.5)
    at = len(target.console)
    target.chip.send(b"TEL? 0,64\n")
    assert target.until(lambda: bytes(target.console[at:]).endswith(b"\n"), 0.020, 0.0002)
    numbers = [int(field) for field in bytes(target.console[at:]).split(b",")]
    cursor, lost, width, count = numbers[:4]
    assert count == 64 and len(numbers) == 4 + width * count
    assert [numbers[4 + width * n] for n in range(count)] == list(range(cursor - 64, cursor))
