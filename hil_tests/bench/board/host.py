"""A host at the emulated USB port, on simulated time: it reads whatever comes, and asks again as soon as it has an answer."""

import struct
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from hil_tests.targets.chip import Chip

TURN_NS = 100_000  # from an answer to the next request: quicker than any real host
READ = "LOG:READ?"
AS_THEY_ARE = b"\x1f\n"  # blocks are read by their length here
FLOOD = ("MEAS:FORC?", "CYCL:STAT?;:MEAS:FORC?", "SYST:ERR?", "LOG:STAT?", "MEAS:FORC:CELL1?;CELL2?;CELL3?")


class BadAnswer(RuntimeError):
    """The press answered what no press should."""


@dataclass
class Request:
    text: str
    sent_ns: float
    got: Callable[[bytes], None]


@dataclass
class Host:
    """`load(n)` keeps n requests under way for ever; `ask` is one exchange. Answers come in the order of the requests."""

    chip: Chip
    block_bytes: int = 4096
    waiting: deque[Request] = field(default_factory=deque)
    answered_ms: dict[str, list[float]] = field(default_factory=dict)
    log: bytearray = field(default_factory=bytearray)  # of the pull that is under way
    pulled_bytes: int = 0
    next_seq: int = 0  # where the next LOG:READ? goes on
    _buffer: bytearray = field(default_factory=bytearray)
    _depth: int = 0
    _cycle: tuple[str, ...] = ()
    _n: int = 0
    _greeted: bool = False

    def __post_init__(self) -> None:
        self.chip.on_bytes = self._received
        self._turn = self.chip.mcu.clock.create_alarm(self._go_on)

    def load(self, depth: int, cycle: tuple[str, ...] = (READ, *FLOOD)) -> None:
        """Download and queries without end, `depth` requests under way; 0 stops it."""
        self._depth, self._cycle = depth, cycle
        self._go_on()

    def send(self, text: str, got: Callable[[bytes], None] = lambda answer: None) -> None:
        if text.startswith(READ) and not self._greeted:
            self._greeted = True
            self.chip.send(AS_THEY_ARE)
        self.waiting.append(Request(text, self.chip.now_ns, got))
        self.chip.send(text.encode() + b"\n")

    def run(self, seconds: float) -> None:
        self.chip.run_to(self.chip.now_ns + seconds * 1e9)

    def ask(self, text: str, within_s: float = 2.0) -> bytes:
        """One exchange; the answer without its line end. Raises BadAnswer if none comes."""
        answers: list[bytes] = []
        self.send(text, answers.append)
        end = self.chip.now_ns + within_s * 1e9
        while not answers:
            if self.chip.now_ns > end:
                raise BadAnswer(f"{text}: no answer within {within_s:g} s; {bytes(self._buffer[:60])!r}")
            self.run(0.0005)
        return answers[0]

    def do(self, command: str) -> None:
        """A command that must succeed. Raises BadAnswer."""
        self.chip.send(command.encode() + b"\n")
        error = self.ask("SYST:ERR?")
        if not error.startswith(b"0,"):
            raise BadAnswer(f"{command}: {error.decode()}")

    def pull(self) -> bytes:
        """The whole log, from its first record on, as a puller takes it: to the last that is in the flash by now."""
        state = [int(x) for x in self.ask("LOG:STAT?").split(b",")]
        self.log, self.next_seq = bytearray(), state[0]
        while 0 < self.next_seq < state[1]:
            self._block(self.ask(f"{READ} {self.next_seq},{self.block_bytes}"))
        return bytes(self.log)

    # -- what happens in the chip's time -------------------------------------------------------------------------------

    def _go_on(self) -> None:
        while len(self.waiting) < self._depth:
            text = self._cycle[self._n % len(self._cycle)]
            self._n += 1
            if text == READ:
                self.send(f"{READ} {self.next_seq},{self.block_bytes}", self._block)
            else:
                self.send(text)

    def _block(self, payload: bytes) -> None:
        data, crc = payload[:-4], payload[-4:]
        if struct.pack("<I", zlib.crc32(data)) != crc:
            raise BadAnswer("the CRC-32 of a log block is wrong")
        self.pulled_bytes += len(data)
        if not data:  # the end of the log: again from its beginning
            self.next_seq = 0
            return
        self.log += data
        at = 0
        while at < len(data):  # kind, payload bytes, boot id, sequence number; payload; CRC
            self.next_seq = struct.unpack_from("<I", data, at + 6)[0] + 1
            at += 14 + data[at + 1]

    def _received(self, data: bytes) -> None:
        self._buffer += data
        while self.waiting:
            answer = self._whole_answer(self.waiting[0].text.startswith(READ))
            if answer is None:
                return
            request = self.waiting.popleft()
            name = request.text.split(" ")[0]
            self.answered_ms.setdefault(name, []).append((self.chip.now_ns - request.sent_ns) / 1e6)
            request.got(answer)
            if self._depth:
                self._turn.schedule(TURN_NS)

    def _whole_answer(self, block: bool) -> bytes | None:
        """The next answer if all of it is here."""
        if not block:
            at = self._buffer.find(b"\n")
            if at < 0:
                return None
            line = bytes(self._buffer[:at])
            del self._buffer[: at + 1]
            return line
        if len(self._buffer) < 2:
            return None
        if self._buffer[:1] != b"#":
            raise BadAnswer(f"no block where one was asked for: {bytes(self._buffer[:60])!r}")
        digits = int(self._buffer[1:2])
        if len(self._buffer) < 2 + digits:
            return None
        end = 2 + digits + int(self._buffer[2 : 2 + digits])
        if len(self._buffer) <= end:
            return None
        payload = bytes(self._buffer[2 + digits : end])
        del self._buffer[: end + 1]
        return payload
