"""The protocol that somebody signs: what was measured, by whom, with what, what is to be mended, and what nobody has measured."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..logs.report import picture, rendered
from . import pictures
from .result import BAD, LEFT_OUT, Result
from .stages import STAGES

NOTE = ("This protocol tells what this press did on this day under its own interlocks. It is no conformity assessment: the "
        "hard-wired layer is accepted by hand, with a gauge, as boards/README.md says.")  # fmt: skip
HEAD = ("what", "", "found", "to do")


def content(result: Result, press_file: str) -> dict[str, Any]:
    """All that is said, as texts and rows."""
    stages = [(title, [(one.what, one.verdict, one.text, one.todo) for one in result.stages[name]])
              for name, title, _ in STAGES if name in result.stages]  # fmt: skip
    unreached = [title for name, title, _ in STAGES if name not in result.stages]
    bad = len(result.bad)
    ended = "ended early" if result.ended else f"{bad} to mend" if bad else "good as far as measured"
    badge = "bad" if result.ended or bad else "done"
    warnings = ([f"It ended early: {result.ended}"] if result.ended else []) + [f"{one.what}: {one.text}" for one in result.bad]
    return {
        "title": f"Commissioning of {result.press.get('name') or result.press.get('identity', 'a press')}",
        "subtitle": f"{when(result.ended_unix_s)} · measured by {result.by}",
        "ended": ended, "badge": badge, "warnings": warnings, "stages": stages, "press_file": press_file, "note": NOTE,
        "left_out": [(one.what, one.text) for one in result.left_out] + [(title, "not reached") for title in unreached],
        "origin": _origin(result), "signatures": (("measured by", result.by), ("checked by", "")),
    }  # fmt: skip


def when(unix_s: float) -> str:
    """A moment to the minute."""
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _origin(result: Result) -> list[tuple[str, str]]:
    machine = result.machine
    cells = " + ".join(f"{one:g}" for one in machine["cells_n"])
    low = f", low range {machine['low_cell_n']:g} N" if machine["low_cell_n"] else ""
    rows = [("press", f"{result.press.get('identity', '')}, board {result.press.get('board', '')}"),
            ("firmware", result.press.get("firmware", "")),
            ("cylinder", f"bore {machine['bore_mm']:g} mm, {machine['supply_bar']:g} bar, valve {machine['valve_kind']}"),
            ("cells", f"{cells} N{low}"), ("hands", result.hands), ("begun", when(result.begun_unix_s)),
            ("runs of this day", ", ".join(result.runs) or "none")]  # fmt: skip
    assumed = [text for key, text in (("frame_n", "frame's rating"), ("relief_n", "relief valve's setting")) if not machine[key]]
    return rows + ([("nobody has told", f"{' and '.join(assumed)}: taken from cylinder and cells")] if assumed else [])


def figures(result: Result) -> list[tuple[str, Any]]:
    """(heading, figure) of what there is to be drawn."""
    found = []
    if "block" in result.curves:
        found.append(("Against the block, highest level", pictures.block(result.curves["block"], "gain" in result.found)))
    if "step" in result.curves:
        heading = "The step, predicted and measured" if "gain" in result.found else "The step"
        found.append((heading, pictures.step(result.curves["step"])))
    return found


def html(result: Result, press_file: str) -> str:
    """One page that needs nothing else."""
    drawn = [(heading, picture(figure)) for heading, figure in figures(result)]
    said = {**content(result, press_file), "pictures": drawn, "bad_word": BAD, "left_word": LEFT_OUT}
    return rendered(Path(__file__).with_name("protocol.html.j2"), said)


def pdf(result: Result, press_file: str) -> bytes:
    """The same on A4."""
    from ..logs.report_content import png
    from ..logs.report_pdf import Paper

    said = content(result, press_file)
    paper = Paper(f"{said['title']} · protocol", f"{result.press.get('identity', '')} · stackpress commission", result.ended_unix_s)
    paper.head(said["title"], said["ended"], said["badge"], said["subtitle"], said["warnings"])
    paper.rows("What it is", ("", ""), said["origin"], (25, 75))
    for heading, figure in figures(result):
        paper.heading(heading)
        paper.picture(png(figure, 150))
    for title, rows in said["stages"]:
        paper.rows(title, HEAD, rows, (24, 11, 42, 23))
    paper.rows("Not measured", ("what", "why"), said["left_out"], (30, 70))
    paper.rows("Press file", ("", ""), [tuple(_halves(line)) for line in press_file.splitlines() if line], (60, 40))
    paper.text(said["note"])
    paper.rows("Signed", ("", "name", "date, signature"), [(who, name, "\n\n") for who, name in said["signatures"]], (20, 30, 50))
    return bytes(paper.output())


def _halves(line: str) -> tuple[str, str]:
    left, found, right = line.partition(" = ")
    return (left, right) if found else (line, "")


def write(result: Result, press_file: str, folder: Path) -> list[Path]:
    """protocol.html and protocol.pdf. Raises OSError."""
    page, paper = folder / "protocol.html", folder / "protocol.pdf"
    page.write_text(html(result, press_file), encoding="utf-8")
    paper.write_bytes(pdf(result, press_file))
    return [page, paper]
