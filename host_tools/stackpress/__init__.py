"""stackpress: operate a laboratory press for solid-state battery cells.

`with stackpress.open() as press:` opens the only press attached, or the one on the port that is named. Importing this
package imports nothing else: the serial port is loaded when it is needed.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from .asynchronous import AsyncPress
    from .errors import BadBlock, LinkLost, NoPress, NoSuchProgram, PortBusy, PressError, PressRefused, PressTripped
    from .press import Press
    from .recorded_runs import RecordedRun, RecordedRuns

__all__ = [
    "AsyncPress",
    "BadBlock",
    "RecordedRun",
    "RecordedRuns",
    "LinkLost",
    "NoPress",
    "NoSuchProgram",
    "PortBusy",
    "Press",
    "PressError",
    "PressRefused",
    "PressTripped",
    "open",
    "open_async",
    "runs",
]
# which module; the rest are errors
_OF = {"Press": "press", "AsyncPress": "asynchronous", "RecordedRun": "recorded_runs", "RecordedRuns": "recorded_runs"}


def open(port: str | None = None, alone: bool = True) -> "Press":  # noqa: A001 - the verb a user looks for
    """Open the press on `port`, or the only one there is. Raises NoPress, PortBusy, LinkLost.

    `alone`: not while another program has the port open, also one that does not lock it.
    """
    from .press import open_press

    return open_press(port, alone)


def open_async(port: str | None = None, alone: bool = True) -> "AsyncPress":
    """The same for asyncio: `async with stackpress.open_async() as press:`, then every call is awaited."""
    from .asynchronous import AsyncPress

    return AsyncPress(port, alone)


def runs(
    sample: str | None = None,
    program: str | None = None,
    since: str | None = None,
    tag: str | None = None,
    data: "str | Path | None" = None,
) -> "RecordedRuns":
    """The runs that are kept on this computer, oldest first; `since` is a date or "7d", `data` another folder than the user's."""
    from .recorded_runs import runs as recorded

    return recorded(sample, program, since, tag, data)


def __getattr__(name: str) -> "Any":
    if name in __all__:
        from importlib import import_module

        return getattr(import_module(f".{_OF.get(name, 'errors')}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
