"""Measure the image on the emulated chip, write build/bench_board.json, print the table; exit 1 if a goal is missed.

    python -m hil_tests.bench.board [--only NAME,...] [--quick]

Each measure has a press of its own and runs in a process of its own, as many at a time as there are processors.
"""

import argparse
import json
import math
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any

from hil_tests.bench.board import table
from hil_tests.bench.board.plan import MEASURES, measured
from hil_tests.bench.board.rig import IMAGE, ROOT

OUT = ROOT / "build" / "bench_board.json"


def run(names: list[str], quick: bool) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Results by measure, and why the others have none."""
    results: dict[str, dict[str, Any]] = {}
    failed: dict[str, str] = {}
    with ProcessPoolExecutor(min(len(names), os.cpu_count() or 1), get_context("spawn")) as pool:
        waiting = {pool.submit(measured, name, quick): name for name in names}
        for done in as_completed(waiting):
            name = waiting[done]
            try:
                results[name], wall_s = done.result()
                print(f"{name}: done in {wall_s:.0f} s ({len(results) + len(failed)} of {len(names)})", flush=True)
            except Exception as error:  # noqa: BLE001 - whatever it is, this figure was not measured and the others are
                failed[name] = f"{type(error).__name__}: {error}"
                print(f"{name}: not measured: {failed[name]}", flush=True)
    return results, failed


def facts() -> dict[str, Any]:
    stamp = IMAGE.parent / "stamp.json"
    return {"image": json.loads(stamp.read_text()) if stamp.exists() else {}}


def plain(value: Any) -> Any:
    """The same without numbers that JSON has no word for."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench.board", description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help=f"of {', '.join(table.BY_NAME)}; or of {', '.join(MEASURES)}")
    parser.add_argument("--quick", action="store_true", help="short and few: shows that it works, not what the figures are")
    chosen = parser.parse_args(arguments)
    asked = {name for name in chosen.only.split(",") if name} or set(table.BY_NAME)
    unknown = asked - set(table.BY_NAME) - set(MEASURES)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    wanted = {f.name for f in table.FIGURES if f.name in asked or any(m.startswith(f.measure) for m in asked & set(MEASURES))}
    needed = {table.BY_NAME[name].measure for name in asked - set(MEASURES)}
    names = [name for name in MEASURES if name in asked or name.split("_")[0] in needed or name in needed]
    began = time.monotonic()
    results, failed = run(names, chosen.quick)
    values = table.merged(results)
    rows = table.judged(values, wanted)
    for row in rows:
        print(table.line(row))
    OUT.parent.mkdir(exist_ok=True)
    record = {"quick": chosen.quick, "figures": rows, "measured": results, "failed": failed, **facts(),
              "wall_s": round(time.monotonic() - began, 1)}  # fmt: skip
    OUT.write_text(json.dumps(plain(record), indent=1, allow_nan=False))
    print(f"{OUT.relative_to(ROOT)}, {time.monotonic() - began:.0f} s")
    return 0 if all(row["met"] for row in rows) and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
