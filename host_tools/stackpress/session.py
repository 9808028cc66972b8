"""An open session with a press: questions, commands, blocks, who it is and how it fares.

The base of the Press object; what it does to the press is in press.py, what it stores there in storage.py.
"""

import time
from collections.abc import Callable
from functools import wraps
from types import TracebackType
from typing import TYPE_CHECKING, ParamSpec, Self, TypeVar

from .answers import Identity, Memory, PressTime, Tick
from .errors import BadBlock, LinkLost, NoSense, PressRefused
from .link import Link
from .scpi_text import split_answer, unquoted

if TYPE_CHECKING:
    from .service import ServedLink

LEASE_S = 30.0
NO_SENSE_HINT = "Another program may be on the line, or the firmware is of another kind: `stackpress doctor`."
P = ParamSpec("P")
T = TypeVar("T")


def understood(method: Callable[P, T]) -> Callable[P, T]:
    """A method of a session that reads answers: one that can't be read is told as such, whoever has sent it."""

    @wraps(method)
    def reads(*args: P.args, **named: P.kwargs) -> T:
        try:
            return method(*args, **named)
        except (ValueError, IndexError, TypeError, OverflowError) as error:
            asked, answer = getattr(getattr(args[0], "link", None), "last", ("", ""))
            text = f"{asked} was answered by {answer[:40]!r}, which is no answer of a press"
            raise NoSense(text, NO_SENSE_HINT) from error

    return reads


class Session:
    """One press behind an open link. Every call raises LinkLost when it does not answer."""

    def __init__(self, link: "Link | ServedLink") -> None:
        self.link = link
        self._identity: Identity | None = None
        self._fixed: tuple[int, float, tuple[int, ...]] | None = None
        self._rows: list[str] | None = None

    # -- link ------------------------------------------------------------------------------------------------------

    @property
    def port(self) -> str:
        """The serial device."""
        return self.link.port

    def query(self, text: str) -> str:
        """The answer to a line of SCPI queries. Raises PressRefused."""
        return self.link.query(text)

    def command(self, text: str) -> None:
        """A line of SCPI commands. Raises PressRefused."""
        self.link.command(text)

    def reopen(self) -> None:
        """Open the port again after LinkLost. Raises NoPress, PortBusy, LinkLost."""
        self.link.reopen()
        self._identity = None
        self._fixed = None
        self._rows = None

    def close(self) -> None:
        """Give the port back; the press goes on with what it does."""
        self.link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    # -- identity and health ---------------------------------------------------------------------------------------

    @understood
    def who(self) -> Identity:
        """Maker, board, serial, version."""
        if self._identity is None:
            fields = (self.query("*IDN?").split(",") + [""] * 4)[:4]
            self._identity = Identity(fields[0], fields[1], fields[2], fields[3])
        return self._identity

    @property
    def identity(self) -> str:
        """The board's unique identity, which calibration is bound to."""
        return self.who().serial

    @property
    def board_name(self) -> str:
        """The kind of board."""
        return self.who().board

    @property
    def version(self) -> str:
        """Firmware version."""
        return self.who().version

    @understood
    def firmware_place(self) -> str:
        """Where the running firmware lies: frozen, app a, app b or simulated; empty if the press is too old to say."""
        try:
            return unquoted(split_answer(self.query("SYST:FIRM?"))[0])
        except PressRefused:
            return ""

    def bootloader(self) -> None:
        """Outputs safe, then the chip's boot drive. Raises PressRefused unless the press is safe.

        It goes a moment later, and a host that was busy for as long finds the port gone with the answer: the drive tells.
        """
        try:
            self.command("SYST:BOOT")
        except LinkLost:
            return

    @understood
    def selftest(self) -> int:
        """Self-test without motion: 0 is good, else bits of what failed."""
        return int(self.query("*TST?"))

    @understood
    def time(self) -> PressTime:
        """Press time now."""
        boot, seconds, ms = self.query("SYST:TIME?").split(",")
        return PressTime(int(boot), int(seconds) + int(ms) / 1000)

    @understood
    def tick(self) -> Tick:
        """How the force loop keeps its rate."""
        return Tick(*(int(field) for field in self.query("SYST:TICK?").split(",")[:4]))

    @understood
    def memory(self) -> Memory:
        """Heap and link counters of the firmware."""
        return Memory(*(int(field) for field in self.query("SYST:MEM?").split(",")[:5]))

    def errors(self) -> list[tuple[int, str]]:
        """Errors that somebody else had left in the press's queue when the link was opened."""
        return list(self.link.left_errors)

    def reboot(self) -> None:
        """Restart the firmware; safe state only. The link is lost for a moment: reopen() afterwards."""
        try:
            self.command("SYST:REB")
        except LinkLost:
            return

    def lease(self, seconds: float = LEASE_S) -> None:
        """The host is there for so long, for programs that ask for it."""
        self.command(f"SYST:LEAS {seconds:.3f}")

    def contact(self, unix_ms: int | None = None) -> None:
        """Give the press the host's Unix time, kept in its journal: the mapping of press time to the calendar.

        A press that is served has its service's already, and is not told that of every visitor.
        """
        if self.link.served:
            return
        self.command(f"SYST:CONT {int(time.time() * 1000) if unix_ms is None else unix_ms}")

    def _block(self, text: str) -> bytes:
        """A block, asked for once more if it came broken."""
        try:
            return self.link.block(text)
        except BadBlock:
            return self.link.block(text)
