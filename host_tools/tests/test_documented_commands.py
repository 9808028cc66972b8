"""What READMEs, help texts and hints tell a reader to type is run as it is written, in a fresh folder, on one simulated press.

A command that is told anywhere and is in none of the tables here is a failure, and so is a row that nobody tells any more.
"""

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from stackpress import paths, programs
from stackpress.cli import app
from stackpress.cli.app import MODULE_OF
from stackpress.config import load
from stackpress.serve import settings as serve_settings
from stackpress.serve.messages import WAYS, Messages
from stackpress.simulator import registry, side_channel_client

from hil_tests.bench import person
from host_tools.tests import documented
from host_tools.tests.short_pellet import short

simulated = pytest.mark.skipif(sys.platform == "win32", reason="the simulated press needs a pty")

# what stands for something of the reader's
MEANT = {"FILE": "my_pellet.toml", "NAME": "kbr_pellet", "IDENTITY": "SIM-sim", "COMMAND": "run"}

# command, exit code, what it says (a pattern), what a person at the terminal answers; no press is there
WITHOUT_A_PRESS: tuple[tuple[str, int, str, tuple[str, ...]], ...] = (
    ("stackpress --help", 0, "Usage: stackpress COMMAND", ()),
    ("stackpress COMMAND --help", 0, "Start a program", ()),
    ("stackpress calibrate", 2, "Zero, tare and calibrate", ()),
    ("stackpress config", 2, "ceilings", ()),
    ("stackpress config ceilings", 2, "show", ()),
    ("stackpress service", 2, "forget", ()),
    ("stackpress log", 2, "pull", ()),
    ("stackpress program", 2, "push", ()),
    ("stackpress config params", 0, "force_limit_n", ()),
    ("stackpress config board pico", 0, "GPIO|pin", ()),
    ("stackpress config board pico_hx711", 0, "electrical rules, 0 broken", ()),
    ("stackpress config check", 0, "valid|right|good", ()),
    ("stackpress config check --all", 0, "force_limit_n", ()),
    ("stackpress commission --bore-mm 63 --supply-bar 40 --cell-n 10000 --cell-n 10000 --plan", 0, "12469 N at full supply", ()),
    ("stackpress config check press.toml", 0, "valid|right|good", ()),
    ("stackpress program check my_pellet.toml", 0, "first_pellet: 3 steps, .* up to 49.11 kN = 370.0 MPa", ()),
    ("stackpress program check FILE", 0, "first_pellet", ()),
    ("stackpress calibrate series --from readings.csv --reference reference.toml --range-n 20000 --serial C-101 --resolution-n 2"
     " --by AB", 0, r"largest expanded uncertainty: 0\.15 %(.|\n)*certificate.pdf", ()),
    ("stackpress sim faults", 0, "cell_frozen", ()),
    ("stackpress sim ls", 0, "^$", ()),
    ("stackpress serve token AB --may operate", 0, "AB may operate", ()),
    ("stackpress serve people", 0, "", ()),
    ("stackpress status", 3, "No press|no press", ()),
    ("stackpress flash --dry-run", 3, "no board|No board|no press|No press", ()),
)

