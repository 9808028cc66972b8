"""The tick of the image `dryrun`, a step of the plant in it: at 4 kHz, while it presses and its host asks without end."""

from collections.abc import Callable
from typing import Any

from stackpress.flashing import flash_map, uf2
from stackpress_core.tick import blackboard
from stackpress_plant import load

from boards.images.board_data import board_data
from hil_tests.bench.board.host import FLOOD, Host
from hil_tests.bench.board.rig import HERE, ROOT, SRAM, documents
from hil_tests.targets.chip import PIO0_IRQ_0, Chip
from hil_tests.targets.emulator import UNIQUE_ID
from hil_tests.targets.storage import file_system

IMAGE = ROOT / "build" / "images" / "dryrun" / "firmware.uf2"
HZ = 4000
BOOTED_S, PRESSED_S = 1.5, 8.0


def dryrun(say: Callable[[str], None], seconds: float = 2.0) -> dict[str, Any]:
    """First instruction to return from the interrupt, and the ticks that were missed. RuntimeError if it does not press."""
    chip = Chip(IMAGE)
    raws = documents(load.plant("nominal", HERE / "near_blank.toml"), {"tick_rate_hz": HZ}, f"DRYRUN-{UNIQUE_ID}")
    at = flash_map.storage_start("dryrun") - uf2.FLASH
    storage = file_system(raws, flash_map.storage_bytes("dryrun"))
    chip.mcu.flash[at : at + len(storage)] = storage
    scratch = board_data("dryrun")["chip"]["scratch"] - SRAM

    def word(name: str) -> int:
        start = int.from_bytes(chip.mcu.sram[scratch : scratch + 4], "little") - SRAM
        place = start + 4 * blackboard.AT[name]
        return int.from_bytes(chip.mcu.sram[place : place + 4], "little", signed=True)

    host = Host(chip)
    host.run(BOOTED_S)
    host.do("CYCL:ARM")
    host.run(0.05)
    host.do('PROG:STAR "bench_ramp"')
    end_ns = chip.now_ns + PRESSED_S * 1e9
    while word("FORCE_F") < 300 * 100:
        if chip.now_ns > end_ns:
            raise RuntimeError(f"no force after {PRESSED_S:g} s: {word('FORCE_F') / 100:.0f} N, state {word('STATE')}")
        host.run(0.02)
    entered, lasted = [0.0], [0.0]
    chip.watch_interrupt(PIO0_IRQ_0, entered.append, lambda ns: lasted.append((ns - entered[-1]) / 1000))
    host.run(0.01)
    missed = word("MISSED")
    lasted.clear()
    host.load(1, FLOOD)
    for n in range(4):
        host.run(seconds / 4)
        say(f"{seconds * (n + 1) / 4:.2f} of {seconds:g} s, {word('FORCE_F') / 100:.0f} N, worst tick {max(lasted):.1f} us")
    found = sorted(lasted)
    return {"dryrun_tick_us_max": found[-1], "dryrun_tick_us_p50": found[len(found) // 2], "dryrun_ticks_measured": len(found),
            "dryrun_missed_ticks": max(word("MISSED") - missed, round(seconds * HZ) - len(found) - 1)}  # fmt: skip
