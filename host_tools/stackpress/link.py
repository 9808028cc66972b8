"""The serial line to a press: one reader, exclusive, every exchange marked at both ends, so that answers never shift.

A command is sent behind an echo of a number that is new each time, and followed by an echo of the next one and the press's error
queue. What comes in one line with the first number is the answer; nothing behind it means that there is none, and the errors say
why. What has neither number is a stranger's, and is never taken for ours. A line that was torn by Ctrl-C or a lost cable is found
again by its marker, not by waiting.
"""

import contextlib
import math
import os
import re
import struct
import threading
import time
import zlib
from types import TracebackType
from typing import Self

import serial

from . import port_lock
from .errors import BadBlock, LinkLost, NoPress, PortBusy, PressRefused, said
from .ports import choose_port
from .scpi_text import errors_in, without_code

__all__ = ["LINE_MAX", "QUIET_S", "STOP", "Link", "vent_unheard"]

STOP = b"\x18"
SPOIL = b"\x7f\x1f\n"  # spoils and ends a line that somebody left unfinished: refused whole, never run; 0x1f: blocks as they are
LEAVE = b"\t\n"  # whoever opens the port next may read blocks to their first line feed
LEAVE_S = 0.2
PROMPT = b">>>"  # of MicroPython
ECHOED = b":SYST:ECHO?"  # a prompt gives back what is typed, a press never does
QUIET_S = 3.0  # without one byte for so long, the link counts as lost
POLL_S = 0.1
SYNC_TRIES = 3
SKIP_S = 20.0  # longest search for a marker, from the first line of it that somebody else had asked for
LINE_MAX = 320