# the same on a simulated press, one after the other; rows in brackets are told nowhere and lead from one to the next
ON_A_PRESS: tuple[tuple[str, int, str, tuple[str, ...]], ...] = (
    ("stackpress sim ls", 0, "sim +/dev/", ()),
    ("stackpress sim truth", 0, "force_n", ()),
    ("stackpress sim pace 10", 0, "runs at 10 times", ()),
    ("stackpress sim specimen pellet_cell", 0, "pellet_cell: between the platens", ()),
    ("stackpress sim fault cell_frozen 2", 0, "cell_frozen: injected", ()),
    ("stackpress sim clear cell_frozen", 0, "cell_frozen: cleared", ()),
    ("stackpress sim restart", 0, "restarted", ()),
    ("stackpress sim faults", 0, "guard +guard open, both channels", ()),
    ("stackpress status", 0, "SIM-sim on /dev/", ()),
    ("stackpress doctor", 0, "python", ()),
    ("(stackpress calibrate series --from readings.csv --reference reference.toml --range-n 20000 --serial C-101)", 0, "C-101", ()),
    ("stackpress calibrate history C-101 -o drift.png", 0, r"C-101-\d{8}-1 +0.5(.|\n)*drift.png", ()),
    ("stackpress selftest", 0, "", ()),
    ("stackpress service set", 0, "SIM-sim has its owner's code now", ("horse-battery", "horse-battery")),
    ("stackpress config ceilings write press.toml", 0, "Ceilings written and read back", ("y", "horse-battery")),
    ("stackpress config ceilings write", 0, "Ceilings written and read back", ("y", "horse-battery")),
    ("stackpress log changes", 0, "code accepted", ()),
    ("(stackpress sim bootsel)", 0, "BOOTSEL is held", ()),
    ("stackpress service forget", 0, "The code is forgotten", ("y",)),
    ("stackpress config ceilings show", 0, "frame", ()),
    ("stackpress config push press.toml", 0, "", ("y",)),
    ("stackpress config push", 0, "", ("y",)),
    ("stackpress calibrate cell 1 --serial C-101", 0, "Aborted", ("abort",)),
    ("stackpress config push press.toml && stackpress calibrate cell 1 --serial C-101", 0, "Aborted", ("abort",)),
    ("stackpress program push NAME", 0, "kbr_pellet: on the press", ()),
    ("stackpress arm", 0, "Armed: the press is ready", ()),
    ("stackpress sim fault guard", 0, "guard: injected", ()),
    ("(stackpress status)", 1, "tripped by +guard", ()),
    ("stackpress why", 0, "guard: The guard was opened(.|\n)*What to check first", ()),
    ("stackpress doctor --bundle help.zip", 1, "Packed for whoever helps", ()),
    ("(stackpress sim clear)", 0, "all faults: cleared", ()),
    ("stackpress reset", 0, "Acknowledged guard: the press is safe", ()),
    ("(stackpress run short.toml)", 0, "run 1", ()),
    ("stackpress monitor", 0, "", ()),
    ("(stackpress sim pace 0)", 0, "as fast as it can", ()),
    ("stackpress run my_pellet.toml --follow --sample LPS-17 --operator AB", 0, "first_pellet, run 2: done", ()),
    ("stackpress run li6ps5cl_pellet --follow --sample A7", 0, "li6ps5cl_pellet, run 3: done", ()),
    ("(stackpress run stack_pressure_hold)", 0, "run 4", ()),
    ("(stackpress monitor --for 2)", 0, "", ()),
    ("stackpress setpoint 6MPa --rate 0.1MPa/s", 1, "this program's most of 663.66 N", ()),
    ("stackpress pause", 0, "Paused: the force stays", ()),
    ("stackpress continue", 0, "It goes on", ()),
    ("stackpress extend 90min", 0, "90min longer", ()),
    ("stackpress next", 0, "Step 4 is over", ()),
    ('stackpress note "the lead was loose"', 0, "Kept in the press's log", ()),
    ("stackpress follow", 0, "stack_pressure_hold, run 4: done", ()),
    ("(stackpress run stack_pressure_hold)", 0, "run 5", ()),
    ("(stackpress monitor --for 2)", 0, "", ()),
    ("stackpress stop --hold", 0, "", ()),
    ("stackpress program check cycling.toml --from-held 400N", 0, "cycling: 1 step", ()),
    ("stackpress run cycling.toml --from-held --follow", 0, "cycling, run 6: done", ()),
    ("stackpress stop", 0, "Stopping, releasing", ()),
    ("stackpress log pull", 0, "run ", ()),
    ("stackpress log pull && stackpress runs && stackpress report", 0, "li6ps5cl_pellet +A7", ()),
    ("stackpress runs", 0, r"[+-]\d\d:\d\d +(\S+\n +)?first_pellet +LPS-17", ()),
    ("stackpress runs --sample LPS --since 7d", 0, "LPS-17", ()),
    ("stackpress why LPS-17", 0, "Nothing tripped in .*r002: it ended as done", ()),
    ("stackpress report LPS-17 -o LPS-17.pdf", 0, "LPS-17.pdf", ()),
    ("stackpress log plot LPS-17 A7", 0, "r002_and_.*r003.png", ()),
    ('stackpress compare LPS-17 A7 --align "step 2"', 0, r"(.|\n)*r002_and_.*r003.png", ()),
    ("stackpress log tag LPS-17 good", 0, "r002 .LPS-17.: good; 0 comments", ()),
    ("stackpress tag LPS-17 mass_mg=201.4 thickness_um=842 lot=B-17 die=13mm-2 composition=Li6PS5Cl", 0, "5 said of", ()),
    ("stackpress calibrate temperature 1 LPS-17 --serial C-101 --load-n 5000", 2, "moved by|too few", ()),
    ('stackpress log comment LPS-17 "a crack at the rim"', 0, "good; 1 comment$", ()),
    ("stackpress log export LPS-17 --format csv --unit MPa --every 1 --iso Europe/Berlin --decimal-comma", 0, r"r002\.csv$", ()),
    ("stackpress log export LPS-17 --institution UCam", 0, r"UCam__LPS-17__\d{8}_001.metadata.json", ()),
)

