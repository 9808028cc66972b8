"""Driver of tomato (DriverInterface 2.1) for a press: programs as tasks, force and pressure as data.

tomato ends a component's thread for good at the first exception in a task and says of it "idle", so nothing that a press can refuse
leaves a task as an exception: it ends the task, stands in the attribute `reason`, and is logged.
"""

import logging
import math
import time
from typing import Any

import pint
import stackpress
import xarray as xr
from stackpress.session import LEASE_S
from stackpress.states import PRESSING, RELEASING, TRIPPED
from tomato.driverinterface_2_1 import Attr, ModelDevice, ModelInterface
from tomato.driverinterface_2_1.decorators import coerce_val
from tomato.models import Task

logger = logging.getLogger(__name__)
AT_END = {"release": "controlled", "hold": "hold", "leave": ""}
ATTRS = {
    "program": Attr(type=str, rw=True),
    "sample": Attr(type=str, rw=True),
    "operator": Attr(type=str, rw=True),
    "force_setpoint": Attr(type=pint.Quantity, rw=True, status=True, units="newton"),
    "rate": Attr(type=pint.Quantity, rw=True, units="newton/second"),
    "force": Attr(type=pint.Quantity, status=True, units="newton"),
    "pressure": Attr(type=pint.Quantity, status=True, units="pascal"),
    "displacement": Attr(type=pint.Quantity, units="meter"),
    "temperature_1": Attr(type=pint.Quantity, units="degree_Celsius"),
    "temperature_2": Attr(type=pint.Quantity, units="degree_Celsius"),
    "step": Attr(type=int, status=True),
    "state": Attr(type=str, status=True),
    "reason": Attr(type=str, status=True),
}
MEASURED = tuple(name for name, attr in ATTRS.items() if name not in ("program", "sample", "operator", "rate", "reason"))


class DriverInterface(ModelInterface):
    """Presses by their address; the channel is "1"."""

    idle_measurement_interval = 10

    def __init__(self, settings: dict[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.at_end = AT_END[self.settings.get("at_end", "release")]

    def DeviceFactory(self, key: tuple[str, str], **kwargs: Any) -> "Device":
        return Device(self, key, **kwargs)


class Device(ModelDevice):
    """One press. tomato asks from its own thread while the component's thread measures; the press's line takes one at a time."""

    def __init__(self, driver: DriverInterface, key: tuple[str, str], **kwargs: Any) -> None:
        try:
            self.press = stackpress.open(key[0])
        except stackpress.PressError as error:
            raise RuntimeError(str(error)) from error  # what makes tomato try again
        self.closed = False
        super().__init__(driver, key, **kwargs)
        self.constants["identity"] = self.press.identity
        self.told: dict[str, Any] = {"program": "", "sample": "", "operator": "", "rate": None, "reason": ""}

    def attrs(self, **kwargs: Any) -> dict[str, Attr]:
        return ATTRS

    def capabilities(self, **kwargs: Any) -> set[str]:
        return {"run", "set_force", "watch"}

    @coerce_val
    def set_attr(self, attr: str, val: Any, **kwargs: Any) -> Any:
        if attr != "force_setpoint":
            self.told[attr] = val
            return val
        rate = self.told["rate"]
        with self.datalock:
            self.press.set_point(val.m_as("newton"), rate_n_per_s=rate.m_as("newton/second") if rate is not None else None)
        return val

    def get_attr(self, attr: str, **kwargs: Any) -> Any:
        if attr not in ATTRS:
            raise AttributeError(f"a press has no {attr!r}")
        if attr in self.told:
            return self.told[attr]
        value, unit = self._values()[attr], ATTRS[attr].units
        return pint.Quantity(value, unit) if unit else value

    def _values(self) -> dict[str, Any]:
        with self.datalock:
            now = self.press.snapshot()
        pressure = now.force_n / now.area_m2 if now.area_m2 else None
        numbers = (now.set_n, now.force_n, pressure, now.displacement_m, *now.temperatures_c)
        values = [math.nan if number is None else number for number in numbers]
        return dict(zip(MEASURED, (*values, now.step, now.state), strict=True))

    def prepare_task(self, task: Task, **kwargs: Any) -> None:
        """Set what the task tells, and start its program."""
        self.told |= {"program": "", "sample": "", "operator": "", "rate": None, "reason": ""}
        ordered = sorted((task.task_params or {}).items(), key=lambda item: item[0] == "force_setpoint")  # its rate before it
        try:
            for attr, value in ordered:
                self.set_attr(attr=attr, val=value)
            if task.technique_name == "run":
                with self.datalock:
                    self.press.run(self.told["program"], self.told["sample"], self.told["operator"])
        except (stackpress.PressError, ValueError, AttributeError) as error:
            self._end(str(error))

    def _end(self, why: str) -> None:
        """Why the task can't go on; it ends at its first sample, for tomato sets its flags anew behind `prepare_task`."""
        logger.error("task on %s: %s", self.key, why)
        self.told["reason"] = why

    def do_task(self, task: Task, **kwargs: Any) -> None:
        """A sample; the task is over when its program is, or when the press has refused it, tripped or gone."""
        if not self.told["reason"]:
            try:
                self.press.lease(max(LEASE_S, 3 * task.sampling_interval))
                super().do_task(task, **kwargs)
                self._judge(task)
            except stackpress.PressError as error:
                self._end(str(error))
        if self.told["reason"]:
            self.thread.do_run_task = False

    def _judge(self, task: Task) -> None:
        state, step = (str(self.last_data["state"].values[0]), int(self.last_data["step"].values[0]))
        if state == TRIPPED:
            self._end(str(self.press.tripped()))
        elif task.technique_name == "run" and not step and state not in (PRESSING, RELEASING):
            self.thread.do_run_task = False

    def do_measure(self, **kwargs: Any) -> None:
        values = self._values()
        units = {name: {"units": ATTRS[name].units} if ATTRS[name].units else {} for name in values}
        data = {name: (["uts"], [value], units[name]) for name, value in values.items()}
        self.last_data = xr.Dataset(data_vars=data, coords={"uts": (["uts"], [time.time()])})

    def reset(self, do_run: bool = True, **kwargs: Any) -> None:
        """What tomato does at the end of every job, and of its own: a program that still runs ends as the driver's settings say."""
        super().reset(do_run=do_run, **kwargs)
        if self.closed:
            return
        try:
            if self.driver.at_end and self.press.program_state().step:
                self.press.stop(self.driver.at_end)
        except stackpress.PressError as error:
            self._end(str(error))
        if not do_run:  # the component goes away, and its port is free for whoever comes
            self.press.close()
            self.closed = True
