"""The press in other people's frameworks, each on a simulated press: PyMeasure's own classes, EPICS's protocol file, plain TCP."""

import math
import re
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
from pymeasure.experiment import FloatParameter, Procedure, Results, Worker
from stackpress.frameworks.pymeasure import PressError, StackPress
from stackpress.link import Link

from hil_tests.waiting import PATIENCE_S, until

EXAMPLES = Path(__file__).parents[1] / "examples"
PROTOCOL = EXAMPLES / "stackpress.proto"
PROGRAM: dict[str, Any] = {
    "name": "measured",
    "die_mm": 13,
    "step": [{"do": "contact", "to_n": 50}, {"do": "ramp", "to_n": 2000, "rate_n_per_s": 4000}, {"do": "hold", "for_s": 300},
             {"do": "release", "rate_n_per_s": 4000}],
}  # fmt: skip


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from hil_tests.targets.sim import SimTarget

    with SimTarget(pace="real", wall="real", state_dir=tmp_path_factory.mktemp("press"), board="frameworks") as one:
        one.pace("fast")
        with stackpress.open(one.port) as press:
            press.program_ready(PROGRAM)
        yield one


@pytest.fixture
def press(target: Any) -> Iterator[StackPress]:
    one = StackPress(f"ASRL{target.port}::INSTR", visa_library="@py")
    yield one
    one.write("ABOR")
    while one.state not in ("safe", "ready", "tripped"):
        time.sleep(0.02)
    if one.state == "ready":
        one.disarm()
    one.adapter.close()


def test_a_program_runs_from_pymeasure_to_its_end(press: StackPress) -> None:
    press.arm()
    press.start("measured", sample="LPS-17", operator='A "B"')
    assert press.step >= 1
    assert press.wait(period_s=0.01) in ("ready", "safe") and press.step == 0 and press.reason == ""


def test_what_is_refused_is_an_exception_in_the_presss_words(press: StackPress) -> None:
    with pytest.raises(PressError, match="-221"):
        press.start("measured")
    with pytest.raises(ValueError):
        press.stop("gently")
    assert press.state == "safe"


def test_values_are_numbers_and_what_has_no_sensor_is_none(press: StackPress) -> None:
    assert abs(press.force) < 100 and abs(press.cells[1].force) < 100 and -0.1 < press.displacement < 0.1
    assert math.isnan(press.pressure) or abs(press.pressure) < 1e6
    assert press.trigger_out is False


def test_an_experiment_of_pymeasures_measures_a_run_and_can_be_stopped(target: Any, tmp_path: Path) -> None:
    class Hold(Procedure):  # type: ignore[misc]
        most = FloatParameter("Most", default=1e9)
        DATA_COLUMNS = ["Force (N)"]

        def startup(self) -> None:
            self.press = StackPress(f"ASRL{target.port}::INSTR", visa_library="@py")

        def execute(self) -> None:
            self.press.arm()
            self.press.start("measured")
            while self.press.step:
                self.emit("results", {"Force (N)": self.press.force})
            self.press.wait(self.should_stop, period_s=0.01)

        def shutdown(self) -> None:
            self.press.shutdown()

    results = Results(Hold(), str(tmp_path / "hold.csv"))
    worker = Worker(results)
    worker.start()
    worker.join(timeout=PATIENCE_S)  # the library stops a worker that has not ended by then
    assert worker.procedure.status == Procedure.FINISHED
    assert results.data["Force (N)"].max() > 1500


def protocol() -> list[tuple[str, str, str]]:
    """(name, what goes out, what comes in) of each protocol of the file."""
    text = PROTOCOL.read_text()
    quoted = r'"((?:[^"\\]|\\.)*)"'
    rows = re.findall(rf"^(\w+)\s*\{{ out {quoted}; (?:in {quoted}; )?(?:\w+ = \w+; )?\}}$", text, re.M)
    assert len(rows) == text.count('out "')
    return [(name, out.replace('\\"', '"'), back) for name, out, back in rows]


OF_FORMAT = {"%f": r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?", "%d": r"[-+]?\d+", "%s": r"\S+"}


@pytest.mark.parametrize(("name", "out", "back"), [row for row in protocol() if row[2]], ids=lambda value: str(value)[:12])
def test_every_question_of_the_epics_protocol_is_answered_in_its_format(target: Any, name: str, out: str, back: str) -> None:
    shape = OF_FORMAT.get(back) or "(" + back.removeprefix("%{").removesuffix("}") + ")"
    with Link(target.port) as link:
        assert re.fullmatch(shape, link.query(out.replace("\\$1", "1"))), name


def test_every_order_of_the_epics_protocol_is_taken(target: Any) -> None:
    orders = {name: out for name, out, back in protocol() if not back}
    with Link(target.port) as link:

        def order(name: str, value: str = "") -> str:
            words = re.sub(r"%(\{[^}]*\}|[sd])", value, orders[name])
            return link.query(words + ";:SYST:ERR?")

        assert set(orders) == {"arm", "disarm", "reset", "start", "stop", "abort", "lease"}
        for name, value in (("lease", "10"), ("arm", ""), ("start", "measured"), ("stop", "VENT"), ("abort", "")):
            assert order(name, value).startswith("0,"), name
        until(lambda: link.query("CYCL:STAT?") in ("ready", "safe"))
        assert order("disarm" if link.query("CYCL:STAT?") == "ready" else "lease", "10").startswith("0,")
        assert order("reset").startswith("0,")


def test_the_plain_tcp_example_speaks_to_whatever_speaks_the_language(target: Any) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_bridge, args=(server, target.port), daemon=True).start()
    command = [sys.executable, str(EXAMPLES / "plain_tcp.py"), "127.0.0.1", str(server.getsockname()[1])]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0 and run.stdout.startswith("stackpress,") and 'errors: 0,"No error"' in run.stdout, run.stderr
    server.close()


def _bridge(server: socket.socket, port: str) -> None:
    """One connection, line by line, to the press."""
    connection, _ = server.accept()
    with connection, Link(port) as link, connection.makefile("rw", newline="\n") as host:
        for line in host:
            host.write(link.query(line.strip()) + "\n")
            host.flush()
