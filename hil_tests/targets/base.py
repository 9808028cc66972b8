"""What a scenario needs of the press it runs on, whichever that is: simulated, emulated or of steel."""

from pathlib import Path
from typing import Any, Protocol


class Target(Protocol):
    """One press with its plant and what is around it; times in press seconds, and time stands still between calls where it can."""

    @property
    def port(self) -> str:
        """The serial device that the host package opens."""

    @property
    def starts(self) -> int:
        """How often the firmware was started."""

    def time_s(self) -> float: ...

    def run_until(self, t_s: float) -> float:
        """Run to press time `t_s`; the time reached."""

    def run_for(self, seconds: float) -> float: ...

    def fault(self, name: str, value: float | None = None) -> None: ...

    def clear_fault(self, name: str | None = None) -> None:
        """One fault, or all of them."""

    def specimen(self, name: str) -> None: ...

    def truth(self) -> dict[str, Any]:
        """What the plant truly does: force_n, most_force_n, drive_n, displacement_m, dump_open and what else it knows."""

    def restart(self) -> None:
        """Pull the plug and put it back."""

    def leave_traces(self, folder: Path) -> None:
        """Into a failure's bundle: what this target knows of the run, as files."""

    def close(self) -> None: ...

    def __enter__(self) -> "Target": ...

    def __exit__(self, *error: object) -> None: ...
