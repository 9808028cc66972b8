"""HTTP: the presses as documents, orders as posts, what happens as a WebSocket, and the page.

Stops have threads of their own. A client that does not read is let go: it must not keep what it was sent.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel

from ..errors import LinkLost, NoPress, NotAllowed, PressError, PressRefused, WrongInput
from ..service import document_of
from .people import Door, Visitor
from .station import Lent
from .stations import Stations

PAGE, COMMAND_LINE = "page", "command line"
PAGE_FILES = Path(__file__).parent / "page"
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache",
}  # fmt: skip
SEND_S = 5.0
LIVE_S = 0.25
STATUS = ((NotAllowed, 403), (WrongInput, 422), (NoPress, 404), (PressRefused, 409), (LinkLost, 503))


class Line(BaseModel):
    """One line of SCPI: `form` is query, command or block."""

    form: str
    text: str


class Stop(BaseModel):
    """controlled, hold or vent."""

    kind: str = "controlled"


class Borrower(BaseModel):
    """The process that wants the port, and what for."""

    pid: int
    why: str = ""


def app(stations: Stations, door: Door, stops: Executor) -> FastAPI:
    """The application; `stops` are threads that nothing else uses."""
    api = FastAPI(title="stackpress", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    api.add_exception_handler(PressError, _refused)
    _documents(api, stations, door)
    _orders(api, stations, door, stops)
    _live(api, stations, door)
    _page(api)
    return api


def visitor(request: Request | WebSocket, door: Door, token: str = "") -> Visitor:
    """Who asks. Raises NotAllowed."""
    peer = request.client.host if request.client else None
    return door.by_http(peer, dict(request.headers), token)


def operator(request: Request, door: Door) -> Visitor:
    """Who orders. Raises NotAllowed."""
    found = visitor(request, door)
    if not found.may_operate:
        raise NotAllowed("this visitor may only read", "`stackpress serve token NAME --may operate` lets one operate.")
    return found


def way(request: Request) -> str:
    """How an order comes: from a browser, or from a program."""
    return PAGE if "sec-fetch-site" in request.headers else COMMAND_LINE


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, PressError)
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 409)
    return JSONResponse(document_of(error), status)


def _documents(api: FastAPI, stations: Stations, door: Door) -> None:
    @api.get("/api/presses")
    def presses(request: Request) -> list[dict[str, Any]]:
        visitor(request, door)
        return [one.about() for one in stations.all.values()]

    @api.get("/api/presses/{identity}")
    def press(identity: str, request: Request) -> dict[str, Any]:
        visitor(request, door)
        return stations.station(identity).watched()

    @api.get("/api/presses/{identity}/orders")
    def orders(identity: str, request: Request, most: int = 50) -> list[dict[str, Any]]:
        visitor(request, door)
        return [one.as_dict() for one in stations.orders.newest(stations.station(identity).identity, max(1, min(most, 1000)))]

    @api.get("/api/presses/{identity}/course")
    def course(identity: str, request: Request, span_s: float | None = None, points: int = 600) -> Response:
        visitor(request, door)
        return Response(json.dumps(stations.station(identity).course.drawn(span_s, points)), media_type="application/json")

    @api.get("/api/service")
    def service(request: Request) -> dict[str, Any]:
        who = visitor(request, door)
        return {"name": who.name, "may_operate": who.may_operate, "complaints": stations.complaints, "unix_s": time.time()}


def _orders(api: FastAPI, stations: Stations, door: Door, stops: Executor) -> None:
    async def urgently(order: Callable[..., None], *given: Any) -> dict[str, Any]:
        await asyncio.get_running_loop().run_in_executor(stops, order, *given)
        return {"done": True}

    @api.post("/api/presses/{identity}/line")
    def line(identity: str, wanted: Line, request: Request) -> dict[str, Any]:
        return {"answer": stations.station(identity).say(wanted.form, wanted.text, visitor(request, door), way(request))}

    @api.post("/api/presses/{identity}/stop")
    async def stop(identity: str, wanted: Stop, request: Request) -> dict[str, Any]:
        return await urgently(stations.station(identity).stop, wanted.kind, operator(request, door), way(request))

    @api.post("/api/presses/{identity}/abort")
    async def abort(identity: str, request: Request) -> dict[str, Any]:
        return await urgently(stations.station(identity).abort, operator(request, door), way(request))

    @api.post("/api/presses/{identity}/lend")
    def lend(identity: str, wanted: Borrower, request: Request) -> dict[str, Any]:
        station = stations.station(identity)
        station.hand_over(Lent(operator(request, door).name, wanted.why, wanted.pid))
        return {"port": station.port}

    @api.post("/api/presses/{identity}/return")
    def give_back(identity: str, request: Request) -> dict[str, Any]:
        operator(request, door)
        stations.station(identity).take_back()
        return {"done": True}


def _live(api: FastAPI, stations: Stations, door: Door) -> None:
    @api.websocket("/api/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        try:
            hello = await asyncio.wait_for(socket.receive_json(), SEND_S)
            visitor(socket, door, str(hello.get("token", "")) if isinstance(hello, dict) else "")
        except (NotAllowed, TimeoutError, ValueError, KeyError) as error:
            await _sent(socket.close(4403, str(error)[:100] or "no hello"))
            return
        except WebSocketDisconnect:
            return
        listening = asyncio.create_task(_listen(socket))
        try:
            await _tell(socket, stations, listening)
        except (WebSocketDisconnect, TimeoutError, RuntimeError):
            pass  # it is gone, or does not read
        finally:
            listening.cancel()


def _page(api: FastAPI) -> None:
    """The page's own files: they tell nothing of any press, so everybody may have them; and nothing is loaded from elsewhere."""
    api.mount("/page", StaticFiles(directory=PAGE_FILES))

    @api.get("/")
    def index() -> Response:
        return FileResponse(PAGE_FILES / "index.html")

    @api.middleware("http")
    async def only_ours(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        answer = await call_next(request)
        answer.headers.update(HEADERS)
        return answer


async def _tell(socket: WebSocket, stations: Stations, listening: "asyncio.Task[None]") -> None:
    """Each press's news as they come, until the client goes."""
    told: dict[str, tuple[int, str]] = {}
    while not listening.done():
        for station in list(stations.all.values()):
            mark = station.count, str(station.lent)
            document = station.watched()
            if told.get(station.identity) != mark:
                told[station.identity] = mark
                await _sent(socket.send_text(json.dumps(document)))
        await asyncio.sleep(LIVE_S)


async def _listen(socket: WebSocket) -> None:
    """Whatever a client says after its hello is nothing to us, but that it goes."""
    while True:
        await socket.receive_text()


async def _sent(sending: Awaitable[None]) -> None:
    await asyncio.wait_for(sending, SEND_S)


