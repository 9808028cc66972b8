"""A press that works through a script on the simulated plant; its trace must be the same on every interpreter, bit for bit.

A line every 50 ticks, with checksums over the whole blackboard and the ring. Scripts are (ms, what, arguments ...). As a program:
`scripted.py SPECS.json FOLDER ...` prints the traces of all scripts on the plants of that file ({kind of valve: spec}).
"""

import binascii
import json
import sys

if __name__ == "__main__":
    _HERE = __file__.rsplit("/", 1)[0] if "/" in __file__ else "."
    sys.path[:0] = [_HERE + "/..", _HERE]
    sys.path += sys.argv[2:]

from bench_core import CEILINGS, Bench  # noqa: E402
from stackpress_core.tick import blackboard, states  # noqa: E402
from stackpress_core.tick.tick import tick  # noqa: E402
from stackpress_plant.plant import Plant, words_of  # noqa: E402
from stackpress_plant.step import step  # noqa: E402

READY, PRESSING, HOLDING, RELEASING, SAFE = states.READY, states.PRESSING, states.HOLDING, states.RELEASING, states.SAFE

_PRESSED = (
    (20, "order", READY),
    (40, "order", PRESSING, states.APPROACH, 5000, 20000, 2000000),
    (1500, "order", PRESSING, states.FORCE, 300000, 200000),
)
SCRIPTS = {
    "press, hold, release, vent": _PRESSED + (
        (4500, "order", RELEASING, states.FORCE, 60000, 300000),
        (6500, "order", HOLDING, states.LOCK),
        (6800, "order", RELEASING, states.VENT),
        (7300, "order", SAFE),
        (7400, "end")),
    "trip, acknowledge, arm again": _PRESSED + (
        (3000, "fault", "guard"),
        (3300, "clear", "guard"),
        (3400, "word", "LATCHED", 0),
        (3410, "order", SAFE),
        (3600, "order", READY),
        (3700, "end")),
    "fracture with a hold, then a dead converter": _PRESSED + (
        (3500, "fault", "fracture", 600),
        (3800, "fault", "converter_dead"),
        (4000, "end")),
    "off centre and noise": _PRESSED + (
        (3000, "fault", "off_centre", 900),
        (3100, "fault", "noise_burst", 5),
        (4500, "end")),
}  # fmt: skip
HZ = 500


def calibration(spec):
    return {"cells": [{"points": [[zero, 0], [zero + spec["rated_code"], spec["high_rated_cn"] if i < 3 else spec["low_rated_cn"]]]}
                      for i, zero in enumerate(spec["zero_code"])]}  # fmt: skip


def traces(specs):
    """Lines of all scripts on all plants."""
    lines = []
    for kind in sorted(specs):
        for name in sorted(SCRIPTS):
            lines += [kind + ": " + name] + trace(name, specs[kind])
    return lines


def trace(name, spec):
    """Lines of one script on one plant."""
    bench = Bench(hz=HZ, entries=512, ceilings=CEILINGS, calibration=calibration(spec), valve_kind=spec["valve_kind"])
    plant = Plant(spec, HZ, 7, words_of(blackboard.AT))
    s, lines = bench.S, []
    script = list(SCRIPTS[name])
    ticks = 0
    while True:
        while ticks * 1000 >= script[0][0] * HZ:
            what, rest = script[0][1], script[0][2:]
            script.pop(0)
            if what == "end":
                return lines
            if what == "order":
                bench.send(*rest)
            elif what == "word":
                bench[rest[0]] = rest[1]
            elif what == "fault":
                plant.fault(*rest)
            else:
                plant.clear(rest[0])
        step(s, plant.P)
        bench["SIG_FOREGROUND"] = 0
        tick(s, bench.ring)
        ticks += 1
        if ticks % 50 == 0:
            sums = [binascii.crc32(bytes(memoryview(part))) & 0xFFFFFFFF for part in (s, bench.ring)]
            told = [bench[word] for word in ("STATE", "MODE", "FORCE", "SET", "DRIVE", "VALVE", "FIRST")]
            lines.append("%d %s %08x %08x" % (ticks, told, sums[0], sums[1]))


if __name__ == "__main__":
    with open(sys.argv[1]) as f:
        print("\n".join(traces(json.load(f))))
