"""`stackpress commission`: the first day on the bench, from bore and supply to a tuned press file and a signed protocol.

Each stage is kept as it ends, and `--resume` goes on behind the last. Ctrl-C stops the press in a controlled way; whatever ends it
early, the configuration that was there before is put back and the protocol says how far it got.
"""

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..states import SAFE
from .exits import REFUSED, Failure, wire_text
from .options import Json, Port, Yes, finite, single
from .output import Output

if TYPE_CHECKING:
    from ..commission.machine import Machine
    from ..commission.result import Result
    from ..commission.work import Work
    from ..press import Press
    from .interrupts import Interrupts

APPS = {"commission": single()}
KEPT = "commission.json"
TAKES = "It presses a block at up to 20 % of the force. Is a steel block in the press's middle, and nobody near?"


@APPS["commission"].command()
def commission(
    bore_mm: Annotated[float, typer.Option("--bore-mm", callback=finite, help="The cylinder's bore.")],
    supply_bar: Annotated[float, typer.Option("--supply-bar", callback=finite, help="Pressure at the valve's full opening.")],
    cell_n: Annotated[list[float], typer.Option("--cell-n", help="Capacity of a cell that carries the force; once for each.")],
    low_cell_n: Annotated[float, typer.Option("--low-cell-n", callback=finite, help="Capacity of a low range's cell.")] = 0.0,
    frame_n: Annotated[float, typer.Option("--frame-n", callback=finite, help="The frame's rating.")] = 0.0,
    relief_n: Annotated[float, typer.Option("--relief-n", callback=finite, help="The relief valve's setting.")] = 0.0,
    force_n: Annotated[float, typer.Option("--force-n", callback=finite, help="Largest force that is asked for.")] = 0.0,
    valve: Annotated[str, typer.Option("--valve", help="regulator, or fill_vent for two solenoids.")] = "regulator",
    by: Annotated[str, typer.Option("--by", help="Who measures, for the protocol.")] = "",
    name: Annotated[str, typer.Option("--name", help="The press's name in its file.")] = "press",
    board: Annotated[str, typer.Option("--board", help="Its board; without it the press is asked.")] = "",
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="Folder for press file and protocol.")] = Path("commission"),
    plan: Annotated[bool, typer.Option("--plan", help="Only the press file that follows from that; asks no press.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on behind the last stage that ended.")] = False,
    hands: Annotated[bool, typer.Option("--by-hand", help="Ask a person even where the press is simulated.")] = False,
    port: Port = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Measure a new press under its own interlocks, tune it, write its file and a protocol to sign."""
    from ..commission.machine import Machine

    out = Output(json)
    machine = Machine(bore_mm, supply_bar, tuple(cell_n), low_cell_n, valve, frame_n, relief_n, force_n)
    out_dir.mkdir(parents=True, exist_ok=True)
    if plan:
        _plan(out, machine, name, board, out_dir)
        return
    _on_press(out, machine, wire_text("name of who measures", by or "nobody who gave a name", 24), name, board, out_dir,
              (resume, hands, yes), port)  # fmt: skip


def _plan(out: Output, machine: "Machine", name: str, board: str, folder: Path) -> None:
    """The press file before anything was measured, checked as any other."""
    from ..commission.machine import press_file, values
    from ..config import load
    from ..config.numbers import number

    path = folder / "press.toml"
    said = "Follows from bore, supply and cells; nothing was measured. What is not named here has its default"
    chosen = values(machine)
    path.write_text(press_file(name, board or "sim", machine, chosen, said), encoding="utf-8")
    load(path)
    out.table(("parameter", "value"), [(key, str(value)) for key, value in chosen.items()])
    out.say(f"{path}: {machine.full_n:.0f} N at full supply, working limit {machine.limit_n:g} N; nothing was measured.")
    if not board:
        out.say('No board was named, so it is the simulated press\'s: --board, or board = "..." in the file.')
    for key, value in machine.assumed().items():
        out.say(f"{key} = {number(value)} is assumed, nobody told it: put in what the press really has.")
    told = {"full_n": machine.full_n, "limit_n": machine.limit_n, "assumed": sorted(machine.assumed())}
    out.answer({"file": str(path), "params": chosen, **told})


def _on_press(out: Output, machine: "Machine", by: str, name: str, board: str, folder: Path, how: tuple[bool, bool, bool],
              port: str | None) -> None:  # fmt: skip
    from ..commission import stages
    from ..commission.hands import is_simulated
    from .connect import opened
    from .interrupts import Interrupts

    resume, by_hand, yes = how
    with opened(port, contact=True) as press, Interrupts() as interrupts:
        if press.state != SAFE:
            raise Failure(f"The press is {press.state}.", "Commissioning begins in the safe state: `stackpress why`.", REFUSED)
        simulated = is_simulated(press) and not by_hand
        out.confirm(TAKES, yes or simulated)
        work = _work(out, press, interrupts, machine, (by, name, board or press.board_name), folder, simulated)
        work.result = _begun(work.result, folder / KEPT, resume)
        _go(out, work, folder / KEPT)
    paths = _protocol(work, folder)
    result = work.result
    out.say(f"{len(result.bad)} to mend, {len(result.left_out)} not measured; {', '.join(str(one) for one in paths)}")
    out.answer({**stages.as_result(work), "files": [str(one) for one in paths]}, ok=not result.bad and not result.ended)
    if result.bad or result.ended:
        raise typer.Exit(REFUSED)


def _work(out: Output, press: "Press", interrupts: "Interrupts", machine: "Machine", who: tuple[str, str, str], folder: Path,
          simulated: bool) -> "Work":  # fmt: skip
    from ..commission.hands import Person, SimulatedHands
    from ..commission.moves import Bench
    from ..commission.result import Result
    from ..commission.work import Work
    from .calibration_questions import asked

    by, name, board = who
    hands = SimulatedHands(press) if simulated else Person(asked)
    told = {"name": name, "identity": press.identity, "board": board, "firmware": press.who().firmware}
    result = Result(told, asdict(machine), by, hands.name, time.time())
    bench = Bench(press, by, lambda: interrupts.count > 0, _Bar(out))

    def send(document: bytes, said: str) -> None:
        _send(out, press, document, said)

    return Work(bench, hands, machine, result, folder, name, board, send, hz=press.tick().rate_hz)


class _Bar:
    """How far a stage is, on stderr, a line a tenth of the way or a bar that moves on a terminal."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._shown = ""

    def __call__(self, what: str, part: float) -> None:
        import sys

        full = max(0, min(20, int(20 * part)))
        text = f"  [{'#' * full}{'.' * (20 - full)}] {what}"
        if text == self._shown or self._out.as_json:
            return
        self._shown = text
        moves = sys.stderr.isatty()
        print(f"\r{text:<76}" if moves else text, end="" if moves else "\n", file=sys.stderr, flush=True)


