"""Every wire of the carriers, broken on the simulated press: `python -m hil_tests.campaign.wire_faults` (ten minutes).

Each effect of wire_faults.toml runs at each moment on each press that has such a wire; a row of the table gets the worst of its
effect. build/campaign/wire_faults.csv has the rows with what was measured. EFFECT ... runs those alone and writes no figures.
"""

import csv
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor

from hil_tests.campaign import summary, wire_table
from hil_tests.campaign.wire_runs import IN_APPROACH, Bench, Outcome, outcomes
from hil_tests.campaign.wire_table import Effect, Row

FOUND = summary.SUMMARY.with_name("wire_faults.csv")
PRESSES = {"pico": ("regulator", "solenoids"), "pico_hx711": ("small regulator", "small solenoids")}
OPENED_AT = (*IN_APPROACH, "hold")
COLUMNS = ("board", "wire", "how", "what it does", "the press must tell", "told", "worst true force / N above what was asked",
           "safe after / s", "kept safe or shown by", "the hard-wired layer acts", "not as it must be")  # fmt: skip
Found = dict[tuple[str, str], list[Outcome]]  # of board and effect


def measured(press: str, names: Sequence[str], specimen: str = "steel_blank") -> dict[str, list[Outcome]]:
    """Of each effect, on one press; what is not as it must be is printed."""
    found = {}
    bench = Bench(press, specimen)
    try:
        for name in names:
            effect = wire_table.effect(name)
            found[name] = list(outcomes(effect, bench))
            for one in found[name]:
                if one.miss(effect):
                    print(f"{press}, {specimen}, {name}, {one.moment}: {one.miss(effect)}", flush=True)
    finally:
        bench.close()
    return found


def silent(effect: Effect, ran: Sequence[Outcome]) -> bool:
    """Nobody tells, and nobody else keeps the press safe or shows it."""
    return any(not one.told and not effect.may_be_quiet(one.moment) for one in ran) or not (ran or effect.seen_by)


def latent(effect: Effect, ran: Sequence[Outcome]) -> bool:
    """It waits for a second fault, or for what is asked of it."""
    return bool(effect.seen_by) and not any(one.told for one in ran if one.moment != "demand")


def _worst(ran: Sequence[Outcome], moments: Sequence[str]) -> float:
    return max((one.excess_n for one in ran if one.moment in moments), default=0.0)


def figures(rows: Sequence[Row], found: Found, pellet: Sequence[Outcome]) -> dict[str, summary.Figure]:
    effects = {row.effect: wire_table.effect(row.effect) for row in rows}
    ran = {row: found[row.board, row.effect] for row in rows}
    wires = [one for row in rows if not effects[row.effect].own for one in ran[row]]
    valves = [one for row in rows if effects[row.effect].own for one in ran[row]]
    return {
        "wire_faults": len(rows),
        "silent": sum(silent(effects[row.effect], ran[row]) for row in rows if ran[row]),
        "wire_faults_latent": sum(latent(effects[row.effect], ran[row]) for row in rows),
        "wire_fault_misses": sum(any(one.miss(effects[row.effect]) for one in ran[row]) for row in rows),
        "approach_excess_n": round(_worst(wires, IN_APPROACH)),
        "valve_open_excess_n": round(_worst(valves, OPENED_AT)),
        "valve_open_pellet_excess_n": round(_worst(pellet, OPENED_AT)),
        "wire_faults_table": str(FOUND.relative_to(summary.SUMMARY.parents[2])),
    }


def write(rows: Sequence[Row], found: Found) -> None:
    FOUND.parent.mkdir(parents=True, exist_ok=True)
    with FOUND.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(COLUMNS)
        for row in rows:
            effect, ran = wire_table.effect(row.effect), found[row.board, row.effect]
            safe = [one.safe_s for one in ran if one.safe_s is not None]
            missed = [f"{one.press}, {one.moment}: {one.miss(effect)}" for one in ran if one.miss(effect)]
            told = dict.fromkeys(reason for one in ran for reason in one.told)
            out.writerow([row.board, row.wire, row.how, effect.data["text"], " ".join(effect.must or effect.then), " ".join(told),
                          round(max((one.excess_n for one in ran), default=0)), round(max(safe), 2) if safe else "",
                          effect.seen_by, "yes" if effect.data.get("hard_wired") else "", "; ".join(missed)])  # fmt: skip


def main() -> int:
    asked = sys.argv[1:]
    rows = [row for board in wire_table.CARRIERS for row in wire_table.rows(board) if not asked or row.effect in asked]
    found: Found = {(row.board, row.effect): [] for row in rows}
    with ProcessPoolExecutor(2) as pool:
        jobs: dict[tuple[str, str], Future[dict[str, list[Outcome]]]] = {}
        for board, presses in PRESSES.items():
            names = sorted({row.effect for row in rows if row.board == board})
            jobs |= {(board, press): pool.submit(measured, press, names) for press in presses}
        own = sorted({row.effect for row in rows if wire_table.effect(row.effect).own})
        pellets = [pool.submit(measured, press, own, "pellet_cell") for press in PRESSES["pico"]]
        for (board, _), job in jobs.items():
            for name, ran in job.result().items():
                found[board, name] += ran
        pellet = [one for job in pellets for ran in job.result().values() for one in ran]
    measured_now = figures(rows, found, pellet)
    if asked:
        print(measured_now)
        return int(bool(measured_now["wire_fault_misses"]))
    write(rows, found)
    summary.write(measured_now)
    return int(bool(measured_now["silent"] or measured_now["wire_fault_misses"]))


if __name__ == "__main__":
    sys.exit(main())
