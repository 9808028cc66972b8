"""build/campaign/summary.json: name -> number, one line a figure; whoever measures one writes it, the others stay as they are."""

import fcntl
import json
from pathlib import Path

SUMMARY = Path(__file__).resolve().parents[2] / "build" / "campaign" / "summary.json"
Figure = int | float | str | None


def figures(path: Path = SUMMARY) -> dict[str, Figure]:
    """What is known so far."""
    found: dict[str, Figure] = json.loads(path.read_text()) if path.exists() else {}
    return found


def write(measured: dict[str, Figure], path: Path = SUMMARY) -> None:
    """Add figures, or put new ones in their place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lines = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in sorted({**figures(path), **measured}.items())]
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print("figures:", ", ".join(f"{name} {value}" for name, value in measured.items()), flush=True)
