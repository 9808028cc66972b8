"""Break presses at chosen moments and say what came of it, a JSON line each: `injector.py JOBS.json`, on MicroPython.

A job is a plant with its documents and stages: moments to which a press at rest is brought, each with the cases that begin there.
Stage and case run in copies of the process (campaign/branches.py), so that each case begins with the very same press, and the way
to its moment is gone once. What is asked of the outcome is known to who reads the lines (campaign/injections.py).
"""

import gc
import json
import sys

from branches import branches  # type: ignore[import-not-found]  # made by the host
from press import Press, slots_of
from stackpress_core.errors import Refused
from stackpress_core.log import records
from stackpress_core.tick import interlock, states

SAFE_CN = 3000
FINE_MS, FINE_FOR_MS, COARSE_MS = 5, 300, 100
HELD_MS = 3000  # a press that was frozen is looked at for so long
NEAR_MS = 20  # of looks on the way to a force
FORK, WAIT, EXIT = range(3)  # of branches.py
DOWN = ("release", "stop")


def until(press, asks, most_ms, step_ms=NEAR_MS):
    """Run until it is so; False if it never is."""
    end = press.now_ms + most_ms
    while not asks():
        if press.now_ms >= end or press.state == states.TRIPPED:
            return False
        press.run(step_ms)
    return True


def started(press, program):
    press.firmware.documents.write("program/case", json.dumps(program).encode())
    press.operator.arm()
    press.heard()
    press.run(10)
    press.operator.start("case", from_host=program.get("host_loss", "carry_on") != "carry_on")
    press.heard()


