"""The press that an image with a simulated plant begins with, as a module of integers: made from the plant's own files."""

from pathlib import Path


def write_spec(folder: Path, plant: str = "nominal", specimen: str = "steel_blank") -> None:
    """`plant_spec.py` in `folder`. A function gives the integers: they take memory only while somebody asks for them."""
    from stackpress_plant import load

    spec = load.plant(plant, specimen)
    text = f'"""{plant}, {specimen}: made from boards/stackpress_plant with the image."""\n\n\ndef own():\n    return {spec!r}\n'
    (folder / "plant_spec.py").write_text(text)
