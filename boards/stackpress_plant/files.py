"""Plant and specimen files as flat keys and values: found, read with what they are based on, and every number in its bounds.

A file is data that a reader can doubt: every value has its unit in the key and its source beside it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PLANTS, SPECIMENS = HERE / "plants", HERE / "specimens"

Spec = dict[str, Any]


class PlantFileError(ValueError):
    """A plant or specimen file is wrong: file, key, what is wrong and what would be right."""


def row(key: str, low: float, high: float, out: str, scale: float) -> tuple[str, float, float, str, float]:
    return key, low, high, out, scale


def find(name: str | Path, folder: Path) -> Path:
    """The file of that name in the folder, or the path itself; PlantFileError lists what there is."""
    for path in (Path(name), folder / f"{name}.toml"):
        if path.suffix == ".toml" and path.is_file():
            return path
    known = ", ".join(sorted(p.stem for p in folder.glob("*.toml")))
    raise PlantFileError(f"no file {name!r} in {folder.name}; there are {known}")


_parsed = lru_cache(maxsize=64)(tomllib.loads)  # by what a file says: a campaign asks the same few files thousands of times


def read(path: Path) -> dict[str, Any]:
    """Its tables; the uppermost is the caller's own. Raises PlantFileError."""
    try:
        return dict(_parsed(path.read_text(encoding="utf-8-sig")))
    except (ValueError, RecursionError, OSError) as error:  # not TOML, not UTF-8, a number that is too long, nested too deeply
        raise PlantFileError(f"{path.name}: {error}") from error


def values_of(path: Path) -> dict[str, Any]:
    """A file as flat "section.key" -> value, its base file's values below it; every number must carry a source."""
    document = read(path)
    base = document.pop("base", None)
    values = values_of(find(base, path.parent)) if base else {}
    for key, value in _flatten(document, ""):
        if isinstance(value, dict):
            if not (isinstance(value.get("source"), str) and value["source"] and "value" in value):
                raise PlantFileError(f'{path.name}: {key}: write {{ value = ..., source = "where it comes from" }}')
            value = value["value"]
        elif key not in ("name", "description"):
            raise PlantFileError(f'{path.name}: {key}: has no source; write {{ value = ..., source = "..." }}')
        if base and key not in values and key not in ("name", "description"):
            raise PlantFileError(f"{path.name}: {key}: not a key of its base {base!r}")
        values[key] = value
    return values


def _flatten(document: Mapping[str, Any], prefix: str) -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for key, value in document.items():
        if isinstance(value, dict) and "value" not in value:
            rows += _flatten(value, f"{prefix}{key}.")
        else:
            rows.append((prefix + key, value))
    return rows


def numbers(values: dict[str, Any], rows: Sequence[tuple[str, float, float, str, float]], path: Path) -> Spec:
    spec: Spec = {}
    for key, low, high, out, scale in rows:
        if key not in values:
            raise PlantFileError(f"{path.name}: {key}: missing")
        value = values.pop(key)
        if isinstance(value, bool):
            value = int(value)
        if not isinstance(value, int | float):
            raise PlantFileError(f"{path.name}: {key}: {short(value)} is not a number")
        if not low <= value <= high:
            raise PlantFileError(f"{path.name}: {key}: {short(value)} is outside {low} .. {high}")
        spec[out] = round(value * scale)
    return spec


def whole_numbers(values: dict[str, Any], key: str, length: int, path: Path, scale: float) -> list[int]:
    value = values.pop(key, None)
    if not (isinstance(value, list) and len(value) == length and all(within(v, (-8388608, 8388607)) for v in value)):
        raise PlantFileError(f"{path.name}: {key}: {short(value)} is not a list of {length} numbers")
    return [round(v * scale) for v in value]


def within(value: object, bounds: tuple[float, float]) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bounds[0] <= value <= bounds[1]


def short(value: object) -> str:
    """A few characters of any value; Python refuses to print whole numbers of thousands of digits."""
    if isinstance(value, int) and abs(value) >= 10**15:
        return "a number far too large"
    return "a list" if isinstance(value, list) and len(value) > 8 else repr(value)[:40] if not isinstance(value, list) else "this"
