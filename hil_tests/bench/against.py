"""Two commits side by side on one machine: `make bench AGAINST=<commit>` measures both and writes build/bench_against.json.

    python -m hil_tests.bench.against 77d9a12 [--only NAME,...] [--fresh]

The other commit gets a work tree and an environment of its own in the temporary folder. Of it only the commands are used that it
has itself, and speeds.py, which is run in it. Each measurement is a row of ROWS, done there and then here, and written at once:
what was interrupted goes on where it was, and a change here is measured anew. A figure without a ratio is told for both.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from hil_tests.bench import speeds

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "bench_against.json"
RUNS_BUSY = 3
Figures = dict[str, float]


@dataclass(frozen=True)
class Tree:
    """A checkout with its own environment; what its commands say goes to `logs`."""

    root: Path
    logs: Path

    @property
    def python(self) -> str:
        return str(self.root / ".venv" / "bin" / "python")

    def run(self, name: str, *command: str, may_fail: bool = False) -> float:
        """Wall seconds. Raises RuntimeError with the end of the log if it fails."""
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{name}.log"
        began = time.monotonic()
        with log.open("w") as told:
            code = subprocess.run(command, cwd=self.root, stdout=told, stderr=subprocess.STDOUT).returncode
        if code and not may_fail:
            raise RuntimeError(f"{name} in {self.root}: exit {code}, see {log}\n{log.read_text()[-800:]}")
        return time.monotonic() - began

    def told(self, name: str) -> Any:
        """What one of its commands has written into build/."""
        return json.loads((self.root / "build" / f"{name}.json").read_text())


def _bench(*figures: str) -> Callable[[Tree], Figures]:
    """Its own bench; a goal that is missed is no reason to stop."""

    def measure(tree: Tree) -> Figures:
        only = ["--only", ",".join(figures)] if figures else []
        tree.run("bench_" + "_".join(figures), tree.python, "-m", "hil_tests.bench", *only, may_fail=True)
        return {name: float(value) for name, value in tree.told("bench").items() if isinstance(value, int | float)}

    return measure


def _board(tree: Tree) -> Figures:
    tree.run("bench_board", "make", "bench-board", may_fail=True)
    return {row["name"]: float(row["value"]) for row in tree.told("bench_board")["figures"] if row["value"] is not None}


def _suite(tree: Tree) -> Figures:
    """How long it took; a property that finds a fault with this day's examples is told beside it, and is no reason to stop."""
    seconds = tree.run("test", "make", "test", may_fail=True)
    return {"test_s": seconds, "test_failed": float("FAILED" in (tree.logs / "test.log").read_text())}


def _busy(tree: Tree) -> Figures:
    tree.run("busy", "make", "test-busy", f"RUNS={RUNS_BUSY}", may_fail=True)
    return {f"test_busy_{name}": float(value) for name, value in tree.told("test_busy").items()}


def _speed(name: str) -> Callable[[Tree], Figures]:
    return lambda tree: speeds.measured(name, tree.root, tree.python)


@dataclass(frozen=True)
class Row:
    """A measurement, and the ratios that it gives: name -> figure, here over there."""

    measure: Callable[[Tree], Figures]
    ratios: dict[str, str]
    there: bool = True  # whether the other commit can do it


# the quick ones first; the speeds while nothing else runs
ROWS: dict[str, Row] = {
    "press": Row(_speed("press"), {"sim_speed_ratio": "sim_speed", "sim_rss_ratio": "sim_rss_mb"}),
    "hold": Row(_speed("hold"), {"hold_4khz_ratio": "hold_4khz_speed"}),
    "cli_start": Row(_bench("cli_start_ratio"), {"cli_start_ratio": "cli_start_ratio"}),
    "board": Row(_board, {"tick_us_max_ratio": "tick_us_max", "heap_free_ratio": "heap_free_bytes"}),
    "bench": Row(_bench(), {}),
    "test": Row(_suite, {"test_ratio": "test_s"}),
    "test_busy_failures": Row(_busy, {}, there=False),
}


def tree_of(commit: str, console: Console) -> Tree:
    """The commit's work tree, made unless it is there. Raises RuntimeError."""
    root = Path(tempfile.gettempdir()) / f"stackpress-{commit[:12]}" / "tree"
    here = Tree(ROOT, root.parent / "logs")
    if not root.exists():
        console.print(f"a work tree of {commit[:12]} in {root}")
        here.run("worktree", "git", "worktree", "prune")
        here.run("worktree", "git", "worktree", "add", "--detach", str(root), commit)
    there = Tree(root, root.parent / "logs" / "there")
    there.run("setup", "make", "setup-dev")
    return there


