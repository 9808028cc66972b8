"""What one simulated press is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class SimError(RuntimeError):
    """The simulated press can't be started, or its side channel refused a request."""


@dataclass
class Settings:
    """What one simulated press is made of; times in seconds, forces as the plant's file has them."""

    name: str = "sim"
    state_dir: Path | None = None  # flash, documents and logs; a temporary folder if None
    plant: str | Path = "nominal"  # a file in boards/stackpress_plant/plants, by name or path
    overrides: Mapping[str, Any] = field(default_factory=dict)  # "section.key" of the plant's file -> another value
    specimen: str | Path = "steel_blank"  # a file in boards/stackpress_plant/specimens, by name or path
    seed: int = 1
    pace: str = "real"  # "hold", "real" or "fast"
    speed: float = 1.0  # press seconds for a wall second, in pace "real"
    wall: str = "real"  # clock for leases and link time-outs: "real", or "press" for runs that must repeat bit for bit
    truth: bool = True  # write truth.csv
    flash_bytes: int = 16 << 20
    native: bool = True  # ticks as machine code where a compiler makes it; else, or if False, as MicroPython runs them
    heap: str = "16M"
    register: bool = True
