"""The service in one process: stations, HTTP and SCPI sockets put together, from start to end."""

import asyncio
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from .. import service
from ..errors import WrongInput
from . import api
from .happenings import Judge
from .messages import Messages
from .people import Door, People, is_loopback
from .scpi_socket import Sockets
from .settings import Settings
from .station import Seen, Station
from .stations import Stations

LOOK_S = 0.3
KEEP_ALIVE_S = 600  # longer than a person pauses: a connection that ends between two lines would look like a lost press


class Running:
    """One service, from `open` to the end of `serve`."""

    def __init__(self, settings: Settings, people: People) -> None:
        self.settings = settings
        self.stops = ThreadPoolExecutor(8, "serve-stop")
        self.work = ThreadPoolExecutor(32, "serve-scpi")
        self.messages = Messages(settings.message)
        self._judges: dict[str, Judge] = {}
        self.stations = Stations(settings.ports, settings.scpi_port, self._watch)
        self.door = Door(people, settings.proxied)
        self.sockets = Sockets(settings.address, self.door, settings.scpi_may_operate, self.stops, self.work)
        self._listener = self._listening()
        config = uvicorn.Config(api.app(self.stations, self.door, self.stops), log_level="warning", access_log=False,
                                timeout_keep_alive=KEEP_ALIVE_S, ws_ping_interval=20, ws_ping_timeout=20,
                                timeout_graceful_shutdown=2)  # fmt: skip
        self.server = Server(config)
        self.url = f"http://{self._address()}:{self._listener.getsockname()[1]}"

    async def serve(self, ready: Callable[[str], None]) -> None:
        """Until the server is told to end; `ready` is told the address when all is up."""
        announced = service.announce(self.url)
        self.stations.start()
        looking = asyncio.create_task(self._look())
        ready(self.url)
        try:
            await self.server.serve([self._listener])
        finally:
            looking.cancel()
            self.sockets.close()
            announced.unlink(missing_ok=True)
            await asyncio.to_thread(self.stations.close)
            self.messages.close()
            self.stops.shutdown(wait=False)
            self.work.shutdown(wait=False)

    async def _look(self) -> None:
        while True:
            await self.sockets.look(list(self.stations.all.values()))
            self._watch_the_gone()
            await asyncio.sleep(LOOK_S)

    def _watch(self, station: Station, seen: Seen) -> None:
        """Of whichever thread looks after the press; it is told again and again while its link is gone."""
        judge = self._judges.setdefault(station.identity, Judge(station.identity))
        for happening in judge(seen, time.monotonic()):
            self.messages.tell(happening)

    def _watch_the_gone(self) -> None:
        for station in list(self.stations.all.values()):
            if not station.linked and station.lent is None:
                self._watch(station, Seen(None, station.why))

    def _listening(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.settings.address else socket.AF_INET
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self.settings.address, self.settings.http_port))
            listener.listen(128)  # before anybody is told the address: who comes early waits
        except OSError as error:
            listener.close()
            text = f"{self.settings.address}:{self.settings.http_port} can't be had: {error.strerror}"
            raise WrongInput(text, "Another service may be running; --http-port names another port.") from error
        return listener

    def _address(self) -> str:
        """Where this computer itself reaches the service."""
        address = self.settings.address
        if address in ("0.0.0.0", "::", "") or is_loopback(address):
            return "[::1]" if ":" in address else "127.0.0.1"
        return f"[{address}]" if ":" in address else address


class Server(uvicorn.Server):
    """Ends when it is told to, and leaves signals to who runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None are taken."""
        yield

    def end(self, *_: object) -> None:
        """Finish what is under way, then return from `serve`."""
        self.should_exit = True


def run(settings: Settings, people: Path, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. Raises WrongInput."""
    running = Running(settings, People(people))
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, running.server.end)
    asyncio.run(running.serve(ready))
