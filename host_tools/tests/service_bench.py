"""A service in this process over presses on ptys: what the tests of `stackpress serve` start, and end."""

import asyncio
import json
import socket
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import stackpress
from stackpress import service
from stackpress.serve import running
from stackpress.serve.people import People
from stackpress.serve.settings import Settings

from hil_tests.waiting import PATIENCE_S, until

SETTINGS = Settings(http_port=0, scpi_port=0)


class Served:
    """A running service; `url`, `people`, and `ask` as a client of it."""

    def __init__(self, folder: Path, *ports: str, **settings: Any) -> None:
        self.people = People(folder / "people.json")
        self.service = running.Running(replace(SETTINGS, ports=ports, **settings), self.people)
        self.url = self.service.url
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self.thread.start()
        until(lambda: running_at() == self.url)
        self.client = service.Service(self.url)

    async def _serve(self) -> None:
        await self.service.serve(lambda url: None)

    def station(self, identity: str = "") -> Any:
        """The station, once it is linked and was looked at."""
        stations = self.service.stations.all
        try:
            until(lambda: any(one.linked and one.told and identity in (one.identity, "") for one in list(stations.values())))
        except AssertionError:
            raise AssertionError(f"{self.service.stations.complaints} {[one.about() for one in stations.values()]}") from None
        return stations[identity] if identity else next(iter(stations.values()))

    def scpi(self, identity: str = "") -> socket.socket:
        """A connection to a press's SCPI socket."""
        station = self.station(identity)
        until(lambda: station.scpi_port > 0)
        return socket.create_connection(("127.0.0.1", station.scpi_port), timeout=PATIENCE_S)

    def close(self) -> None:
        self.client.close()
        self.service.server.end()
        self.thread.join()


def running_at() -> str | None:
    """What is announced, for whichever process reads it."""
    path = service.folder() / "service.json"
    return str(json.loads(path.read_text())["url"]) if path.exists() else None


def until_unpressed(press: stackpress.Press) -> None:
    """A press is safe as soon as its dump is open, and the force goes then: who starts the next run waits for that as well."""
    until(lambda: press.state == "safe" and abs(press.force_n()) < 5)
