"""Open the press that a command means, and give it back whatever happens."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..press import Press


@contextmanager
def opened(port: str | None, contact: bool = False, alone: bool = True) -> Iterator["Press"]:
    """The press on `port`, or the only one there is. `contact` leaves this computer's time in the press's journal.

    `alone`: not while another program has the port open; a stop does not ask for that.

    Closing never moves or stops anything. Raises NoPress, PortBusy, LinkLost.
    """
    from .. import open as open_press

    with open_press(port, alone) as press:
        if contact:
            press.contact()
        yield press


def is_link_error(error: Exception) -> bool:
    """Whether the press is out of reach, as opposed to saying no."""
    from ..errors import LinkLost, NoPress

    return isinstance(error, (LinkLost, NoPress))
