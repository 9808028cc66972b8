"""The table [positions] of a press file: where the cells stand under the platen, so that their shares say where the load is.

It is not sent to the press: what needs it reads files of this computer. The die's axis is at 0, 0; the order is that of the cells.
"""

from .complaints import Complaints
from .numbers import shown
from .toml_file import Layer

KEY = "cell_mm"
FAR_MM = 2000.0
RIGHT = "[[x, y], ...], one for each cell of the high range, in mm from the die's axis"

Positions = tuple[tuple[float, float], ...]


def check_positions(layer: Layer, mask: object, complaints: Complaints) -> Positions:
    """Check the table against the cells of the high range, `mask`; empty if it is absent or wrong."""
    table = layer.data.get("positions")
    if table is None:
        return ()
    if not isinstance(table, dict) or set(table) != {KEY}:
        complaints.add(layer.file, layer.line("positions"), "positions", f"has other keys than {KEY}", f"{KEY} = {RIGHT}")
        return ()
    found = table[KEY]
    high = mask if isinstance(mask, int) else 0
    wrong = _wrong(found, high.bit_count()) or ("wants the high range in the first cells" if high & (high + 1) else "")
    if wrong:
        complaints.add(layer.file, layer.line("positions", KEY), f"positions.{KEY}", wrong, RIGHT)
        return ()
    return tuple((float(x), float(y)) for x, y in found)


def _wrong(found: object, cells: int) -> str:
    if not isinstance(found, list) or not all(_is_place(one) for one in found):
        return f"{shown(found)} is no list of places"
    if len(found) != cells:
        return f"has {len(found)} places for {cells} cells"
    if len({tuple(one) for one in found}) < len(found):
        return "has two cells in one place"
    return ""


def _is_place(one: object) -> bool:
    return isinstance(one, list) and len(one) == 2 and all(
        isinstance(n, (int, float)) and not isinstance(n, bool) and abs(n) <= FAR_MM for n in one)  # fmt: skip
