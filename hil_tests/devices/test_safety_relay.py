"""The safety relay does what its manual says, and nothing by itself."""

import pytest

from hil_tests.devices.safety_relay import RELEASE_MS, SafetyRelay


class Wired:
    """A relay that somebody has reset; `for_ms` lets time pass in steps of a quarter of a millisecond."""

    def __init__(self, release_ms: float = 20.0) -> None:
        self.relay, self.ns = SafetyRelay(release_ms), 0.0
        self.one = self.two = self.supply = True
        self.start = False
        self.for_ms(1)
        self.reset()

    def for_ms(self, ms: float) -> bool:
        for _ in range(round(4 * ms)):
            self.ns += 250_000
            self.relay.look(self.ns, self.one, self.two, self.start, self.supply)
        return self.relay.closed

    def reset(self) -> bool:
        self.start = True
        self.for_ms(100)
        self.start = False
        return self.for_ms(100)


def test_closes_when_it_is_started_and_not_by_itself() -> None:
    relay = SafetyRelay()
    assert not any(relay.look(250_000.0 * n, True, True, False) for n in range(4000))
    assert relay.look(1e9, True, True, True)


@pytest.mark.parametrize("release_ms", RELEASE_MS)
@pytest.mark.parametrize("what", ["one", "two", "supply"])
def test_opens_in_its_time_when_either_channel_or_the_supply_does(what: str, release_ms: float) -> None:
    wired = Wired(release_ms)
    setattr(wired, what, False)
    assert wired.for_ms(release_ms - 0.5) and not wired.for_ms(1)


def test_does_not_close_again_before_it_is_reset() -> None:
    wired = Wired()
    wired.one = wired.two = False
    assert not wired.for_ms(50)
    wired.one = wired.two = True
    assert not wired.for_ms(5000) and wired.reset()


def test_reset_that_is_jammed_or_comes_before_the_channels_starts_nothing() -> None:
    wired = Wired()
    wired.one = wired.two = False
    wired.for_ms(50)
    wired.start = True
    wired.for_ms(50)
    wired.one = wired.two = True
    assert not wired.for_ms(5000)
    wired.start = False
    wired.for_ms(50)
    assert wired.reset()


def test_channel_that_opened_alone_keeps_it_off_until_both_have_opened() -> None:
    wired = Wired()
    wired.one = False
    wired.for_ms(50)
    wired.one = True
    assert not wired.reset()
    wired.one = wired.two = False
    wired.for_ms(50)
    wired.one = wired.two = True
    assert wired.reset()


def test_channels_that_close_one_after_the_other_and_bounce_are_no_fault() -> None:
    wired = Wired()
    wired.one = wired.two = False
    wired.for_ms(50)
    wired.one = True
    wired.for_ms(300)
    for two in (True, False, True, False, True):
        wired.two = two
        wired.for_ms(3)
    assert wired.reset()


def test_channel_that_is_open_for_less_than_its_release_does_not_open_it() -> None:
    wired = Wired()
    wired.one = False
    wired.for_ms(5)
    wired.one = True
    assert wired.for_ms(100)
