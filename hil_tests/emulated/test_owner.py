"""What only the image shows of who may do what: the code in a chip's time, BOOTSEL at the pin, and an image that has decayed."""

import pytest
from stackpress.errors import PressRefused
from stackpress.link import Link
from stackpress.press import Press

from hil_tests.targets.emulator import EmulatorTarget

pytestmark = pytest.mark.timeout(900)
BOOTED_S = 0.7
CODE = "horse-battery"
WATCHDOG_S = 1.0
LOAD = 0x04  # of the watchdog: RP2040 datasheet 4.7.4
IN_THE_IMAGE = b"Ram travel that a program may use"  # a text of its tables, which nothing runs by


def test_code_is_set_and_given_within_the_watchdogs_time_and_forgotten_with_bootsel_held(monkeypatch: pytest.MonkeyPatch) -> None:
    with EmulatorTarget() as target:
        target.run_until(BOOTED_S)
        with Press(Link(target.port, quiet_s=900)) as press:
            assert press.has_code() is False
            for change in (lambda: press.service_set("", CODE), lambda: press.service_enter(CODE)):
                before = target.time_s()
                change()
                assert target.time_s() - before < WATCHDOG_S, f"{target.time_s() - before:.2f} s"
            target.run_for(0.02)
            assert press.state == "service" and not target.truth()["permissive"]
            press.service_leave()
            target.run_for(0.02)
            with pytest.raises(PressRefused, match="BOOTSEL"):
                press.service_forget()
            hold_bootsel(target, monkeypatch)
            press.service_forget()
            assert press.has_code() is False and press.time().boot_id == 1
            assert press.checks() == []


def test_a_configuration_in_force_keeps_the_watchdog_waiting_for_half_of_its_time_at_most() -> None:
    with EmulatorTarget() as target:
        target.run_until(BOOTED_S)
        dog, fed = target.chip.mcu.watchdog, [target.time_s()]
        write = dog.write_uint32

        def written(offset: int, value: int) -> None:
            if offset == LOAD:
                fed.append(target.chip.now_ns / 1e9)
            write(offset, value)

        dog.write_uint32 = written
        with Press(Link(target.port, quiet_s=900)) as press:
            text = press.document_get("config")
            assert text
            press.document_put("config", text)
        longest = max(b - a for a, b in zip(fed, fed[1:], strict=False))
        assert 0.1 < longest < WATCHDOG_S / 2, f"{longest:.2f} s"


def hold_bootsel(target: EmulatorTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    """The button pulls the flash's chip select low: bit 1 of GPIO_HI_IN (RP2040 datasheet 2.3.1.7)."""
    mcu = target.chip.mcu
    read = mcu.sio.read_uint32
    monkeypatch.setattr(mcu.sio, "read_uint32", lambda offset: read(offset) & ~2 if offset == 8 else read(offset))


def test_an_image_that_has_decayed_in_the_flash_is_told_and_not_armed() -> None:
    with EmulatorTarget() as target:
        target.chip.mcu.flash[bytes(target.chip.mcu.flash).index(IN_THE_IMAGE)] ^= 4
        target.run_until(BOOTED_S)
        with Press(Link(target.port, quiet_s=900)) as press:
            assert [one.code for one in press.checks()] == ["image"]
            with pytest.raises(PressRefused, match="not what was built"):
                press.arm()
