"""What the second emulator says: `python -m hil_tests.campaign.second_emulator` plays there every scenario that a port can have.

It is dryrun's image, the plant on the chip; the carriers' images have their chips at the wire on the first emulator only. These
are started, and say the same of a board with nothing attached as they do on the first.
"""

import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

from stackpress.link import Link

from boards.images.build import build
from hil_tests.campaign import summary
from hil_tests.targets.running_chip import BareBoard
from hil_tests.witness.node import FOLDER, NoNode
from hil_tests.witness.second_emulator import SecondEmulator

BOARDS = ("dryrun", "pico", "pico_hx711")  # those with an RP2040
BOOTED_S = 1.6  # simulated; who asks before is not heard, and waits for its whole patience
PATIENCE_S, BOOT_S = 120.0, 300.0
ASKED = ("*IDN?", "*OPT?", "CYCL:CHEC?")


def booted(chip: SecondEmulator, seconds: float = BOOTED_S) -> None:
    """Wait until it listens. TimeoutError if it does not get that far."""
    end = time.monotonic() + BOOT_S
    while chip.told()["seconds"] < seconds:
        if not chip.runs or time.monotonic() > end:
            raise TimeoutError(f"the second emulator is at {chip.told()}")
        time.sleep(0.1)


def answers(port: str) -> list[str]:
    """Of a board that was just started; its number, which each emulator chooses for itself, is left out."""
    with Link(port, PATIENCE_S) as link:
        said = [link.query(one) for one in ASKED]
    fields = said[0].split(",")
    return [",".join([*fields[:2], *fields[3:]]), *said[1:]]


def first(image: Path) -> list[str]:
    """The same from the first emulator."""
    with BareBoard(image) as board:
        while board.time_s() < BOOTED_S and not board.error:
            time.sleep(0.1)
        return answers(board.port)


def differing(name: str) -> list[str]:
    """What a board's image answers otherwise on the two."""
    image = build(name)
    with SecondEmulator(image) as chip:
        booted(chip)
        second = answers(chip.port)
    both = zip(ASKED, first(image), second, strict=True)
    return [f"{name}, {question}: {a!r}, second {b!r}" for question, a, b in both if a != b]


def scenarios() -> tuple[int, int]:
    """(run, failed)."""
    report = FOLDER / "scenarios.xml"
    report.unlink(missing_ok=True)
    with SecondEmulator(build("dryrun")) as chip:
        booted(chip)
        command = [sys.executable, "-m", "pytest", "hil_tests/test_scenarios.py", "--target=serial", f"--port={chip.port}"]
        command += ["-v", "--tb=short"]  # minutes each: which one it is that fails is known as it does
        subprocess.run([*command, f"--junitxml={report}"])
        told = chip.told()
    print("the second emulator:", told)
    suite = ET.parse(report).getroot().find("testsuite")
    assert suite is not None
    run, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    summary.write({"second_emulator_tick_us_max": round(told["worst_tick_us"], 2), "second_emulator_bits_to_rise": told["risen"]})
    return run - skipped, failed


def main() -> int:
    try:
        wrong = [line for name in BOARDS for line in differing(name)]
        run, failed = scenarios()
    except NoNode as missing:
        print(f"SKIPPED: the second emulator: {missing}")
        return 1
    for line in wrong:
        print(line)
    summary.write({"second_emulator": run, "second_emulator_failed": failed, "second_emulator_answers_differ": len(wrong)})
    return int(bool(failed or wrong or not run))


if __name__ == "__main__":
    sys.exit(main())
