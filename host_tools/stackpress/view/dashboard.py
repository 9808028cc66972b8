"""The live picture: what a tired person must see first is largest: the state, then force and set-point, then how long.

Warnings and a trip with its hint stand at the bottom, where the eye ends; colour only repeats what the words already
say.
"""

from collections import deque
from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ..states import HOLDING, MONITOR, PRESSING, READY, RELEASING, SAFE, SERVICE, TRIPPED
from .snapshot import Snapshot, force_text, percent_text, pressure_text, sparkline, time_text

# state -> colour, what it means for the person in front of the press
STATES = {
    SAFE: ("bold white on blue", "nothing is energised, the ram is vented"),
    READY: ("bold black on green", "armed; the ram is still vented"),
    PRESSING: ("bold black on yellow", "force is being changed: keep clear"),
    HOLDING: ("bold black on cyan", "force is being held: keep clear"),
    RELEASING: ("bold black on yellow", "force is being taken away: keep clear"),
    TRIPPED: ("bold white on red", "an interlock has stopped the press"),
    SERVICE: ("bold white on magenta", "de-energised; ceilings may be written"),
    MONITOR: ("bold white on blue", "manual press: reading and logging only"),
    "no link": ("bold white on red", "the press does not answer; it goes on by itself"),
}
HISTORY = 240


