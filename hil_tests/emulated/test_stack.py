"""The stack of the real image: the deepest that the foreground goes leaves room for every interrupt on top of it."""

import base64
import json
import zlib
from functools import partial

import pytest
from stackpress.errors import PressRefused
from stackpress.link import Link
from stackpress.press import Press

from hil_tests.bench.board.rig import forked
from hil_tests.conftest import EMULATED_TIMEOUT_S
from hil_tests.run import pulled
from hil_tests.targets.emulator import EmulatorTarget
from hil_tests.targets.stack import Stack

LEFT_BYTES = 1024  # an interrupt in an interrupt, and what MicroPython keeps free for itself
CONTACT = {"do": "contact", "to_cn": 5000, "speed_um_per_s": 3000}
PIECE = 192
WRONG = (
    b'{"format":1,"name":"deep","about":' + b"[" * 400 + b"]" * 400 + b"}",
    b'{"steps":' + b'{"do":' * 60 + b"1" + b"}" * 60 + b"}",
)

pytestmark = pytest.mark.timeout(EMULATED_TIMEOUT_S)


def test_no_document_command_button_or_download_comes_near_the_stacks_end() -> None:
    with EmulatorTarget() as target:
        target.boot()
        with Link(target.port, 120) as link:
            press = Press(link)
            stack = Stack(target.chip.mcu, target.board["chip"]).paint()
            for rate in (400_000, 500_000):  # the second one takes the place of the first
                steps = [CONTACT, {"do": "ramp", "to_cn": 100_000, "rate_cn_per_s": rate}, {"do": "vent"}]
                press.document_put("program/own", json.dumps({"format": 1, "name": "own", "steps": steps}).encode())
            for text in WRONG:
                with pytest.raises(PressRefused):
                    press.document_put("program/deep", text)
            config = press.document_get("config")
            assert config is not None
            link.command(f'DATA:BEG "config",{len(config)},{zlib.crc32(config)}')
            for at in range(0, len(config), PIECE):
                link.command(f'DATA:PUT {at},"{base64.b64encode(config[at : at + PIECE]).decode()}"')

            def put_in_force(wait_s: float) -> int:
                target.run_for(wait_s)
                link.command("DATA:COMM")
                assert b"recursion" not in target.console
                return stack.bytes_left

            # wherever in a pass it is put in force: between two parts of it, or as one of them
            left = min(forked(partial(put_in_force, 0.00041 * n)) for n in range(24))
            put_in_force(0.0)
            for button in ("select", "select", "start", "stop", "reset"):
                target.carrier.panel.press(button)
                target.run_for(0.06)
                target.carrier.panel.release(button)
                target.run_for(0.25)
            press.checks()
            pulled(press)
            left = min(left, stack.bytes_left)
            assert left >= LEFT_BYTES, left
            assert b"recursion" not in target.console
            print(f"{left} bytes of the stack were never used")