def brought(press, case):
    """Bring a press that is at rest to the moment of a stage; "" or why it did not get there."""
    phase, part, program = case["phase"], case["part"], case["program"]
    top_cn = case["top_cn"]
    if phase == "safe":
        return ""
    if phase in ("ready", "monitor"):
        press.operator.arm() if phase == "ready" else press.operator.monitor(True)
        press.heard()
        press.run(50)
        return ""
    started(press, program)
    if phase == "approach":
        press.run(case["after_ms"])
        return "touched" if press.force_cn() > 500 else ""
    there = {
        "touch": lambda: press.force_cn() > 500,
        "relax": lambda: press.word("MODE") == states.LOCK,
        "ramp": lambda: press.force_cn() > 5000 + (top_cn - 5000) * part // 1000,
    }.get(phase, lambda: press.state == states.HOLDING and press.word("SET") >= top_cn - 1)
    if not until(press, there, 240000, 1 if phase == "touch" else NEAR_MS):
        return "never there: " + press.readings.trip_reason
    if phase in ("touch", "ramp"):
        return ""
    press.run(case["after_ms"])
    if phase in DOWN:
        if phase == "stop":
            press.operator.stop("controlled")
        else:
            press.firmware.runner.skip()
        press.heard()
        press.run(part)
    elif phase == "vent":
        press.operator.stop("vent")
        press.heard()
        press.run(part // 20)
    elif press.state == states.TRIPPED:
        return "tripped before: " + press.readings.trip_reason
    elif phase == "held":  # a trip that keeps the cell pressed
        press.fault("temperature_1", 13000)
        press.run(400)
        return "" if press.state == states.TRIPPED else "the trip before did not come"
    return ""


def log_of(press, seq):
    """(names of trips, slices of flight, records) that the journal has from a number on."""
    press.run(300)
    press.firmware.journal.flush()
    buf, trips, flights, count = bytearray(4096), [], 0, 0
    while True:
        n, seq = press.firmware.journal.read_from(seq, buf)
        if n == 0:
            return trips, flights, count
        at = 0
        while at < n:
            kind, size = buf[at], buf[at + 1]
            count += 1
            if kind == records.TRIP:
                fields = bytes(buf[at + records.HEAD_BYTES + 48 : at + records.HEAD_BYTES + size])
                trips.append(fields.split(b"\0")[0].decode())
            elif kind == records.FLIGHT:
                flights += 1
            at += size + records.OVERHEAD_BYTES


def told(press):
    return press.readings.trip_reason if press.state == states.TRIPPED else ""


def watched(press, case, found):
    """Let it react; when it told, when it was safe."""
    begin = press.now_ms
    second = case.get("second")
    end = begin + case["limit_ms"] + (second["later_ms"] if second else 0)
    told_ms = safe_ms = -1
    warned = 0
    while press.now_ms < end:
        elapsed = press.now_ms - begin
        if second and elapsed >= second["later_ms"]:
            for name, value in second["faults"]:
                press.fault(name, value)
            second = None
        press.run(FINE_MS if elapsed < FINE_FOR_MS else COARSE_MS)
        warned |= press.readings.warning_bits
        if told_ms < 0 and (press.state == states.TRIPPED) and case["phase"] != "held":
            told_ms = press.now_ms - begin
            if press.word("REACTION") == states.REACT_HOLD:
                end = min(end, press.now_ms + HELD_MS)
        if press.force_cn() < SAFE_CN and press.dump_open():
            if safe_ms < 0:
                safe_ms = press.now_ms - begin
            if press.state in (states.TRIPPED, states.SAFE) and not second and case["phase"] != "safe":
                break
        else:
            safe_ms = -1
    found["told_ms"], found["safe_ms"] = told_ms, safe_ms
    found["warned"] = interlock.names_of(warned)


def run(press, case):
    """One case on a press that was brought to its moment; what came of it."""
    found = {"case": case["number"]}
    seq = press.firmware.journal.next_seq
    press.run(case["delay_ms"])
    before = told(press)
    found["state"] = press.state
    found["mode"] = press.word("MODE")
    found["force_cn"] = press.force_cn()
    for name, value in case["faults"]:
        press.fault(name, value)
    if case["phase"] in ("ready", "monitor"):
        press.run(700)
    watched(press, case, found)
    if case["phase"] == "safe":
        found["checks"] = [code for code, _ in press.operator.arming.failing()]
    if told(press) and press.broken.hangs:  # what a press says it says once its foreground passes again
        press.broken.clear("foreground", press.S)
        press.run(NEAR_MS)
    found["first"], found["before"] = told(press), before
    found["later"] = press.readings.later_reasons()
    found["reaction"], found["end_state"] = press.word("REACTION") if found["first"] else 0, press.state
    found["peak_cn"] = press.peak_cn()
    found["left_cn"], found["dump_open"] = press.force_cn(), press.dump_open()
    found["outcome"] = [press.firmware.runner.state, press.firmware.runner.reason]
    if not found["first"] and press.state in states.ARMED:  # nobody has told: does a vent help?
        press.operator.stop("vent")
        press.heard()
        press.run(5000)
        found["asked_first"], found["asked_state"] = told(press), press.state
        found["asked_left_cn"] = press.force_cn()
        found["peak_cn"] = press.peak_cn()
    latched(press, found)
    trips, flights, count = log_of(press, seq)
    found["log"], found["flights"], found["records"] = trips, flights, count
    return found


def latched(press, found):
    """What was told stays told when it has gone, is said in a sentence, and refuses a start."""
    first = told(press)
    if not first:
        return
    found["hint"] = len(press.readings.trip_hint)
    press.clear()
    press.run(300)
    found["kept"] = told(press) == first
    try:
        press.operator.arm()
        found["armed"] = press.readings.state == states.READY
    except Refused:
        found["armed"] = False


def apart(does, *args):
    """Do it in a copy of this process, and wait for its end."""
    if branches(FORK) == 0:
        try:
            does(*args)
        except Exception as error:
            sys.print_exception(error, sys.stderr)
        branches(EXIT)
    branches(WAIT)


def tell(press, case):
    try:
        found = run(press, case)
    except Exception as error:
        sys.print_exception(error, sys.stderr)
        found = {"case": case["number"], "crashed": repr(error)}
    print(json.dumps(found))


def stage(press, asked):
    try:
        why = brought(press, asked)
    except Refused as refused:
        why = "refused: " + refused.text
    gc.collect()
    for case in asked["cases"]:
        if why:
            print(json.dumps({"case": case["number"], "void": why}))
        else:
            case["phase"] = asked["phase"]
            apart(tell, press, case)


def main():
    with open(sys.argv[1]) as file:
        jobs = json.load(file)
    documents = {kind: slots_of({name: text.encode() for name, text in found.items()})
                 for kind, found in jobs["documents"].items()}  # fmt: skip
    for job in jobs["jobs"]:
        press = Press(job["spec"], documents[job["plant"]], job["seed"], jobs["identity"])
        press.run(1500)
        for asked in job["stages"]:
            apart(stage, press, asked)


main()