def _send(out: Output, press: "Press", document: bytes, said: str) -> None:
    """A configuration, read back; the owner's code is asked for where it protects less or names other cells."""
    from contextlib import nullcontext
    from json import loads

    from stackpress_core import params

    from ..config.documents import OF_CELLS, parse_config
    from .config_files import read_back
    from .owner import in_service

    new = parse_config(document)[1]
    on_press = press.document_get("config")
    have = parse_config(on_press)[1] if on_press is not None else {}
    weaker = list(params.beyond({key: raw for key, raw in new.items() if key in params.NAMES}))
    cells = [key for key in OF_CELLS if new.get(key) != have.get(key)] if press.document_get("calibration") else []
    why = "; ".join([*weaker, *cells])
    with in_service(press, out, why) if why else nullcontext():
        press.document_put("config", document)
        read_back(press, "config", document)
    out.progress(f"sent: {said} ({len(loads(document)['params'])} parameters)")


def _begun(fresh: "Result", path: Path, resume: bool) -> "Result":
    """What was kept of an earlier beginning on the same press and machine, or a new one."""
    from ..commission.result import load

    if not resume:
        return fresh
    try:
        kept = load(path)
    except (OSError, ValueError) as error:
        raise Failure(f"There is nothing to go on with: {error}", "Begin without --resume.") from error
    if kept.press["identity"] != fresh.press["identity"] or _plain(kept.machine) != _plain(fresh.machine):
        raise Failure("What was kept is of another press or machine.", "Begin without --resume, or name another folder.")
    kept.ended = ""
    return kept


def _plain(machine: dict[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in machine.items()}


def _go(out: Output, work: "Work", kept: Path) -> None:
    """Each stage that is not there yet; kept as it ends. Whatever ends it early is said in the result."""
    from ..commission.moves import Stopped, Unfinished, stop
    from ..commission.stages import STAGES
    from ..errors import LinkLost, PressRefused, PressTripped
    from ..first_checks import first_checks

    before = work.bench.press.document_get("config")
    result = work.result
    try:
        for name, title, stage in STAGES:
            if name in result.stages:
                continue
            out.progress(title)
            result.stages[name] = stage(work)
            result.save(kept)
            _show(out, result.stages[name])
    except Stopped:
        result.ended = "somebody pressed Ctrl-C; the force was released and vented"
    except PressTripped as error:
        checks = " ".join(first_checks(error.reason))
        result.ended = f"{error}. {error.hint} First: {checks}"
    except PressRefused as error:
        result.ended = f"the press refused: {error} {error.command}"
    except Unfinished as error:
        result.ended = f"{error}. {error.hint}"
    except LinkLost as error:
        result.ended = f"the link was lost: {error}"
    result.ended_unix_s = time.time()
    result.save(kept)
    if result.ended and not result.ended.startswith("the link"):
        stop(work.bench.press)
        _put_back(out, work.bench.press, before)


def _put_back(out: Output, press: "Press", before: bytes | None) -> None:
    """The configuration that was there before, unless the press can't take it now: then that is said."""
    from ..errors import PressRefused

    if before is None or press.document_get("config") == before:
        return
    try:
        _send(out, press, before, "the configuration that was there before")
    except (PressRefused, Failure) as error:
        out.progress(f"The press still has what it was measured with: {error}. `stackpress config push` puts yours back.")


def _show(out: Output, lines: list[Any]) -> None:
    for line in lines:
        out.say(f"  {line.verdict:<12}  {line.what}: {line.text}")
        if line.todo:
            out.say(f"{'':16}{line.todo}")


def _protocol(work: "Work", folder: Path) -> list[Path]:
    from ..commission.protocol import write

    file = folder / "press.toml"
    whole = "check" in work.result.stages and file.exists()
    paths = write(work.result, file.read_text(encoding="utf-8") if whole else "", folder)
    return [*([file] if whole else []), *paths]
