"""Messages: what happens is told once, in words, and arrives at real servers that these tests start."""

import asyncio
import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stackpress import errors
from stackpress.serve.happenings import LOST_AFTER_S, Happening, Judge
from stackpress.serve.messages import Messages, words_of
from stackpress.serve.station import Seen
from stackpress.view.snapshot import Snapshot

from hil_tests.waiting import PATIENCE_S, until

HOLD = Snapshot("holding", force_n=5000.0, set_n=5000.0, program="pellet", sample="LPS-17", step=2, steps=3, run=4)
SAFE = replace(HOLD, state="safe", step=0, force_n=0.0)
TRIP = Happening("trip", "P-1", "tripped by guard. Close it, é.", 1.8e9, "LPS-17", "pellet", 4)
END = replace(TRIP, kind="end", text="pellet, run 4: done")


def judged(*moments: Seen, apart_s: float = 1.0) -> list[tuple[str, str]]:
    judge = Judge("P-1")
    return [(one.kind, one.text) for i, seen in enumerate(moments) for one in judge(seen, i * apart_s)]


def test_a_trip_is_told_once_with_its_reason_and_what_to_do() -> None:
    tripped = Seen(replace(SAFE, state="tripped", trip_reason="guard", trip_hint="Close it."))
    said = judged(Seen(HOLD), tripped, tripped)
    assert [kind for kind, _ in said] == ["trip", "end"] and "guard" in said[0][1] and "Close it." in said[0][1]


def test_a_second_trip_for_another_reason_is_another_message() -> None:
    first, second = (Seen(replace(SAFE, state="tripped", trip_reason=why)) for why in ("guard", "estop"))
    assert [kind for kind, _ in judged(Seen(SAFE), first, second, second)] == ["trip", "trip"]


def test_a_warning_is_told_when_it_comes_and_again_only_when_it_has_gone() -> None:
    warned = Seen(replace(HOLD, warnings=("duty",), hints=("It leaks.",)))
    assert judged(Seen(HOLD), warned, warned, Seen(HOLD), warned) == [("warning", "duty: It leaks.")] * 2


def test_each_wait_for_a_person_is_told_once_with_what_is_to_be_done() -> None:
    waits = replace(HOLD, run_state="running", step_kind="pause", step_note="start the EIS")
    at_rest = replace(waits, step=3, state="safe", step_note="insert lithium")
    paused = replace(HOLD, run_state="paused", run_why="paused")
    said = judged(*map(Seen, (HOLD, waits, waits, at_rest, at_rest, HOLD, paused, paused)))
    assert [kind for kind, _ in said] == ["wait", "wait", "wait"]
    assert "step 2 waits for a person (held at 5.000 kN): start the EIS. It goes on with START" in said[0][1]
    assert "step 3 waits for a person (nothing is pressed): insert lithium" in said[1][1] and "): paused. " in said[2][1]


def test_a_wait_goes_out_to_whoever_asked_for_waits_alone(tmp_path: Path) -> None:
    told = tmp_path / "told"
    script = tmp_path / "tell.py"
    script.write_text("import sys\nopen(sys.argv[1], 'a').write(sys.argv[2] + '\\n')\n")
    wait = replace(TRIP, kind="wait", text="insert lithium")
    messages = sent({"command": f"{sys.executable} {script} {told} KIND", "on": ["wait"]}, TRIP, wait, END)
    until(lambda: told.exists() and told.read_text() == "wait\n")
    messages.close()


@pytest.mark.parametrize("how", ["done", "stopped", "failed"])
def test_the_end_of_a_run_is_told_with_how_it_ended(how: str) -> None:
    said = judged(Seen(HOLD), Seen(HOLD), Seen(replace(SAFE, run_state=how, run_why="guard")), Seen(SAFE))
    assert said == [("end", f"pellet, run 4: {how} (guard); the press is safe")]