BOARD = "a board on a USB port"
MINUTES = "takes minutes; it is measured or tested by that very target"
WRITES = "writes the checkout's own files; `make docs` and its test do that"
NOT_RUN = {
    "stackpress demo": "a minute and a half; test_users_folder.py runs it",
    "stackpress sim": "runs until Ctrl-C: the press of this test is started by it",
    "stackpress sim --specimen lithium_foil": "the same, in a test of its own",
    "stackpress serve": "runs until Ctrl-C; test_serve.py runs it",
    "pip install 'stackpress[serve]'": "an index; the tests' environment has it",
    "pip install 'stackpress[merge]'": "an index; the tests' environment has it",
    'stackpress commission --bore-mm 63 --supply-bar 40 --cell-n 10000 --cell-n 10000 --by "A. Maker"':
        "a press with these cells; test_commission.py runs it on the simulated press",
    "stackpress commission": "the same",
    "python -m hil_tests.campaign.commission": MINUTES,
    "python -m hil_tests.campaign.false_trips": MINUTES,
    "python -m hil_tests.bench.holds_table": MINUTES,
    "python -m hil_tests.bench.holds_table --write": WRITES,
    "stackpress compare": "stands for its line in the README",
    "pip install 'stackpress[xlsx]'": "an index; the tests' environment has it",
    "stackpress tag": "stands for the line in the README",
    "stackpress reference blank --thickness-um 10000": "a run on a blank; test_thickness.py has one",
    "stackpress thickness LPS-17": "wants that reference; the same",
    "stackpress uniformity LPS-17 --press press.toml -o map.png": "wants places of cells in that file; test_uniformity.py has some",
    "stackpress uniformity": "stands for the line in the README",
    "stackpress reference": "stands for the line in the README",
    "stackpress merge": "stands for the line in the README",
    "stackpress calibrate series": "stands for the line in the README",
    "stackpress merge LPS-17 eis.mpt cycler.csv --zone Europe/Berlin": "files of instruments: test_merge.py merges some",
    "stackpress serve install": "the computer's systemd; test_serve.py plays it",
    "stackpress serve uninstall": "the same",
    "stackpress serve orders": "a service that runs; test_serve.py runs it",
    "stackpress serve lend -- mpremote connect PORT fs ls": BOARD + "; test_serve.py lends a port to a program",
    "stackpress serve token NAME": "stands for the line in the README",
    "stackpress serve token NAME --may operate": "the same",
    "stackpress sim fault NAME": "stands for `stackpress sim fault guard` and its like",
    "stackpress run": "stands for its two lines in the READMEs",
    "stackpress log import customer.spj": "a file of somebody else's: test_runs_kept.py takes some in",
    "stackpress run press_and_hold --follow": BOARD + ", with what `make hil` left on it",
    "stackpress config board NAME": "stands for `stackpress config board pico`",
    "python -m boards.papers": WRITES,
    "python -m boards.spice": "wants ngspice: `make campaign` runs it",
    "stackpress config board pico_solenoid": "the board of a block that is written down in a test of its own",
    "stackpress config check FILE": "the file of the block above it: what it says of a program is tested as `program check`",
    "stackpress flash": BOARD,
    "stackpress flash press.uf2": BOARD,
    "stackpress flash --board dryrun": BOARD,
    "stackpress flash --board pico": BOARD,
    "stackpress flash --rollback": BOARD,
    "stackpress flash --erase-storage": BOARD + "; test_flash.py runs it on a press behind a pty",
    "picotool seal --sign firmware.uf2 signed.uf2 press.pem otp.json": "signs an image with a key that is nobody's here",
    "picotool otp load otp.json": "burns fuses",
    "picotool info": "a program of the chip's maker, not of ours",
    "mpremote reset": BOARD + "; test_clients.py runs it on the simulated press",
    "sudo udevadm control --reload": "root's",
    "pip install .": "test_wheel.py and test_users_folder.py install it",
    "python -c pass": "what a figure is compared with",
    "python -m stackpress": "test_users_folder.py",
    "python -m stackpress.config": "the same as the next, to the terminal",
    "python -m stackpress.config > boards/PARAMETERS.md": WRITES,
    "python -m stackpress.program_doc > firmware/stackpress_core/recipe/PROGRAMS.md": WRITES,
    "python firmware/scpi_reference.py": WRITES,
    "python boards/typings.py build/typings": WRITES,
    "python -m boards.images.build pico": MINUTES,
    "python -m hil_tests.campaign.electrical_rules": "`make campaign` runs it",
    "python -m hil_tests.campaign.processor": "`make campaign` runs it",
    "python -m hil_tests.campaign.second_emulator": MINUTES,
    "python -m hil_tests.campaign.garbage": MINUTES,
    "python -m hil_tests.campaign.hold_30d": MINUTES,
    "python -m hil_tests.campaign.injections": MINUTES,
    "python -m hil_tests.campaign.injections --pairs": MINUTES,
    "python -m hil_tests.campaign.power_cuts": MINUTES,
    "python -m hil_tests.campaign.mutants --minutes 30": MINUTES,
    "python -m hil_tests.campaign.report": "writes what the campaigns have left, tested by itself",
    "python -m hil_tests.campaign.wire_faults": MINUTES,
    "python -m hil_tests.bench.stages [press]": MINUTES,
    "python -m hil_tests.bench.stages press": MINUTES,
    "python -m hil_tests.emulated.panel_tour": MINUTES,
    "python -m hil_tests.suites test|busy|hil|campaign": MINUTES,
    "python -m stackpress.logs.export_speed [samples]": MINUTES,
    "python speeds.py press|hold": MINUTES,
    "python merging.py ours|pandas FOLDER": MINUTES,
    "make -C ports/rp2 submodules": "in MicroPython's own checkout, over the network",
}
DRY = {"<commit>": "HEAD", "...": "pico", "PATH": "/tmp", "sim|emulator|serial": "sim"}  # in make's words


