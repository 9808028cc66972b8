"""The demonstration: from a press that knows nothing to a pellet that was pressed, held and logged.

It types the commands that a user would type, and shows them: nothing here goes past the command line or the serial
device. Only the pace is not a laboratory's: the simulated press runs as fast as this computer lets it.
"""

import contextlib
import json
import os
import secrets
import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from stackpress import demo_summary, paths
from stackpress.simulator import missing

if TYPE_CHECKING:
    from stackpress.simulator.supervisor import Supervisor

PROGRAM = Path(__file__).resolve().parent / "demo_pellet.toml"
SPECIMEN = "demo_cell"
LEFT = ("log.csv", "log.press.parquet", "truth.csv", "report.html", "plot.png", "summary.json")


class DemoFailed(RuntimeError):
    """A step of the demonstration ended with another exit code than 0."""


def demo(out: Path) -> int:
    """Run all of it, leave the results in `out`; the exit code. Raises DemoFailed."""
    began = time.monotonic()
    if missing():
        raise DemoFailed(missing())
    out.mkdir(parents=True, exist_ok=True)
    for name in LEFT:
        (out / name).unlink(missing_ok=True)
    shutil.rmtree(out / "press", ignore_errors=True)
    shutil.rmtree(out / "data", ignore_errors=True)
    with _own_folders(out), _simulated_press(out) as press:
        _say("A press fresh from the workshop: no configuration, so it stays safe and says why.")
        _type("status")
        _say("Commission it: an owner's code, the ceilings behind it, the configuration, the calibration of its load cells.")
        _commission(press, out)
        _say("Press the pellet and hold it.")
        press.request(do="pace", mode="fast")
        running = time.monotonic()
        _type("run", str(PROGRAM), "--follow", "--sample", "Li6PS5Cl, 200 mg", "--operator", "demo")
        press_s, ran_s = float(press.request(do="hello")["t_s"]), time.monotonic() - running
        press.request(do="pace", mode="real")
        _say("Pull the log, draw it, report it.")
        _results(out)
        shutil.copyfile(press.state_dir / "truth.csv", out / "truth.csv")
    summary = demo_summary.summarize(out)
    summary["sim_speed"] = round(press_s / ran_s, 1)
    summary["wall_s"] = round(time.monotonic() - began, 1)
    (out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    for line in demo_summary.words(summary, out):
        print(line)
    absent = [name for name in LEFT if not (out / name).exists()]
    if absent:
        raise DemoFailed(f"these results are missing: {', '.join(absent)}")
    return 0


def _say(text: str) -> None:
    print(f"\n{text}", flush=True)


def _type(*words: str, may_fail: bool = False) -> None:
    """Run one command line of the host tool, as a user would."""
    from stackpress.cli import app

    print(f"$ stackpress {shlex.join(words)}", flush=True)
    code = app.run(list(words))
    sys.stdout.flush()
    if code and not may_fail:
        raise DemoFailed(f"`stackpress {shlex.join(words)}` ended with {code}")


@contextlib.contextmanager
def _own_folders(out: Path) -> Iterator[None]:
    """Registry and data folder of the demonstration: it must not meet the user's own presses and runs."""
    here = out.resolve()
    own = {"STACKPRESS_SIM_DIR": str(here / "press" / "running"), "STACKPRESS_DATA": str(here / "data")}
    before = {name: os.environ.get(name) for name in own}
    os.environ.update(own)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _simulated_press(out: Path) -> Iterator["Supervisor"]:
    from stackpress.simulator.supervisor import Settings, SimError, Supervisor

    settings = Settings(name="demo", state_dir=out / "press", specimen=SPECIMEN, seed=1)
    try:
        with Supervisor(settings) as supervisor:
            supervisor.request(30, do="hello")
            _say(f"A simulated press runs MicroPython behind the serial device {supervisor.port}.")
            os.environ["STACKPRESS_PORT"] = supervisor.port
            yield supervisor
    except SimError as error:
        raise DemoFailed(str(error)) from error
    finally:
        for name in ("STACKPRESS_PORT", "STACKPRESS_CODE", "STACKPRESS_NEW_CODE"):
            os.environ.pop(name, None)


def _commission(press: "Supervisor", out: Path) -> None:
    from stackpress.config.calibration_file import from_document
    from stackpress.simulator import provision

    press_file = str(paths.BOARDS / "sim" / "press.toml")
    measured = out / "press" / "calibration.toml"
    measured.write_text(from_document(provision.calibration_document(press.spec, press.identity)).to_toml())
    os.environ["STACKPRESS_NEW_CODE"] = os.environ["STACKPRESS_CODE"] = secrets.token_urlsafe(12)  # nobody is asked for one
    _type("service", "set")
    _type("config", "ceilings", "write", press_file, "--yes")
    _type("config", "push", press_file, "--yes")
    _type("calibrate", "push", str(measured), "--yes")


def _results(out: Path) -> None:
    _type("log", "pull")
    _type("log", "export", "--out", str(out), "--name", "log")
    _type("log", "plot", "--out", str(out / "plot.png"))
    _type("report", "--out", str(out / "report.html"))
