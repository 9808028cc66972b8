"""Impedance against pressure as a picture: in the order in which it was measured, with arrows up and down."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stackpress.merge.spectra import IMPEDANCES
from stackpress.whole_file import whole

UP, DOWN = "#12508c", "#c2410c"
MPA = 1e6


def draw(
    found: Sequence[dict[str, Any]], loop: Sequence[dict[str, float]], title: str, impedance: str = "lowest"
) -> Any:
    """The matplotlib figure of the spectra (as `spectra.spectra` gives them). Raises ValueError if none has a pressure."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    label = IMPEDANCES[impedance]
    points = [
        (one["Mean Pressure / Pa"] / MPA, one[label], one) for one in found if one["Mean Pressure / Pa"] and one[label]
    ]
    if not points:
        raise ValueError("no spectrum has both a pressure and an impedance")
    figure = Figure(figsize=(8.6, 5.4))
    axes = figure.subplots()
    figure.subplots_adjust(left=0.1, right=0.97, top=0.88, bottom=0.12)
    for (x0, y0, _), (x1, y1, later) in zip(points, points[1:], strict=False):
        colour = DOWN if later["Direction"] == "down" else UP
        axes.annotate(
            "",
            (x1, y1),
            (x0, y0),
            arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.4, "shrinkA": 5, "shrinkB": 5},
        )
    for x, y, one in points:
        axes.plot(x, y, "o", color=DOWN if one["Direction"] == "down" else UP, ms=6)
        axes.annotate(f"{one['Spectrum / 1']}", (x, y), (6, 5), textcoords="offset points", fontsize=9)
    for both in loop:
        axes.plot([both["pressure_pa"] / MPA] * 2, [both["up_ohm"], both["down_ohm"]], ls=":", color="#4b5563", lw=1.2)
    values = [y for _, y, _ in points]
    if min(values) > 0 and max(values) > 8 * min(values):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("{x:g}")
    axes.set_xlim(left=0)
    axes.set_xlabel("pressure, mean while it was measured / MPa")
    axes.set_ylabel(label.replace(" / ", " / ").replace("ohm", "Ω"))
    axes.grid(alpha=0.25)
    highest = max((one["Highest Pressure Ever / Pa"] or 0.0) for _, _, one in points) / MPA
    figure.suptitle(f"{title}: highest pressure ever {highest:.3g} MPa", x=0.1, y=0.955, ha="left", fontsize=11)
    handles = [
        Line2D([], [], color=UP, marker="o", label="pressure rising"),
        Line2D([], [], color=DOWN, marker="o", label="falling"),
    ]
    if loop:
        handles.append(Line2D([], [], color="#4b5563", ls=":", label="the same pressure, before and after"))
    axes.legend(handles=handles, frameon=False, fontsize=9)
    return figure


def save(figure: Any, path: Path) -> None:
    """Write the picture whole, in the format of its suffix. Raises OSError."""
    with whole(path) as partial:
        figure.savefig(partial, format=path.suffix[1:], dpi=150)