class Person(io.StringIO):
    """Somebody at a terminal who types these lines."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        super().__init__("".join(line + "\n" for line in lines))

    def isatty(self) -> bool:
        return True


@pytest.fixture
def fresh(own_folders: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what its reader has: a press file, as the README says, and the program of PROGRAMS.md."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "press.toml").write_text((paths.BOARDS / "sim" / "press.toml").read_text())
    block = next(text for place, text in documented.blocks("toml").items() if "PROGRAMS.md" in place)
    (tmp_path / "my_pellet.toml").write_text(block)
    (tmp_path / "short.toml").write_text(short(hold_s=10, release=False))
    for name in ("readings.csv", "reference.toml"):
        (tmp_path / name).write_text((paths.ROOT / "host_tools" / "examples" / name).read_text())
    (tmp_path / "cycling.toml").write_text('name = "cycling"\nat_end = "hold"\n\n[[step]]\ndo = "hold"\nfor_min = 5\n')
    return tmp_path


@pytest.fixture
def press(fresh: Path) -> Iterator[subprocess.Popen[str]]:
    """`stackpress sim`, as it is written, in another terminal."""
    with started("stackpress sim") as (process, said):
        assert re.match(r"Simulated press sim on /dev/\S+ \(steel_blank\)\. Ctrl-C ends it\.", said)
        yield process


class started:
    """A command that goes on until Ctrl-C; gives its process and the first line that it says."""

    def __init__(self, command: str) -> None:
        words = shlex.split(command)
        assert words.pop(0) == "stackpress"
        self.process = subprocess.Popen([sys.executable, "-m", "stackpress", *words], stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> tuple[subprocess.Popen[str], str]:
        assert self.process.stdout is not None
        return self.process, self.process.stdout.readline()

    def __exit__(self, *_: object) -> None:
        self.process.terminate()  # SIGINT is ignored in what a shell runs in the background
        code = self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        assert code == 0


Typed = Callable[[str, tuple[str, ...]], tuple[int, str]]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Types a line; gives its exit code, and what stood on the terminal."""

    def run(line: str, answers: tuple[str, ...]) -> tuple[int, str]:
        code = 0
        person = Person(answers)
        monkeypatch.setattr(sys, "stdin", person)
        monkeypatch.setattr("getpass.getpass", lambda *_: person.readline().strip())
        capsys.readouterr()
        for command in line.strip("()").split(" && "):
            words = [MEANT.get(word, word) for word in shlex.split(command)]
            assert words.pop(0) == "stackpress"
            code = app.run(words)
            if code:
                break
        shown = capsys.readouterr()
        return code, shown.out + shown.err

    return run