def test_a_link_that_is_lost_for_a_moment_is_nothing_and_for_longer_is_told_once_as_is_its_return() -> None:
    gone = Seen(None, "unplugged")
    assert judged(Seen(HOLD), gone, gone, Seen(HOLD), apart_s=LOST_AFTER_S / 4) == []
    said = judged(Seen(HOLD), *[gone] * 9, Seen(HOLD), apart_s=LOST_AFTER_S / 4)
    assert [kind for kind, _ in said] == ["link", "link"] and "unplugged" in said[0][1] and "back" in said[1][1]


@pytest.mark.parametrize("lost", [{"dropped": 3}, {"overwritten": 3}])
def test_records_that_the_log_had_no_room_for_are_told(lost: dict[str, int]) -> None:
    assert judged(Seen(HOLD), Seen(HOLD, **lost), Seen(HOLD, **lost)) == [
        ("log", "the log is full: 3 records were lost before they could be pulled")
    ]


def test_what_a_service_finds_when_it_starts_is_no_news() -> None:
    assert judged(Seen(replace(SAFE, state="tripped", trip_reason="guard", warnings=("duty",)))) == []


@pytest.mark.parametrize(
    "table",
    [{}, {"webhook": "http://a", "mail": "b"}, {"webhook": "ftp://a"}, {"mail": "a@b"}, {"mail": "a@b", "smtp": "b"}, {"mqtt": "mqtt://b"},
     {"mqtt": "b/c"}, {"command": ""}, {"command": "a", "on": ["trips"]}, {"command": "a", "smtp": "b"}, {"command": 3},
     {"command": "a", "on": "trip"}],
    ids=str,
)  # fmt: skip
def test_a_message_that_can_go_nowhere_is_refused_before_anything_happens(table: dict[str, Any]) -> None:
    with pytest.raises(errors.WrongInput):
        Messages([table])


def test_a_command_is_parted_as_its_system_writes_paths() -> None:
    assert words_of(r'"C:\Program Files\tell.exe" /q TEXT', True) == [r"C:\Program Files\tell.exe", "/q", "TEXT"]
    assert words_of("/opt/tell 'a b' TEXT", False) == ["/opt/tell", "a b", "TEXT"]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


# -- to real servers ---------------------------------------------------------------------------------------------------


def sent(table: dict[str, Any], *happenings: Happening) -> Messages:
    messages = Messages([table], pauses_s=(0.1,) * 20)
    for one in happenings:
        messages.tell(one)
    return messages


