"""The press on the emulated chip as the bench wants it: one thread, simulated time only, a real program that presses.

A measure that needs many trials presses once and lets each trial happen in a copy of the whole emulated world (`forked`).
"""

import json
import os
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from stackpress.flashing.images import image_sum
from stackpress_core.tick import states
from stackpress_plant import load

from boards.images.build import end_of_image
from hil_tests.bench.board.heap import SRAM, Heap
from hil_tests.bench.board.host import Host
from hil_tests.devices.carrier import Carrier
from hil_tests.targets.chip import Chip
from hil_tests.targets.emulator import UNIQUE_ID
from hil_tests.targets.storage import file_system

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).parent
IMAGE = ROOT / "build" / "images" / "pico" / "firmware.uf2"
LOG_MS = 20  # the highest logging rate that a press can be told
CONNECT_S = 3.0
PARAMETERS = {"sample_dense_ms": LOG_MS, "approach_rate_n_per_s": 10000 * 100}


class Rig:
    """One press that was commissioned, with a specimen close under its platen; `press()` starts the bench's own ramp."""

    def __init__(self, image: Path = IMAGE, hz: int = 4000, oscillator_hz: float = 8192000,
                 parameters: Mapping[str, int] | None = None, journal: bytearray | None = None) -> None:
        from stackpress.flashing import flash_map, uf2
        from stackpress_core.tick import blackboard

        from boards.images.board_data import board_data

        self.board = board_data("pico")
        spec = load.plant("nominal", HERE / "near_blank.toml")
        self.chip, self._words = Chip(image), self.board["chip"]["scratch"] - SRAM
        storage = file_system(documents(spec, {"tick_rate_hz": hz, **(parameters or {})}), flash_map.storage_bytes("pico"))
        at = flash_map.storage_start("pico") - uf2.FLASH
        self.chip.mcu.flash[at : at + len(storage)] = storage
        self.carrier = Carrier(self.chip.mcu, self.board["pins"], spec, blackboard.AT, hz, flash=journal)
        if oscillator_hz != self.board["settings"]["converter_clock_hz"]:
            fit_oscillator(self.chip.mcu.flash, at, self.board["settings"]["converter_clock_hz"], int(oscillator_hz))
        self.carrier.converter.clock_hz = oscillator_hz
        self.hz, self._elf = hz, image.with_suffix(".elf")
        self._at = blackboard.AT
        self.host = Host(self.chip)
        self.heap: Heap | None = None

    @property
    def now_ns(self) -> float:
        return self.chip.now_ns

    def run(self, seconds: float) -> None:
        self.chip.run_to(self.now_ns + seconds * 1e9)

    def word(self, name: str) -> int:
        """A word of the press's blackboard as it stands in the chip's memory."""
        memory = self.chip.mcu.sram
        address = struct.unpack_from("<I", memory, self._words)[0] - SRAM
        return int(struct.unpack_from("<i", memory, address + 4 * self._at[name])[0])

    def set_limit(self, row: int, limit: int) -> None:
        """Another limit of an interlock row, as a new configuration would bring it."""
        from stackpress_core.tick import blackboard

        memory = self.chip.mcu.sram
        address = struct.unpack_from("<I", memory, self._words)[0] - SRAM
        struct.pack_into("<i", memory, address + 4 * (blackboard.row_at(row) + blackboard.ROW_LIMIT), limit)

    def pin(self, role: str) -> int:
        return int(self.board["pins"][role])

    def told(self) -> str:
        from stackpress_core.tick import interlock, states

        first = self.word("FIRST")
        return f"{states.NAMES[self.word('STATE')]} {interlock.NAMES[first] if first >= 0 else ''}"

    def boot(self) -> "Rig":
        """Until it ticks and its port answers. Raises RuntimeError."""
        while not (self.chip.connected and self.word_there() and self.word("TOKEN") > 50):
            if self.now_ns > CONNECT_S * 1e9:
                raise RuntimeError(f"the image does not tick after {CONNECT_S:g} s: {bytes(self.host._buffer[-200:])!r}")
            self.run(0.01)
        self.heap = Heap(self.chip.mcu, self._elf)
        self.host.ask("*IDN?")
        return self

    def word_there(self) -> bool:
        return bool(struct.unpack_from("<I", self.chip.mcu.sram, self._words)[0])

    def press(self) -> "Rig":
        """Arm, start the program over the port, and wait until the ram presses. Raises RuntimeError."""
        self.host.do("CYCL:ARM")
        self.run(0.01)
        self.host.do('PROG:STAR "bench_ramp"')
        end = self.now_ns + 3e9
        while self.force_n() < 300:
            if self.now_ns > end:
                raise RuntimeError(f"no force after 3 s: {self.told()}")
            self.run(0.01)
        return self

    def force_n(self) -> float:
        """The plant's truth."""
        return float(self.carrier.plant.truth()["force_cn"]) / 100

    def need_pressing(self) -> None:
        if not self.word("VALVE") & states.VALVE_DUMP_CLOSED or not self.carrier.one_shot.alive:
            raise RuntimeError(f"the press did not stay energised: {self.told()}")


def fit_oscillator(flash: Any, size: int, was_hz: int, is_hz: int) -> None:
    """Another oscillator on the carrier: its number in the image of `size` bytes, where `converter_clock_hz` has put it, and the
    sum behind it.

    A whole number in bytecode is LOAD_CONST_SMALL_INT (0x22), then 7 bits a byte, the first ones first. Raises RuntimeError.
    """

    def loaded(value: int) -> bytes:
        return bytes([0x22, *(value >> shift & 127 | (128 if shift else 0) for shift in (21, 14, 7, 0))])

    image, old, new = bytes(flash[:size]), loaded(was_hz), loaded(is_hz)
    if old not in image:
        raise RuntimeError("the image does not say which oscillator it is made for")
    end = end_of_image(image)
    image = image.replace(old, new)
    flash[:size] = image[:end] + struct.pack("<I", image_sum(image[:end])) + image[end + 4 :]


def documents(spec: Any, parameters: Mapping[str, int], identity: str = f"PICO-{UNIQUE_ID}") -> dict[str, bytes]:
    """As commissioned, with the parameters of the bench, and its program."""
    from stackpress import programs
    from stackpress.simulator.provision import commissioned

    whole = commissioned(spec, identity)
    config = json.loads(whole["config"])
    config["params"].update({**PARAMETERS, **parameters})
    whole["config"] = json.dumps(config, separators=(",", ":")).encode()
    whole["program/bench_ramp"] = programs.to_json(programs.load(HERE / "bench_ramp.toml"))
    return whole


def forked(do: Callable[[], T]) -> T:
    """`do()` in a copy of this process, so that the press here goes on as if nothing had happened. The result goes through JSON."""
    end, begin = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer: dict[str, Any] = {"result": do()}
        except BaseException as error:  # noqa: BLE001 - told to the parent
            answer = {"error": f"{type(error).__name__}: {error}"}
        os.write(begin, json.dumps(answer).encode())
        os._exit(0)
    os.close(begin)
    with os.fdopen(end, "rb") as pipe:
        told = json.loads(pipe.read() or b'{"error": "the copy ended"}')
    os.waitpid(child, 0)
    if "error" in told:
        raise RuntimeError(told["error"])
    result: T = told["result"]
    return result