def test_every_command_that_is_told_is_in_a_table_and_every_row_is_told() -> None:
    told = documented.commands()
    rows = {row[0] for row in (*WITHOUT_A_PRESS, *ON_A_PRESS) if not row[0].startswith("(")} | set(NOT_RUN)
    missing = [f"{command} ({place})" for command, place in told.items() if command not in rows and not _is_make(command)]
    assert not missing, "commands that no test runs; give each a row:\n" + "\n".join(missing)
    stale = rows - set(told)
    assert not stale, f"rows that nobody is told any more: {sorted(stale)}"


def _is_make(command: str) -> bool:
    return command.startswith("make ") and command not in NOT_RUN


@pytest.mark.parametrize("row", WITHOUT_A_PRESS, ids=lambda row: row[0])
def test_what_is_told_is_done_without_a_press(fresh: Path, typed: Typed, row: tuple[str, int, str, tuple[str, ...]]) -> None:
    line, code, told, answers = row
    got, shown = typed(line, answers)
    assert (got, bool(re.search(told, shown))) == (code, True), shown


@simulated
def test_what_is_told_is_done_on_a_simulated_press(press: Any, typed: Typed) -> None:
    for line, code, told, answers in ON_A_PRESS:
        got, shown = typed(line, answers)
        assert (got, bool(re.search(told, shown, re.M))) == (code, True), f"{line}\n{shown}"


@simulated
def test_a_second_simulated_press_has_a_name_and_a_folder_of_its_own(press: Any, typed: Typed) -> None:
    with started("stackpress sim --specimen lithium_foil") as (_, said):
        assert re.match(r"Simulated press sim-2 on /dev/\S+ \(lithium_foil\)", said)
        names = {running["name"] for running in registry.running()}
        assert names == {"sim", "sim-2"}


