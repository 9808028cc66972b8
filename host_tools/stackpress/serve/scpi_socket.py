"""The press's own language over TCP, a port a press: what speaks SCPI over a serial line or VXI needs no other driver.

Each connection has its own error queue, as if the press were its alone, and hears only its own answers. The stop byte is obeyed as
it arrives. A connection from beyond this computer says `SYSTem:ACCess "TOKEN"` first; without more it reads.
"""

import asyncio
import contextlib
import struct
import zlib
from collections import deque
from concurrent.futures import Executor
from dataclasses import dataclass

from stackpress_core.scpi import line_safe

from ..errors import LinkLost, NotAllowed, PressError
from ..link import LINE_MAX, STOP
from ..scpi_text import unquoted
from .people import Door, Visitor
from .station import Station

WAY = "SCPI socket"
QUEUE = 16
SEND_S = 5.0  # who does not read for so long is let go
NO_ERROR = '0,"No error"'
PROTECTED, LOST, TOO_LONG = (-203, "Command protected"), (-300, "Device-specific error"), (-363, "Input buffer overrun")
SYNTAX = -102, "Syntax error"
ACCESS = tuple("".join(filter(keep, "SYSTem:ACCess")).upper() for keep in (lambda char: not char.islower(), None))
TOLD = ((NotAllowed, PROTECTED), (LinkLost, LOST))


class Sockets:
    """The open ports, one a station; call `look` now and then: a press that comes gets its port."""

    def __init__(self, address: str, door: Door, may_operate: bool, stops: Executor, work: Executor) -> None:
        self.address = address
        self.door = door
        self.may_operate = may_operate
        self.stops = stops
        self.work = work
        self._servers: dict[str, asyncio.Server] = {}

    async def look(self, stations: list[Station]) -> None:
        """Open a port for each press that has none yet."""
        for station in stations:
            if station.identity not in self._servers:
                server = await asyncio.start_server(self._handler(station), self.address, station.scpi_port, limit=4096)
                station.scpi_port = server.sockets[0].getsockname()[1]
                self._servers[station.identity] = server

    def close(self) -> None:
        """Close every port, and what came by it."""
        for server in self._servers.values():
            server.close()

    def _handler(self, station: Station):  # type: ignore[no-untyped-def]
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            visit = _Visit(self, station, self.door.by_socket(writer.get_extra_info("peername")[0]))
            with contextlib.suppress(ConnectionError, TimeoutError, asyncio.CancelledError):  # cancelled: the service ends
                await visit.serve(reader, writer)
            writer.close()

        return handle


