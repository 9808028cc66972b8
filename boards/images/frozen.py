"""Collect what an image freezes: the pure core, the common drivers, those of the board's parts and its facts."""

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

from stackpress import revision
from stackpress.config import hardware

from boards.images import literals, numbers, plant_parts
from boards.images.tick import SWITCHES

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
LOW = ("dump", "fill", "vent", "permissive", "trigger_out", "valve_pwm")  # roles that are driven low before anything else runs
TABLES = ("stackpress_core.recipe.kinds",)  # whose rows are tried before anything is written
CHIP = ("scratch", "sio", "timer", "watchdog", "pwm", "pio0", "pio1", "pio0_irq_0", "clock_hz")  # what the drivers ask


def modules(board: dict[str, Any]) -> set[str]:
    """Modules of firmware/drivers that belong to a part of this board. The journal's stand-in in RAM is in every image."""
    fitted = [hardware.part(role, name) for role, name in board["drivers"].items()]
    return {module for part in fitted if part for module in part.modules} | {"ram_nor"}


def left_out(board: dict[str, Any]) -> list[str]:
    """Files of firmware/drivers that are not for this board; the stages are in the compiled tick."""
    known = {module for table in hardware.parts().values() for part in table.values() for module in part.modules}
    return [f"{module}.py" for module in sorted(known - modules(board))] + ["*_stages.py"]


def collect(name: str, board: dict[str, Any], tick: str, folder: Path, ring: int) -> str:
    """Write everything into `folder`; gives the hash of it and of the tick, in which the recorder's address does not count."""
    for table in TABLES:
        literals.imported(table)
    shutil.rmtree(folder, ignore_errors=True)
    for package, left in (("stackpress_core", ["kind_faults.py"]), ("drivers", left_out(board))):
        shutil.copytree(FIRMWARE / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "*.md", *left))
    for path in (folder / "stackpress_core").rglob("*.py"):
        path.write_text(literals.folded(path, ".".join(path.relative_to(folder).with_suffix("").parts)))
    (folder / "stackpress_core/tick/tick.py").unlink()
    for role, driver in board["drivers"].items():
        part = hardware.part(role, driver)
        for file in part.files if part else ():
            target = folder / Path(file).parent.name / Path(file).name
            target.parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / file, target)
    for path in (*folder.glob("stackpress_core/tick/*.py"), *folder.glob("stackpress_plant/*.py")):
        without = literals.without_stages(path.read_text())
        if without:
            path.write_text(without)
        else:
            path.unlink()
    if (folder / "stackpress_plant").is_dir():
        plant_parts.write_spec(folder)
    shutil.copy(FIRMWARE / "main.py", folder / "main.py")
    shutil.copy(FIRMWARE / "boot.py", folder / "_boot.py")
    (folder / "boot.py").write_text('"""Nothing: it stands before any boot.py that lies in the file system."""\n')
    (folder / "drivers/rp2_board.py").rename(folder / "board.py")
    texts = {path: numbers.with_numbers(path.read_text(), folder) for path in folder.rglob("*.py") if path.name != "image_facts.py"}
    for path, text in texts.items():
        path.write_text(text)
    spoken = {path: set(re.findall(r"\w+", path.read_text())) for path in folder.rglob("*.py")}
    for path in (folder / "stackpress_core").rglob("*.py"):
        elsewhere = set().union(*(words for other, words in spoken.items() if other != path))
        name_of = ".".join(path.relative_to(folder).with_suffix("").parts)
        path.write_text(literals.with_own_numbers(path.read_text(), name_of, elsewhere))
    parts = b"".join(p.read_bytes() for p in sorted(folder.rglob("*.py")))
    digest = hashlib.sha256(parts + tick.encode() + json.dumps(board, sort_keys=True).encode()).digest()[:8]
    lines = [f"{key} = {value!r}" for key, value in facts(name, board, digest, ring).items()]
    (folder / "image_facts.py").write_text('"""What this image is."""\n\n' + "\n".join(lines) + "\n")
    return digest.hex()


def facts(name: str, board: dict[str, Any], digest: bytes, ring: int) -> dict[str, Any]:
    """What the firmware asks its image; MARK is also there for whoever has only the file."""
    from stackpress_core.version import VERSION

    pins, drivers, git = board["pins"], board["drivers"], revision.git_hash(ROOT)
    fitted = {role: hardware.part(role, driver) for role, driver in drivers.items()}
    inputs = [*SWITCHES, "trigger_in"] if drivers.get("inputs") == "pins" else []
    return {"BOARD": name, "PINS": pins, "CAPABILITIES": tuple(board["capabilities"]), "HASH": digest, "GIT": git,
            "MARK": f"stackpress-image;board={name};version={VERSION};git={git};hash={digest.hex()};".encode(),
            "CHIP": {word: board["chip"][word] for word in CHIP},
            "DRIVERS": {role: part.modules[0] for role, part in fitted.items() if part and part.modules},
            "SETTINGS": board["settings"], "LOW_PINS": tuple(pins[role] for role in LOW if role in pins),
            "SWITCH_PINS": tuple(pins[role] for role in inputs if role in pins),
            "RING_ADDRESS": ring, "RING_BYTES": board["image"]["flight_recorder_bytes"]}  # fmt: skip
