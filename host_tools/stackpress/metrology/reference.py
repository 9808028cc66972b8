"""The reference that a press is compared with: its own certificate as a file, and its reading by SCPI where it has a plug.

The file is written once a certificate. What a reference lacks (no uncertainty, no date) makes every figure that rests on it
worthless, so all of it is asked for.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config.complaints import Complaints, did_you_mean
from ..config.numbers import number, plain, readings, shown, write_it
from ..config.toml_file import Layer, check_format, read_layer

if TYPE_CHECKING:
    from collections.abc import Callable

FORMAT = 1
TEXTS = ("instrument", "serial", "certificate", "laboratory", "iso376_class")
DATES = ("calibrated", "due")
# key, least, most: what no reference is beyond
NUMBERS = (
    ("uncertainty_pct", 0.001, 5.0), ("coverage_k", 1.0, 4.0), ("drift_pct", 0.0, 5.0), ("temperature_c", 0.0, 50.0),
    ("temperature_pct_per_k", 0.0, 1.0), ("capacity_n", 1.0, 1_000_000.0),
)  # fmt: skip
KEYS = (*TEXTS, *DATES, *(name for name, *_ in NUMBERS))


@dataclass(frozen=True)
class Reference:
    """A force-proving instrument. `uncertainty_pct` is expanded by `coverage_k`; `temperature_c` is its own calibration's."""

    instrument: str
    serial: str
    certificate: str
    laboratory: str
    iso376_class: str
    calibrated: date
    due: date
    uncertainty_pct: float
    coverage_k: float
    drift_pct: float
    temperature_c: float
    temperature_pct_per_k: float
    capacity_n: float


def read_reference(path: Path) -> Reference:
    """Read and check the file. Raises ConfigError with every complaint."""
    complaints = Complaints()
    layer = read_layer("reference", path, complaints)
    complaints.raise_if_any()
    check_format(layer, FORMAT, complaints)
    for key in layer.data:
        if key not in ("format", *KEYS):
            complaints.add(layer.file, layer.line(key), key, "unknown key", did_you_mean(key, KEYS, ", ".join(KEYS)))
    for key in TEXTS:
        if not isinstance(layer.data.get(key), str) or not layer.data[key].strip():
            complaints.add(
                layer.file, layer.line(key), key, "tells nothing", f'{key} = "..." in quotes, as its certificate has it'
            )
    for key in DATES:
        if type(layer.data.get(key)) is not date:
            complaints.add(layer.file, layer.line(key), key, "is no date", f"{key} = 2026-03-31")
    for key, least, most in NUMBERS:
        _check_number(layer, key, least, most, complaints)
    if not complaints.found and layer.data["due"] <= layer.data["calibrated"]:
        complaints.add(layer.file, layer.line("due"), "due", "is not behind `calibrated`", "until when its certificate holds")
    complaints.raise_if_any()
    return Reference(**{key: layer.data[key] for key in KEYS})


def _check_number(layer: Layer, key: str, least: float, most: float, complaints: Complaints) -> None:
    value = layer.data.get(key)
    right = f"from {number(least)} to {number(most)}"
    if isinstance(value, str) and readings(value):
        complaints.add(layer.file, layer.line(key), key, f"{shown(value)} has a separator", write_it(value))
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        complaints.add(layer.file, layer.line(key), key, "is missing" if value is None else "is no number", right)
    elif not least <= value <= most:
        complaints.add(layer.file, layer.line(key), key, f"{shown(value)} is impossible", right)


class NoReading(ValueError):
    """The reference's instrument gave no number."""


def instrument(resource: str, question: str, scale_n: float) -> "Callable[[], float]":
    """Reads the reference by PyVISA: `resource` as TCPIP::10.0.0.7::5025::SOCKET; the answer to `question` times `scale_n` is N.

    Raises ImportError without PyVISA; the reading raises NoReading.
    """
    import pyvisa

    manager = pyvisa.ResourceManager("@py")
    session: Any = manager.open_resource(resource, read_termination="\n", write_termination="\n", timeout=5000)

    def reading() -> float:
        try:
            answer = str(session.query(question)).strip()
        except pyvisa.Error as error:
            raise NoReading(f"{resource} does not answer {question}: {error}") from error
        value = plain(answer.split(",")[0].split()[0] if answer.split() else "")
        if value is None:
            raise NoReading(f"{resource} answers {shown(answer)} to {question}: that is no number")
        return value * scale_n

    return reading
