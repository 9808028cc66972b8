"""A run's report as a file: one HTML page or one PDF that needs nothing else. Pictures and styles are inside."""

import base64
from pathlib import Path
from typing import Any

from stackpress.errors import WrongInput
from stackpress.logs.report_content import content, draw_window, open_switches, png
from stackpress.logs.report_figures import clock_text
from stackpress.logs.runs import Run, document
from stackpress.whole_file import whole, write_whole

__all__ = ("NoReport", "clock_text", "html", "open_switches", "picture", "rendered", "report")

HTML, PDF = (".html", ".htm"), (".pdf",)


class NoReport(WrongInput):
    """A kind of file that no report can be written as."""


def report(run: Run, path: Path) -> Path:
    """Write the report of a run to `path`; what it ends in says as what. Raises OSError, NoReport."""
    kind = path.suffix.lower()
    if kind not in HTML + PDF:
        raise NoReport(f"{path} is no report.", "Name a file that ends in .html or .pdf.")
    if kind in HTML:
        write_whole(path, html(run.parquet, document(run)))
        return path
    from stackpress.logs.report_pdf import pdf

    with whole(path) as partial:
        partial.write_bytes(pdf(run.parquet, document(run)))
    return path


def html(parquet: Path, side: dict[str, Any]) -> str:
    """The report as text, from a run's table and sidecar."""
    from stackpress.logs.plot import draw

    said = content(parquet, side)
    for trip in said["trips"]:
        trip["picture"] = picture(draw_window(trip["window"], trip["trip"])) if trip["window"] else None
    said["picture"] = picture(draw(parquet, side, titled=False))
    return rendered(Path(__file__).with_name("report.html.j2"), said)


def rendered(template: Path, said: dict[str, Any]) -> str:
    """A template with a report's style and what it says; everything in it is escaped."""
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=False)
    style = Markup(Path(__file__).with_name("report.css").read_text(encoding="utf-8"))
    return environment.from_string(template.read_text(encoding="utf-8")).render(**said, style=style)


def picture(figure: Any) -> str:
    """A figure as it stands in a page."""
    return base64.b64encode(png(figure, 130)).decode("ascii")
