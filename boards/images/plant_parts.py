"""The press that an image with a simulated plant begins with, as a module of integers: made from the plant's own files."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def write_spec(folder: Path, plant: str = "nominal", specimen: str = "steel_blank") -> None:
    """`plant_spec.py` in `folder`. A function gives the integers: they take memory only while somebody asks for them."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from hil_tests.plant import load

    spec = load.plant(plant, specimen)
    text = f'"""{plant}, {specimen}: made from hil_tests/plant with the image."""\n\n\ndef own():\n    return {spec!r}\n'
    (folder / "plant_spec.py").write_text(text)
