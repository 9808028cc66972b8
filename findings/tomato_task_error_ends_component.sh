#!/bin/sh
# tomato 2.2 (DriverInterface 2.1): an exception in a component's task (a device that answers late once) ends that component's thread
# for good. From then on the component says "idle", and each further task is "started successfully" and never runs; what cmp_measure
# starts neither. Only cmp_reset brings it back. So a driver keeps what its device may refuse from leaving a task as an exception.
# Seen: the second task is taken, nothing runs, its data are none. Fails if that changes.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tomato==2.2 dgbowl-schemas==127 numpy==2.4.6 xarray==2026.9.0
cd "$work"
venv/bin/python - <<'PYTHON'
import sys
import time

import xarray as xr
from tomato.driverinterface_2_1 import Attr, ModelDevice, ModelInterface
from tomato.models import Task


class Device(ModelDevice):
    late = True

    def attrs(self, **_):
        return {"value": Attr(type=float)}

    def capabilities(self, **_):
        return {"read"}

    def get_attr(self, attr, **_):
        return 1.0

    def set_attr(self, attr, val, **_):
        return val

    def do_measure(self, **_):
        if self.late:
            raise TimeoutError("no answer within a second")
        self.last_data = xr.Dataset({"value": (["uts"], [1.0])}, coords={"uts": (["uts"], [time.time()])})


class Driver(ModelInterface):
    def DeviceFactory(self, key, **_):
        return Device(self, key)


def ran(driver, key):
    told = driver.task_start(**key, task=Task(component_role="r", max_duration=0.5, sampling_interval=0.1, technique_name="read"))
    time.sleep(1.5)
    return told.success, driver.task_status(**key).data["running"], driver.task_data(**key).data


driver, key = Driver(), {"address": "a", "channel": "1"}
driver.cmp_register(**key)
first = ran(driver, key)
driver.devmap["a", "1"].late = False
second = ran(driver, key)
driver.cmp_reset(**key)
third = ran(driver, key)
print(first, second, third[0], len(third[2]["uts"]) if third[2] is not None else None)
sys.exit(not (second == (True, False, None) and third[0] and third[2] is not None))
PYTHON