def revision(commit: str = "HEAD") -> str:
    """The whole hash. Raises CalledProcessError."""
    command = ["git", "rev-parse", "--verify", f"{commit}^{{commit}}"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def state_here() -> str:
    """The commit, and what was changed since."""
    changes = subprocess.run(["git", "diff", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return revision() + (f"+{hash_of(changes)}" if changes else "")


def hash_of(text: str) -> str:
    from hashlib import sha256

    return sha256(text.encode()).hexdigest()[:12]


def ratios(results: dict[str, dict[str, Figures]]) -> dict[str, dict[str, float]]:
    """Of every row that has both sides: ratio, here, there."""
    found = {}
    for name, sides in results.items():
        for ratio, figure in ROWS[name].ratios.items():
            if figure in sides.get("here", {}) and figure in sides.get("there", {}):
                here, there = sides["here"][figure], sides["there"][figure]
                found[ratio] = {"ratio": here / there, "here": here, "there": there}
    return found


def measure(names: list[str], there: Tree, results: dict[str, Any], keep: Callable[[], None], console: Console) -> None:
    """Fill in what is missing, row by row; `keep` is called after each side."""
    here = Tree(ROOT, there.logs.parent / "here")
    for number, name in enumerate(names, 1):
        sides = results.setdefault(name, {})
        for side, tree in (("there", there), ("here", here)):
            if side in sides or (side == "there" and not ROWS[name].there):
                continue
            console.print(f"[{number}/{len(names)}] {name}, {side} ...")
            began = time.monotonic()
            sides[side] = ROWS[name].measure(tree)
            keep()
            console.print(f"    {(time.monotonic() - began) / 60:.1f} min")


def show(results: dict[str, dict[str, Figures]], commit: str, console: Console) -> None:
    table = Table(title=f"against {commit[:12]}", title_justify="left")
    for heading in ("figure", "there", "here", "ratio"):
        table.add_column(heading, justify="left" if heading == "figure" else "right")
    found = ratios(results)
    named = {ROWS[row].ratios[ratio]: ratio for row in results for ratio in ROWS[row].ratios}
    for sides in results.values():
        for figure in {**sides.get("there", {}), **sides.get("here", {})}:
            values = [f"{sides[side][figure]:.4g}" if figure in sides.get(side, {}) else "" for side in ("there", "here")]
            ratio = named.get(figure, "")
            told = f"{ratio} {found[ratio]['ratio']:.3g}" if ratio in found else ""
            table.add_row(figure, *values, told)
    console.print(table)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench AGAINST=<commit>", description=__doc__.split("\n")[0])
    parser.add_argument("commit")
    parser.add_argument("--only", default="", help=f"rows to measure, separated by commas: {', '.join(ROWS)}")
    parser.add_argument("--fresh", action="store_true", help="measure anew what was measured already")
    chosen = parser.parse_args()
    names = chosen.only.split(",") if chosen.only else list(ROWS)
    if set(names) - set(ROWS):
        parser.error(f"no row {', '.join(sorted(set(names) - set(ROWS)))}; there are {', '.join(ROWS)}")
    console = Console(stderr=True)
    try:
        commit = revision(chosen.commit)
    except subprocess.CalledProcessError:
        parser.error(f"no commit {chosen.commit}")
    kept = known(commit, state_here())
    for name in names if chosen.fresh else []:
        kept["rows"].pop(name, None)

    def keep() -> None:
        OUT.parent.mkdir(parents=True, exist_ok=True)
        OUT.write_text(json.dumps({**kept, "ratios": ratios(kept["rows"]), "cores": os.cpu_count()}, indent=1) + "\n")

    try:
        measure(names, tree_of(commit, console), kept["rows"], keep, console)
    except (RuntimeError, subprocess.CalledProcessError) as wrong:
        console.print(f"FAILED: {wrong}\nwhat was measured is kept; the same command goes on from here")
        return 1
    finally:
        show(kept["rows"], commit, Console())
    console.print(f"written to {OUT.relative_to(ROOT)}")
    return 0


def known(commit: str, here: str) -> dict[str, Any]:
    """What an earlier run has kept of the same two: the other side stays, this side only if nothing was changed."""
    before = json.loads(OUT.read_text()) if OUT.is_file() else {}
    rows = before.get("rows", {}) if before.get("against") == commit else {}
    if before.get("here") != here:
        rows = {name: {"there": sides["there"]} for name, sides in rows.items() if "there" in sides}
    return {"against": commit, "here": here, "rows": rows}


if __name__ == "__main__":
    sys.exit(main())
