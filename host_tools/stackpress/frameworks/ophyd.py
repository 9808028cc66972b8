"""The press as an ophyd-async device for Bluesky, with nothing of EPICS between: signals ask the press, a program is flown.

    async with init_devices():
        press = StackPress()                                   # or a port, or http://host:8573/IDENTITY of the service
    RE(bps.mv(press.program, "fabrication", press.sample, "LPS-17"))
    RE(bp.fly([press]))                                        # arms, starts, and waits until it is over
    RE(bp.list_scan([cycler], press.pressure, [1e6, 5e6, 25e6]))    # a cell that was left held

Forces are in N, pressures in Pa, lengths in m, temperatures in degC; what a press has no sensor for is not a number. A plan that is
aborted leaves a program running, as a lost host does; `bps.stop(press)` releases the force under control.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from math import nan
from typing import Any

from bluesky.protocols import EventCollectable, Flyable, Stoppable
from event_model import DataKey, PartialEvent
from ophyd_async.core import (
    DEFAULT_TIMEOUT,
    AsyncStatus,
    LazyMock,
    MovableLogic,
    NotConnectedError,
    Reference,
    SignalR,
    SignalRW,
    SoftSignalBackend,
    StandardMovable,
    StandardReadable,
    StandardReadableFormat,
    soft_signal_rw,
)

from ..asynchronous import AsyncPress
from ..errors import PressError
from ..session import LEASE_S
from ..states import PRESSING, RELEASING, TRIPPED
from ..view.snapshot import Snapshot

PERIOD_S = 0.2
ROW_S = 1.0
ROWS = 20_000
INVALID = 3  # alarm_severity, as EPICS counts it
THERE = 0.01  # of a set-point: the force has come to it
THERE_N = 5.0
SETTLES_S = 60.0  # from the set-point's arrival to the force's


class Asked(SoftSignalBackend[Any]):
    """A value that is asked of the press, and asked again while somebody listens; a press that is lost makes it invalid."""

    _listening: asyncio.Task[None] | None = None

    def source(self, name: str, read: bool) -> str:
        return f"stackpress://{name}"

    def set_callback(self, callback: Callable[[Any], None] | None) -> None:
        super().set_callback(callback)
        if self._listening is not None:
            self._listening.cancel()
        self._listening = asyncio.create_task(self._listen()) if callback else None

    async def _listen(self) -> None:
        while True:
            await asyncio.sleep(PERIOD_S)
            try:
                await self.get_reading()
            except PressError:
                self.reading = {**self.reading, "timestamp": time.time(), "alarm_severity": INVALID}
                if self.callback:
                    self.callback(self.reading)


class Axis(StandardReadable, StandardMovable[float]):
    """Force or pressure, read; moved, it is the set-point of a cell that is held, or of a step that holds or ramps.

    `rate` is per second; at 0 it is that of the last movement.
    """

    def __init__(self, press: "StackPress", quantity: str, unit: str, name: str = "") -> None:
        self._whose = Reference(press)  # a device that is an attribute would become a part of this one
        self._quantity, self._moves = quantity, False
        with self.add_children_as_readables(StandardReadableFormat.HINTED_UNCACHED_SIGNAL):
            self.readback = press.asked(float, lambda now: self._of(now, now.force_n), unit)
        with self.add_children_as_readables(StandardReadableFormat.UNCACHED_SIGNAL):
            self.setpoint = SignalRW(Asked(float, units=unit, getter=self._set_point, setter=self._order))
        self.rate = soft_signal_rw(float, 0.0, units=f"{unit}/s")
        super().__init__(name=name)

    @cached_property
    def movable_logic(self) -> "Steered":
        return Steered(self.setpoint, self.readback, self)

    def _of(self, now: Snapshot, newtons: float) -> float:
        return newtons if self._quantity == "force_n" else newtons / now.area_m2 if now.area_m2 else nan

    async def _set_point(self) -> float:
        now = await self._whose().now()
        return self._of(now, now.set_n)

    async def _order(self, value: float | None) -> None:
        rate = await self.rate.get_value()
        each = "rate_n_per_s" if self._quantity == "force_n" else "rate_pa_per_s"
        await self._whose().call("set_point", **{self._quantity: value or 0.0}, **({each: rate} if rate else {}))

    async def come_to(self, value: float) -> None:
        """Order a set-point and wait for the force. Raises PressRefused, PressTripped, TimeoutError."""
        await self.setpoint.set(value, timeout=None)
        self._moves, arrived = True, 0.0
        try:
            while True:
                await self._whose().call("lease", LEASE_S)
                now = await self._whose().watched()
                newtons = value if self._quantity == "force_n" else value * now.area_m2
                arrived = arrived or (time.monotonic() if abs(now.set_n - newtons) < THERE_N / 100 else 0.0)
                if arrived and abs(now.force_n - newtons) <= max(THERE_N, THERE * newtons):
                    return
                if arrived and time.monotonic() - arrived > SETTLES_S:
                    raise TimeoutError(f"{now.force_n:.1f} N {SETTLES_S:.0f} s after the set-point came to {newtons:.1f} N")
                await asyncio.sleep(PERIOD_S)
        finally:
            self._moves = False

    async def stay(self) -> None:
        """A set-point that moves stops where it is; one that stands is left alone (a plan's end asks for it as well)."""
        if self._moves:
            now = await self._whose().now()
            await self._whose().call("set_point", force_n=round(now.set_n, 2))


class Steered(MovableLogic[float]):
    """How an axis moves and stops, for StandardMovable."""

    def __init__(self, setpoint: SignalRW[float], readback: SignalR[float], axis: Axis) -> None:
        super().__init__(setpoint, readback)
        self._axis = axis

    async def move(self, new_position: float, timeout: Callable[[], float | None]) -> None:
        await asyncio.wait_for(self._axis.come_to(new_position), timeout())

    async def stop(self) -> None:
        await self._axis.stay()


class StackPress(StandardReadable, Flyable, EventCollectable, Stoppable):
    """A press by its port, its identity at the service, or the only one there is."""

    def __init__(self, where: str | None = None, name: str = "") -> None:
        self._where = where
        self._open: AsyncPress | None = None
        self._looking: asyncio.Future[Snapshot] | None = None
        self._rows: list[PartialEvent] = []
        with self.add_children_as_readables():
            self.force = Axis(self, "force_n", "N")
            self.pressure = Axis(self, "pressure_pa", "Pa")
        with self.add_children_as_readables(StandardReadableFormat.UNCACHED_SIGNAL):
            self.displacement = self.asked(float, lambda now: nan if now.displacement_m is None else now.displacement_m, "m")
            self.temperature_1 = self.asked(float, lambda now: _or_nan(now.temperatures_c[0]), "degC")
            self.temperature_2 = self.asked(float, lambda now: _or_nan(now.temperatures_c[1]), "degC")
            self.state = self.asked(str, lambda now: now.state)
            self.step = self.asked(int, lambda now: now.step)
        with self.add_children_as_readables(StandardReadableFormat.CONFIG_SIGNAL):
            self.program = soft_signal_rw(str)
            self.sample = soft_signal_rw(str)
            self.operator = soft_signal_rw(str)
        super().__init__(name=name)

    def asked(self, kind: type[Any], what: Callable[[Snapshot], Any], unit: str | None = None) -> SignalR[Any]:
        """A signal of one thing in a snapshot."""

        async def value() -> Any:
            return what(await self.now())

        return SignalR(Asked(kind, units=unit, getter=value))

    async def connect(
        self, mock: bool | LazyMock[Any] = False, timeout: float = DEFAULT_TIMEOUT, force_reconnect: bool = False
    ) -> None:
        """Open the press's line. Raises NotConnectedError."""
        if not mock and (self._open is None or force_reconnect):
            await self.close()
            press = AsyncPress(self._where)
            try:
                self._open = await press.__aenter__()
            except PressError as error:
                raise NotConnectedError(str(error)) from error
        await super().connect(mock, timeout, force_reconnect)

    async def close(self) -> None:
        """Give the line back to other programs; a program that runs goes on."""
        if self._open is not None:
            await self._open.__aexit__(None, None, None)
            self._open = None

    async def call(self, verb: str, *values: Any, **named: Any) -> Any:
        """A call of `stackpress.Press`. Raises NotConnectedError, and what the call raises."""
        if self._open is None:
            raise NotConnectedError("the press is not connected: await connect(), or init_devices()")
        return await getattr(self._open, verb)(*values, **named)

    async def now(self) -> Snapshot:
        """What the press does; all who ask while it is being asked get the same moment."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(self.call("snapshot"))
        return await asyncio.shield(self._looking)

    async def watched(self) -> Snapshot:
        """The same. Raises PressTripped if it has tripped."""
        now = await self.now()
        if now.state == TRIPPED:
            raise await self.call("tripped")
        return now

    @AsyncStatus.wrap
    async def kickoff(self) -> None:
        """Arm and start `program` for `sample`, by `operator`. Raises PressRefused, NoSuchProgram."""
        told = [await one.get_value() for one in (self.program, self.sample, self.operator)]
        await self.call("run", *told)

    @AsyncStatus.wrap
    async def complete(self) -> None:
        """Wait until the program is over, renewing the host's lease. Raises PressTripped."""
        self._rows, apart_s, last = [], ROW_S, 0.0
        while True:
            await self.call("lease", LEASE_S)
            now = await self.watched()
            if time.monotonic() - last >= apart_s:
                last = time.monotonic()
                self._rows.append(self._row(now))
            if len(self._rows) >= ROWS:
                del self._rows[::2]
                apart_s *= 2
            if not now.running and now.state not in (PRESSING, RELEASING):
                return
            await asyncio.sleep(PERIOD_S)

    def _row(self, now: Snapshot) -> PartialEvent:
        unix_s = time.time()
        data = {self.force.name: now.force_n, self.force.setpoint.name: now.set_n, self.step.name: now.step}
        return PartialEvent(data=data, timestamps=dict.fromkeys(data, unix_s), time=unix_s)

    async def describe_collect(self) -> dict[str, dict[str, DataKey]]:
        """What `collect` gives: force, set-point and step of what was flown."""
        told = [await one.describe() for one in (self.force.readback, self.force.setpoint, self.step)]
        return {self.name: {name: key for one in told for name, key in one.items()}}

    def collect(self) -> Iterator[PartialEvent]:
        """A row a second of what was flown, of a long program as many as ROWS at most; the press's own log has every one."""
        rows, self._rows = self._rows, []
        yield from rows

    async def stop(self, success: bool = True) -> None:
        """Stop a program that runs, and release its force at the program's own rate."""
        if (await self.now()).running:
            await self.call("stop")


def _or_nan(value: float | None) -> float:
    return nan if value is None else value
