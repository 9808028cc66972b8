"""What a stage of a commissioning has to work with, and what the stages before it have found."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..config.documents import config_document
from ..config.layers import load as load_files
from ..config.schema import ParamValue
from . import machine, moves
from .hands import Hands
from .plant_model import Plant
from .result import Result
from .solenoids import Rates

if TYPE_CHECKING:
    import polars as pl


@dataclass
class Work:
    """What a stage has to work with."""

    bench: moves.Bench
    hands: Hands
    machine: machine.Machine
    result: Result
    folder: Path
    name: str
    board: str
    send: Callable[[bytes, str], None]  # a configuration, and in words what it is for
    tables: "list[pl.DataFrame]" = field(default_factory=list)
    hz: int = 4000

    @property
    def levels(self) -> list[float]:
        """The three forces / N."""
        return [part * self.machine.limit_n for part in moves.LEVELS]

    @property
    def touch_n(self) -> float:
        """Where a contact ends."""
        return moves.contact_n(self.machine.limit_n, float(self.chosen["contact_force_n"]))

    @property
    def chosen(self) -> dict[str, ParamValue]:
        """What the press file says so far."""
        return {**machine.values(self.machine), **self.result.params}

    def push(self, chosen: dict[str, ParamValue], file: str, said: str) -> None:
        """Write a press file, check it as any other, send it."""
        path = self.folder / file
        path.write_text(machine.press_file(self.name, self.board, self.machine, chosen, said), encoding="utf-8")
        press = self.bench.press
        document = config_document(load_files(path), press.parameters(), press.document_get("config"))
        self.send(document, said)
        self.hz = press.tick().rate_hz


def plant_of(found: dict[str, float]) -> Plant | None:
    """The regulator's model, as it was kept."""
    names = ("gain", "offset_n", "play_n", "dead_s", "lag_s", "fit_rms_n")
    return Plant(*(found[name] for name in names)) if "gain" in found else None


def rates_of(found: dict[str, float]) -> Rates | None:
    """The solenoids' rates, as they were kept."""
    names = ("fill_n_per_s", "fill_at_n", "vent_n_per_s", "vent_at_n", "dead_s")
    return Rates(*(found[name] for name in names)) if "fill_n_per_s" in found else None
