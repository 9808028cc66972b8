"""A held cell goes on on the chip: a program comes and begins under force, and nothing that keeps the force lets go."""

import base64
import json
import zlib

import pytest

from hil_tests.bench.board.rig import Rig
from hil_tests.conftest import EMULATED_TIMEOUT_S

pytestmark = pytest.mark.timeout(EMULATED_TIMEOUT_S)
PIECE = 192


def test_a_long_program_comes_and_goes_on_from_a_held_cell_while_the_dump_stays_closed_and_the_force_as_it_was() -> None:
    rig = Rig().boot().press()
    rig.host.do("STOP HOLD")
    rig.run(1.5)
    held_n, missed = rig.force_n(), rig.word("MISSED")
    opened: list[float] = []
    rig.carrier.wires.watch(rig.pin("dump"), lambda level: None if level else opened.append(rig.now_ns))
    step = {"do": "ramp", "to_cn": 100_000, "rate_cn_per_s": 10_000}
    steps = [{"do": "hold", "for_ms": 300}] + [step] * 60
    text = json.dumps({"format": 1, "name": "long", "at_end": "hold", "steps": steps}).encode()
    rig.host.do(f'DATA:BEG "program/long",{len(text)},{zlib.crc32(text)}')
    for at in range(0, len(text), PIECE):
        rig.host.do(f'DATA:PUT {at},"{base64.b64encode(text[at : at + PIECE]).decode()}"')
    rig.host.do("DATA:COMM")
    rig.host.do('PROG:STAR "long","","",HELD')
    assert rig.host.ask("PROG:STAT?").startswith(b'"long"') and rig.word("MISSED") == missed
    assert opened == [] and abs(rig.force_n() - held_n) < 0.02 * held_n
    rig.run(0.6)
    rig.need_pressing()
    assert opened == [] and rig.host.ask("PROG:STAT?").split(b",")[1] == b"2" and rig.force_n() > 0.98 * held_n
