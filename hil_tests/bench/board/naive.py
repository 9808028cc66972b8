"""The comparison: the same task written plainly, sent to the same image's prompt, on the same chip."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hil_tests.bench.board.rig import Rig

SCRIPT = Path(__file__).parents[1] / "naive" / "naive_tick.py"
BUSY_PIN = 8
PASTE = 64


def naive(say: Callable[[str], None], seconds: float = 0.6) -> dict[str, Any]:
    """Data-ready edge to the end of the plain tick; a collection is among them, as it would be in use."""
    rig = Rig().boot()
    console = bytearray()
    rig.chip.on_bytes = console.extend
    at_prompt(rig, console)
    began: list[float] = []
    lasted: list[float] = []
    ready = [0.0]

    def edge() -> None:
        ready[0] = rig.now_ns

    def busy(level: int) -> None:
        if level:
            began.append(ready[0])
        elif began:
            lasted.append((rig.now_ns - began[-1]) / 1000)

    rig.carrier.converter.on_ready = edge
    rig.carrier.wires.watch(BUSY_PIN, busy)
    script = SCRIPT.read_bytes()
    for at in range(0, len(script), PASTE):
        rig.chip.send(script[at : at + PASTE])
        rig.run(0.004)
    rig.chip.send(b"\x04")
    rig.run(seconds)
    if len(lasted) < 10:
        raise RuntimeError(f"the plain tick did not run: {bytes(console[-300:])!r}")
    lasted.sort()
    say(f"plain tick: {len(lasted)}, worst {lasted[-1]:.0f} us")
    return {"naive_tick_us_max": lasted[-1], "naive_tick_us_p50": lasted[len(lasted) // 2], "naive_ticks": len(lasted)}


def at_prompt(rig: Rig, console: bytearray) -> None:
    """Into the raw prompt, as mpremote goes: the safe press lets go of the port, its converter keeps converting."""
    rig.chip.send(b"\x03")
    for byte, answer in ((b"", b">>>"), (b"\x01", b"raw REPL")):
        rig.chip.send(byte)
        end = rig.now_ns + 2e9
        while answer not in console:
            if rig.now_ns > end:
                raise RuntimeError(f"no prompt: {bytes(console[-300:])!r}")
            rig.run(0.005)
