"""The command line against a running simulated press: what a user types, and what the press and the exit code say."""

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stackpress
from stackpress import paths
from stackpress.cli import app

from host_tools.tests.short_pellet import short

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the simulated press needs a pty")

CODE = "horse-battery"
PRESS = str(paths.BOARDS / "sim" / "press.toml")
Json = dict[str, Any]
Ask = Callable[..., tuple[int, Json]]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from hil_tests.targets.sim import SimTarget

    with SimTarget(pace="real", wall="real", state_dir=tmp_path_factory.mktemp("press"), board="cli") as one:
        one.pace("real", 10)
        yield one


@pytest.fixture(autouse=True)
def nobody_else(own_folders: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def owned(target: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The press has an owner, whose code a script has."""
    with stackpress.open(target.port) as press:
        if not press.has_code():
            press.service_set("", CODE)
    monkeypatch.setenv("STACKPRESS_CODE", CODE)


@pytest.fixture
def ask(target: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Ask]:
    """Run a command with --json on the press; gives exit code and document. Leaves the press safe and mended."""
    monkeypatch.setenv("STACKPRESS_PORT", target.port)

    def asked(*words: str) -> tuple[int, Json]:
        capsys.readouterr()
        code = app.run([*words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    yield asked
    target.clear_fault()
    app.run(["stop", "--vent"])
    for _ in range(50):
        app.run(["reset"])
        app.run(["disarm"])
        if asked("status")[1]["state"] == "safe":
            return
        time.sleep(0.1)
    raise AssertionError("the press did not become safe again")


def program(tmp_path: Path, hold_s: float = 1, extra: str = "") -> str:
    path = tmp_path / "short.toml"
    path.write_text(short(hold_s=hold_s, more=extra))
    return str(path)


def test_arming_lists_every_check_that_fails(ask: Ask, target: Any) -> None:
    target.fault("estop")
    target.fault("guard")
    time.sleep(0.1)
    code, told = ask("arm")
    assert code == 1 and len(told["details"]) >= 2, told
    target.clear_fault()
    ask("reset")
    assert ask("arm") == (0, {"ok": True, "state": "ready"})
    assert ask("disarm") == (0, {"ok": True, "state": "safe"})


def test_a_program_runs_from_a_file_to_its_end_and_is_in_the_log(ask: Ask, tmp_path: Path) -> None:
    code, told = ask("run", program(tmp_path), "--follow", "--sample", "A7", "--operator", "me")
    assert code == 0 and (told["end"], told["program"]) == ("done", "short"), told
    assert ask("log", "pull")[1]["pull"]["missing"] == 0
    run = ask("runs")[1]["runs"][-1]
    assert (run["program"], run["sample"], run["operator"], run["outcome"]) == ("short", "A7", "me", "done")
    assert run["peak_n"] == pytest.approx(3000, abs=5 * 9.2)  # as sampled: the noise of three cells
    files = ask("log", "export", "--out", str(tmp_path / "out"), "--name", "log")[1]["files"]
    assert {Path(one).name for one in files} >= {"log.csv", "log.press.parquet", "log.metadata.json"}
    assert Path(ask("report", "--out", str(tmp_path / "r.html"))[1]["file"]).stat().st_size > 10_000


def test_a_trip_is_exit_code_1_with_reason_and_hint(ask: Ask, target: Any, tmp_path: Path) -> None:
    assert ask("run", program(tmp_path, 600))[0] == 0
    target.fault("guard")
    time.sleep(0.2)
    code, told = ask("status")
    assert (code, told["state"], told["trip_reason"]) == (1, "tripped", "guard") and told["trip_hint"]
    for words in (program(tmp_path, 600), "short"):
        code, told = ask("run", words)
        assert code == 1 and told["error"] == "The press is tripped by guard."
        assert "close it" in told["hint"] and told["hint"].endswith("Then `stackpress reset`.")
    code, told = ask("reset")
    assert code == 1 and "still there" in told["error"]


def test_why_tells_a_press_that_stands_tripped_and_one_that_was_acknowledged(ask: Ask, target: Any, tmp_path: Path) -> None:
    assert ask("run", program(tmp_path, 600))[0] == 0
    while ask("status")[1]["force_n"] < 1000:
        time.sleep(0.05)
    target.fault("guard")
    while ask("status")[1]["state"] != "tripped":
        time.sleep(0.05)
    code, told = ask("why")
    assert code == 0 and told["reason"] == "guard" and "open: guard A, guard B" in told["sentence"], told
    assert "(ramp)" in told["sentence"] or "(hold)" in told["sentence"], told
    assert Path(told["picture"]).read_bytes()[:4] == b"\x89PNG" and "reaction: vent" in told["did"]
    assert any("nothing at the ram was energised" in line for line in told["did"]), told
    target.clear_fault()
    assert ask("reset")[0] == 0
    told = ask("why")[1]
    assert told["sentence"].startswith("The press is safe; what stopped it last: guard") and "reset" in " ".join(told["later"])
    code, told = ask("doctor", "--bundle", "help.zip")
    assert (code, told["missing"]) == (0, [])
    with zipfile.ZipFile("help.zip") as archive:
        names = set(archive.namelist())
        assert {"doctor.txt", "why.txt", "why.png", "press/documents/config.json", "press/parameters.json"} <= names
        assert "guard" in archive.read("why.txt").decode() and any(name.endswith(".press.parquet") for name in names)


def test_list_of_runs_tells_a_vent_from_a_controlled_stop(ask: Ask, tmp_path: Path) -> None:
    for words, outcome in ((("stop",), "stopped"), (("stop", "--vent"), "vented")):
        assert ask("run", program(tmp_path, 600))[0] == 0
        while ask("status")[1]["force_n"] < 1000:
            time.sleep(0.05)
        assert ask(*words)[0] == 0
        for _ in range(50):
            if ask("status")[1]["step"] == 0 and ask("status")[1]["force_n"] < 50:
                break
            time.sleep(0.1)
        assert ask("log", "pull")[0] == 0
        assert ask("runs")[1]["runs"][-1]["outcome"] == outcome


def test_second_run_is_refused_and_the_first_goes_on(ask: Ask, tmp_path: Path) -> None:
    assert ask("run", program(tmp_path, 600))[0] == 0
    code, told = ask("run", "short")
    assert code == 1 and "running" in told["error"]
    while ask("status")[1]["force_n"] < 1000:  # a hold that touches nothing vents by itself
        time.sleep(0.05)
    assert ask("stop", "--hold")[0] == 0
    assert ask("stop", "--vent")[0] == 0


def test_program_above_the_limit_is_refused_and_nothing_moves(ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "big.toml"
    path.write_text(short(55500, hold_s=1, name="big"))
    code, told = ask("run", str(path))
    assert code == 2 and "55000" in told["error"] and "step 2" in told["error"]
    assert ask("status")[1]["state"] == "safe" and "big" not in ask("program", "ls")[1]["programs"]


def test_programs_are_pushed_listed_shown_and_removed(ask: Ask, tmp_path: Path) -> None:
    assert ask("program", "push", program(tmp_path), "kbr_pellet", "--yes")[0] == 0
    assert {"short", "kbr_pellet"} <= set(ask("program", "ls")[1]["programs"])
    assert ask("program", "show", "short")[1]["program"]["steps"][1]["to_cn"] == 300_000
    assert ask("program", "rm", "kbr_pellet", "--yes")[0] == 0
    code, told = ask("program", "rm", "shrot", "--yes")
    assert code == 2 and "short" in told["hint"]


def test_push_sends_the_difference_and_nothing_unconfirmed(ask: Ask, tmp_path: Path) -> None:
    mine = tmp_path / "press.toml"
    mine.write_text(Path(PRESS).read_text().replace("force_limit_n = 55000", "force_limit_n = 50000"))
    assert ask("config", "push")[0] == 2, "nobody was there to confirm"
    assert ask("config", "diff", PRESS)[1]["differences"] == []
    code, told = ask("config", "push", "--yes")
    assert code == 0 and [(one["press"], one["file"]) for one in told["changed"]] == [(55000, 50000)]
    assert ask("config", "pull", "--out", "pulled.toml")[1]["params"]["force_limit_n"] == 5_000_000
    assert ask("config", "check", "pulled.toml")[1]["params"]["force_limit_n"]["value"] == 50000
    assert ask("config", "push", PRESS, "--yes")[0] == 0


def test_push_above_the_presss_own_ceilings_is_refused(
    ask: Ask, tmp_path: Path, owned: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    low = Path(PRESS).read_text().replace("relief_setting_n = 68000", "relief_setting_n = 56000")
    (tmp_path / "low.toml").write_text(low)
    monkeypatch.delenv("STACKPRESS_CODE")
    code, told = ask("config", "ceilings", "write", "low.toml", "--yes")
    assert code == 2 and "nobody is there to be asked" in told["error"] and "STACKPRESS_CODE" in told["hint"]
    monkeypatch.setenv("STACKPRESS_CODE", "guess")
    code, told = ask("config", "ceilings", "write", "low.toml", "--yes")
    assert code == 1 and "not the owner's code" in told["error"]
    monkeypatch.setenv("STACKPRESS_CODE", CODE)
    assert ask("config", "ceilings", "write", "low.toml", "--yes")[0] == 0
    (tmp_path / "high.toml").write_text(
        Path(PRESS).read_text().replace("force_limit_n = 55000", "force_limit_n = 57000")
    )
    code, told = ask("config", "push", "high.toml", "--yes")
    assert code == 2 and "relief valve's setting, 56000 N" in told["error"] and "high.toml:" in told["error"]
    assert ask("config", "diff", PRESS)[1]["differences"] == []
    assert ask("config", "ceilings", "write", PRESS, "--yes")[0] == 0


def test_guided_calibration_refuses_bad_readings_and_is_bound_to_its_board(
    ask: Ask, target: Any, tmp_path: Path, owned: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ask("calibrate", "show")[1]["cells"]
    with stackpress.open(target.port) as press:
        true = press.document_get("calibration")
    force = iter((0, 100_000, 600_000, 1_200_000))

    class Person(io.StringIO):
        """Answers the questions; hangs a load on the cell (as a shift of its code) before naming its force."""

        said = iter(("", "50", "500", "1 kN", "", "y"))

        def readline(self, *_: object) -> str:  # type: ignore[override]
            word = next(self.said)
            if word not in ("", "y"):
                target.fault("zero_4", next(force) if word != "50" else 0)
                time.sleep(0.15)
            return word + "\n"

    next(force), next(force)
    monkeypatch.setattr(sys, "stdin", Person())
    code, told = ask("calibrate", "cell", "4", "--serial", "L-77", "--out", str(tmp_path / "cal.toml"))
    assert code == 0 and [force for _, force in told["points"]] == [0, 500, 1000], told
    target.clear_fault()
    kept = (tmp_path / "cal.toml").read_text()
    assert 'serial = "L-77"' in kept and 'board_identity = "SIM-cli"' in kept
    (tmp_path / "other.toml").write_text(kept.replace("SIM-cli", "SIM-elsewhere"))
    code, told = ask("calibrate", "push", str(tmp_path / "other.toml"), "--yes")
    assert code == 1 and "SIM-elsewhere" in told["error"]
    assert ask("calibrate", "push", str(tmp_path / "other.toml"), "--yes", "--other-board")[0] == 0
    assert ask("calibrate", "show")[1]["cells"][0]["serial"] == before[0]["serial"]
    assert true is not None
    with stackpress.open(target.port) as press:
        press.service_enter(CODE)
        press.document_put("calibration", true)  # a low cell that disagrees with the high range stops the press


class Transducer(threading.Thread):
    """A reference instrument over TCP: answers with the force that it was told, in kN."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.resource = f"TCPIP::127.0.0.1::{self.server.getsockname()[1]}::SOCKET"
        self.force_n = 0.0
        self.asked: list[str] = []

    def run(self) -> None:
        line, _ = self.server.accept()
        with line, line.makefile("rwb") as lines:
            for question in lines:
                self.asked.append(question.decode().strip())
                lines.write(f"{self.force_n / 1000:.6f} kN\n".encode())
                lines.flush()


def test_a_calibration_in_series_reads_press_and_reference_and_ends_in_a_certificate(
    ask: Ask, target: Any, owned: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from stackpress.cli import series_questions

    monkeypatch.setattr(series_questions, "SAMPLES", 16)
    monkeypatch.setattr(series_questions, "SAMPLE_EVERY_S", 0.004)
    with stackpress.open(target.port) as press:
        true = press.document_get("calibration")
    transducer = Transducer()
    transducer.start()
    prompts: list[str] = []

    class Person(io.StringIO):
        """Hangs on the cell and on the reference the load that is asked for: 1000 codes a newton; the first one is far off."""

        def readline(self, *_: object) -> str:  # type: ignore[override]
            prompts.append(capsys.readouterr().err)
            if "Accept" in prompts[-1]:
                return "y\n"
            asked = re.search(r"about ([0-9.]+) (k?)N", prompts[-1])
            force = float(asked[1]) * (1000 if asked[2] else 1) if asked else 0.0
            load = force * (0.5 if len(prompts) == 1 else 1)
            target.fault("zero_4", round(1000 * load))
            transducer.force_n = load
            time.sleep(0.05)
            return "\n"

    monkeypatch.setattr(sys, "stdin", Person())
    (tmp_path / "reference.toml").write_text((paths.ROOT / "host_tools" / "examples" / "reference.toml").read_text())
    code, told = ask("calibrate", "series", "--cell", "4", "--serial", "L-78", "--reference", "reference.toml", "--range-n",
                     "1500", "--instrument", transducer.resource, "--instrument-unit", "kN", "--fit", "30,100",
                     "--verify", "20,40,60,80,95",
                     "--preloads", "1", "--no-falling", "--months", "1", "--by", "AB", "--temperature", "22")  # fmt: skip
    assert code == 0, told
    target.clear_fault()
    assert "refused: 750 N where about 1500 N were asked for" in prompts[1] and set(transducer.asked) == {"READ?"}
    assert (told["degree"], told["in_force"], len(told["levels"])) == (1, True, 7)
    assert told["class"] != "none" and max(abs(one["q"]) for one in told["levels"]) < 0.5  # noise decides which
    (zero, _), (top, force) = told["points"][0]
    assert (top - zero) / force == pytest.approx(1000, rel=1e-3)
    assert {Path(file).name for file in told["files"]} == {"certificate.html", "certificate.pdf", "readings.csv"}
    assert ask("calibrate", "show")[1]["cells"][3]["serial"] == "L-78"
    due = next(one for one in ask("doctor")[1]["findings"] if one["what"] == "calibration due")
    assert due["verdict"] == "warn" and "L-78: L-78-" in due["text"] and "calibrate series" in due["todo"]
    assert [one["serial"] for one in ask("calibrate", "history")[1]["certificates"]] == ["L-78"]
    assert true is not None
    with stackpress.open(target.port) as press:
        press.service_enter(CODE)
        press.document_put("calibration", true)


def test_doctor_and_selftest_find_a_well_press_well(ask: Ask) -> None:
    code, told = ask("doctor")
    assert code == 0, [one for one in told["findings"] if one["verdict"] == "fail"]
    assert {"python", "port", "press", "config", "ceilings", "calibration", "tick", "journal"} <= {
        one["what"] for one in told["findings"]
    }
    assert ask("selftest")[0] == 0


def test_second_program_on_the_port_gets_a_clear_error(ask: Ask, target: Any) -> None:
    import stackpress

    with stackpress.open(target.port):
        code, told = ask("status")
    assert code == 3 and "another program has" in told["error"]


def test_monitor_gives_a_document_a_line_while_it_watches(target: Any) -> None:
    words = ["monitor", "--json", "--for", "1.5", "--port", target.port]
    with subprocess.Popen([sys.executable, "-m", "stackpress", *words], stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        first = json.loads(watching.stdout.readline())
        assert watching.poll() is None, "it came at the end"
        rest = [json.loads(line) for line in watching.stdout]
    assert watching.returncode == 0
    assert [one["end"] for one in (first, *rest)] == [None] * len(rest) + ["done"] and len(rest) > 3
    assert {one["state"] for one in (first, *rest)} == {"safe"} and rest[-1]["time_s"] > first["time_s"]


def test_monitor_ends_with_the_run(ask: Ask, target: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask("run", program(tmp_path, hold_s=10))[0] == 0
    assert app.run(["monitor", "--json", "--for", "60"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told[-1]["end"] == "done" and told[-1]["run_state"] == "done" and told[-1]["state"] in ("ready", "safe")
    assert {"pressing", "holding"} <= {one["state"] for one in told}


def test_closing_the_terminal_leaves_the_program_running(ask: Ask, target: Any, tmp_path: Path) -> None:
    start = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r}); from stackpress.cli import main; main()"
    )
    words = ["run", program(tmp_path, 600), "--follow", "--port", target.port]
    heard = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests in the background may have it ignored
    follower = subprocess.Popen([sys.executable, "-c", start, *words], stderr=subprocess.PIPE, text=True)
    signal.signal(signal.SIGHUP, heard)
    assert follower.stderr is not None
    for line in follower.stderr:
        if "HOLDING" in line:
            break
    os.kill(follower.pid, signal.SIGHUP)
    assert follower.wait() == -signal.SIGHUP
    follower.stderr.close()
    time.sleep(0.5)
    told = ask("status")[1]
    assert told["state"] == "holding" and told["program"] == "short"


def test_run_that_a_restart_cut_off_is_not_called_done(ask: Ask, target: Any, tmp_path: Path) -> None:
    threading.Timer(1.5, lambda: target.restart()).start()
    code, told = ask("run", program(tmp_path, 600), "--follow")
    assert code == 1 and told["end"] == "cut off", told
    target.pace("real", 10)


def test_run_that_somebody_else_stopped_says_so(ask: Ask, target: Any, tmp_path: Path) -> None:
    threading.Timer(1.5, lambda: (target.fault("stop"), time.sleep(0.2), target.clear_fault())).start()
    code, told = ask("run", program(tmp_path, 600), "--follow")
    assert code == 0 and told["end"] == "stopped", told
