"""What a hand in the laboratory does to the simulated press: JSON lines in, JSON lines out, a method for each row
of request_table.py.

It can set the clock's pace, change the specimen, press a button, break something, and look at what the press truly does. The
firmware never sees this channel.
"""

import json

from stackpress_sim.request_table import BOARD, REQUESTS

WORD = 1 << 30  # what a word of the plant holds either way


class SideChannel:
    def __init__(self, fd, board):
        self.stream = open(fd, "r+b")
        self.ready = True  # there may be something to read or left to write
        self._board = board
        self._rest = b""
        self._out = b""
        self._table = {row[0]: getattr(self, "_" + row[0]) for row in REQUESTS if row[2] == BOARD}

    def service(self):
        """Read and answer what is there; SystemExit when the supervisor has gone."""
        data = self.stream.read(4096)
        if data == b"":
            raise SystemExit(0)
        *lines, self._rest = (self._rest + (data or b"")).split(b"\n")
        for line in lines:
            self._ask(line)
        if self._out:
            self._out = self._out[self.stream.write(self._out) or 0 :]
        self.ready = len(self._out) > 0

    def _ask(self, line):
        number = None
        try:
            message = json.loads(line)
            number = message.pop("id", None)
            answer = self._table[message.pop("do")](number, **message)
        except (ValueError, KeyError, TypeError) as error:
            answer = {"ok": False, "error": str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"}
        if answer is not None:
            self._answer(number, answer)

    def _answer(self, number, answer):
        answer["id"] = number
        answer.setdefault("ok", True)
        self._out += json.dumps(answer).encode() + b"\n"
        self.ready = True

    def tell(self, message):
        """Say something that nobody asked for."""
        self._out += json.dumps(message).encode() + b"\n"
        self.stream.write(self._out)

    # --- the requests: each returns its answer, or None if it answers later ---

    def _hello(self, number):
        return {"name": self._board.name, "identity": self._board.identity, "t_s": self._board.press_ms() / 1000}

    def _pace(self, number, mode, speed=1.0):
        self._board.pace.set(mode, speed)
        return {"t_s": self._board.press_ms() / 1000}

    def _run_until(self, number, t_s):
        def reached():
            self._answer(number, {"t_s": self._board.press_ms() / 1000})

        self._board.pace.run_until(int(t_s * 1000 + 0.5), reached)
        self._board.pace.passed(self._board.press_ms())

    def _fault(self, number, name, value=None):
        whole = 1 if value is None else int(value)
        if not -WORD <= whole < WORD:
            raise ValueError("a fault's value is a whole number of 31 bits")
        self._board.fault(name, whole)
        self._board.broken.raise_crash()  # whoever asks hears of it
        return {}

    def _clear(self, number, name=None):
        self._board.clear_fault(name)
        return {}

    def _faults(self, number):
        """Those that are set, and all there are with their help."""
        return {"faults": self._board.faults(), "known": self._board.known_faults()}

    def _specimen(self, number, specimen):
        self._board.plant.insert(specimen)
        return {}

    def _bootsel(self, number, held):
        self._board.hold_bootsel(bool(held))
        return {}

    def _truth(self, number):
        """Newtons and metres, and the press's own view of its state."""
        return {"truth": self._board.truth_now(), "t_s": self._board.press_ms() / 1000}
