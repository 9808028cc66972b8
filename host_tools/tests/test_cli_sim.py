"""`stackpress sim` and its like do what they say to a simulated press that runs, and say why when they can't."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stackpress
from stackpress.cli import app
from stackpress.simulator.settings import Settings
from stackpress_plant.load import SPECIMENS
from stackpress_sim.request_table import REQUESTS

from hil_tests.waiting import PATIENCE_S

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the simulated press needs a pty")

Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from stackpress.simulator import provision
    from stackpress.simulator.supervisor import Supervisor

    folder = tmp_path_factory.mktemp("sim")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STACKPRESS_SIM_DIR", str(folder))
        patch.setenv("STACKPRESS_CONFIG_DIR", str(folder / "config"))
        one = Supervisor(Settings(state_dir=folder / "state", speed=10))
        provision.write(one.state_dir, provision.commissioned(one.spec, one.identity))
        with one:
            one.request(do="hello")
            yield one


@pytest.fixture
def ask(press: Any, capsys: pytest.CaptureFixture[str]) -> Ask:
    def asked(*words: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = app.run(["sim", *words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return asked


def test_every_request_of_the_table_is_answered(press: Any) -> None:
    arguments = {"pace": {"mode": "real", "speed": 10}, "run_until": {"t_s": 0}, "fault": {"name": "guard"},
                 "specimen": {"specimen": "steel_blank"}, "bootsel": {"held": False}}  # fmt: skip
    for name, _, _ in REQUESTS:
        assert press.request(do=name, **arguments.get(name, {}))["ok"], name
    press.request(do="pace", mode="real", speed=10)


@pytest.mark.parametrize("which", ["pellet_cell", str(SPECIMENS / "steel_blank.toml"), "mine.toml"])
def test_another_specimen_lies_between_the_platens_by_name_and_by_path(
    ask: Ask, press: Any, which: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text((SPECIMENS / "pellet_cell.toml").read_text())
    assert ask("specimen", which) == (0, {"ok": True, "specimen": which})


def test_a_specimen_that_there_is_not_is_told_with_those_that_there_are(ask: Ask) -> None:
    code, told = ask("specimen", "pellet_sell")
    assert code == 1 and "pellet_cell" in told["error"]


def test_restart_starts_the_firmware_again_and_what_lies_there_stays(ask: Ask, press: Any) -> None:
    assert ask("specimen", "empty_die")[0] == 0
    for _ in range(2):
        before = press.starts
        assert ask("restart") == (0, {"ok": True, "restarted": True})
        assert press.starts == before + 1
    with stackpress.open(press.port) as one:
        assert one.state == "safe"
    settings = json.loads((press.state_dir / "board.json").read_text())
    assert settings["plant"]["specimen"]["gap_nm"] == press.spec["specimen"]["gap_nm"] != 0
    assert (settings["cause"], settings["pace"], settings["speed"]) == ("power", "real", 10)


def test_a_restart_for_a_cause_that_nobody_knows_is_refused_and_nothing_restarts(press: Any) -> None:
    from stackpress.simulator.settings import SimError

    before = press.starts
    with pytest.raises(SimError, match="power, reset, watchdog, crash"):
        press.request(do="restart", cause="power_on")
    assert press.starts == before


@pytest.mark.parametrize("value", ["-5", "-150000", "3000", "+7"])
def test_a_fault_takes_a_value_of_either_sign(ask: Ask, value: str, press: Any) -> None:
    assert ask("fault", "zero_1", value) == (0, {"ok": True, "fault": "zero_1", "value": int(value)})
    assert press.request(do="faults")["faults"]["zero_1"] == int(value)
    assert ask("clear", "zero_1")[0] == 0 and "zero_1" not in press.request(do="faults")["faults"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("fault", "zero_1", "1.5"), 2, "value"),
        (("fault", "zero_1", "--vale"), 2, "value"),
        (("fault", "cell_open", "7"), 1, "a cell is 1..4"),
        (("fault", "zero_1", "99999999999999999999"), 1, "31 bits"),
        (("fault", "gard"), 2, "no fault gard"),
        (("clear", "gard"), 2, "no fault gard"),
        (("pace", "-1"), 2, "No such option: -1"),
        (("pace", "nan"), 2, "speed"),
        (("pace", "0.001"), 2, "0, or 0.01 to 1000"),
        (("pace", "inf"), 2, "0, or 0.01 to 1000"),
        (("specimen", "missing.toml"), 1, "missing.toml"),
    ],
)
def test_a_wrong_word_is_told_and_the_press_goes_on(ask: Ask, press: Any, words: tuple[str, ...], code: int, told: str) -> None:
    starts = press.starts
    got, answer = ask(*words)
    assert got == code and told in answer["error"] and press.starts == starts
    assert press.request(do="faults")["faults"].keys().isdisjoint({"zero_1", "cell_open"})


@pytest.mark.parametrize("name", ["", "../x", "a/b", "ä", "a b", "a,b", "a\nb", "x" * 25, "*"])
def test_a_name_that_would_break_files_or_the_identity_is_refused_and_nothing_starts(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STACKPRESS_SIM_DIR", str(tmp_path / "sim"))
    assert app.run(["sim", "--name", name]) == 2 and "no name" in " ".join(capsys.readouterr().err.split())
    assert list(tmp_path.rglob("*")) == []


def test_truth_faults_and_pace_answer(ask: Ask) -> None:
    assert ask("pace", "20")[1]["speed"] == 20
    assert "force_n" in ask("truth")[1]["truth"]
    assert {"name": "guard", "help": "guard open, both channels"} in ask("faults")[1]["faults"]
    assert [one["name"] for one in ask("ls")[1]["running"]] == ["sim"]


@pytest.mark.parametrize("typed", [b"\r\n1+1\r\n\x04", b"\x01print(1)\x04\x02\x04"])
def test_ctrl_d_at_the_prompt_of_a_person_brings_the_press_back(press: Any, typed: bytes) -> None:
    import serial

    starts = press.starts
    with serial.Serial(str(press.port), timeout=PATIENCE_S) as port:
        port.write(b"\x03")
        assert b">>> " in port.read_until(b">>> ")
        port.write(typed)
        assert b"soft reboot" in port.read_until(b"soft reboot")
    press.request(do="hello")
    with stackpress.open(str(press.port)) as one:
        assert one.state == "safe" and press.starts == starts + 2


def test_what_every_program_has_open_is_nobodys_port(ask: Ask, press: Any) -> None:
    from stackpress import port_lock

    with open("/dev/null"):
        assert port_lock.others("/dev/null") == []
