"""A snapshot as plain lines: for pipes, log files, screen readers and terminals that cannot draw."""

from .snapshot import Snapshot, force_text, percent_text, pressure_text, time_text


def line(snapshot: Snapshot) -> str:
    """One line for one moment of `monitor` and `run --follow`."""
    since = f"up {time_text(snapshot.time_s)}" if snapshot.run_s is None else time_text(snapshot.run_s)
    parts = [since, snapshot.state.upper()]
    if snapshot.running:
        of = f" of {snapshot.steps}" if snapshot.steps else ""
        parts.append(f"{snapshot.program} step {snapshot.step}{of} {snapshot.step_kind}{' over' * bool(snapshot.ending)}")
        parts += [snapshot.step_note] if snapshot.step_note else []
        parts += ["paused, `stackpress continue` goes on"] if snapshot.waits_for_person else []
    parts += [snapshot.ending] if snapshot.ending else []
    parts.append(f"force {force_text(snapshot.force_n)} set {force_text(snapshot.set_n)}")
    pressure = snapshot.pressure_pa(snapshot.force_n)
    if pressure is not None:
        parts.append(pressure_text(pressure))
    if snapshot.left_s is not None and (snapshot.left_s > 0 if snapshot.ending else snapshot.running):
        parts.append(f"{time_text(snapshot.left_s)} left")
    parts += [f"warning {name}" for name in snapshot.warnings]
    if snapshot.trip_reason:
        parts.append(f"tripped by {snapshot.trip_reason}")
    return " | ".join(parts)


def page(snapshot: Snapshot) -> list[str]:
    """All of it, one fact a line: what `status` prints."""
    rows = [("state", snapshot.state)]
    if snapshot.trip_reason:
        rows += [("tripped by", snapshot.trip_reason), ("what to do", snapshot.trip_told)]
    if snapshot.running:
        of = f" of {snapshot.steps}" if snapshot.steps else ""
        rows.append(("program", f"{snapshot.program}, step {snapshot.step}{of} ({snapshot.step_kind})"))
        rows += [("step's note", snapshot.step_note)] if snapshot.step_note else []
        waits = "paused: START or `stackpress continue` goes on" if snapshot.waits_for_person else ""
        left = snapshot.ending or waits or f"{time_text(snapshot.left_s)} left"
        rows.append(("time", f"{time_text(snapshot.step_s)} in this step, {left}"))
    rows.append(("force", force_text(snapshot.force_n)))
    if snapshot.pressed:
        rows.append(("set-point", f"{force_text(snapshot.set_n)}  ({percent_text(snapshot.error, True)})"))
    pressure = snapshot.pressure_pa(snapshot.force_n)
    if pressure is not None:
        rows.append(("pressure", pressure_text(pressure)))
    rows += _cell_rows(snapshot)
    if snapshot.displacement_m is not None:
        rows.append(("ram", f"{snapshot.displacement_m * 1000:.3f} mm"))
    warm = [f"{one:.1f} degC" for one in snapshot.temperatures_c if one is not None]
    if warm:
        rows.append(("platens", ", ".join(warm)))
    if snapshot.trigger_in:
        rows.append(("trigger in", "on"))
    rows.append(("running for", time_text(snapshot.time_s)))
    rows += [("warning", f"{name}: {hint}" if hint else name) for name, hint in snapshot.warned()]
    rows += [("not ready", f"{text} ({code})") for code, text in snapshot.checks]
    rows += [("note", note) for note in snapshot.notes]
    width = max(len(label) for label, _ in rows)
    return [f"{label:<{width}}  {text}" for label, text in rows]


def _cell_rows(snapshot: Snapshot) -> list[tuple[str, str]]:
    rows = []
    shares = {cell: share for cell, _, share in snapshot.shares()}
    for cell, force in enumerate(snapshot.cells_n, 1):
        if force is not None:
            share = f"  ({percent_text(shares[cell])} of the force)" if shares.get(cell) else ""
            rows.append((f"cell {cell}", force_text(force) + share))
    if len(shares) > 1:
        rows.append(("imbalance", percent_text(snapshot.imbalance)))
    return rows
