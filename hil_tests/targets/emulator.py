"""A real image on an emulated RP2040 as a target of tests: the same host package, over the emulated USB port.

    with EmulatorTarget(image) as target:
        target.run_until(0.5)          # press time since power-up; the chip stands still otherwise

The chip runs in the thread of whoever waits for it: up to a `run_until`, and while a host reads an answer (protocol_chip.py). What
the press drives and reads is modelled at the wire (hil_tests/devices), with the plant of the simulated press behind it. So a run
depends on nothing but what is done in it, however busy the computer is.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from stackpress_plant import load

from hil_tests.devices import wire_bits
from hil_tests.devices.boot_drive import BootDrive
from hil_tests.devices.carrier import Carrier
from hil_tests.targets.chip import PIO0_IRQ_0, SRAM, Chip
from hil_tests.targets.emulator_faults import TABLE, ChipFaults
from hil_tests.targets.protocol_chip import Wire
from hil_tests.targets.running_chip import Running
from hil_tests.targets.storage import file_system

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "build" / "images" / "pico" / "firmware.uf2"
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
        from stackpress_core.tick import blackboard

        from boards.images.board_data import board_data

        spec = load.plant(plant, specimen, overrides)
        self.board = board_data(self.BOARD)
        self.starts, self._image, self._seed = 1, image, seed
        self.chip = Chip(image)
        self.chip_faults = ChipFaults(self.chip, PIO0_IRQ_0)
        self.console = bytearray()
        if configured:
            documents = {**self._commissioned(spec), **(documents or {})}
        size = flash_map.storage_bytes(self.BOARD) - 1024 * self.board["settings"].get("journal_kb", 0)
        storage, at = file_system(documents or {}, size, stray), flash_map.storage_start(self.BOARD) - uf2.FLASH
        self.chip.mcu.flash[at : at + len(storage)] = storage
        self._spec = spec
        self.carrier: Any = self._fitted(dict(blackboard.AT), hz, flash)
        self._word_at: dict[str, int] = dict(blackboard.AT)
        self.wire = Wire(self)
        self.chip.on_bytes = self._from_chip
        self.drive = BootDrive(boot_drive, self._taken) if boot_drive else None
        self.chip.on_boot_rom = self._in_boot_rom
        self._running: Running | None = None

    def _commissioned(self, spec: load.Spec) -> dict[str, bytes]:
        from stackpress.simulator.provision import commissioned

        return commissioned(spec, self.identity)

    def _fitted(self, at: dict[str, int], hz: int, flash: bytearray | None = None, before: Any = None) -> Any:
        """The electronics around the chip; with the journal and the press of those that were there before, after a power cut."""
        memory, plant = (before.flash.power_cut(), before.plant) if before else (flash, None)
        return Carrier(self.chip.mcu, self.board["pins"], self._spec, at, hz, self._seed, memory, plant)

    @property
    def identity(self) -> str:
        """The board's: the emulator's flash chip has one unique number."""
        return identity(self.BOARD)

    @property
    def port(self) -> str:
        """For pyserial: a URL of this process, or a serial device while the chip runs `free`."""
        return self._running.port if self._running else self.wire.url

    def _from_chip(self, data: bytes) -> None:
        self.console += data
        self.wire.from_chip(data)

    def _at_rest(self, work: Callable[[], T]) -> T:
        """Do something with the chip while it stands still between two instructions; what it gives."""
        return self._running.at_rest(work) if self._running else work()

    # -- what a test does ------------------------------------------------------------------------------------------

    def time_s(self) -> float:
        """Of the chip, since it has power."""
        return self._at_rest(lambda: self.chip.now_ns / 1e9)

    def boot(self) -> None:
        """Until it ticks, and hears who asks: one who asks before waits for his whole patience. TimeoutError if it does not."""
        if not self.until(lambda: self.word("TOKEN") > 100, BOOT_S, 0.02):
            raise TimeoutError(f"the image does not tick after {BOOT_S:g} s: {bytes(self.console[-300:])!r}")

    def run_until(self, t_s: float) -> float:
        """Run to simulated time `t_s`, then stand still; the time reached."""
        if self._running:
            raise RuntimeError("a chip that runs free can't be told how far")
        self.chip.run_to(t_s * 1e9)
        return self.time_s()

    def run_for(self, seconds: float) -> float:
        return self.run_until(self.time_s() + seconds)

    def until(self, there: Callable[[], bool], within_s: float, step_s: float = 0.005) -> bool:
        """Run until `there()` says so, at most `within_s`."""
        end = self.time_s() + within_s
        while not there():
            if self.time_s() >= end:
                return False
            self.run_for(step_s)
        return True

    def said(self, text: bytes, seconds: float) -> bytes:
        """What the chip says in so much time after `text` was given to its port."""
        at = len(self.console)
        self.chip.send(text)
        self.run_for(seconds)
        return bytes(self.console[at:])

    @contextmanager
    def free(self) -> Iterator[None]:
        """The chip runs as fast as it goes meanwhile, as a real one does, behind a serial device: for hosts of other processes."""
        self._running = Running(self.chip).start()
        try:
            yield
        finally:
            running, self._running = self._running, None
            running.close()

    def _in_boot_rom(self) -> None:
        if self.drive:
            self.drive.appear()

    def _taken(self, blocks: dict[int, bytes]) -> None:
        self._at_rest(lambda: self.chip.take(blocks))

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
        self.carrier = self._fitted(self._word_at, before.hz, before=before)
        self.chip.on_bytes, self.chip.on_boot_rom = self._from_chip, self._in_boot_rom
        self.wire.clear()
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
        return {
            "force_n": t["force_cn"] / 100, "most_force_n": t["most_force_cn"] / 100,
            "cell_n": [cn / 100 for cn in t["cell_cn"]], "displacement_m": t["displacement_nm"] / 1e9,
            "drive_n": t["pressure_cn"] / 100, **wire_bits.opened(t["valve_state"]), "moves": t["moves"],
            "valve_code": self.carrier.dac.code,
            "permissive": self.carrier.one_shot.alive,
        }  # fmt: skip

    def words(self) -> list[int]:
        """The press's blackboard as it stands in the chip's memory."""
        import struct

        from stackpress_core.tick import blackboard

        memory = self.chip.mcu.sram
        address = struct.unpack_from("<I", memory, self.board["chip"]["scratch"] - SRAM)[0]
        if not address:
            return [0] * blackboard.LENGTH
        return list(struct.unpack_from(f"<{blackboard.LENGTH}i", memory, address - SRAM))

    def word(self, name: str) -> int:
        return self.words()[self._word_at[name]]

    def close(self) -> None:
        if self.drive:
            self.drive.close()

    def __enter__(self) -> "EmulatorTarget":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

