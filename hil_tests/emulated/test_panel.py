"""The front panel of the real image, with no host: buttons pressed at the expander's pins, the display's memory read back.

The pictures are what panel_tour.py kept; they are compared dot for dot.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from stackpress_core.tick import states

from hil_tests.emulated.panel_tour import PICTURES, STOPS, Tour, picture, save

pytestmark = pytest.mark.timeout(900)
ACTUAL = Path(__file__).resolve().parents[2] / "build" / "panel"
MORE_S = 0.6  # beyond what the tour allows itself
BOOTED_S = 0.8  # the last driver is set up by then
POLL_S = 0.016


@pytest.fixture
def begun() -> Iterator[Callable[[], Tour]]:
    tours: list[Tour] = []

    def begin() -> Tour:
        tours.append(Tour())
        return tours[0]

    yield begin
    for tour in tours:
        tour.close()


def shows(tour: Tour, name: str, within_s: float) -> bool:
    """Whether the display comes to show exactly the picture that is kept; what it shows instead goes to build/panel."""
    wanted = picture(name)
    if tour.until(lambda: tour.display() == wanted, within_s):
        return True
    save(tour.display(), ACTUAL / f"{name}.png")
    return False


def test_no_host_select_start_see_the_force_stop_and_acknowledge(begun: Callable[[], Tour]) -> None:
    tour = begun()
    for stop in STOPS:
        stop.act(tour)
        tour.lit = set()
        assert shows(tour, stop.name, stop.within_s + MORE_S), stop.name
        tour.run(0.6)  # no light is dark, and no buzzer silent, for longer
        assert tour.lit >= stop.lit, (stop.name, tour.lit)
        assert tour.display() == picture(stop.name)
        if stop.name == "holding":
            assert tour.state() == states.HOLDING and tour.target.truth()["permissive"]
        if stop.name in ("emergency_stop", "may_be_cleared"):
            assert tour.state() == states.TRIPPED and tour.target.truth()["dump_open"]
    assert tour.state() == states.SAFE and not tour.target.console
    assert tour.panel.display.unknown == [] and tour.target.word("MISSED") == 0
    assert {path.stem for path in PICTURES.glob("*.png")} == {stop.name for stop in STOPS}


def test_transfers_are_short_and_the_display_never_takes_the_bus_from_the_buttons(begun: Callable[[], Tour]) -> None:
    tour = begun()
    tour.target.run_until(BOOTED_S)
    assert tour.panel.bus.clock_ns == pytest.approx(2500, rel=0.02)  # 400 kHz
    from_here = len(tour.panel.bus.transfers)
    tour.push("select")
    tour.run(0.4)
    seen = tour.panel.bus.transfers[from_here:]
    assert max(count for _, _, count in seen) <= 64
    polls = [ns for ns, address, _ in seen if address == tour.panel.expander.address]
    worst_ms = max(b - a for a, b in zip(polls, polls[1:], strict=False)) / 1e6
    assert worst_ms <= 60, worst_ms  # one of them reads a program from flash


def test_without_a_display_everything_else_works_and_one_that_comes_is_filled(begun: Callable[[], Tour]) -> None:
    tour = begun()
    tour.panel.display.absent = True
    tour.target.run_until(BOOTED_S + 0.2)
    tour.push("select")
    tour.push("start")
    assert tour.until(lambda: tour.state() in states.DRIVEN, 0.5)
    tour.push("stop")
    assert tour.until(lambda: tour.state() not in (states.PRESSING, states.HOLDING), 0.2)
    tour.panel.display.absent = False
    assert not tour.panel.display.on
    assert tour.until(lambda: tour.panel.display.on, 3.0)
    assert tour.display().count(255) > 500


def test_without_its_expander_the_press_is_not_armed_and_a_start_button_that_was_held_starts_nothing(
    begun: Callable[[], Tour],
) -> None:
    tour = begun()
    tour.panel.expander.absent = True
    tour.target.run_until(BOOTED_S + 0.2)
    ok, start = 32, 64
    assert not tour.target.word("INPUTS") & ok and tour.state() == states.SAFE
    tour.panel.press("start")
    tour.panel.expander.absent = False
    tour.panel.expander.reset()
    assert tour.until(lambda: bool(tour.target.word("INPUTS") & ok), 2.5)
    tour.run(0.2)
    assert not tour.target.word("INPUTS") & start and tour.state() == states.SAFE
    tour.panel.release("start")
    tour.run(4 * POLL_S)
    tour.panel.press("start")
    assert tour.until(lambda: bool(tour.target.word("INPUTS") & start), 0.2)


def test_expander_that_fails_while_the_press_is_driven_stops_it(begun: Callable[[], Tour]) -> None:
    """It watches the supply: nobody knows any longer whether that is good."""
    tour = begun()
    tour.target.run_until(BOOTED_S + 0.1)
    tour.push("select")
    tour.push("start")
    assert tour.until(lambda: tour.state() in states.DRIVEN, 0.5)
    tour.panel.expander.absent = True
    assert tour.until(lambda: tour.state() == states.TRIPPED, 0.3)
    assert tour.target.truth()["dump_open"]
