"""The press for asyncio: every call of `Press` as a coroutine, following as an asynchronous iterator.

    async with stackpress.open_async() as press:
        await press.run("pellet.toml", sample="A7")
        async for row in press.follow():
            print(row.force_n)
        print(await press.get("state"))

A press has one line, so its calls go one after the other through a thread of their own; `abort` does not wait for them.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

from .press import Press, open_press

_END = object()


class AsyncPress:
    """An open press. Methods are those of `Press`, awaited; properties are asked for by `get`."""

    def __init__(self, port: str | None = None, alone: bool = True) -> None:
        self._where, self._alone = port, alone
        self._line = ThreadPoolExecutor(1, "stackpress")
        self._press: Press | None = None

    async def __aenter__(self) -> "AsyncPress":
        try:
            self._press = await self._run(open_press, self._where, self._alone)
        except BaseException:
            self._line.shutdown(wait=False)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self._run(self._open.__exit__, kind, value, tb)
        self._line.shutdown()

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        if name.startswith("_") or not callable(getattr(Press, name, None)):
            raise AttributeError(f"a press has no call {name!r}" + ("; ask for it with get()" if hasattr(Press, name) else ""))

        async def call(*values: Any, **named: Any) -> Any:
            return await self._run(getattr(self._open, name), *values, **named)

        return call

    async def get(self, name: str) -> Any:
        """A property of the press: `state`, `identity`, `force_n`. Raises AttributeError."""
        return await self._run(getattr, self._open, name)

    async def abort(self) -> None:
        """Vent now, ahead of every call that waits."""
        await asyncio.to_thread(self._open.abort)

    async def follow(self, *values: Any, **named: Any) -> AsyncIterator[Any]:
        """Rows of this run's telemetry until the program is over; PressTripped if an interlock ended it."""
        rows = self._open.follow(*values, **named)
        while (row := await self._run(next, rows, _END)) is not _END:
            yield row

    @property
    def _open(self) -> Press:
        if self._press is None:
            raise RuntimeError("the press is opened by `async with`")
        return self._press

    async def _run(self, what: Callable[..., Any], *values: Any, **named: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._line, lambda: what(*values, **named))