@pytest.fixture
def web() -> Iterator[Any]:
    got: list[dict[str, Any]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.server.failures > 0:  # type: ignore[attr-defined]
                self.server.failures -= 1  # type: ignore[attr-defined]
                self.send_error(503)
                return
            got.append(body)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.failures, server.got = 0, got  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_webhook_gets_what_is_wanted_and_what_a_server_refuses_is_sent_again(web: Any) -> None:
    web.failures = 2
    messages = sent({"webhook": f"http://127.0.0.1:{web.server_port}/hook", "on": ["trip"]}, END, TRIP)
    until(lambda: web.got)
    messages.close()
    assert len(web.got) == 1 and web.got[0]["kind"] == "trip" and web.got[0]["press"] == "P-1" and "guard" in web.got[0]["text"]


def test_a_mail_arrives_at_a_server_with_who_what_and_why() -> None:
    from email import message_from_bytes, policy

    from aiosmtpd.controller import Controller

    class Box:
        def __init__(self) -> None:
            self.letters: list[Any] = []

        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
            self.letters.append(envelope)
            return "250 OK"

    box = Box()
    port = free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        messages = sent({"mail": "ab@uni.example", "smtp": f"smtp://127.0.0.1:{port}", "sender": "press@uni.example"}, TRIP)
        until(lambda: box.letters)
        messages.close()
        letter = message_from_bytes(box.letters[0].content, policy=policy.default)
        assert box.letters[0].rcpt_tos == ["ab@uni.example"] and letter["From"] == "press@uni.example"
        assert letter["Subject"].startswith("P-1: trip: tripped by guard") and "Close it, é." in letter.get_content()
        assert "LPS-17, pellet, run 4" in letter.get_content()
    finally:
        server.stop()


class Broker:
    """An MQTT broker in a thread, and what it was given."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.call(self._start())

    def call(self, what: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(20)

    async def _start(self) -> None:
        from amqtt.broker import Broker as Real

        self.real = Real({"listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{self.port}"}},
                          "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}})  # fmt: skip
        await self.real.start()

    def close(self) -> None:
        self.call(self.real.shutdown())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()


MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


class Mosquitto:
    """Eclipse's broker as its Debian package brings it."""

    def __init__(self, port: int) -> None:
        if MOSQUITTO is None:
            pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
        self.real = subprocess.Popen([MOSQUITTO, "-p", str(port)], stderr=subprocess.DEVNULL)
        until(lambda: _answers(port))

    def close(self) -> None:
        self.real.terminate()
        self.real.wait()


def _answers(port: int) -> bool:
    with socket.socket() as there:
        return there.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("kind", [Broker, pytest.param(Mosquitto, marks=pytest.mark.guest)])
def test_a_broker_gives_what_happened_to_whoever_listens(kind: Callable[[int], Any]) -> None:
    import paho.mqtt.client as client

    port = free_port()
    messages = sent({"mqtt": f"mqtt://127.0.0.1:{port}/lab/presses", "on": ["trip"]})
    broker = kind(port)
    try:
        got: list[Any] = []
        ears = client.Client(client.CallbackAPIVersion.VERSION2)
        ears.on_message = lambda _c, _u, one: got.append((one.topic, json.loads(one.payload)))
        ears.on_connect = lambda c, *_: c.subscribe("lab/presses/#", 1)
        subscribed = threading.Event()
        ears.on_subscribe = lambda *_: subscribed.set()
        ears.connect("127.0.0.1", port)
        ears.loop_start()
        assert subscribed.wait(PATIENCE_S)
        messages.tell(TRIP)
        until(lambda: got)
        messages.close()
        ears.disconnect()
        ears.loop_stop()
        assert got[0][0] == "lab/presses/P-1/trip" and got[0][1]["text"] == TRIP.text
    finally:
        broker.close()


def test_a_command_gets_it_in_its_words_and_on_its_standard_input(tmp_path: Path) -> None:
    script, out = tmp_path / "tell.py", tmp_path / "told"
    script.write_text("import sys; open(sys.argv[1], 'w').write(sys.argv[2] + sys.stdin.read())")
    messages = sent({"command": f"{sys.executable} {script} {out} TEXT"}, TRIP)
    until(lambda: out.exists() and out.read_text().endswith("}"))
    messages.close()
    assert out.read_text().startswith(TRIP.text) and json.loads(out.read_text()[len(TRIP.text) :])["run"] == 4


def test_a_way_that_hangs_holds_up_no_other(web: Any, tmp_path: Path) -> None:
    tables = [{"command": f"{sys.executable} -c 'import time; time.sleep(30)'"}, {"webhook": f"http://127.0.0.1:{web.server_port}/"}]
    messages = Messages(tables)
    messages.tell(TRIP)
    until(lambda: web.got)
    messages.close()


def test_a_service_tells_of_a_press_that_trips(own_folders: None, web: Any, tmp_path: Path) -> None:
    from hil_tests.targets.sim import SimTarget
    from host_tools.tests.service_bench import Served

    if sys.platform == "win32":
        pytest.skip("the simulated press needs a pty")
    with SimTarget(pace="real", wall="real", state_dir=tmp_path / "press", board="told") as target:
        served = Served(tmp_path, target.port, message=({"webhook": f"http://127.0.0.1:{web.server_port}/"},))
        try:
            served.station()
            served.client.ask("POST", "/api/presses/SIM-told/line", {"form": "command", "text": "CYCL:ARM"})
            target.fault("estop")
            until(lambda: any(one["kind"] == "trip" for one in web.got))
            (trip,) = (one for one in web.got if one["kind"] == "trip")
            assert trip["press"] == "SIM-told" and "estop" in trip["message"]
        finally:
            served.close()
