"""A simulated press as a target of tests: real MicroPython, a real serial device, and a supervisor that controls time.

    with SimTarget(specimen="pellet") as target:
        target.run_until(2.0)          # press time; it stands still otherwise
        target.fault("estop")

Leases and time-outs follow press time here, so that a run with the same seed and the same commands at the same press
times repeats bit for bit, however slow the host is.
"""

import csv
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stackpress.simulator.provision import commissioned, write
from stackpress.simulator.supervisor import Settings, SimError, Supervisor

from hil_tests.targets import full_journal

__all__ = ["SimError", "SimTarget"]


class SimTarget:
    """One simulated press; times in press seconds. `board` names its identity, so that two boards can be told apart."""

    def __init__(
        self,
        plant: str | Path = "nominal",
        specimen: str | Path = "steel_blank",
        overrides: Mapping[str, Any] | None = None,
        board: str = "bench",
        seed: int = 1,
        state_dir: Path | None = None,
        configured: bool = True,
        documents: Mapping[str, bytes] | None = None,
        pace: str = "hold",
        wall: str = "press",
        truth: bool = True,
        flash_bytes: int = 2 << 20,
        native: bool = True,
        journal_full: bool = False,
    ) -> None:
        """A fresh press that is `configured` has what fits its plant, and `documents` beside and over that."""
        self.supervisor = Supervisor(
            Settings(
                name=board, state_dir=state_dir, plant=plant, overrides=overrides or {}, specimen=specimen, seed=seed,
                pace=pace, wall=wall, truth=truth, flash_bytes=flash_bytes, native=native,
                register=False,
            )  # fmt: skip
        )
        if journal_full:
            (self.state_dir / "flash.bin").write_bytes(full_journal.full(flash_bytes))
        if self.supervisor.fresh:
            fitting = commissioned(self.supervisor.spec, self.supervisor.identity) if configured else {}
            write(self.state_dir, {**fitting, **(documents or {})})
        self.supervisor.start()
        try:
            self.supervisor.request(30, do="hello")
        except SimError:
            self.supervisor.close()
            raise

    @property
    def port(self) -> str:
        """The serial device that the host tool opens."""
        return self.supervisor.port

    @property
    def state_dir(self) -> Path:
        return self.supervisor.state_dir

    @property
    def truth_file(self) -> Path:
        """truth.csv of the present boot."""
        return self.supervisor.state_dir / "truth.csv"

    @property
    def starts(self) -> int:
        """How often the firmware was started."""
        return self.supervisor.starts

    def time_s(self) -> float:
        return float(self.supervisor.request(do="hello")["t_s"])

    def run_until(self, t_s: float, wall_limit_s: float = 600.0) -> float:
        """Run as fast as it goes until press time `t_s`, then stand still; the press time reached."""
        return float(self.supervisor.request(wall_limit_s, do="run_until", t_s=t_s)["t_s"])

    def run_for(self, seconds: float, wall_limit_s: float = 600.0) -> float:
        return self.run_until(self.time_s() + seconds, wall_limit_s)

    def pace(self, mode: str, speed: float = 1.0) -> None:
        """"hold", "real" (press seconds for a wall second: `speed`) or "fast"."""
        self.supervisor.request(do="pace", mode=mode, speed=speed)

    def fault(self, name: str, value: float | None = None) -> None:
        self.supervisor.request(do="fault", name=name, value=value)

    def clear_fault(self, name: str | None = None) -> None:
        """One fault, or all of them."""
        self.supervisor.request(do="clear", name=name)

    def specimen(self, name: str) -> None:
        self.supervisor.request(do="specimen", specimen=name)

    def truth(self) -> dict[str, Any]:
        """What the plant truly does now: forces / N, displacement / m, valve / 1; and the largest force since its start."""
        now = dict(self.supervisor.request(do="truth")["truth"])
        return {**now, "most_force_n": max([now["force_n"], *self._forces_n()])}

    def _forces_n(self) -> list[float]:
        if not self.truth_file.exists():
            return []
        with self.truth_file.open(newline="") as f:
            return [float(row["Applied Force / N"]) for row in csv.DictReader(f) if row["Applied Force / N"]]

    def leave_traces(self, folder: Path) -> None:
        """truth.csv and what the firmware said on its standard error."""
        for name, there in (("truth.csv", self.truth_file), ("console.txt", self.state_dir / "firmware.log")):
            if there.exists():
                shutil.copyfile(there, folder / name)

    def restart(self, cause: str = "power") -> None:
        """Pull the plug and put it back; the serial device stays."""
        self.supervisor.request(do="restart", cause=cause)

    def close(self) -> None:
        self.supervisor.close()

    def __enter__(self) -> "SimTarget":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
