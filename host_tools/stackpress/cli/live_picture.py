"""The dashboard in a live display of the terminal."""

from collections.abc import Callable
from typing import Any

from ..view.snapshot import Snapshot
from .output import Output


class LivePicture:
    """The dashboard in a rich Live display."""

    def __init__(self, out: Output, title: str) -> None:
        from rich.live import Live

        from ..view.dashboard import Dashboard

        self._console = out.console()
        unicode_ok = (self._console.encoding or "").lower().startswith("utf")
        self._dashboard = Dashboard(title, "Ctrl-C asks before anything is stopped", unicode_ok)
        self._live = Live(console=self._console, auto_refresh=False, transient=False)

    def __enter__(self) -> Callable[[Snapshot], None]:
        self._live.__enter__()
        return self._show

    def __exit__(self, *problem: Any) -> None:
        self._live.__exit__(*problem)

    def _show(self, snapshot: Snapshot) -> None:
        self._dashboard.add(snapshot)
        self._live.update(self._dashboard.draw(snapshot, self._console.width), refresh=True)
