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
from typing import Any, TypeVar

from stackpress_plant import load

from hil_tests.devices.boot_drive import BootDrive
from hil_tests.devices.carrier import Carrier
from hil_tests.targets.chip import PIO0_IRQ_0, SRAM, Chip
from hil_tests.targets.emulator_faults import TABLE, ChipFaults
from hil_tests.targets.storage import file_system

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "build" / "images" / "pico" / "firmware.uf2"
SLICE_NS = 1e6
ANSWER_NS = 1e9  # how long the chip runs for an answer
LINGER_NS = 5e6  # and how long after the end of one
PACKET, PACKET_LINGER_NS = 64, 3e7
STUCK_S = 5.0  # a host that says nothing for so long waits for the rest of an answer in which a line end was no end
MORE_NS, MORE_TIMES = 5e7, 20  # what the chip gets then
BOOT_S = 3.0  # longest wait for the first ticks
UNIQUE_ID = "ffffffffffffffff"  # of the emulator's flash chip

T = TypeVar("T")


def identity(board: str = "pico") -> str:
    """Of an emulated board: the emulator's flash chip has one unique number."""
    return f"{board.upper()}-{UNIQUE_ID}"


class EmulatorTarget:
    """One press; times in simulated seconds since power-up. `documents` as the simulated press takes them."""

    BOARD = "pico"

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
        stray: Mapping[str, bytes] | None = None,
    ) -> None:
        """`boot_drive` is the folder where the chip's boot drive appears when the firmware makes way for it; `stray` files lie in
        the chip's file system beside the documents, by path."""
        from stackpress.flashing import flash_map, uf2
        from stackpress_core.tick import words

        from boards.images.board_data import board_data

        spec = load.plant(plant, specimen, overrides)
        self.board = board_data(self.BOARD)
        self.starts, self._image, self._seed = 1, image, seed
        self._jobs: list[Callable[[], None]] = []
        self._answered, self._more = True, 0
        self.chip = Chip(image)
        self.chip_faults = ChipFaults(self.chip, PIO0_IRQ_0)
        self.console = bytearray()
        if configured:
            documents = {**self._commissioned(spec), **(documents or {})}
        size = flash_map.storage_bytes(self.BOARD) - 1024 * self.board["settings"].get("journal_kb", 0)
        storage, at = file_system(documents or {}, size, stray), flash_map.storage_start(self.BOARD) - uf2.FLASH
        self.chip.mcu.flash[at : at + len(storage)] = storage
        self._spec = spec
        self.carrier: Any = self._fitted(words.AT, hz, flash)
        self._frame_at = words.AT
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

    def _commissioned(self, spec: load.Spec) -> dict[str, bytes]:
        from stackpress.simulator.provision import commissioned

        return commissioned(spec, self.identity)

    def _fitted(self, at: dict[str, int], hz: int, flash: bytearray | None = None, before: Any = None) -> Any:
        """The electronics around the chip; with the journal and the press of those that were there before, after a power cut."""
        memory, plant = (before.flash.memory, before.plant) if before else (flash, None)
        return Carrier(self.chip.mcu, self.board["pins"], self._spec, at, hz, self._seed, memory, plant)

    @property
    def identity(self) -> str:
        """The board's: the emulator's flash chip has one unique number."""
        return identity(self.BOARD)

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
                now = self.chip.now_ns
                if self._free or not self._answered or now >= max(self._until, self._busy_until):
                    self._from_host()  # what is asked after an answer comes at a time that does not depend on the host's haste
                goal = now + SLICE_NS if self._free else max(self._until, self._busy_until)
                if self.chip.in_boot_rom:
                    goal = now
                if now >= goal or self._free:
                    self._do_jobs()
                if now >= goal:
                    with self._reached:
                        self._reached.notify_all()
                    quiet = not any(select.select([self._master, self._wake_r], [], [], STUCK_S))
                    if quiet and self._more:
                        self._more -= 1
                        self._busy_until = now + MORE_NS
                    if select.select([self._wake_r], [], [], 0)[0]:
                        os.read(self._wake_r, 64)
                    continue
                self.chip.run_to(min(now + SLICE_NS, goal))
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            self._error = error
            with self._reached:
                self._reached.notify_all()

    def _do_jobs(self) -> None:
        while self._jobs:
            self._jobs.pop(0)()

    def _at_rest(self, work: Callable[[], T]) -> T:
        """Do something with the chip while it stands still between two instructions; what it gives."""
        if threading.current_thread() is self._thread or not self._thread.is_alive():
            return work()
        results: list[T] = []
        done = threading.Event()

        def job() -> None:
            try:
                results.append(work())
            finally:
                done.set()

        self._jobs.append(job)
        os.write(self._wake_w, b".")
        while not done.wait(0.5):
            if self._error:
                raise RuntimeError("the emulator ended") from self._error
        if not results:
            raise RuntimeError("the emulator ended") from self._error
        return results[0]

    def _from_host(self) -> None:
        if self.chip.unread > 4096:
            return
        try:
            data = os.read(self._master, 4096)
        except (BlockingIOError, OSError):
            return
        if data:
            self._answered, self._more = False, MORE_TIMES
            self.chip.send(data)
            self._busy_until = self.chip.now_ns + ANSWER_NS

    def _from_chip(self, data: bytes) -> None:
        self.console += data
        self._answered = data.endswith(b"\n")
        linger_ns = LINGER_NS if len(data) % PACKET else PACKET_LINGER_NS  # a full packet is often not the last
        self._busy_until = self.chip.now_ns + (linger_ns if self._answered else ANSWER_NS)
        while data:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                select.select([], [self._master], [], 0.05)

    # -- what a test does ------------------------------------------------------------------------------------------

    def time_s(self) -> float:
        """Of the chip, since it has power; an exchange under way comes to its end first."""
        return self._at_rest(lambda: self.chip.now_ns / 1e9)

    def boot(self) -> None:
        """Until it ticks. TimeoutError if it does not."""
        if not self.until(lambda: self.word("TOKEN") > 100, BOOT_S, 0.02):
            raise TimeoutError(f"the image does not tick after {BOOT_S:g} s: {bytes(self.console[-300:])!r}")

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
        """Of the board (emulator_faults.py) or else of the plant behind its wires. KeyError if there is none of that name."""
        number = 1 if value is None else int(value)
        put = TABLE[name][0] if name in TABLE else lambda t, v: t.carrier.plant.fault(name, v)
        self._at_rest(lambda: put(self, number))

    def clear_fault(self, name: str | None = None) -> None:
        """One fault, or all of them."""

        def clear() -> None:
            for each in TABLE if name is None else [name]:
                if each in TABLE:
                    TABLE[each][1](self)
            if name not in TABLE:
                self.carrier.plant.clear(name)

        self._at_rest(clear)

    def specimen(self, name: str) -> None:
        frame, scale = self._spec["frame_stiffness_cn_um"], self._spec["stiffness_scale_permille"]
        self._at_rest(lambda: self.carrier.plant.load_specimen(load.load_specimen(name, frame, scale)))

    def restart(self) -> None:
        """Pull the plug and put it back: the same flash, the same journal, the press as it stands; until it ticks again."""
        self._at_rest(self._power_cycle)
        self.boot()

    def _power_cycle(self) -> None:
        old, before = self.chip, self.carrier
        self.chip = Chip(self._image)
        self.chip.mcu.flash[:] = bytes(old.mcu.flash)
        self.chip_faults = ChipFaults(self.chip, PIO0_IRQ_0)
        self.carrier = self._fitted(self._frame_at, before.hz, before=before)
        self.chip.on_bytes, self.chip.on_boot_rom = self._from_chip, self._in_boot_rom
        self._until = self._busy_until = 0.0
        self._answered = True
        self.starts += 1

    def leave_traces(self, folder: Path) -> None:
        """pins.vcd, truth.csv, console.txt."""
        self._at_rest(lambda: self.carrier.recorder.write(folder))
        (folder / "console.txt").write_bytes(bytes(self.console))

    def truth(self) -> dict[str, Any]:
        """What the plant truly does now: forces / N, displacement / m, valve, and the permissive at its pin."""
        return self._at_rest(self._truth)

    def _truth(self) -> dict[str, Any]:
        t = self.carrier.plant.truth()
        bits = t["valve_state"]
        return {
            "force_n": t["force_cn"] / 100, "most_force_n": t["most_force_cn"] / 100,
            "cell_n": [cn / 100 for cn in t["cell_cn"]], "displacement_m": t["displacement_nm"] / 1e9,
            "drive_n": t["pressure_cn"] / 100, "fill_open": bits & 1, "vent_open": bits >> 1 & 1,
            "dump_open": 1 - (bits >> 2 & 1), "moves": t["moves"],
            "valve_code": self.carrier.dac.code,
            "permissive": self.carrier.one_shot.alive,
        }  # fmt: skip

    def words(self) -> list[int]:
        """The press's frame as it stands in the chip's memory."""
        import struct

        from stackpress_core.tick import words

        memory = self.chip.mcu.sram
        address = struct.unpack_from("<I", memory, self.board["chip"]["scratch"] - SRAM)[0]
        if not address:
            return [0] * words.LENGTH
        return list(struct.unpack_from(f"<{words.LENGTH}i", memory, address - SRAM))

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

