"""One page of all campaigns beside their JSON: `python -m hil_tests.campaign.report` writes build/campaign/index.html.

Figures come from summary.json; a campaign that keeps a table gets it, with a bar for its largest number in each row.
"""

import html
import json
import sys
from pathlib import Path
from typing import Any

from hil_tests.campaign import summary

# file, heading, the column that is drawn
TABLES = (
    ("injections.json", "Faults at drawn moments: true force beyond the program's highest / N", "excess_n"),
    ("pairs.json", "Pairs of faults: true force beyond the program's highest / N", "excess_n"),
    ("garbage.json", "Garbage through the parsers: bytes", "bytes"),
)
BAR = 240
STYLE = "body{font:14px sans-serif;margin:2em}td,th{padding:2px 8px;text-align:left}rect{fill:#47a}.bad{color:#b00}"


def cell(value: Any) -> str:
    text = ", ".join(f"{key} {number}" for key, number in value.items()) if isinstance(value, dict) else str(value)
    return f"<td>{html.escape(text)}</td>"


def table(rows: list[dict[str, Any]], drawn: str) -> str:
    """A campaign's rows; the drawn column as bars as well."""
    if not rows:
        return "<p>nothing was run</p>"
    most = max(float(row[drawn]) for row in rows) or 1.0
    head = "".join(f"<th>{html.escape(name)}</th>" for name in rows[0])
    lines = [f"<tr>{head}<th></th></tr>"]
    for row in rows:
        width = round(BAR * float(row[drawn]) / most)
        bar = f'<td><svg width="{BAR}" height="10"><rect width="{width}" height="10"/></svg></td>'
        bad = ' class="bad"' if row.get("wrong") or row.get("crashes") or row.get("hangs") else ""
        lines.append(f"<tr{bad}>{''.join(cell(value) for value in row.values())}{bar}</tr>")
    return f"<table>{''.join(lines)}</table>"


def page(folder: Path) -> str:
    """The whole page, of the files in a folder."""
    known = summary.figures(folder / "summary.json")
    figures = "".join(f"<tr>{cell(name)}{cell(value)}</tr>" for name, value in sorted(known.items()))
    parts = [f"<h1>Campaigns</h1><table>{figures}</table>"]
    for name, heading, drawn in TABLES:
        if (folder / name).exists():
            parts.append(f"<h2>{heading}</h2>" + table(json.loads((folder / name).read_text())["table"], drawn))
    return f"<!doctype html><meta charset=utf-8><title>Campaigns</title><style>{STYLE}</style>{''.join(parts)}\n"


def main() -> int:
    out = summary.SUMMARY.with_name("index.html")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page(out.parent))
    print(out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
