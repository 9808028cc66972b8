"""One owner of the port, many clients: the service speaks for a press as a link does, over HTTP, TCP and the command line."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stackpress
from stackpress import errors, service
from stackpress.cli import app
from stackpress.serve import scpi_lines
from stackpress.serve.people import People
from stackpress.serve.settings import load
from stackpress.serve.station import Lent, Station

from hil_tests.waiting import PATIENCE_S, until
from host_tools.tests.service_bench import Served
from host_tools.tests.short_pellet import short
from host_tools.tests.test_link import Bench

pytestmark = [pytest.mark.skipif(sys.platform == "win32", reason="a press on a pty"), pytest.mark.usefixtures("own_folders")]


@pytest.fixture
def bench() -> Iterator[Bench]:
    one = Bench()
    yield one
    one.close()


@pytest.fixture
def served(bench: Bench, tmp_path: Path) -> Iterator[Served]:
    one = Served(tmp_path, bench.port)
    yield one
    one.close()


def refused(served: Served, method: str, path: str, body: Any = None) -> errors.PressError:
    with pytest.raises(errors.PressError) as told:
        served.client.ask(method, path, body)
    return told.value


# -- through it as if the port were ours -------------------------------------------------------------------------------


def test_a_press_that_is_served_is_opened_by_its_port_its_identity_and_by_itself(served: Served, bench: Bench) -> None:
    identity = served.station().identity
    for name in (bench.port, identity, None, served.url, f"{served.url}/{identity}"):
        with stackpress.open(name) as press:
            assert press.link.served and press.identity == identity and press.force_n() == 663.66


def test_a_served_press_answers_refuses_and_sends_blocks_as_its_own_port_does(served: Served, bench: Bench) -> None:
    served.station()
    with stackpress.open(bench.port) as press:
        assert press.query("MEAS:FORC?;FORC:SET? KN") == "663.66;0.664"
        with pytest.raises(errors.PressRefused) as told:
            press.command('PROG:STAR "pellet"')
        assert told.value.number == -221 and str(told.value) == "the press is not armed"
        press.document_put("program/a", {"name": "a", "note": "é\n"})
        assert json.loads(press.document_get("program/a") or b"")["note"] == "é\n"
        assert press.snapshot().port == bench.port


def test_two_threads_through_the_service_never_get_each_others_answers(served: Served, bench: Bench) -> None:
    served.station()
    wrong: list[str] = []

    def ask(text: str, answer: str) -> None:
        with stackpress.open(bench.port) as press:
            for _ in range(30):
                got = press.query(text)
                wrong.extend([got] if got != answer else [])

    threads = [threading.Thread(target=ask, args=one) for one in (("MEAS:FORC?", "663.66"), ("*OPC?", "1"), ("CYCL:STAT?", "safe"))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert wrong == []


def test_the_command_line_never_meets_another_program_with_the_port(served: Served, bench: Bench, capsys: Any) -> None:
    served.station()
    assert app.run(["status", "--json", "--port", bench.port]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "safe"
    assert app.run(["status", "--json"]) == 0 and app.run(["stop", "--vent", "--json"]) in (0, 1)
    assert "another program" not in capsys.readouterr().out


def test_the_stop_byte_goes_through_while_an_answer_is_waited_for(served: Served, bench: Bench) -> None:
    served.station()
    with stackpress.open(bench.port) as press, stackpress.open(bench.port) as other:
        bench.deaf = True
        waiting = threading.Thread(target=other.query, args=("MEAS:FORC?",))
        waiting.start()
        time.sleep(0.05)
        began = time.monotonic()
        press.abort()
        assert time.monotonic() - began < 0.5, "it waited for the exchange that is under way"
        bench.deaf = False
        waiting.join()
    until(lambda: "abort" in bench.press.done)


# -- coming and going --------------------------------------------------------------------------------------------------


def test_a_press_that_comes_back_on_another_port_is_the_same_press(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stackpress.ports import FoundPort
    from stackpress.serve import stations

    first, second = Bench(), Bench()
    there = [first]
    monkeypatch.setattr(stations, "find_ports", lambda: [FoundPort(one.port, "", "usb") for one in there])
    monkeypatch.setattr("stackpress.link.QUIET_S", 0.3)
    served = Served(tmp_path)
    try:
        station = served.station()
        first.deaf = True
        there[:] = [second]
        until(lambda: station.port == second.port and station.linked)
        assert list(served.service.stations.all) == [station.identity]
    finally:
        served.close()
        first.close()
        second.close()


def test_the_port_is_handed_over_and_comes_back_by_itself_when_the_borrower_ends(served: Served, bench: Bench) -> None:
    station = served.station()
    with service.borrowed(bench.port, "a terminal") as device:
        assert device == bench.port and not station.linked and "a terminal" in station.why
        with stackpress.open(bench.port) as press:
            assert not press.link.served and press.state == "safe"
        asked = {"form": "query", "text": "*IDN?"}
        assert "handed over" in str(refused(served, "POST", f"/api/presses/{station.identity}/line", asked))
    until(lambda: station.linked)
    served.client.ask("POST", f"/api/presses/{station.identity}/lend", {"pid": 2**22 + 7, "why": "who has ended already"})
    until(lambda: station.linked and station.lent is None)


def test_a_borrower_who_ends_before_the_port_is_let_go_gives_it_back_when_it_is(tmp_path: Path) -> None:
    """Else nobody lets it go, and who asked waits for nothing."""
    from stackpress.serve.stations import Stations

    stations = Stations(["/dev/none"], 0, lambda *_: None)
    station = stations.all["x"] = Station("x", stations.orders, lambda *_: None)
    station.lent, station._press = Lent("somebody", "who has ended already", 2**22 + 7), Any
    stations._take_back()
    assert station.lent is not None
    station._press = None
    stations._take_back()
    assert station.lent is None
    stations.orders.close()


def test_lend_runs_a_program_that_opens_the_port_itself(served: Served, bench: Bench, capfd: Any) -> None:
    station = served.station()
    code = "import serial,sys; serial.Serial(sys.argv[1], exclusive=True).close(); print('had it'); sys.exit(7)"
    assert app.run(["serve", "lend", "--port", bench.port, "--", sys.executable, "-c", code, "PORT"]) == 7
    assert "had it" in capfd.readouterr().out
    until(lambda: station.linked)


def test_a_service_that_has_ended_is_not_asked(served: Served, bench: Bench) -> None:
    served.station()
    served.close()
    with stackpress.open(bench.port) as press:
        assert not press.link.served
    (service.folder() / "service.json").write_text(json.dumps({"url": served.url, "pid": os.getpid()}))
    with stackpress.open(bench.port) as press:
        assert not press.link.served
    served.service.server.should_exit = True


def test_what_does_not_answer_like_a_press_is_tried_more_and_more_rarely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stackpress.serve.stations import Stations

    stations = Stations(["/dev/none"], 0, lambda *_: None)
    pauses = []
    for _ in range(8):
        stations._put_off("/dev/none", errors.LinkLost("it has not answered"))
        pauses.append(stations._tries["/dev/none"].pause_s)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    stations._put_off("/dev/none", errors.PortBusy("a terminal has it"))
    assert stations._tries["/dev/none"].pause_s == 1
    stations.orders.close()


# -- who may do what ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "asks"),
    [
        ("MEAS:FORC?", True), ("*IDN?;:MEAS:FORC? KN;FORC:SET?", True), (" :CYCL:STAT? ", True), ('PAR? "force_limit_n",MAX', True),
        ("CYCL:ARM", False), ("MEAS:FORC?;:CYCL:ARM", False), ('INT:ROW? "a";CYCL:ARM', False), ('INT:ROW? "a;CYCL:ARM', False),
        ("INT:ROW? 'a;CYCL:ARM", False), ("*IDN? ABOR", False), ("*IDN? stop", False), ("*TST?", False), ("CYCL:ARM?X", False),
        ("CYCL:ARM ?", False), ("", False), ("*IDN?\u00a0CYCL:ARM", False), ("CAL:ZERO ;*IDN?", False),
        ('SYST:SERV:UNL "a?"', False),
    ],
)  # fmt: skip
def test_a_line_only_asks_if_it_does_so_however_it_is_read(line: str, asks: bool) -> None:
    assert scpi_lines.only_asks(line) is asks


@pytest.mark.parametrize("line", ["*IDN?\rCYCL:ARM", "*IDN?\nCYCL:ARM", "*IDN?\x18", "*IDN?\x03", "*IDN?\x1f", "  ", "*IDN?\x7f"])
def test_no_line_holds_what_is_more_than_a_line(line: str) -> None:
    with pytest.raises(errors.WrongInput):
        scpi_lines.checked(line, True)


def test_a_reader_reads_an_operator_operates_and_a_void_token_does_nothing(bench: Bench, tmp_path: Path, monkeypatch: Any) -> None:
    served = Served(tmp_path, bench.port, proxied=True)
    try:
        served.station()
        assert isinstance(refused(served, "GET", "/api/presses"), errors.NotAllowed)
        for name, may in (("reader", "read"), ("operator", "operate")):
            monkeypatch.setenv("STACKPRESS_TOKEN", served.people.add(name, may))
            with stackpress.open(served.url) as press:
                assert press.state == "safe"
                monkeypatch.setattr(bench.press, "done", [])
                if may == "operate":
                    press.stop("hold")
                    press.abort()
                else:
                    for order in (press.stop, press.abort, press.arm, press.disarm, lambda p=press: p.link.command("LOG:PULL 7")):
                        pytest.raises(errors.NotAllowed, order)
                    assert bench.press.done == []
        served.people.remove("operator")
        assert isinstance(refused(served, "GET", "/api/presses"), errors.NotAllowed)
        assert "operator" in {one.operator for one in served.service.stations.orders.newest(served.station().identity)}
    finally:
        served.close()


def test_nobody_lets_the_press_forget_its_log_but_the_service(served: Served, bench: Bench) -> None:
    served.station()
    with stackpress.open(bench.port) as press:
        for line in ("LOG:PULL 40", "log:pulled 40", "*IDN?;:LOG:PULL 40"):
            with pytest.raises(errors.NotAllowed):
                press.link.command(line)
        press.log_pulled(40)
    assert bench.press.journal.pulled_seq == 0


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Host": "evil.example:8573"}, {"Host": "evil.example", "Origin": "http://evil.example"}],
    ids=["another site's page", "a name that leads here", "both"],
)
def test_a_browser_is_not_the_way_in_for_other_sites(served: Served, headers: dict[str, str]) -> None:
    import http.client

    identity = served.station().identity
    connection = http.client.HTTPConnection(served.url.removeprefix("http://"), timeout=PATIENCE_S)
    connection.request("POST", f"/api/presses/{identity}/abort", headers=headers)
    assert connection.getresponse().status == 403
    connection.close()


def test_tokens_are_kept_where_only_the_user_reads_and_not_as_they_are(tmp_path: Path) -> None:
    people = People(tmp_path / "people.json")
    token = people.add("AB", "operate")
    assert token not in people.path.read_text() and people.path.stat().st_mode & 0o077 == 0
    assert people.of(token).may_operate and people.names() == {"AB": "operate"}
    assert people.add("AB", "read") != token
    with pytest.raises(errors.NotAllowed):
        people.of(token)


def test_every_order_is_kept_with_its_operators_name_and_what_became_of_it(served: Served, bench: Bench, monkeypatch: Any) -> None:
    monkeypatch.setattr(service, "_user", lambda: "Änne")
    identity = served.station().identity
    with stackpress.open(bench.port) as press:
        press.query("MEAS:FORC?")
        press.lease(10)
        press.stop("hold")
        with pytest.raises(errors.PressRefused):
            press.start("pellet") if "pellet" in press.programs() else press.command('PROG:STAR "pellet"')
    assert app.run(["serve", "orders"]) == 0
    found = [(one["operator"], one["text"], one["outcome"]) for one in served.client.ask("GET", f"/api/presses/{identity}/orders")]
    assert found[0] == ("Änne", 'PROG:STAR "pellet"', "the press is not armed")
    assert found[1][:2] == ("Änne", "STOP HOLD") and len(found) == 2


# -- SCPI over TCP -----------------------------------------------------------------------------------------------------


def line(connection: socket.socket, text: str) -> str:
    connection.sendall(text.encode() + b"\n")
    got = b""
    while not got.endswith(b"\n"):
        got += connection.recv(4096)
    return got.decode().strip()


def test_pyvisa_reads_a_press_over_tcp_and_its_orders_are_refused(served: Served) -> None:
    import pyvisa

    station = served.station()
    until(lambda: station.scpi_port > 0)
    manager = pyvisa.ResourceManager("@py")
    name = f"TCPIP::127.0.0.1::{station.scpi_port}::SOCKET"
    press = manager.open_resource(name, read_termination="\n", write_termination="\n", timeout=1000 * PATIENCE_S)
    assert press.query("*IDN?").split(",")[2] == station.identity and press.query("MEAS:FORC? KN") == "0.66366"
    press.write("CYCL:ARM")
    assert press.query("SYST:ERR?").startswith("-203") and press.query("SYST:ERR?").startswith("0,")
    press.write("NO:SUCH:THING")
    assert press.query("SYST:ERR:COUN?") == "1"
    manager.close()


def test_each_connection_has_its_own_errors_and_answers(served: Served) -> None:
    with served.scpi() as one, served.scpi() as other:
        assert line(one, "FOO?\nMEAS:FORC?") == "663.66"
        assert line(other, "SYST:ERR?") == '0,"No error"'
        assert line(one, "SYST:ERR?").startswith("-113") or line(one, "SYST:ERR:ALL?")


def test_a_stop_by_word_and_by_byte_is_taken_where_orders_are_not(served: Served, bench: Bench) -> None:
    with served.scpi() as connection:
        connection.sendall(b"STOP HOLD\n")
        until(lambda: ("stop", "hold") in bench.press.done)
        connection.sendall(b"MEAS:FO\x18")
        until(lambda: "abort" in bench.press.done)


def test_a_block_over_tcp_has_no_line_feed_and_its_crc_is_right() -> None:
    import struct
    import zlib

    from stackpress.logs.decode import as_it_was
    from stackpress.serve.scpi_socket import block

    for size in range(0, 400, 7):
        body = bytes((i * 7 + size) % 256 for i in range(size)) + b"\n"
        sent = block("LOG:READ? 1", body + struct.pack("<I", zlib.crc32(body)))
        payload = sent[2 + int(sent[1:2]) :]
        assert b"\n" not in sent and struct.unpack("<I", payload[-4:])[0] == zlib.crc32(payload[:-4])
        assert bytes(as_it_was(payload[:-4])) == body


def test_beyond_this_computer_a_socket_takes_a_token(bench: Bench, tmp_path: Path) -> None:
    served = Served(tmp_path, bench.port, proxied=True, scpi_may_operate=True)
    try:
        with served.scpi() as connection:
            connection.sendall(b"CYCL:DIS\n*IDN?\n")
            assert line(connection, "SYST:ERR?").startswith("-203")
            assert line(connection, f'SYST:ACC "{served.people.add("reader", "read")}"\nMEAS:FORC?') == "663.66"
            connection.sendall(b"\x18CYCL:DIS\n")
            assert line(connection, "MEAS:FORC?") == "663.66"
            assert not {"abort", "disarm"} & {str(one) for one in bench.press.done}
    finally:
        served.close()


# -- what it is told ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [("http_prot = 1", "http_prot"), ("http_port = true", "wrong kind"), ('address = ["a"]', "wrong kind"), ("=", "Invalid")],
)
def test_a_setting_that_is_none_is_refused_by_its_name(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "serve.toml"
    path.write_text(text)
    with pytest.raises(errors.WrongInput, match=says):
        load(path)


def test_a_users_service_is_made_of_what_runs_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stackpress.cli import serve

    ran: list[list[str]] = []
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(serve, "_done", ran.append)
    assert app.run(["serve", "install"]) == 0
    text = serve.unit_file().read_text()
    assert f'ExecStart="{sys.executable}" -P -m stackpress serve' in text and "Restart=always" in text
    assert ["systemctl", "--user", "enable", "--now", "stackpress.service"] in ran
    assert app.run(["serve", "uninstall"]) == 0 and not serve.unit_file().exists()


@pytest.mark.guest
@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_finds_nothing_to_say_of_the_users_service(tmp_path: Path) -> None:
    from stackpress.cli import serve

    def said(text: str) -> str:
        unit = tmp_path / "stackpress.service"
        unit.write_text(text)
        run = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
        lines = [line for line in run.stderr.splitlines() if "stackpress.service" in line]
        return "\n".join(lines) + ("" if run.returncode == 0 else f" ended with {run.returncode}")

    assert said(serve.unit()) == ""
    assert "alwayz" in said(serve.unit().replace("Restart=always", "Restart=alwayz"))


# -- a simulated press, whole way --------------------------------------------------------------------------------------


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Any]:
    from hil_tests.targets.sim import SimTarget

    with SimTarget(pace="real", wall="real", state_dir=tmp_path / "press", board="serve") as one:
        one.pace("real", 5.0)
        yield one


def test_the_log_grows_by_itself_and_may_be_pulled_beside_the_service(target: Any, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "short.toml").write_text(short(1500, release=False))
    served = Served(tmp_path, target.port)
    try:
        served.station()
        assert app.run(["run", str(tmp_path / "short.toml"), "--sample", "A7", "--json"]) == 0
        for _ in range(3):
            capsys.readouterr()
            assert app.run(["log", "pull", "--json"]) == 0
            assert json.loads(capsys.readouterr().out)["pull"]["missing"] == 0
            time.sleep(0.3)
        assert app.run(["stop", "--json"]) == 0
        (raw,) = (tmp_path / "STACKPRESS_DATA" / "raw").glob("*.spj")
        size = raw.stat().st_size
        until(lambda: raw.stat().st_size > size)
        capsys.readouterr()
        assert app.run(["runs", "--json"]) == 0 and "A7" in capsys.readouterr().out
    finally:
        served.close()


def test_a_colleague_stops_what_somebody_else_follows(target: Any, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "short.toml").write_text(short(1500, release=False))
    served = Served(tmp_path, target.port)
    try:
        served.station()
        codes: list[int] = []
        follower = threading.Thread(target=lambda: codes.append(follow(tmp_path)))
        follower.start()
        with stackpress.open(target.port) as press:
            until(lambda: press.program_state().step == 3)
            assert app.run(["stop", "--json"]) == 0
        follower.join()
        assert codes == [0]
    finally:
        served.close()


def follow(folder: Path) -> int:
    """`run --follow` in a process of its own, which finds the service by itself."""
    import subprocess

    words = [sys.executable, "-m", "stackpress", "run", str(folder / "short.toml"), "--follow", "--json"]
    return subprocess.run(words, capture_output=True).returncode


def test_a_press_that_restarts_is_taken_up_again_and_so_is_a_service(target: Any, tmp_path: Path) -> None:
    served = Served(tmp_path, target.port)
    station = served.station()
    before = station.count
    target.supervisor.request(do="restart")
    until(lambda: station.count > before + 3 and station.linked)
    served.close()
    again = Served(tmp_path, target.port)
    try:
        assert again.station("SIM-serve").linked
    finally:
        again.close()
