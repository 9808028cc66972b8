"""What `make test`, `make hil` and the others run, in order: `python -m hil_tests.suites test|busy|hil|campaign`.

`test` is what fits into about 15 minutes of two cores: the images of every board are built, the host's tests run, and then the
scenarios and the emulated board's own tests with the real image. A computer that can't build the image is told so in one line;
where CI=true that line is a failure.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from stackpress.flashing import flash_map

from boards.images import build, sources
from hil_tests.targets import compilation

EMULATED = ["hil_tests/test_scenarios.py", "hil_tests/emulated"]
WORKERS = os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS") or str((os.cpu_count() or 1) + 1)  # one that waits leaves no core idle
PYTEST = [sys.executable, "-m", "pytest", "-n", WORKERS, "--dist", "worksteal"]
LONG_ON_CHIP = ("abort_vents", "estop_vents_a_ramp", "guard_vents_a_hold", "force_drop_is_not_chased", "power_cut_in_a_hold")
BUSY, TEST_BUSY = 4, Path("build/test_busy.json")
# What is printed: module; each writes its figures into build/campaign/summary.json.
WITNESSES = {"rules of the carriers": "electrical_rules", "broken wires": "wire_faults",
             "the tick on independent processors": "processor",
             "scenarios on the second emulator": "second_emulator", "presses that nobody has tuned": "commission"}  # fmt: skip
# The same, with what each is told.
CAMPAIGNS = {"faults at drawn moments": ("injections",), "pairs of faults": ("injections", "--pairs"),
             "the power cut at every flash step": ("power_cuts",), "garbage through the parsers": ("garbage",),
             "thirty days of a hold": ("hold_30d",), "changes that a test has to see": ("mutants",)}  # fmt: skip
SEEDS = range(1, 11)  # of hypothesis, one whole run each
STRANGERS = {"chromium": "chromium", "mosquitto": "mosquitto"}  # what the service's tests talk to: program, package of Debian


def images() -> str:
    """Build every board's image; why not, if the computer can't. A build that breaks is a failure of its own (CannotBuild)."""
    try:
        sources.tools()
        sources.checkout()
    except sources.CannotBuild as error:
        return " ".join(str(error).split())
    for name in flash_map.names():
        build.build(name)
    slow = compilation.install()
    if slow:
        print(f"the emulator runs ten times slower than it could ({slow})")
    return ""


def strangers() -> str:
    """Install the programs that the service's tests talk to; why not, if the computer can't: those tests are skipped then."""
    where = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    packages = [package for program, package in STRANGERS.items() if not shutil.which(program, path=where)]
    try:
        sources.install(packages, "programs that the service's tests talk to are missing")
    except sources.CannotBuild as error:
        return " ".join(str(error).split())
    return ""


def test() -> int:
    if alone := strangers():
        print(f"skipping tests of the service: {alone}")
    why = images()
    failed = _timed("the host's tests and the simulated press", PYTEST)
    if not why:
        return failed | _timed("the real image on the emulated board", [*PYTEST, *EMULATED, "--target=emulator"])
    return failed | _skipped(why)


def busy() -> int:
    """`test` so many times (RUNS, 3) beside four processes that never wait; how many failed goes to build/test_busy.json."""
    runs, failures = int(os.environ.get("RUNS") or 3), 0
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY)]
    try:
        for number in range(1, runs + 1):
            failures += _timed(f"make test beside {BUSY} busy processes, {number} of {runs}", ["make", "test"])
    finally:
        for process in others:
            process.kill()
            process.wait()
    TEST_BUSY.parent.mkdir(exist_ok=True)
    TEST_BUSY.write_text(json.dumps({"failures": failures, "runs": runs}) + "\n")
    print(f"{failures} of {runs} failed: {TEST_BUSY}")
    return int(failures > 0)


def _skipped(why: str) -> int:
    """One line, and a failure where nobody would read it."""
    print(f"SKIPPED: the emulated board, because there is no image: {why}")
    return int(os.environ.get("CI", "") not in ("", "0", "false"))


def hil() -> int:
    target, port = os.environ.get("TARGET", "sim"), os.environ.get("PORT", "")
    if target == "emulator":
        build.build("pico")
        build.build("pico_hx711")
        return _timed("the real image on the emulated board", [*PYTEST, *EMULATED, "--target=emulator"])
    one = [sys.executable, "-m", "pytest"] if target == "serial" else PYTEST  # one board, one scenario at a time
    return _timed(f"scenarios on {target}", [*one, EMULATED[0], f"--target={target}", *([f"--port={port}"] if port else [])])


def campaign() -> int:
    """What takes longer: whole programs and long forms on the chip, many seeds of every property, the measured figures."""
    why = images()
    if why:
        return _skipped(why) or 1
    failed = second_micropython()
    chosen = " or ".join(LONG_ON_CHIP)
    failed |= _timed("long forms on the chip", [*PYTEST, EMULATED[0], "--target=emulator", "--form=long", "-k", chosen])
    for seed in SEEDS:
        properties = [*PYTEST, "firmware/tests", "host_tools/tests", "-m", "hypothesis", f"--hypothesis-seed={seed}"]
        failed |= _timed(f"properties, seed {seed}", properties)
    failed |= _timed("circuits of the carriers", [sys.executable, "-m", "boards.spice"])
    for what, module in WITNESSES.items():
        failed |= _timed(what, [sys.executable, "-m", f"hil_tests.campaign.{module}"])
    failed |= _timed("presses drawn at random that have no fault", [sys.executable, "-m", "hil_tests.campaign.false_trips"])
    for what, (module, *options) in CAMPAIGNS.items():
        failed |= _timed(what, [sys.executable, "-m", f"hil_tests.campaign.{module}", *options])
    failed |= _timed("one page of all campaigns", [sys.executable, "-m", "hil_tests.campaign.report"])
    failed |= _timed("what a stranger can install", [sys.executable, "-m", "pytest", "host_tools/tests", "-m", "network"])
    picotool = [sys.executable, "-m", "pytest", "hil_tests/emulated/test_picotool.py", "--target=emulator", "-m", "network"]
    failed |= _timed("what picotool says of the images", picotool)
    failed |= _timed("the simulated press's figures", [sys.executable, "-m", "hil_tests.bench"])
    failed |= _timed("the service's figures", [sys.executable, "-m", "hil_tests.bench", "--only", "page,serve,merge"])
    return failed | _timed("the chip's figures", [sys.executable, "-m", "hil_tests.bench.board"])


def second_micropython() -> int:
    """The emulated suite on each MicroPython of the table that is not the default; the default's images are back afterwards."""
    failed = 0
    for version in sources.VERSIONS:
        if version == sources.DEFAULT:
            continue
        os.environ["MICROPYTHON"] = version
        try:
            images()
            failed |= _timed(f"MicroPython {version} on the emulated board", [*PYTEST, *EMULATED, "--target=emulator"])
        finally:
            del os.environ["MICROPYTHON"]
    images()
    return failed


def _timed(what: str, command: list[str]) -> int:
    print(f"== {what}", flush=True)
    began = time.monotonic()
    code = subprocess.run(command).returncode
    print(f"== {what}: {'passed' if code == 0 else 'FAILED'} in {(time.monotonic() - began) / 60:.1f} min", flush=True)
    return int(code != 0)


RUNS: dict[str, Callable[[], int]] = {"test": test, "busy": busy, "hil": hil, "campaign": campaign}

if __name__ == "__main__":
    try:
        sys.exit(RUNS[sys.argv[1]]())
    except sources.CannotBuild as wrong:
        sys.exit(f"could not build: {wrong}")
