"""Break drawn presses at drawn moments, and judge each by the plant's truth and by what the press says, keeps and logs.

    python -m hil_tests.campaign.injections [--runs N] [--first SEED] [--at-once N] [--kinds NAME,...] [--pairs]

A row of injection_table.py says what is broken and what must be told. Each seed is a press of drawn.py (every fourth as its
file has it), brought to five moments, at each of which ten things are broken in copies of it. Wrong is: nothing told, another
reason first, a reaction weaker than the table's, a vent that leaves force, a reason that does not stay, is not logged with its
flight recorder or has no sentence, a press that may be armed on it, and more true force than a valve that opens fully may bring.
`--pairs` breaks a second thing up to two seconds after the first: then a reason of either is right. Writes figures and
build/campaign/injections.json (pairs.json); exit 1 if a goal is missed.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from stackpress import paths
from stackpress.simulator import firmware_copy, native_ticks, provision
from stackpress.simulator.supervisor import MICROPYTHON, STAGED
from stackpress_core import params
from stackpress_core.tick import interlock, states
from stackpress_plant import load

from hil_tests.campaign import branches, drawn, summary
from hil_tests.campaign import injection_table as table

IN_PROCESS = Path(__file__).resolve().parents[1] / "in_process"
BENCHES = IN_PROCESS.parents[1] / "firmware" / "tests"  # memory_store
IDENTITY = "SIM-bench"
STAGES, CASES, JOBS = 5, 10, 12  # stages of a press, cases of a stage, presses of a process
OF_A_PRESS = STAGES * CASES
LEASES, LIMITS = 0.03, 0.06  # parts of the stages
LEASE_N = 664  # is come by before the lease is over
# at most, behind the moment
DELAY_MS = {"approach": 400, "hold": 3000, "relax": 3000, "ramp": 100, "held": 500, "release": 100, "stop": 100}
FULL_SCALE_N = 66000.0
NOTHING_N, UNSEEN_N = 30, 212.5  # without the low cell a press tells no less than an eighth of what that is there for
LOW_CELL = {"zero_4", "gain_4"}
NEAR_MS = 30  # what breaks so soon afterwards may hide what was broken first
LATER_MS = {"vent": NEAR_MS}  # a second fault comes no later: soon the force has gone, and the press is safe
NOMINAL_EVERY = 4
EXCESS_PCT = {"nominal": 3.0, "unseen": 6.0}
GOALS = {"wrong": 0.0, "excess_nominal_pct": 3.0, "excess_unseen_pct": 6.0, "overforce_excess_pct": 2.0}
DEFAULTS = params.Values({})
REACTION = {row[interlock.NAME]: interlock.reaction_of(row, DEFAULTS) for row in interlock.ROWS}
LIMIT_MS, LIMITS_MS = 40000, {"safe": 1500, "held": 15000, "approach": 70000}  # the slowest row has so long
Case = dict[str, Any]
Found = dict[str, Any]


def plant_of(seed: int) -> tuple[str, bool, load.Spec]:
    """Its file, whether it is as the file has it, and its numbers."""
    name, changed = drawn.plant(seed // 2 * 2 + seed % 2)
    nominal = seed // 2 % NOMINAL_EVERY == 0
    return name, nominal, load.plant(name, "steel_blank", {} if nominal else changed)


def stage(chance: random.Random, number: int, valve: str, kinds: Sequence[table.Kind], pair: bool) -> dict[str, Any]:
    """A moment, and the cases that begin there; without cases if none of the kinds has such a moment."""
    special = chance.random()
    leases = special <= LEASES and not pair  # nothing else can be broken there
    host_loss = chance.choice(("hold", "ramp_down")) if leases else "carry_on"
    phase, top_n = chance.choice(table.PHASES), chance.choice(table.TOPS_N)
    if leases:
        phase, top_n = "hold", LEASE_N
    elif special <= LEASES + LIMITS:
        phase, top_n = "ramp", table.LIMIT_N
    program = table.program(phase, top_n, valve, host_loss)
    rate_n = program["stop_rate_cn_per_s"] / 100
    part = chance.randint(900, 990) if top_n == table.LIMIT_N else chance.randint(0, 800)
    if phase in ("release", "stop"):
        part = int(chance.uniform(0.05, 0.6) * top_n / rate_n * 1000)
    there = table.stage_kinds(phase, top_n, valve, host_loss, kinds)
    cases = [
        case(chance, number + i, table.Moment(phase, top_n, valve), there, pair) for i in range(CASES if there else 0)
    ]
    for one in cases:
        one["limit_ms"] += int(top_n / rate_n * 1500) if one["limit_ms"] > 15000 else 0
    return {"phase": phase, "top_cn": top_n * 100, "part": part, "program": program, "cases": cases,
            "after_ms": chance.randint(20, 450) if phase == "approach" else chance.randint(100, 3000)}  # fmt: skip


def case(chance: random.Random, number: int, moment: table.Moment, kinds: Sequence[table.Kind], pair: bool) -> Case:
    """What is broken at a moment."""
    kind = chance.choice(kinds)
    limit_ms = 8000 if moment.phase in kind.quiet and not pair else LIMIT_MS
    limit_ms = LIMITS_MS.get(moment.phase, limit_ms) if limit_ms == LIMIT_MS or moment.phase == "safe" else limit_ms
    made = {"number": number, "kind": kind.name, "phase": moment.phase, "top_cn": moment.top_n * 100,
            "faults": kind.faults(chance, moment), "limit_ms": limit_ms,
            "delay_ms": chance.randint(0, DELAY_MS.get(moment.phase, 50))}  # fmt: skip
    if pair:
        other = chance.choice([other for other in kinds if other.name != kind.name] or [kind])
        later_ms = chance.choice((0, NEAR_MS, chance.randint(0, LATER_MS.get(moment.phase, 2000))))
        made["second"] = {"faults": other.faults(chance, moment), "later_ms": later_ms}
        made["second_kind"] = other.name
    return made


def jobs(seeds: Sequence[int], kinds: Sequence[table.Kind], pairs: bool) -> tuple[dict[str, Any], dict[int, Case]]:
    """What a process gets, and its cases by number."""
    found: dict[str, Any] = {"identity": IDENTITY, "documents": {}, "jobs": []}
    cases: dict[int, Case] = {}
    for seed in seeds:
        name, nominal, spec = plant_of(seed)
        if name not in found["documents"]:
            documents = provision.commissioned(spec, IDENTITY)
            found["documents"][name] = {key: text.decode() for key, text in documents.items()}
        chance = random.Random(f"{'pairs' if pairs else 'injections'} {seed}")
        valve = "regulator" if name == "nominal" else "fill_vent"
        mine = [stage(chance, seed * OF_A_PRESS + i * CASES, valve, kinds, pairs) for i in range(STAGES)]
        for one in mine:
            for each in one["cases"]:
                cases[each["number"]] = {**each, "plant": name, "nominal": nominal, "seed": seed}
        found["jobs"].append(
            {"plant": name, "spec": spec, "seed": seed + 1, "stages": [one for one in mine if one["cases"]]}
        )
    return found, cases


def ran(given: dict[str, Any], firmware: Path = STAGED, native: Path | None = None) -> list[Found]:
    """What one process found."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "jobs.json"
        file.write_text(json.dumps(given))
        roads = [IN_PROCESS, firmware, native or native_ticks.find(), branches.folder(), BENCHES, ".frozen"]
        environment = {**os.environ, "MICROPYPATH": ":".join(map(str, roads))}
        command = [*MICROPYTHON, "-X", "heapsize=24M", str(IN_PROCESS / "injector.py"), str(file)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if len(found) != sum(len(stage["cases"]) for job in given["jobs"] for stage in job["stages"]):
        raise RuntimeError(f"the presses ended early ({done.returncode}): {done.stderr[-2000:]}")
    return found


def staged() -> None:
    firmware_copy.copy(paths.SIMULATED, STAGED)


def broken(one: Case) -> set[str]:
    """The plant's faults of a case."""
    second = one["second"]["faults"] if "second" in one else []
    return {name for name, _ in [*one["faults"], *second]}


def excess_n(one: Case, found: Found) -> float:
    """True force beyond the program's highest."""
    return max(0.0, (float(found["peak_cn"]) - one["top_cn"]) / 100) if "peak_cn" in found else 0.0


def allowed(one: Case) -> tuple[frozenset[str], bool, set[str]]:
    """Reasons that may come first, whether silence is right, and the rows that a held trip may have had before."""
    kinds = {kind.name: kind for kind in table.KINDS}
    kind = kinds[one["kind"]]
    first, quiet = kind.first, one["phase"] in kind.quiet
    if "second_kind" in one:
        other = kinds[one["second_kind"]]
        near = one["second"]["later_ms"] <= NEAR_MS
        quiet = quiet or (near and kind.name in other.hides)
        quiet = quiet and (one["phase"] not in other.at or other.name in kind.hides)
        first |= other.first
        first |= table.LOST | table.MORE | table.WEAK | table.STIFF | table.OPENED
    return first, quiet, {"temperature"} if one["phase"] == "held" else set()


def wrong(one: Case, found: Found) -> str:
    """What is not as it must be; empty if nothing is."""
    if "void" in found:
        return ""
    if "crashed" in found:
        return f"crashed: {found['crashed']}"
    first, quiet, before = allowed(one)
    reasons = {"nominal": EXCESS_PCT["nominal"], "drawn": EXCESS_PCT["unseen"]}[
        "nominal" if one["nominal"] else "drawn"
    ]
    if "second_kind" not in one and excess_n(one, found) > reasons / 100 * FULL_SCALE_N:
        return f"{excess_n(one, found):.0f} N above the program's highest"
    if before and found["first"] != "temperature":
        return f"the first trip was replaced by {found['first'] or 'nothing'}"
    said = {found["first"]} - {""} - before | {name for name in found["warned"] if name in first}
    if before:
        said = set(found["later"]) & first
    if not said:
        return _silence(one, found, quiet)
    if not before and found["first"] and found["first"] not in first:
        return f"told {found['first']} first, not {' or '.join(sorted(first))}"
    return _reaction(one, found) or _kept(one, found)


def _silence(one: Case, found: Found, quiet: bool) -> str:
    if one["phase"] == "safe":
        return "" if found["checks"] or quiet else "may be armed"
    if not quiet:
        return f"nothing told, the press is {states.NAMES[found['end_state']]} with {found['left_cn'] / 100:.0f} N"
    if found["end_state"] == states.SAFE and found["left_cn"] > 100 * NOTHING_N:
        return f"safe with {found['left_cn'] / 100:.0f} N"
    asked = found.get("asked_first", "")
    if "asked_state" in found and found["asked_left_cn"] > 100 * NOTHING_N and asked != "not_vented":
        return f"a vent left {found['asked_left_cn'] / 100:.0f} N without a word"
    return _kept(one, found)


def _reaction(one: Case, found: Found) -> str:
    if not found["first"]:
        return ""
    least = max(
        [REACTION[found["first"]], *(REACTION[name] for name in found["later"] if REACTION[name] > states.REACT_WARN)]
    )
    if found["reaction"] < least:
        did, must = states.REACTIONS[found["reaction"]], states.REACTIONS[least]
        return f"{did} for {found['first']}, {found['later']}: {must} is the table's"
    if found["reaction"] == states.REACT_VENT:
        told = {found["first"], *found["later"]}
        there = broken(one)
        shut = not found["dump_open"] and "dump_stuck" not in there  # that one nobody sees once the force is gone
        least_n = UNSEEN_N if "second" in one and there & LOW_CELL else NOTHING_N
        if (shut or found["left_cn"] > 100 * least_n) and "not_vented" not in told:
            return f"vented, and {found['left_cn'] / 100:.0f} N are left without a word"
    return ""


def _kept(one: Case, found: Found) -> str:
    told = found["first"] or found.get("asked_first", "")
    if not told:
        return ""
    if not found.get("kept"):
        return f"{told} did not stay when its cause went"
    if found.get("armed"):
        return f"armed on a {told} that nobody acknowledged"
    if not found.get("hint"):
        return f"{told} has no sentence"
    if one["phase"] == "held":
        return ""  # that trip was logged before
    if told not in found["log"]:
        return f"{told} is not in the log, but {found['log']}"
    if not found["flights"] and found["state"] != states.SAFE:
        return f"{told} has no flight recorder"
    return ""


def figures(cases: dict[int, Case], found: dict[int, Found]) -> dict[str, summary.Figure]:
    there = [(cases[number], one) for number, one in found.items() if "void" not in one and "crashed" not in one]
    within = [(c, f) for c, f in there if not c["kind"].startswith("opened_at")]
    limits = [f["peak_cn"] / c["top_cn"] * 100 - 100 for c, f in there if c["kind"] == "opened_at_the_limit"]
    excess = {
        nominal: max((excess_n(c, f) for c, f in within if c["nominal"] == nominal), default=0.0)
        for nominal in (True, False)
    }
    return {
        "injections": len(there),
        "wrong": sum(bool(wrong(cases[number], one)) for number, one in found.items()),
        "excess_nominal_pct": round(excess[True] / FULL_SCALE_N * 100, 2),
        "excess_unseen_pct": round(excess[False] / FULL_SCALE_N * 100, 2),
        "overforce_excess_pct": round(max(limits, default=0.0), 2),
        "injections_void": sum("void" in one for one in found.values()),
    }


def table_of(cases: dict[int, Case], found: dict[int, Found]) -> list[dict[str, Any]]:
    """A row a kind and phase: how many, told and safe after (median, worst / ms), how far the force went, what was told."""
    rows: dict[tuple[str, str], list[tuple[Case, Found]]] = {}
    for number, one in found.items():
        if "void" not in one and "crashed" not in one:
            rows.setdefault((cases[number]["kind"], cases[number]["phase"]), []).append((cases[number], one))
    made = []
    for (kind, phase), ones in sorted(rows.items()):
        told = sorted(f["told_ms"] for _, f in ones if f["told_ms"] >= 0)
        safe = sorted(f["safe_ms"] for _, f in ones if f["safe_ms"] >= 0)
        row: dict[str, Any] = {"kind": kind, "phase": phase, "runs": len(ones)}
        row["wrong"] = sum(bool(wrong(c, f)) for c, f in ones)
        row["told_ms"] = [told[len(told) // 2], told[-1]] if told else None
        row["safe_ms"] = [safe[len(safe) // 2], safe[-1]] if safe else None
        row["excess_n"] = round(max(excess_n(c, f) for c, f in ones))
        row["first"] = dict(Counter(f["first"] or "/".join(sorted(f["warned"])) or "-" for _, f in ones).most_common())
        made.append(row)
    return made


def line(one: Case, miss: str) -> str:
    """What was wrong, and what repeats it: `--first SEED`."""
    press = f"{one['plant']}{' as its file' if one['nominal'] else ''}"
    faults = ", ".join(
        f"{name} {value}" for name, value in [*one["faults"], *(one["second"]["faults"] if "second" in one else [])]
    )
    number = one["number"] % OF_A_PRESS
    return (
        f"{one['seed']}.{number} {press}: {one['kind']} ({faults}) in {one['phase']}, {one['top_cn'] // 100} N: {miss}"
    )


def batches(runs: int, first: int) -> Iterator[list[int]]:
    seeds = list(range(first, first + -(-runs // OF_A_PRESS)))
    for at in range(0, len(seeds), JOBS):
        yield seeds[at : at + JOBS]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="injections", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=0, help="how many; 22000, or 5500 pairs")
    parser.add_argument("--first", type=int, default=0, help="number of the first press")
    parser.add_argument("--at-once", type=int, default=2, help="processes at a time")
    parser.add_argument(
        "--minutes", type=float, default=0, help="no more presses after so long; the figures tell how many there were"
    )
    parser.add_argument("--kinds", default="", help="only these rows of the table")
    parser.add_argument("--pairs", action="store_true", help="a second fault after the first")
    chosen = parser.parse_args(arguments)
    names = [name for name in chosen.kinds.split(",") if name]
    kinds = [kind for kind in table.KINDS if not names or kind.name in names]
    staged()
    native_ticks.find()
    cases: dict[int, Case] = {}
    found: dict[int, Found] = {}
    total = chosen.runs or (5500 if chosen.pairs else 22000)
    began, missed = time.monotonic(), 0
    ends = began + 60 * chosen.minutes if chosen.minutes else float("inf")
    with ThreadPoolExecutor(chosen.at_once) as pool:
        given = [jobs(seeds, kinds, chosen.pairs) for seeds in batches(total, chosen.first)]
        for (_, mine), task in zip(
            given, pool.map(lambda one: ran(one[0]) if time.monotonic() < ends else [], given), strict=True
        ):
            cases |= mine
            found |= {one["case"]: one for one in task}
            for one in task:
                miss = wrong(mine[one["case"]], one)
                missed += bool(miss)
                if miss:
                    print(line(mine[one["case"]], miss))
            print(
                f"{len(found)} of {total}, {missed} wrong, {len(found) / (time.monotonic() - began):.0f} a second",
                flush=True,
            )
    told_now = figures(cases, found)
    if chosen.pairs:
        told_now = {"pairs": told_now["injections"], "pairs_wrong": told_now["wrong"]}
    out = summary.SUMMARY.with_name("pairs.json" if chosen.pairs else "injections.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"figures": told_now, "table": table_of(cases, found)}, indent=1) + "\n")
    if names:
        print(told_now)
    else:
        summary.write(told_now)
    goals = {"pairs_wrong": 0.0} if chosen.pairs else GOALS
    return int(any(float(told_now[name] or 0) > goal for name, goal in goals.items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
