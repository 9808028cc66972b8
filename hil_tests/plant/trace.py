"""Run the plant alone through a script of commands and give back what it did: one file for CPython and MicroPython.

A job: {"spec", "hz", "seed", "end_ms", "every" (ticks), "script": [[ms, code, valve, ramp], ...], "faults": [[ms, name,
value], ...]}. With ramp 1 the code goes in a straight line to the next entry. A fault's value null takes it back. Rows
are COLUMNS, integers.
"""

import json
import sys
from array import array

from stackpress_plant.plant import Plant
from stackpress_plant.step import step

COLUMNS = (
    "tick",
    "force_cn",
    "pressure_cn",
    "displacement_nm",
    "raw_1",
    "raw_2",
    "raw_3",
    "raw_4",
    "status",
    "inputs",
    "temp_1_cc",
    "temp_2_cc",
    "displacement_read_nm",
    "moves",
    "plastic_nm",
    "error_high_cn",
    "error_low_cn",
    "valve_state",
)


def _row(tick, plant, S):
    t = plant.truth()
    sampled = [S[i] for i in range(2, 11)]
    return (
        [tick, t["force_cn"], t["pressure_cn"], t["displacement_nm"]]
        + sampled
        + [t["moves"], t["plastic_nm"], t["error_high_cn"], t["error_low_cn"], t["valve_state"]]
    )


def _code(script, i, tick, hz):
    ms, code, _, ramp = script[i]
    if not ramp or i + 1 == len(script):
        return code
    start, end = ms * hz // 1000, script[i + 1][0] * hz // 1000
    return code + (script[i + 1][1] - code) * (tick - start) // max(1, end - start)


def rows(job):
    """The trace row by row: the first tick, then every `every` ticks; kept rows would slow the collector."""
    hz, script, faults = job["hz"], job["script"], list(job.get("faults", []))
    plant = Plant(job["spec"], hz, job["seed"])
    S = array("i", [0] * 11)
    P, i = plant.P, 0
    for tick in range(job["end_ms"] * hz // 1000):
        while i + 1 < len(script) and script[i + 1][0] * hz <= tick * 1000:
            i += 1
        while faults and faults[0][0] * hz <= tick * 1000:
            _, name, value = faults.pop(0)
            plant.clear(name) if value is None else plant.fault(name, value)
        S[0] = _code(script, i, tick, hz)
        S[1] = script[i][2]
        step(S, P)
        if tick % job["every"] == 0:
            yield _row(tick, plant, S)


def main():
    for row in rows(json.loads(sys.stdin.read())):
        print(json.dumps(row))


if __name__ == "__main__":
    main()