@dataclass
class _Visit:
    """One connection."""

    sockets: Sockets
    station: Station
    visitor: Visitor | None

    def __post_init__(self) -> None:
        self.errors: deque[tuple[int, str]] = deque(maxlen=QUEUE)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the other side goes."""
        waiting: asyncio.Queue[bytes | None] = asyncio.Queue(64)
        reading = asyncio.create_task(self._read(reader, waiting))
        try:
            while (line := await waiting.get()) is not None:
                answer = await self._obey(line.decode("utf-8", "replace").strip())
                if answer is not None:
                    writer.write(answer + b"\n")
                    await asyncio.wait_for(writer.drain(), SEND_S)
        finally:
            reading.cancel()

    async def _read(self, reader: asyncio.StreamReader, waiting: "asyncio.Queue[bytes | None]") -> None:
        """Lines into the queue; a stop byte ahead of all of them."""
        rest = b""
        while data := await reader.read(4096):
            if STOP in data:
                rest = b""
                while not waiting.empty():
                    waiting.get_nowait()
                data = data.rpartition(STOP)[2]
                await self._abort()
            *whole, rest = (rest + data).replace(b"\r", b"\n").split(b"\n")
            for line in whole:
                await waiting.put(line)
            if len(rest) > LINE_MAX:
                rest = b""
                self.errors.append(TOO_LONG)
        await waiting.put(None)

    async def _obey(self, line: str) -> bytes | None:
        """The answer to one line, without its end; None where there is none."""
        if not line:
            return None
        head, _, rest = line.partition(" ")
        word = head.upper().lstrip(":")
        if word in ACCESS:
            self._let_in(unquoted(rest))
            return None
        if word in _QUEUE_WORDS:
            return self._queue(_QUEUE_WORDS[word])
        if self.visitor is None:
            self.errors.append(PROTECTED)
            return None
        if word in ("ABOR", "ABORT"):
            await self._abort()
            return None
        return await self._exchange(line, self._may(word))

    def _let_in(self, token: str) -> None:
        try:
            self.visitor = self.sockets.door.people.of(token)
        except NotAllowed as error:
            self.errors.append((PROTECTED[0], f"{PROTECTED[1]};{error}"))

    def _may(self, word: str) -> bool:
        """Whether an order is taken: a stop of every operator's, others where the sockets are not for reading only."""
        assert self.visitor is not None
        return self.visitor.may_operate and (self.sockets.may_operate or word == "STOP")

    def _queue(self, what: str) -> bytes | None:
        found, self.errors = list(self.errors), deque(maxlen=QUEUE) if what in ("all", "clear") else self.errors
        if what == "clear":
            return None
        if what == "count":
            return str(len(found)).encode()
        if what == "next" and found:
            self.errors.popleft()
        told = [f'{number},"{text}"' for number, text in (found[:1] if what == "next" else found)]
        return (",".join(told) or NO_ERROR).encode()

    async def _abort(self) -> None:
        if self.visitor is None or not self.visitor.may_operate:
            self.errors.append(PROTECTED)
            return
        try:
            await asyncio.get_running_loop().run_in_executor(self.sockets.stops, self.station.abort, self.visitor, WAY)
        except PressError as error:
            self.errors.append((LOST[0], f"{LOST[1]};{error}"))

    async def _exchange(self, line: str, may_operate: bool) -> bytes | None:
        assert self.visitor is not None
        visitor = Visitor(self.visitor.name, may_operate)
        try:
            loop, station = asyncio.get_running_loop(), self.station
            answer, is_block, errors = await loop.run_in_executor(self.sockets.work, station.exchange, line, visitor, WAY)
        except PressError as error:
            number, text = next((told for kind, told in TOLD if isinstance(error, kind)), SYNTAX)
            self.errors.append((number, f"{text};{error}".replace(",", " ")))
            return None
        self.errors.extend(errors)
        return block(line, answer) if is_block and answer is not None else answer


_QUEUE_WORDS = {"SYST:ERR?": "next", "SYST:ERR:NEXT?": "next", "SYSTEM:ERROR?": "next", "SYSTEM:ERROR:NEXT?": "next",
                "SYST:ERR:ALL?": "all", "SYSTEM:ERROR:ALL?": "all", "SYST:ERR:COUN?": "count", "SYSTEM:ERROR:COUNT?": "count",
                "*CLS": "clear"}  # fmt: skip


def block(line: str, payload: bytes) -> bytes:
    """A block without a line feed, as the press's own port gives it to who has not asked for bytes as they are."""
    body = payload[:-4]
    if b"\n" in payload and "LOG" in line.upper():
        pieces = [line_safe.masked(body[at : at + line_safe.PIECE]) for at in range(0, len(body), line_safe.PIECE)]
        payload = _sealed(line_safe.MARK + b"".join(pieces), range(256))
    elif b"\n" in payload:
        body = line_safe.json_text(body)
        payload = body + struct.pack("<I", zlib.crc32(body))
    size = str(len(payload)).encode()
    return b"#" + str(len(size)).encode() + size + payload


def _sealed(body: bytes, keys: range) -> bytes:
    """The payload with a last key that keeps line feeds out of its CRC-32."""
    for key in keys:
        whole = body + bytes([key])
        crc = struct.pack("<I", zlib.crc32(whole))
        if key != line_safe.LF and b"\n" not in crc:
            return whole + crc
    raise ValueError("no key keeps line feeds out of a CRC-32")  # one in 64 keys fails, not all