@simulated
def test_the_example_in_python_runs_as_it_is_written(press: Any, fresh: Path) -> None:
    # at fifty times real time a host sees the ramp; a fast press writes over rows before they have been asked for
    side_channel_client.ask(registry.running()[0]["side_channel"], do="pace", mode="real", speed=50)
    block = next(text for place, text in documented.blocks("python").items() if "host_tools" in place)
    (fresh / "press.py").write_text(block)
    run = subprocess.run([sys.executable, "press.py"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    rows = [tuple(map(float, line.split())) for line in run.stdout.splitlines()]
    assert max(force for _, force in rows) > 10_000 and rows[-1][0] > rows[0][0]


def test_the_plant_s_example_runs_as_it_is_written(fresh: Path) -> None:
    block = next(text for place, text in documented.blocks("python").items() if "stackpress_plant" in place)
    (fresh / "plant.py").write_text(block + 'print(plant.truth()["force_cn"], list(plant.active))\n')
    shim = paths.FIRMWARE / "tests" / "shim"
    run = subprocess.run([sys.executable, "plant.py"], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(shim)})
    assert (run.returncode, run.stdout) == (0, "0 ['cell_open']\n"), run.stderr


@simulated
def test_the_example_for_pyvisa_runs_as_it_is_written(press: Any, fresh: Path) -> None:
    block = next(text for place, text in documented.blocks("python").items() if place.startswith("README.md"))
    assert "/dev/ttyACM0" in block
    (fresh / "visa.py").write_text(block.replace("/dev/ttyACM0", str(registry.running()[0]["port"])))
    run = subprocess.run([sys.executable, "visa.py"], capture_output=True, text=True)
    assert re.fullmatch(r"stackpress,sim,SIM-sim,\S+ -?[0-9.]+\n", run.stdout), run


def test_no_code_in_a_readme_is_left_out() -> None:
    code = [place.partition(":")[0] for place in documented.blocks("python")]
    tested = ["README.md", "boards/stackpress_plant/README.md", "host_tools/README.md", "host_tools/README.md"]
    assert sorted(code) == tested, "give the new block a test"
    written = sorted(place.partition(":")[0] for place in documented.blocks("toml"))
    tested = ["boards/README.md"] * 2 + ["firmware/stackpress_core/recipe/PROGRAMS.md"] * 2 + ["host_tools/README.md"] * 4
    assert written == tested, "give the new block a test"


def test_the_service_takes_its_example_of_messages_as_it_is_written(tmp_path: Path) -> None:
    settings = tmp_path / "serve.toml"
    settings.write_text(next(text for text in documented.blocks("toml").values() if "[[message]]" in text))
    tables = serve_settings.load(settings).message
    assert [next(way for way in WAYS if way in table) for table in tables] == ["mail", "webhook", "mqtt", "command"]
    Messages(tables).close()


@pytest.mark.parametrize("command", [one for one in documented.commands() if _is_make(one)])
def test_what_make_is_told_it_can_do(command: str) -> None:
    for placeholder, meant in DRY.items():
        command = command.replace(placeholder, meant)
    words = shlex.split(command)
    run = subprocess.run([*words, "--dry-run"], cwd=paths.ROOT, capture_output=True, text=True, env=_without_make())
    assert run.returncode == 0, run.stderr


def _without_make() -> dict[str, str]:
    """`make test` may be what runs this."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}


@pytest.mark.parametrize("name", MODULE_OF)
def test_every_command_and_what_stands_below_it_helps(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    from importlib import import_module

    import typer

    group = typer.main.get_command(import_module(f"stackpress.cli.{MODULE_OF[name]}").APPS[name])
    for below in ("", *getattr(group, "commands", {})):
        assert app.run([name, *below.split(), "--help"]) == 0
        assert f"Usage: stackpress {name}" in capsys.readouterr().out


def test_the_example_of_a_step_that_waits_for_a_person_is_a_program() -> None:
    program, complaints = programs.parse(next(text for text in documented.blocks("toml").values() if "with_lithium" in text))
    assert not complaints and program is not None
    assert program["steps"][2] == {"do": "pause", "note": "insert lithium", "timeout_ms": 7_200_000}


def test_the_places_of_the_cells_are_taken_as_they_are_written(fresh: Path) -> None:
    block = next(text for text in documented.blocks("toml").values() if "[positions]" in text)
    (fresh / "press.toml").write_text((fresh / "press.toml").read_text() + block)
    assert load(fresh / "press.toml").positions == ((0, 40), (-34.6, -20), (34.6, -20))


def test_the_gap_is_a_step_as_it_is_written() -> None:
    block = next(text for text in documented.blocks("toml").values() if '"gap"' in text)
    program, complaints = programs.parse(f'name = "kept"\ndie_mm = 13\n[[step]]\ndo = "contact"\nto_n = 50\n{block}')
    assert not complaints and program is not None
    gap = program["steps"][1]
    assert (gap["do"], gap["for_ms"], gap["most_pa"], gap["rate_cn_per_s"]) == ("gap", 43_200_000, 9_000_000, 100)


@pytest.mark.parametrize("place", [place for place in documented.blocks("toml") if "PROGRAMS.md" in place])
def test_a_program_in_a_readme_is_one(place: str) -> None:
    program, complaints = programs.parse(documented.blocks("toml")[place])
    assert program is not None and not complaints


def test_a_board_in_a_readme_that_extends_another_is_one(fresh: Path, typed: Typed) -> None:
    block = next(text for text in documented.blocks("toml").values() if 'name = "pico2"' in text)
    (fresh / "board.toml").write_text(block)
    code, shown = typed("stackpress config board board.toml", ())
    assert code == 0 and "estop_a" in shown, shown


def test_the_board_that_a_readme_begins_is_told_what_it_lacks(fresh: Path, typed: Typed) -> None:
    block = next(text for text in documented.blocks("toml").values() if "pico_solenoid" in text)
    (fresh / "board.toml").write_text(block)
    code, shown = typed("stackpress config board board.toml", ())
    assert code == 2 and "needs a pin for" in shown, shown


def test_each_of_a_weeks_twenty_jobs_is_run_here_and_its_seconds_are_counted() -> None:
    jobs = person.jobs()
    assert [job.number for job in jobs] == list(range(1, 21))
    assert [(job.text, job.told_s) for job in jobs] == [(job.text, round(job.seconds)) for job in jobs]
    assert 5 < person.minutes() <= 15 and f"{person.minutes():.1f} minutes" in person.README.read_text()
    run = {row[0] for row in (*WITHOUT_A_PRESS, *ON_A_PRESS)}
    elsewhere = {command for job in jobs for command in job.commands} - run
    assert elsewhere == {"stackpress merge LPS-17 eis.mpt cycler.csv --zone Europe/Berlin"} <= set(NOT_RUN)
