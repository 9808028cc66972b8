"""stackpress: operate a laboratory press for solid-state battery cells.

`with stackpress.open() as press:` opens the only press attached, or the one on the port that is named. Importing this
package imports nothing else: the serial port is loaded when it is needed.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .errors import BadBlock, LinkLost, NoPress, NoSuchProgram, PortBusy, PressError, PressRefused, PressTripped
    from .press import Press

__all__ = [
    "BadBlock",
    "LinkLost",
    "NoPress",
    "NoSuchProgram",
    "PortBusy",
    "Press",
    "PressError",
    "PressRefused",
    "PressTripped",
    "open",
]


def open(port: str | None = None, alone: bool = True) -> "Press":  # noqa: A001 - the verb a user looks for
    """Open the press on `port`, or the only one there is. Raises NoPress, PortBusy, LinkLost.

    `alone`: not while another program has the port open, also one that does not lock it.
    """
    from .press import open_press

    return open_press(port, alone)


def __getattr__(name: str) -> "Any":
    if name == "Press":
        from .press import Press

        return Press
    if name in __all__:
        from . import errors

        return getattr(errors, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