class Link:
    """An open, exclusive line to one press. Thread-safe; `stop()` never waits for another thread's exchange."""

    served = False

    def __init__(self, port: str | None = None, quiet_s: float = QUIET_S, marker: int | None = None) -> None:
        """Open `port` (a device, or a URL of pyserial's), or the only press there is. `marker` is the number before the first
        marker's; the computer's clock gives one that no earlier link had. Raises NoPress, PortBusy, LinkLost."""
        self.port = choose_port(port)
        self.quiet_s = quiet_s
        self.left_errors: list[tuple[int, str]] = []  # what was in the press's queue when the line was opened
        self._lock = threading.RLock()
        self._buf = bytearray()
        self._marker = int(time.time() * 1000) % 1_000_000_000 if marker is None else marker
        self._dirty = True
        self._stopped = False
        self._at_prompt = False
        self._in_block = False
        self.strangers = 0  # lines that came and were not ours
        self.last = ("", "")  # what was asked last, and the answer
        self._serial = _opened(self.port, self.quiet_s)
        try:
            self.sync()
        except BaseException:
            self.close()
            raise

    # -- exchanges -------------------------------------------------------------------------------------------------

    def query(self, text: str) -> str:
        """The answer to one line of queries, without its line end. Raises PressRefused, LinkLost."""
        with self._lock:
            answer, errors = self._exchange(text)
        if answer is None or _broke_off(errors):
            raise PressRefused(errors, text)
        self.last = text, answer.decode("utf-8", "replace")
        return self.last[1]

    def exchange(self, text: str) -> tuple[bytes | None, bool, list[tuple[int, str]]]:
        """(answer or None, whether it came as a block, errors) of one line, whatever it asks. Raises LinkLost."""
        with self._lock:
            self._in_block = False
            answer, errors = self._exchange(text)
            return answer, self._in_block, errors

    def command(self, text: str) -> None:
        """One line of commands; returns when they have run. Raises PressRefused, LinkLost."""
        with self._lock:
            _, errors = self._exchange(text)
        if errors:
            raise PressRefused(errors, without_code(text))

    def block(self, text: str) -> bytes:
        """The payload of a block whose last four bytes are its CRC-32. Raises PressRefused, BadBlock, LinkLost."""
        with self._lock:
            payload, errors = self._exchange(text)
        if payload is None:
            raise PressRefused(errors, text)
        if len(payload) < 4 or struct.unpack("<I", payload[-4:])[0] != zlib.crc32(payload[:-4]):
            why = "; ".join(said(number, words) for number, words in errors) or "its CRC-32 is wrong"
            raise BadBlock(f"{text}: the block is broken: {why}", "Ask again.")
        return payload[:-4]

    def stop(self) -> None:
        """Send a break and the stop byte: the press vents at once, whatever else is waiting or being sent.

        The break is a request of its own on USB, which waits behind nothing; the byte is for ports that know no break. What we had
        queued before it and the press has not taken yet is forgotten if there is no room. A command that waits in another
        thread is discarded by the press; that thread gets PressRefused.
        """
        self._stopped = True
        self._break()
        try:
            self._write_now(STOP)
        except serial.SerialTimeoutException:
            self._serial.reset_output_buffer()
            self._write(STOP)

    def sync(self) -> None:
        """Throw away whatever is under way and find the beginning of our own answers. Raises LinkLost."""
        with self._lock:
            self._stopped = self._at_prompt = False
            for last in range(SYNC_TRIES, 0, -1):
                self._buf.clear()
                marker = self._new_marker()
                try:
                    self._write(SPOIL + b':SYST:ECHO? "%d";ERR:ALL?\n' % marker)
                    line = self._skip_to(b'"%d";' % marker)
                except LinkLost:
                    if self._at_prompt or PROMPT in self._buf or ECHOED in self._buf:
                        raise LinkLost(f"the board on {self.port} is at the MicroPython prompt", _PROMPT_HINT) from None
                    if last == 1:
                        raise
                    continue
                self.left_errors = [one for one in errors_in(line) if one[0] != -101]
                self._dirty = False
                return

    # -- opening and closing ---------------------------------------------------------------------------------------

    def reopen(self) -> None:
        """Open the same port again, after the press or the cable came back. Raises NoPress, PortBusy, LinkLost."""
        with self._lock:
            self.close()
            self._serial = _opened(self.port, self.quiet_s)
            self._dirty = True
            self.sync()

    def close(self) -> None:
        """Give the port back. The press goes on with what it does."""
        with contextlib.suppress(OSError, TypeError, ValueError):  # it is closed, or gone, or nobody reads there
            self._serial.write_timeout = LEAVE_S
            self._serial.write(LEAVE)
        port_lock.release(_fd(self._serial))
        self._serial.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    # -- inside an exchange ----------------------------------------------------------------------------------------

    def _new_marker(self) -> int:
        self._marker += 1
        return self._marker

    def _exchange(self, text: str) -> tuple[bytes | None, list[tuple[int, str]]]:
        line = text.encode()
        if len(line) >= LINE_MAX or b"\n" in line:
            raise ValueError(f"not one line of at most {LINE_MAX} bytes: {text[:60]!r}")
        if self._dirty or self._stopped:
            self.sync()
        self._dirty = True
        first, last = b'"%d"' % self._new_marker(), b'"%d"' % self._new_marker()
        ours = b":SYST:ECHO? " + first + (b";" if line[:1] in b":*" else b";:") + line
        if len(ours) >= LINE_MAX:  # then the answer has a line to itself, behind the one with its mark
            ours = b":SYST:ECHO? " + first + b"\n" + line
        self._write(ours + b"\n:SYST:ECHO? " + last + b";ERR:ALL?\n")
        answer, errors = self._between(first, last, b"\n" in ours)
        self._dirty = False
        return answer, errors

    def _between(self, first: bytes, last: bytes, apart: bool) -> tuple[bytes | None, list[tuple[int, str]]]:
        """The answer behind our first mark, and the errors behind our last; what comes beside them is somebody else's."""
        answer: bytes | None = None
        begun, deadline = False, math.inf
        while time.monotonic() < deadline:
            marked, got = self._answer(first)
            if marked:
                begun, answer = True, got
            elif got is not None and got.startswith(last + b";"):
                errors = errors_in(got[len(last) + 1 :])
                if not begun and not errors:
                    break
                return answer, errors
            elif apart and begun and answer is None:
                answer = got
            else:
                self.strangers += 1
                deadline = min(deadline, time.monotonic() + SKIP_S)
        raise LinkLost(f"answers of the press on {self.port} go elsewhere{self._who()}", _STRANGER_HINT)

    def _who(self) -> str:
        """Who else has the port open, as the end of a sentence; that somebody must, if only strange answers tell it."""
        there = port_lock.others(self.port)
        if there:
            return f": {', '.join(there)} has the port open as well"
        return ": another program is on the line" if self.strangers else ""

    def _answer(self, mark: bytes) -> tuple[bool, bytes | None]:
        """(whether it has the mark, one line or the payload of one block, CRC and all); None: the mark and nothing behind it."""
        self._need(1)
        start = mark + b";#"
        while len(self._buf) < len(start) and start.startswith(self._buf):
            self._need(len(self._buf) + 1)
        if self._buf.startswith(start):
            del self._buf[: len(start) - 1]
            self._in_block = True
            return True, self._block_or_line()
        if self._buf[:1] == b"#":
            return False, self._block_or_line()
        line = self._line()
        if line == mark or line.startswith(mark + b";"):
            return True, line[len(mark) + 1 :] if line != mark else None
        return False, line

    def _block_or_line(self) -> bytes:
        self._need(2)
        digits = int(self._buf[1:2]) if self._buf[1:2].isdigit() else 0
        self._need(2 + digits)
        if not self._buf[2 : 2 + digits].isdigit():
            return self._line()
        size = int(self._buf[2 : 2 + digits])
        self._need(2 + digits + size + 1)
        payload = bytes(self._buf[2 + digits : 2 + digits + size])
        del self._buf[: 2 + digits + size]
        self._line()
        return payload

    def _skip_to(self, start: bytes) -> bytes:
        """The rest of the line that begins with `start` (or holds it, after the remains of a block)."""
        deadline = math.inf
        while time.monotonic() < deadline:
            line = self._line()
            self._at_prompt = self._at_prompt or PROMPT in line
            found = re.search(re.escape(start) + rb"[-+0-9]", line)  # a terminal's echo of the question has no number
            if found:
                return line[found.start() :]
            deadline = min(deadline, time.monotonic() + SKIP_S)
        raise LinkLost(f"what is on {self.port} does not answer like a press", "Is it the right port?")

    def _line(self) -> bytes:
        searched = 0
        while True:
            end = self._buf.find(b"\n", searched)
            if end >= 0:
                line = bytes(self._buf[:end])
                del self._buf[: end + 1]
                return line.rstrip(b"\r")
            searched = len(self._buf)
            self._need(searched + 1)

    def _need(self, count: int) -> None:
        """Read until `count` bytes are there; the link is lost when none comes for `quiet_s`."""
        deadline = time.monotonic() + self.quiet_s
        while len(self._buf) < count:
            try:
                got = self._serial.read(max(1, min(65536, self._serial.in_waiting)))
            except (OSError, TypeError, ValueError) as error:  # pyserial: TypeError when closed by another thread
                if "multiple access" in str(error) and os.path.exists(self.port):  # pyserial: ready to be read, and nothing there
                    raise LinkLost(f"somebody else reads on {self.port}{self._who()}", _STRANGER_HINT) from error
                raise LinkLost(f"{self.port} is gone: {error}", _LOST_HINT) from error
            if got:
                self._buf += got
                deadline = time.monotonic() + self.quiet_s
            elif time.monotonic() > deadline:
                text = f"the press on {self.port} has not answered for {self.quiet_s:g} s"
                who = self._who()
                raise LinkLost(text + who, _STRANGER_HINT if who else _LOST_HINT)

    def _break(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # a port that has none; if the port is gone, the byte tells
            self._serial.break_condition = True
            self._serial.break_condition = False

    def _write_now(self, data: bytes) -> None:
        """Raises SerialTimeoutException if the port has no room at once."""
        patience_s, self._serial.write_timeout = self._serial.write_timeout, 0.05
        try:
            self._serial.write(data)
        except serial.SerialTimeoutException:
            raise
        except (OSError, TypeError, ValueError) as error:
            raise LinkLost(f"{self.port} is gone: {error}", _LOST_HINT) from error
        finally:
            self._serial.write_timeout = patience_s

    def _write(self, data: bytes) -> None:
        try:
            self._serial.write(data)
        except (OSError, TypeError, ValueError) as error:
            raise LinkLost(f"{self.port} is gone: {error}", _LOST_HINT) from error


def vent_unheard(port: str | None = None) -> str:
    """Break and stop byte to a press that may not answer; its port. Raises NoPress, PortBusy, LinkLost."""
    link = Link.__new__(Link)
    link.port, link._stopped = choose_port(port), False
    link._serial = _opened(link.port, QUIET_S)
    try:
        link.stop()
    finally:
        link.close()
    return link.port


_PROMPT_HINT = "Restart it: Ctrl-D there, `mpremote reset`, or take its supply away for a moment."
_STRANGER_HINT = "One program a port: close the other one. (For ModemManager see `stackpress doctor`.)"
_LOST_HINT = "Check the cable and the press's supply; the press goes on by its program's host-loss policy."


def _opened(port: str, quiet_s: float) -> serial.Serial:
    try:
        opened = serial.serial_for_url(port, 115200, timeout=POLL_S, write_timeout=max(QUIET_S, quiet_s), exclusive=True)
        port_lock.hold(_fd(opened))
        return opened
    except serial.SerialException as error:
        text = str(error).lower()
        if "lock" in text or "access is denied" in text or "busy" in text:
            raise PortBusy(f"another program has {port}", "Close it, or wait until it is done.") from error
        raise NoPress(f"{port} can't be opened: {error}", "Say the right one with --port.") from error
    except (OSError, ValueError) as error:
        raise NoPress(f"{port} can't be opened: {error}", "Say the right one with --port.") from error


def _fd(port: serial.Serial) -> int | None:
    """The descriptor of a port that is a terminal."""
    fd = getattr(port, "fd", None)
    return fd if isinstance(fd, int) else None


def _broke_off(errors: list[tuple[int, str]]) -> bool:
    """Whether the press met a fault of its own while it answered: what has come of the answer is not all of it."""
    return any(number <= -300 for number, _ in errors)
