"""Write every paper anew: `python -m boards.papers`; `--check` says which are not as the data have them and writes none."""

import sys
from pathlib import Path

from stackpress import electrical, paths
from stackpress.electrical import Circuit

from boards.papers import drawing, netlist, tables

CARRIERS = ("pico", "pico_hx711")
START, END = "<!-- made from the carrier's data: {} -->\n", "<!-- end -->\n"


def carrier(name: str) -> Circuit:
    circuit = electrical.circuit_of(name)
    if circuit is None:
        raise SystemExit(f"{name} has no carrier.toml")
    return circuit


def with_sections(text: str, sections: dict[str, str]) -> str:
    """The text with what stands between each pair of marks written anew."""
    for name, new in sections.items():
        start = START.format(name)
        if start in text:
            head, rest = text.split(start)
            text = head + start + new + END + rest.split(END, 1)[1]
    return text


def papers() -> dict[Path, str]:
    """Path -> text of every paper."""
    found: dict[Path, str] = {}
    for name in CARRIERS:
        circuit, folder = carrier(name), paths.BOARDS / name
        found[folder / "bom.csv"] = tables.bom_csv(circuit)
        found[folder / "carrier.net"] = netlist.netlist(circuit)
        for page, parts in drawing.pages(circuit).items():
            found[folder / "drawings" / f"{page}.svg"] = drawing.page(circuit, page, parts)
        found[folder / "README.md"] = with_sections((folder / "README.md").read_text(), tables.sections(circuit))
    readme = paths.BOARDS / "README.md"
    found[readme] = with_sections(readme.read_text(), {"rules": tables.rules()})
    return found


def main() -> int:
    check = "--check" in sys.argv
    stale = {path: text for path, text in papers().items() if not path.exists() or path.read_text() != text}
    for path, text in stale.items():
        print(("not as the data have it: " if check else "wrote ") + path.relative_to(paths.ROOT).as_posix())
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
