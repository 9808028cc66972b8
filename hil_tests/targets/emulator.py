"""A real image on an emulated RP2040 as a target of tests: the same host package, over the emulated USB serial port.

    with EmulatorTarget(image) as target:
        target.run_until(0.5)          # press time since power-up; the chip stands still otherwise

The chip runs in a thread, and only when somebody needs it: up to a `run_until`, and for as long as bytes are on their way. What
the press drives and reads is modelled at the wire (hil_tests/devices), with the plant of the simulated press behind it.
"""

import os
import pty
import select
import threading
import tty
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hil_tests.devices.boot_drive import BootDrive
from hil_tests.devices.carrier import Carrier
from hil_tests.plant import load
from hil_tests.targets.chip import Chip
from hil_tests.targets.storage import file_system

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "build" / "images" / "pico" / "firmware.uf2"
FLASH_KB, STORAGE_KB = 2048, 1408
SLICE_NS = 1e6
ANSWER_NS = 2e9  # how long the chip runs for an answer
LINGER_NS = 5e6  # and how long after the end of one
PRESS_FAULTS = ("no_converter", "noise", "chip_reset", "flash_busy")  # of the electronics; the rest are the plant's


class EmulatorTarget:
    """One press; times in simulated seconds since power-up. `documents` as the simulated press takes them."""

    def __init__(
        self,
        image: Path = IMAGE,
        plant: str | Path = "nominal",
        specimen: str | Path = "steel_blank",
        overrides: Mapping[str, Any] | None = None,
        seed: int = 1,
        documents: Mapping[str, bytes] | None = None,
        configured: bool = True,
        hz: int = 4000,
        flash: bytearray | None = None,
        boot_drive: Path | None = None,
    ) -> None:
        """`boot_drive` is the folder where the chip's boot drive appears when the firmware makes way for it."""
        from press import frame

        from boards.images.build import board_data

        spec = load.plant(plant, specimen, overrides)
        self.board = board_data("pico")
        self.chip = Chip(image)
        self.console = bytearray()
        if configured:
            from boards.sim.provision import commissioned

            documents = {**commissioned(spec, self.identity), **(documents or {})}
        storage = file_system(documents or {}, STORAGE_KB * 1024)
        at = (FLASH_KB - STORAGE_KB) * 1024
        self.chip.mcu.flash[at : at + len(storage)] = storage
        self.carrier = Carrier(self.chip.mcu, self.board["pins"], spec, frame.AT, hz, seed, flash)
        self._frame_at = frame.AT
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.chip.on_bytes = self._from_chip
        self.drive = BootDrive(boot_drive, self._taken) if boot_drive else None
        self.chip.on_boot_rom = self._in_boot_rom
        self._new_image: dict[int, bytes] = {}
        self._free = False
        self._until = 0.0
        self._busy_until = 0.0
        self._closed = False
        self._error: BaseException | None = None
        self._wake_r, self._wake_w = os.pipe()
        self._lock = threading.Lock()
        self._reached = threading.Condition(self._lock)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def identity(self) -> str:
        """The board's: the emulator's flash chip has one unique number."""
        return f"{self.board['name'].upper()}-{UNIQUE_ID}"

    @property
    def port(self) -> str:
        return os.ttyname(self._slave)

    # -- the chip's thread -----------------------------------------------------------------------------------------

    def _serve(self) -> None:
        try:
            while not self._closed:
                if self._new_image:
                    self.chip.take(self._new_image)
                    self._new_image = {}
                self._from_host()
                now = self.chip.now_ns
                goal = now + SLICE_NS if self._free else max(self._until, self._busy_until)
                if self.chip.in_boot_rom:
                    goal = now
                if now >= goal:
                    with self._reached:
                        self._reached.notify_all()
                    select.select([self._master, self._wake_r], [], [], 1.0)
                    if select.select([self._wake_r], [], [], 0)[0]:
                        os.read(self._wake_r, 64)
                    continue
                self.chip.run_to(min(now + SLICE_NS, goal))
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            self._error = error
            with self._reached:
                self._reached.notify_all()

    def _from_host(self) -> None:
        if self.chip.unread > 4096:
            return
        try:
            data = os.read(self._master, 4096)
        except (BlockingIOError, OSError):
            return
        if data:
            self.chip.send(data)
            self._busy_until = self.chip.now_ns + ANSWER_NS

    def _from_chip(self, data: bytes) -> None:
        self.console += data
        self._busy_until = self.chip.now_ns + (LINGER_NS if data.endswith(b"\n") else ANSWER_NS)
        while data:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                select.select([], [self._master], [], 0.05)

    # -- what a test does ------------------------------------------------------------------------------------------

    def time_s(self) -> float:
        return self.chip.now_ns / 1e9

    def run_until(self, t_s: float, wall_limit_s: float = 600.0) -> float:
        """Run to simulated time `t_s`, then stand still; the time reached. TimeoutError after the wall limit."""
        with self._reached:
            self._until = t_s * 1e9
            os.write(self._wake_w, b".")
            done = self._reached.wait_for(lambda: self.chip.now_ns >= self._until or self._error, wall_limit_s)
        if self._error:
            raise RuntimeError("the emulator ended") from self._error
        if not done:
            raise TimeoutError(f"simulated time {self.time_s():.3f} s after {wall_limit_s:g} s, not {t_s:g} s")
        return self.time_s()

    def run_for(self, seconds: float, wall_limit_s: float = 600.0) -> float:
        return self.run_until(self.time_s() + seconds, wall_limit_s)

    def until(self, there: Callable[[], bool], within_s: float, step_s: float = 0.005) -> bool:
        """Run until `there()` says so, at most `within_s`."""
        end = self.time_s() + within_s
        while not there():
            if self.time_s() >= end:
                return False
            self.run_for(step_s)
        return True

    @contextmanager
    def free(self) -> Iterator[None]:
        """The chip runs as fast as it goes meanwhile, as a real one does: for hosts that speak only now and then."""
        self._free = True
        os.write(self._wake_w, b".")
        try:
            yield
        finally:
            self._free = False

    def _in_boot_rom(self) -> None:
        if self.drive:
            self.drive.appear()

    def _taken(self, blocks: dict[int, bytes]) -> None:
        self._new_image = blocks
        os.write(self._wake_w, b".")

    def fault(self, name: str, value: float | None = None) -> None:
        converter, number = self.carrier.converter, 1 if value is None else int(value)
        if name == "no_converter":
            converter.dead = True
        elif name == "noise":
            converter.noise_frames = number
        elif name == "chip_reset":
            converter.power_glitch()
        elif name == "flash_busy":
            self.carrier.flash.stuck_busy = True
        else:
            self.carrier.plant.fault(name, number)

    def clear_fault(self, name: str | None = None) -> None:
        self.carrier.plant.clear(None if name in PRESS_FAULTS else name)
        self.carrier.converter.dead = self.carrier.flash.stuck_busy = False

    def truth(self) -> dict[str, Any]:
        """What the plant truly does now: forces / N, displacement / m, valve, and the permissive at its pin."""
        t = self.carrier.plant.truth()
        return {
            "force_n": t["force_cn"] / 100, "displacement_m": t["displacement_nm"] / 1e9, "drive_n": t["pressure_cn"] / 100,
            "dump_open": 1 - (t["valve_state"] >> 2 & 1), "valve_code": self.carrier.dac.code,
            "permissive": self.carrier.one_shot.alive,
        }  # fmt: skip

    def words(self) -> list[int]:
        """The press's frame as it stands in the chip's memory."""
        import struct

        from press import frame

        memory = self.chip.mcu.sram
        address = struct.unpack_from("<I", memory, 0x40000)[0]
        if not address:
            return [0] * frame.LENGTH
        return list(struct.unpack_from(f"<{frame.LENGTH}i", memory, address - 0x20000000))

    def word(self, name: str) -> int:
        return self.words()[self._frame_at[name]]

    def close(self) -> None:
        self._closed = True
        os.write(self._wake_w, b".")
        self._thread.join(30)
        for fd in (self._master, self._slave, self._wake_r, self._wake_w):
            os.close(fd)

    def __enter__(self) -> "EmulatorTarget":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


UNIQUE_ID = "ffffffffffffffff"