class Dashboard:
    """Keeps the recent course of the force and draws a snapshot."""

    def __init__(self, title: str, footer: str = "", unicode_ok: bool = True) -> None:
        self.title = title
        self.footer = footer
        self.unicode_ok = unicode_ok
        self._course: deque[float] = deque(maxlen=HISTORY)

    def add(self, snapshot: Snapshot) -> None:
        """Remember one moment for the course."""
        self._course.append(snapshot.force_n)

    def draw(self, snapshot: Snapshot, width: int = 80) -> RenderableType:
        """The whole picture for a terminal of `width` columns."""
        inner = max(30, min(width, 100) - 4)
        parts: list[RenderableType] = [self._headline(snapshot, inner), Text()]
        parts += [self._force(snapshot), self._bar(snapshot, inner), self._trend(inner), Text()]
        parts += [self._rest(snapshot)]
        parts += list(self._messages(snapshot))
        style = STATES.get(snapshot.state, ("", ""))[0].split(" on ")[-1] or "none"
        subtitle = f"{self.title} · up {time_text(snapshot.time_s)}" if snapshot.time_s else self.title
        title = Text(f" {self._ascii(subtitle)} ")
        return Panel(Group(*parts), title=title, subtitle=self.footer, border_style=style, width=inner + 4)

    def _ascii(self, text: str) -> str:
        return text if self.unicode_ok else text.replace("·", "-")

    def _headline(self, snapshot: Snapshot, inner: int) -> RenderableType:
        style, meaning = STATES.get(snapshot.state, ("bold reverse", ""))
        big = Text(f"  {' '.join(snapshot.state.upper())}  ", style=style)
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column()
        table.add_row(big, Text(meaning, style="dim" if snapshot.state != TRIPPED else ""))
        if not snapshot.running:
            return table
        return Group(table, Text(), self._program(snapshot, inner))

    def _program(self, snapshot: Snapshot, inner: int) -> RenderableType:
        of = f" of {snapshot.steps}" if snapshot.steps else ""
        line = Text()
        line.append(snapshot.program, style="bold")
        line.append(f"   step {snapshot.step}{of}: ")
        line.append(snapshot.step_kind, style="bold")
        if snapshot.waits_for_person or snapshot.ending:
            line.append(f"   {(snapshot.ending or 'paused').upper()}", style="bold yellow")
        if snapshot.sample:
            line.append(f"   sample {snapshot.sample}")
        if snapshot.step_note:
            line.append(f"\n{snapshot.step_note}", style="italic")
        known = snapshot.left_s is not None and (snapshot.left_s > 0 or not snapshot.ending)
        left = time_text(snapshot.left_s) if known else "unknown"
        times = Text(f"{time_text(snapshot.step_s)} in this step   time left: ")
        times.append(left, style="bold")
        if not snapshot.steps:
            return Group(line, times)
        done, todo = ("█", "░") if self.unicode_ok else ("#", ".")
        marks = Text(" ".join([done * 3] * (snapshot.step - 1) + ["▒▒▒" if self.unicode_ok else ">>>"]), style="green")
        marks.append(" " + " ".join([todo * 3] * (snapshot.steps - snapshot.step)), style="dim")
        return Group(line, marks, times) if len(marks) <= inner else Group(line, times)

    def _force(self, snapshot: Snapshot) -> RenderableType:
        table = Table.grid(padding=(0, 3))
        table.add_column(no_wrap=True)
        for _ in range(3):
            table.add_column(justify="right", no_wrap=True)
        error = Text(percent_text(snapshot.error, True)) if snapshot.error is not None else Text()
        shown = force_text(snapshot.set_n) if snapshot.pressed else "-"
        table.add_row(Text("Force"), Text(force_text(snapshot.force_n), style="bold"), Text(f"set {shown}"), error)
        pressure = snapshot.pressure_pa(snapshot.force_n)
        if pressure is not None:
            set_text = pressure_text(snapshot.pressure_pa(snapshot.set_n)) if snapshot.pressed else "-"
            table.add_row(Text("Pressure"), Text(pressure_text(pressure), style="bold"), Text(f"set {set_text}"), "")
        return table

    def _bar(self, snapshot: Snapshot, inner: int) -> RenderableType:
        """Force from 0 to the working limit; a mark where the set-point is."""
        if snapshot.limit_n <= 0:
            return Text()
        label = f" {force_text(snapshot.limit_n)} limit"
        cells = max(10, inner - len(label) - 1)
        full, empty, mark = ("█", "░", "▼") if self.unicode_ok else ("#", ".", "V")
        filled = round(min(1.0, max(0.0, snapshot.force_n / snapshot.limit_n)) * cells)
        bar = Text(full * filled, style="green" if snapshot.force_n < 0.95 * snapshot.limit_n else "red")
        bar.append(empty * (cells - filled), style="dim")
        bar.append(label, style="dim")
        if not snapshot.pressed:
            return bar
        at = min(cells - 1, round(min(1.0, max(0.0, snapshot.set_n / snapshot.limit_n)) * cells))
        return Group(Text(" " * at + mark), bar)

    def _trend(self, inner: int) -> RenderableType:
        cells = max(10, inner - 2)
        return Text(sparkline(list(self._course)[-cells:], not self.unicode_ok), style="cyan")

    def _rest(self, snapshot: Snapshot) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column()
        shares = snapshot.shares()
        if len(shares) > 1:
            told = "   ".join(f"{cell}: {percent_text(share)}" for cell, _, share in shares)
            table.add_row("Cells", f"{told}   imbalance {percent_text(snapshot.imbalance)}")
        others = [(i, one) for i, one in enumerate(snapshot.cells_n) if i not in snapshot.shares_of and one is not None]
        for index, force in others:
            table.add_row(f"Cell {index + 1}", f"{force_text(force)} (low range)")
        small = []
        if snapshot.displacement_m is not None:
            small.append(f"ram {snapshot.displacement_m * 1000:.3f} mm")
        small += [f"platen {one:.1f} °C" for one in snapshot.temperatures_c if one is not None]
        small.append(f"valve {percent_text(snapshot.valve)}")
        if snapshot.trigger_in:
            small.append("trigger in on")
        table.add_row("", "   ".join(small) if self.unicode_ok else "   ".join(small).replace("°", "deg"))
        return table

    def _messages(self, snapshot: Snapshot) -> Iterable[RenderableType]:
        if snapshot.trip_reason:
            yield Text()
            yield Text(f" TRIPPED BY {snapshot.trip_reason.upper()} ", style="bold white on red")
            yield Text(snapshot.trip_told)
        for name, hint in snapshot.warned():
            told = Text(f"! {name}", style="bold yellow")
            yield told.append(f"  {hint}", style="not bold") if hint else told
        for note in snapshot.notes:
            yield Text(f"  {note}", style="bold")
