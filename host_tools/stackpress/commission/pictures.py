"""Two pictures of a protocol: the block's force over time and drive, and the step as it was predicted and measured."""

from typing import Any

from ..logs.drawing import COLOURS


def block(curve: dict[str, list[float]], regulator: bool) -> Any:
    """The highest level: force and set-point over time; the loop of hysteresis beside it, where a drive has one."""
    figure = _figure()
    left, right = figure.subplots(1, 2, gridspec_kw={"width_ratios": [1.6, 1]}) if regulator else (figure.subplots(), None)
    left.plot(curve["time_s"], curve["set_n"], color=COLOURS["set"], lw=3, alpha=0.65, label="set-point")
    left.plot(curve["time_s"], curve["measured_n"], color=COLOURS["force"], lw=1.2, label="force")
    _named(left, "time / s", "force / N")
    if right is not None:
        right.plot(curve["drive_n"], curve["measured_n"], color=COLOURS["force"], lw=1.2, label="there and back")
        top = max(max(curve["drive_n"]), max(curve["measured_n"]))
        right.plot([0, top], [0, top], color=COLOURS["set"], lw=1.2, alpha=0.65, label="without hysteresis")
        _named(right, "drive / N", "force / N")
    return figure


def step(curve: dict[str, list[float]]) -> Any:
    """Set-point, what was measured, what was predicted."""
    figure = _figure()
    axis = figure.subplots()
    axis.plot(curve["time_s"], curve["set_n"], color=COLOURS["set"], lw=3, alpha=0.65, label="set-point")
    axis.plot(curve["time_s"], curve["measured_n"], color=COLOURS["force"], lw=1.4, label="measured")
    if "predicted_n" in curve:
        axis.plot(curve["time_s"], curve["predicted_n"], color=COLOURS["trip"], lw=1.2, ls="--", label="predicted")
    _named(axis, "time from the step / s", "force / N")
    return figure


def _figure() -> Any:
    from matplotlib.figure import Figure

    return Figure(figsize=(11, 3.6), layout="constrained")


def _named(axis: Any, x: str, y: str) -> None:
    axis.set_xlabel(x)
    axis.set_ylabel(y)
    axis.grid(True, alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(loc="best", frameon=False, fontsize=9)
