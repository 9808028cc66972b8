"""All presses: which ports there are, who looks after each, and which are handed over.

A port that appears is opened, asked who answers, and given to that press's station, so a press may come back on any port. One that
does not answer like a press is left alone for longer and longer: it is somebody else's board.
"""

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from .. import port_lock, service
from ..errors import NoPress, PortBusy, PressError
from ..link import Link
from ..logs.store import Store
from ..ports import find_ports
from ..press import Press
from .orders import Orders
from .station import Station, Watcher

SCAN_S = 0.5
LONGEST_S = 60.0  # between two tries of a port that does not answer like a press


@dataclass
class _Try:
    """A port that could not be had: when it is tried again, and after how long then."""

    at: float
    pause_s: float


class Stations:
    """Every press's station, `all` by identity. `start()`, then `close()`."""

    def __init__(self, ports: Sequence[str], first_scpi_port: int, watch: Watcher) -> None:
        self.ports = tuple(ports)
        self.all: dict[str, Station] = {}
        self.complaints: dict[str, str] = {}  # port -> why it is not served
        with Store() as store:
            self.orders = Orders(store)
        self._first_scpi_port = first_scpi_port
        self._watch = watch
        self._attended: dict[str, threading.Thread] = {}
        self._tries: dict[str, _Try] = {}
        self._lock = threading.Lock()
        self._ends = threading.Event()
        self._scanner = threading.Thread(target=self._scan, name="serve-scan", daemon=True)

    def start(self) -> "Stations":
        """Begin to look for presses."""
        self._scanner.start()
        return self

    def close(self) -> None:
        """Let every port go."""
        self._ends.set()
        self._scanner.join()
        for station in self.all.values():
            station.leave()
        for thread in list(self._attended.values()):
            thread.join(10)
        self.orders.close()

    def station(self, identity: str) -> Station:
        """The station of one press. Raises NoPress."""
        found = self.all.get(identity)
        if found is None:
            raise NoPress(f"the service has no press {identity}", f"There is: {', '.join(self.all) or 'none'}.")
        return found

    # -- the thread ------------------------------------------------------------------------------------------------

    def _scan(self) -> None:
        while not self._ends.wait(0.0):
            self._take_back()
            if not any(station.lent for station in self.all.values()):  # a board that is being flashed may come back anywhere
                self._open_what_is_there()
            self._ends.wait(SCAN_S)

    def _take_back(self) -> None:
        """Of those who have ended; a port that is still being let go comes back when that is done."""
        for station in self.all.values():
            if station.lent is not None and not station.linked and not psutil.pid_exists(station.lent.pid):
                station.take_back()

    def _open_what_is_there(self) -> None:
        there = self.ports or tuple(one.device for one in find_ports())
        now = time.monotonic()
        self._attended = {port: thread for port, thread in self._attended.items() if thread.is_alive()}
        self._tries = {port: one for port, one in self._tries.items() if port in there}
        for port in there:
            due = port not in self._tries or now >= self._tries[port].at
            if port not in self._attended and due:
                thread = threading.Thread(target=self._attend, args=(port,), name=f"serve {port}", daemon=True)
                self._attended[port] = thread
                thread.start()

    def _attend(self, port: str) -> None:
        """From opening the port until its press is lost or let go."""
        try:
            others = port_lock.others(port)
            if others:
                raise PortBusy(f"{port} is open in {', '.join(others)}")
            press = Press(Link(port))
        except PressError as error:
            self._put_off(port, error)
            return
        try:
            identity = press.identity
        except PressError as error:
            press.close()
            self._put_off(port, error)
            return
        self._tries.pop(port, None)
        self.complaints.pop(port, None)
        try:
            with Store() as store:
                self._station(identity).attend(press, store)
        except OSError as error:  # the data folder can't be used: `attend` takes its own
            press.close()
            self._put_off(port, error)

    def _put_off(self, port: str, error: PressError | OSError) -> None:
        self.complaints[port] = str(error)
        before = self._tries.get(port)
        pause_s = 1.0 if isinstance(error, NoPress) or before is None else min(LONGEST_S, 2 * before.pause_s)
        self._tries[port] = _Try(time.monotonic() + pause_s, pause_s)

    def _station(self, identity: str) -> Station:
        with self._lock:
            if identity not in self.all:
                station = Station(identity, self.orders, self._watch)
                station.scpi_port = self._scpi_port(identity)
                self.all[identity] = station
            return self.all[identity]

    def _scpi_port(self, identity: str) -> int:
        """The number that this press has had before, or the next: a program that was told it finds its press."""
        if self._first_scpi_port == 0:
            return 0
        path = service.folder() / "scpi_ports.json"
        known: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
        taken = set(known.values())
        if known.get(identity, 0) < self._first_scpi_port:
            known[identity] = next(n for n in range(self._first_scpi_port, 65536) if n not in taken)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(known))
        return known[identity]


