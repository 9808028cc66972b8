"""The report as PDF, A4, laid out for paper: nothing wider than the page, headings of tables on every page that they run on to."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace, TTFFont

from stackpress.logs import uniformity
from stackpress.logs.plot import draw
from stackpress.logs.report_content import content, draw_window, png
from stackpress.logs.thickness import HEAD

MARGIN_MM = 14
INK, SOFT, BLUE, RED = (27, 37, 48), (91, 102, 115), (18, 80, 140), (193, 18, 31)
RULE = (200, 208, 216)
BADGES = {"done": (45, 106, 79), "bad": RED, "open": (160, 90, 0)}
TILES_A_ROW, TILE_MM = 4, 16
MISSING = "\u25a1"

Cells = Sequence[str]


def pdf(parquet: Path, side: dict[str, Any]) -> bytes:
    """The whole file. The same run gives the same bytes: its date is the run's, not today's."""
    said = content(parquet, side)
    start = side["time"]["start_unix_s"]
    paper = Paper(f"{said['title']} · press report", f"{side['run_id']} · stackpress", start or 0)
    paper.head(said["title"], said["d"]["outcome"], said["badge"], said["subtitle"], said["warnings"])
    paper.tiles(said["figures"])
    paper.picture(png(draw(parquet, side, titled=False), 150))
    _steps(paper, said)
    _levels(paper, said)
    if said["specimen"]["rows"]:
        paper.rows("The specimen, by travel", HEAD, said["specimen"]["rows"], (7, 11, 18, 20, 16, 16, 12), right=(2, 3, 4, 5, 6))
        paper.text("± is expanded, k = 2. " + " ".join(said["specimen"]["notes"]), SOFT)
    widths = (6, 8, 10, 12, 12, 11, 19, 10, 12)
    paper.rows("Where the load was", uniformity.HEAD, said["spread"], widths, right=range(2, len(widths)))
    for trip in said["trips"]:
        paper.heading("Trip")
        paper.text(f"{trip['reason']} at {trip['at']}, while {trip['state']} in step {trip['step']}; reaction: {trip['reaction']}. "
                   f"Force {trip['force']}; just after it set-point {trip['set']}, cells {trip['cells']}; {trip['switches']}."
                   )  # fmt: skip
        if trip["window"]:
            paper.picture(png(draw_window(trip["window"], trip["trip"]), 150))
    paper.rows("Comments", ("when", "what"), [(c["when"], c["text"]) for c in said["comments"]], (30, 70))
    paper.rows("Events", ("at", "what"), [(e["at"], e["text"]) for e in said["events"]], (20, 80), right=(0,))
    zeros = [(z["cell"], z["before"], z["after"], z["change"]) for z in said["zeros"]]
    paper.rows("Zero of the load cells", ("cell", "before", "after", "change"), zeros, (40, 20, 20, 20), right=(1, 2, 3))
    paper.text(said["zero_note"], SOFT)
    paper.rows("Calibration of the load cells", ("cell", "certificate"), said["calibration"], (25, 75))
    paper.rows("Where it comes from", ("", ""), said["origin"], (30, 70))
    paper.rows("Versions", ("", ""), said["versions"], (30, 70))
    paper.heading("Completeness")
    paper.text(said["completeness"])
    if said["gaps"]:
        paper.text(f"Missing record numbers: {said['gaps']}", SOFT)
    paper.text(said["clock"])
    paper.heading("Notes")
    for note in said["notes"]:
        paper.text(f"• {note}")
    return bytes(paper.output())


def _steps(paper: "Paper", said: dict[str, Any]) -> None:
    head = ("step", "what", "from", "lasted", "to", "mean", "smallest", "largest", "travel", "ended by")
    rows = [(str(s["number"]), s["kind"] + (f": {s['note']}" if s["note"] else ""), s["begin"], s["lasted"], s["target"], s["mean"],
             s["low"], s["high"], s["travel"], s["outcome"]) for s in said["steps"]]  # fmt: skip
    paper.rows("Steps", head, rows, (6, 13, 10, 10, 11, 11, 11, 11, 11, 15), right=(2, 3, 4, 5, 6, 7, 8))


def _levels(paper: "Paper", said: dict[str, Any]) -> None:
    head = ("level", "set", "mean", "s", "settled", "ended by", "from", "to", "T / °C", "travel")
    rows = [tuple(one[k] for k in ("level", "set", "mean", "spread", "settled", "ended", "from", "to", "warm", "travel"))
            for one in said["levels"]]  # fmt: skip
    paper.rows("Levels of the sweep", head, rows, (7, 11, 11, 12, 8, 11, 15, 15, 9, 11), right=(1, 2, 3, 8, 9))


class Paper(FPDF):
    """A4 with the report's letters."""

    def __init__(self, title: str, foot: str, unix_s: float) -> None:
        super().__init__(orientation="portrait", unit="mm", format="A4")
        import matplotlib

        fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"  # they know every letter that a sample may be called by
        for style, name in (("", "DejaVuSans.ttf"), ("B", "DejaVuSans-Bold.ttf")):
            self.add_font("dejavu", style, str(fonts / name))
        self.foot = foot
        self.set_creation_date(datetime.fromtimestamp(unix_s, UTC))
        self.set_title(title)
        self.set_creator("stackpress")
        self.set_margins(MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(True, MARGIN_MM + 4)
        self.add_page()

    def footer(self) -> None:
        """Which run it is and which page, on each."""
        self.set_y(-MARGIN_MM)
        self._pen(7, SOFT)
        self.cell(0, 5, self.foot)
        self.set_x(self.l_margin)
        self.cell(0, 5, f"{self.page_no()}", align="R")

    def _pen(self, size: float, colour: tuple[int, int, int] = INK, style: str = "") -> None:
        self.set_font("dejavu", style, size)
        self.set_text_color(*colour)

    def known(self, text: str) -> str:
        """The text with a box for each letter that these fonts have not: it is seen that there was one."""
        font = self.fonts["dejavu"]
        letters = font.cmap if isinstance(font, TTFFont) else {}
        return "".join(char if ord(char) in letters or char in "\n " else MISSING for char in text)

    def head(self, title: str, ended: str, badge: str, subtitle: str, warnings: Sequence[str]) -> None:
        """Title, how it ended, and what is wrong with it."""
        top = self.get_y()
        self._pen(17, INK, "B")
        self.multi_cell(self.epw * 0.78, 8, self.known(title), new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")
        below = self.get_y()
        self._pen(11, BADGES.get(badge, BLUE), "B")
        self.set_xy(self.l_margin, top)
        self.cell(self.epw, 8, ended, align="R")
        self.set_xy(self.l_margin, below)
        self.text(subtitle, SOFT)
        for warning in warnings:
            self.text(warning, RED)
        self.ln(2)

    def tiles(self, figures: Sequence[tuple[str, str]]) -> None:
        """Values above their labels, a few a row."""
        wide = self.epw / TILES_A_ROW
        for at in range(0, len(figures), TILES_A_ROW):
            if self.will_page_break(TILE_MM):
                self.add_page()
            top = self.get_y()
            for place, (label, value) in enumerate(figures[at : at + TILES_A_ROW]):
                self.set_xy(self.l_margin + place * wide, top)
                self._pen(11, INK, "B")
                self.cell(wide - 2, 6, value, new_x=XPos.LEFT, new_y=YPos.NEXT)
                self._pen(6.5, SOFT)
                self.multi_cell(wide - 2, 3.2, label, align="L")
            self.set_xy(self.l_margin, top + TILE_MM)

    def picture(self, data: bytes) -> None:
        """As wide as the page; on the next one if it does not fit."""
        import io

        self.image(io.BytesIO(data), w=self.epw, h=0)
        self.ln(2)

    def heading(self, text: str) -> None:
        """With room for two lines below it."""
        if self.will_page_break(24):
            self.add_page()
        self.ln(4)
        self._pen(11, BLUE, "B")
        self.cell(0, 7, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def text(self, text: str, colour: tuple[int, int, int] = INK) -> None:  # type: ignore[override]
        """A paragraph."""
        self._pen(8, colour)
        self.multi_cell(0, 4.4, self.known(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def rows(self, heading: str, head: Cells, rows: Sequence[Cells], widths: Sequence[float], right: Sequence[int] = ()) -> None:
        """A table over the page's whole width; nothing if it has no rows."""
        if not rows:
            return
        self.heading(heading)
        self._pen(6.6)
        aligned = tuple("RIGHT" if i in right else "LEFT" for i in range(len(head)))
        named = any(head)
        style = FontFace(emphasis="BOLD", color=SOFT) if named else None
        self.set_draw_color(*RULE)
        with self.table(col_widths=tuple(widths), text_align=aligned, borders_layout=TableBordersLayout.HORIZONTAL_LINES,
                        first_row_as_headings=named, headings_style=style or FontFace(), line_height=3.6, padding=(0.6, 1.4),
                        width=self.epw) as table:  # fmt: skip
            for cells in ([head] if named else []) + list(rows):
                row = table.row()
                for cell in cells:
                    row.cell(self.known(cell))
