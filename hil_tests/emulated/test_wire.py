"""The port of the image: the host is held back and loses nothing, nobody who does not read stalls it, and a stop comes through."""

from collections.abc import Iterator

import pytest
import stackpress

from hil_tests.conftest import EMULATED_TIMEOUT_S
from hil_tests.targets.emulator import EmulatorTarget
from hil_tests.targets.full_speed import PACKET_NS

pytestmark = pytest.mark.timeout(EMULATED_TIMEOUT_S)


@pytest.fixture
def target() -> Iterator[EmulatorTarget]:
    with EmulatorTarget() as one:
        one.boot()
        yield one


def missed(target: EmulatorTarget) -> int:
    return target.word("MISSED")


def test_a_burst_loses_no_line_and_the_host_is_held_back(target: EmulatorTarget) -> None:
    asked = b"".join(b"*ESE %d;%s*ESE?\n" % (n % 256, b" " * 90) for n in range(300))  # more than it keeps of a burst
    at = len(target.console)
    target.chip.send(asked)
    target.run_for(0.02)
    assert target.chip.unread > 3000
    assert target.until(lambda: target.console[at:].count(b"\n") >= 300, 3.0)
    assert bytes(target.console[at:]) == b"".join(b"%d\n" % (n % 256) for n in range(300))
    assert target.said(b"SYST:ERR?\n", 0.1) == b'0,"No error"\n'


def test_what_a_host_does_not_read_stalls_nothing_and_a_stop_behind_it_is_obeyed(target: EmulatorTarget) -> None:
    with stackpress.open(target.port) as press:
        press.arm()
    assert target.said(b"CYCL:STAT?\n", 0.1) == b"ready\n"
    before = missed(target)
    target.chip.bus.reading = False
    assert target.said(b"*IDN?\n" * 80 + b"STOP\n", 0.6) == b""
    assert target.chip.unread == 0 and missed(target) == before
    target.chip.bus.reading = True
    target.run_for(0.1)
    assert target.said(b"CYCL:STAT?\n", 0.1) == b"safe\n"
    assert b"-410," in target.said(b"SYST:ERR:ALL?\n", 0.2)


def test_a_break_vents_while_the_port_takes_nothing(target: EmulatorTarget) -> None:
    with stackpress.open(target.port) as press:
        press.arm()
        stops = press.memory().stops
    target.chip.bus.reading = False
    target.chip.send((b"*IDN?" + b" " * 300 + b"\n") * 200)  # more than the controller, the inbox and a burst hold
    target.run_for(0.05)
    assert target.chip.unread > 0
    target.chip.send_break()
    target.run_for(0.001)
    assert target.word("STATE") == 0
    target.chip.bus.reading = True
    target.run_for(2.0)
    with stackpress.open(target.port) as press:
        assert press.memory().stops == stops + 1 and press.state == "safe"


def test_a_line_that_a_closed_port_left_half_written_is_nothing_for_the_next(target: EmulatorTarget) -> None:
    target.said(b"*ESE 17;*ES", 0.05)
    target.chip.device.cdc.set_control_lines(dtr=False, rts=False)
    target.run_for(0.02)
    target.chip.device.cdc.set_control_lines(dtr=True, rts=True)
    target.run_for(0.02)
    assert target.said(b"*ESE?\n", 0.1) == b"0\n"


def test_a_cable_that_is_pulled_in_a_line_leaves_nothing_for_the_next_host(target: EmulatorTarget) -> None:
    target.said(b"*ESE 17;*ES", 0.05)
    cdc = target.chip.device.cdc
    cdc._initialized, cdc._descriptors_size, cdc._descriptors = False, None, []  # a host that has not seen this device
    cdc.usb.reset_device()
    target.run_for(0.2)
    assert target.said(b"*ESE?\n", 0.1) == b"0\n"


def test_a_stop_byte_behind_what_nobody_has_asked_for_yet_vents_within_a_collection(target: EmulatorTarget) -> None:
    with stackpress.open(target.port) as press:
        press.arm()
    target.chip.send(b"SYST:HELP:HEAD?;:DATA:CAT?\n" * 40 + b"\x18")
    assert target.until(lambda: target.word("STATE") == 0, 0.02, 0.0002)


def test_the_bus_carries_nineteen_packets_a_millisecond_at_most(target: EmulatorTarget) -> None:
    came: list[float] = []
    target.chip.on_bytes = lambda data: came.append(target.chip.now_ns)
    target.chip.send(b"SYST:HELP:HEAD?\n")
    target.run_for(0.3)
    assert len(came) > 30
    assert min(b - a for a, b in zip(came, came[1:], strict=False)) >= PACKET_NS - 1
