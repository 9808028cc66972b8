"""The owner's code from the host's side: what needs it says so before anything is sent, and it is told nowhere."""

import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stackpress
from stackpress import paths
from stackpress.cli import app
from stackpress.config import load
from stackpress.config.documents import weaker
from stackpress.config.schema import parameters
from stackpress.errors import PressRefused
from stackpress.logs.sidecar import event_text
from stackpress.scpi_text import without_code
from stackpress_core.log import records

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the simulated press needs a pty")
CODE = "horse-battery"
PRESS = paths.BOARDS / "sim" / "press.toml"
Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from hil_tests.targets.sim import SimTarget

    with SimTarget(pace="real", wall="real", state_dir=tmp_path_factory.mktemp("press"), board="owned") as one:
        one.pace("real", 10)
        yield one


@pytest.fixture
def ask(target: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    for name in ("STACKPRESS_SIM_DIR", "STACKPRESS_CONFIG_DIR", "STACKPRESS_DATA"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("STACKPRESS_CODE", "STACKPRESS_NEW_CODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("STACKPRESS_PORT", target.port)
    monkeypatch.chdir(tmp_path)

    def asked(*words: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = app.run([*words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return asked


def press_file(folder: Path, more: str) -> str:
    path = folder / "weak.toml"
    path.write_text(PRESS.read_text() + more)
    return str(path)


def test_every_press_file_that_is_ready_made_needs_no_code() -> None:
    found = [path for path in paths.BOARDS.glob("*/press*.toml")]
    assert len(found) >= 4
    for path in found:
        assert weaker(load(path)) == [], path


def test_the_table_says_how_weak_a_parameter_may_be_without_the_code() -> None:
    table = parameters()
    assert table["runaway_n"].bound_text == "at most 3000" and table["force_drop_ms"].bound_text == "at least 40"
    assert table["hold_band_reaction"].bound_text == '"hold"' and table["kp_permille"].bound_text == ""
    assert table["runaway_n"].is_weaker(300001) and not table["runaway_n"].is_weaker(300000)


def test_a_lost_code_is_forgotten_with_bootsel_held_and_all_of_it_is_told_without_the_code(
    ask: Ask, target: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weak = press_file(tmp_path, "\n[interlock]\nrunaway_n = 4000\n")
    assert ask("config", "check", weak)[1]["needs_code"] == ["runaway_n = 4000 (at most 3000 without it)"]
    assert "none is set" in next(one["text"] for one in ask("doctor")[1]["findings"] if one["what"] == "owner's code")
    with stackpress.open(target.port) as press:
        before = press.document_get("config")
    code, told = ask("config", "push", weak, "--yes")
    assert code == 1 and "runaway_n = 4000" in told["error"] and "service set" in told["hint"]
    monkeypatch.setenv("STACKPRESS_NEW_CODE", CODE)
    assert ask("service", "set")[0] == 0 and ask("service", "state")[1]["set"]
    code, told = ask("config", "push", weak, "--yes")
    assert code == 2 and "STACKPRESS_CODE" in told["hint"]
    with stackpress.open(target.port) as press:
        assert press.document_get("config") == before
    monkeypatch.setenv("STACKPRESS_CODE", CODE)
    assert ask("config", "push", weak, "--yes")[0] == 0
    with stackpress.open(target.port) as press:
        assert press.parameter("runaway_n").value == 4000 and press.state == "safe"
        with pytest.raises(PressRefused, match="owner's code"):
            press.document_put("ceilings", press.ceilings() or {})
        with pytest.raises(PressRefused) as refused:
            press.service_enter("what-it-was")
        assert "what-it-was" not in refused.value.command + str(refused.value)
        for line in (f'SYST:SERV:UNL "{press.identity}"', "SYST:SERV:LOCK"):  # an older host
            with pytest.raises(PressRefused) as refused:
                press.command(line)
            assert refused.value.number == -113
    code, told = ask("service", "forget", "--yes")
    assert code == 1 and "BOOTSEL" in told["hint"]
    target.supervisor.request(do="bootsel", held=True)
    assert ask("service", "forget", "--yes")[0] == 0 and not ask("service", "state")[1]["set"]
    with stackpress.open(target.port) as press:
        assert press.parameter("runaway_n").value == 4000, "what the owner allowed stays"
    told = [one["text"] for one in ask("log", "changes")[1]["changes"]]
    for text in ("runaway_n: 1500 -> 4000", "service: code set", "service: code accepted", "service: code refused",
                 "service: code forgotten, by hand"):  # fmt: skip
        assert any(text in one for one in told), (text, told)
    ask("doctor", "--bundle", "help.zip")
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    with zipfile.ZipFile("help.zip") as archive:
        kept += b"".join(archive.read(name) for name in archive.namelist())
    assert CODE.encode() not in kept and b"what-it-was" not in kept


def test_a_line_with_a_code_is_told_without_it() -> None:
    for line in (f'SYST:PASS:CEN "{CODE}"', f"system:password:new '','{CODE}'", f'*CLS;:SYST:PASS:SET?;CEN "{CODE}"',
                 f'SYST:SERV:UNL "{CODE}"', f'SYST:PASS:CDIS "{CODE}";:CYCL:ARM'):  # fmt: skip
        assert CODE not in without_code(line)
    assert without_code("PROG:STAR 'passed'") == "PROG:STAR 'passed'"


def test_an_order_with_a_code_is_kept_without_it() -> None:
    from stackpress.serve.station import _Recorded

    kept: list[tuple[str, ...]] = []

    class Orders:
        def add(self, *fields: str) -> None:
            kept.append(fields)

    visitor: Any = type("Visitor", (), {"name": "AB"})()
    with _Recorded(Orders(), "SIM-x", f'SYST:PASS:CEN "{CODE}"', visitor, "page", lambda: None):  # type: ignore[arg-type]
        pass
    assert len(kept) == 1 and CODE not in str(kept) and "SYST:PASS:" in str(kept)


def test_each_change_is_a_sentence_with_both_values() -> None:
    def text(code: int, a: int, b: int, words: str) -> str:
        return event_text({"code": code, "a": a, "b": b, "text": words})

    value = records.EVENT_VALUE
    assert text(value, 150000, 400000, "runaway_n") == "runaway_n: 1500 -> 4000"
    assert text(value, 1, 0, "hold_band_reaction") == "hold_band_reaction: hold -> warn"
    assert text(value, records.ABSENT_I32, 6600000, "ceilings frame_cn") == "ceilings frame_cn: none -> 66000 N"
    assert text(value, 7, 8, "a_newer_firmwares") == "a_newer_firmwares: 7 -> 8"
    assert text(value, 1795000000, 1795003600, "clock unix_s").endswith("+00:00 -> 2026-11-18 12:06:40+00:00")
    assert text(records.EVENT_DOCUMENT, 0, -1, "program/p") == "program/p: none -> version ffffffff"
    assert text(records.EVENT_DOCUMENT, 0, 0, "program/p") == "configuration changed: program/p"
    assert text(records.EVENT_TARE, 0, 1250, "") == "tare: 0 N -> 12.5 N"
