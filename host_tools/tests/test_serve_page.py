"""The page of the service: what it draws keeps every excursion and does not grow, and a browser shows it on desk and phone."""

import hashlib
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import stackpress
from stackpress.logs.decode import SAMPLE_DTYPE
from stackpress.logs.synthetic import sealed
from stackpress.serve.force_history import MOST, TIERS, ForceHistory
from stackpress_core.tick import states

from hil_tests.waiting import until
from host_tools.tests.service_bench import Served, until_unpressed
from host_tools.tests.short_pellet import short

pytestmark = pytest.mark.usefixtures("own_folders")

PAGE = Path(stackpress.__file__).parent / "serve" / "page"
CHROMIUM = next((found for found in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if found), None)
UPLOT = {
    "uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    "LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
}


def samples(seconds: range, force_n: float = 1000.0) -> np.ndarray[Any, Any]:
    """A hold, a sample a second."""
    made = np.zeros(len(seconds), SAMPLE_DTYPE)
    made["t_s"], made["boot"], made["seq"] = np.arange(seconds.start, seconds.stop), 3, np.arange(seconds.start, seconds.stop) + 1
    made["state"], made["set_cn"] = states.HOLDING, round(force_n * 100)
    for name in ("min", "max", "mean"):
        made[f"force_{name}_cn"] = round(force_n * 100)
    return made


def course_of(*parts: np.ndarray[Any, Any]) -> ForceHistory:
    course = ForceHistory()
    course.contact(3, 0.0, 1.8e9)
    for part in parts:
        course.hear(sealed(part))
    return course


@pytest.mark.parametrize("points", [10, 97, 300, 1200])
def test_every_excursion_of_a_sample_is_there_however_far_it_is_zoomed_out(points: int) -> None:
    whole = samples(range(0, 100_000))
    dice = np.random.default_rng(points)
    above, below = (np.sort(dice.choice(100_000, 40, replace=False)) for _ in range(2))
    whole["force_max_cn"][above] = 102_000
    whole["force_min_cn"][below] = 98_500
    drawn = course_of(*np.split(whole, 50)).drawn(None, points)
    edges = np.array([*drawn["unix_s"], np.inf]) - 1.8e9
    assert len(drawn["unix_s"]) <= points
    kinds = (above, "deviation_high", "force_high_n", 1020), (below, "deviation_low", "force_low_n", 985)
    for where, name, column, force in kinds:
        hit = set(np.searchsorted(edges, where, side="right") - 1)
        assert {i for i, value in enumerate(drawn[name]) if abs(value) >= 0.01} == hit
        assert {i for i, value in enumerate(drawn[column]) if value == force} == hit


def test_three_weeks_take_no_more_memory_than_an_hour_and_are_all_there() -> None:
    course = ForceHistory()
    course.contact(3, 0.0, 1.8e9)
    sizes = set()
    for day in range(21):
        part = samples(range(day * 86400, (day + 1) * 86400))[::10]
        course.hear(sealed(part))
        sizes.add(sum(tier._times.nbytes + tier._table.nbytes for tier in course._tiers))
    assert len(sizes) == 1 and sizes.pop() < 4e6
    drawn = course.drawn(None, 1200)
    assert drawn["unix_s"][0] == 1.8e9 and drawn["unix_s"][-1] - drawn["unix_s"][0] > 20.9 * 86400
    for span_s, step_s in ((600, 10), (86400, 100), (7 * 86400, 900)):
        times = course.drawn(span_s, 1200)["unix_s"]
        assert times[-1] - times[0] > 0.97 * span_s and np.diff(times).max() <= step_s


def test_a_clock_that_was_put_back_never_makes_time_run_backwards() -> None:
    course = course_of(samples(range(0, 600)))
    course.contact(3, 0.0, 1.8e9 - 300)
    course.hear(sealed(samples(range(600, 1500))))
    times = course.drawn(None, 2000)["unix_s"]
    assert (np.diff(times) > 0).all() and times[-1] == 1.8e9 + 1199


def test_a_press_that_is_not_pressed_has_no_deviation() -> None:
    idle = samples(range(0, 100))
    idle["state"] = states.SAFE
    assert set(course_of(idle).drawn(None, 100)["deviation_high"]) == {None}


def test_the_tiers_overlap_and_hold_half_a_year() -> None:
    for (fine_s, count), (coarse_s, _) in zip(TIERS, TIERS[1:], strict=False):
        assert fine_s * count > 2 * coarse_s and coarse_s > fine_s
    assert TIERS[0][0] * TIERS[0][1] > 3600 and TIERS[1][0] * TIERS[1][1] > 86400 and TIERS[2][0] * TIERS[2][1] > 180 * 86400
    assert MOST >= 1200


def test_what_is_drawn_with_is_what_its_makers_published_and_its_licence_is_there() -> None:
    assert {name: hashlib.sha256((PAGE / "uplot" / name).read_bytes()).hexdigest() for name in UPLOT} == UPLOT


def test_the_page_loads_nothing_from_elsewhere() -> None:
    own = [path for path in PAGE.glob("*.*") if path.suffix in (".html", ".css", ".js")]
    assert own and not [path for path in own if re.search(r"https?://|//[a-z]+\.", path.read_text())]


# -- in a browser ------------------------------------------------------------------------------------------------------

browsers = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here (Debian's package chromium)")


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Any]:
    from hil_tests.targets.sim import SimTarget

    if sys.platform == "win32":
        pytest.skip("the simulated press needs a pty")
    with SimTarget(pace="real", wall="real", state_dir=tmp_path / "press", board="page") as one:
        yield one


@pytest.fixture
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield one
        one.close()


def opened(browser: Any, url: str, width: int, height: int) -> tuple[Any, list[str]]:
    """A page, and what it complains of."""
    page = browser.new_page(viewport={"width": width, "height": height})
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda one: wrong.append(one.text) if one.type == "error" else None)
    page.goto(url)
    return page, wrong


@pytest.mark.guest
@browsers
def test_a_browser_shows_a_hold_and_its_stop_stops_it(target: Any, browser: Any, tmp_path: Path) -> None:
    (tmp_path / "short.toml").write_text(short(rate=1500, release=False))
    served = Served(tmp_path, target.port)
    try:
        served.station()
        target.pace("real", 10.0)
        with stackpress.open(target.port) as press:
            press.run(str(tmp_path / "short.toml"), sample="LPS-17", operator="AB")
            until(lambda: press.program_state().step == 3)
        desk, wrong = opened(browser, served.url, 1200, 900)
        phone, also_wrong = opened(browser, served.url, 390, 800)
        for page in (desk, phone):
            page.locator("#state", has_text="holding").wait_for()
            until(lambda page=page: page.locator("canvas").count() >= 3)
            pressure, unit = page.inner_text("#pressure").split()
            assert unit == "MPa" and abs(float(pressure) - 3000 / 132.732) < 0.226, "a hold's 1 %, however late it is seen"
            assert "LPS-17" in page.inner_text("#sample") and "3 of 3 · hold" in page.inner_text("#step")
            assert "hold_band" in page.inner_text("#band") and "%" in page.inner_text("#deviation")
            assert all(page.is_visible(f"#stops [data-stop={kind}]") for kind in ("controlled", "hold", "vent"))
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it is wider than the screen"
        for name, page in (("desk", desk), ("phone", phone)):
            page.screenshot(path=tmp_path / f"{name}.png")
        assert (wrong, also_wrong) == ([], [])
        phone.click("#stops [data-stop=controlled]")
        until(lambda: served.station().told["state"] != "holding")
        until(lambda: served.client.ask("GET", "/api/presses/SIM-page/orders")[0]["text"] == "STOP CONT")
        assert served.client.ask("GET", "/api/presses/SIM-page/orders")[0]["way"] == "page"
    finally:
        served.close()


@pytest.mark.guest
@browsers
def test_a_hold_is_steered_from_the_page(target: Any, browser: Any, tmp_path: Path) -> None:
    (tmp_path / "short.toml").write_text(short(rate=1500, release=False, more="most_n = 3500"))
    served = Served(tmp_path, target.port)
    try:
        served.station()
        target.pace("real", 20.0)
        with stackpress.open(target.port) as press:
            press.run(str(tmp_path / "short.toml"))
            until(lambda: press.program_state().step == 3)
            page, wrong = opened(browser, served.url, 390, 800)
            page.on("dialog", lambda one: one.accept())
            page.locator("#state", has_text="holding").wait_for()
            page.click("#steer summary")
            page.fill("#to", "25")
            page.fill("#rate", "4")
            page.click("#setpoint button")
            until(lambda: abs(press.force_n() - 25e6 * 132.73229e-6) < 20)
            page.fill("#to", "40")
            page.click("#setpoint button")
            page.locator("#steered", has_text="this program's most of 3500 N").wait_for()
            page.click("text=Pause")
            until(lambda: press.snapshot().run_state == "paused")
            page.click("text=Go on")
            left = press.snapshot().left_s
            page.click("text=+ 1 h")
            until(lambda: press.snapshot().left_s > left + 3000)
            page.fill("#remark", 'it said "crack"')
            page.click("#note button")
            page.locator("#steered", has_text="LOG:NOTE").wait_for()
            page.screenshot(path=tmp_path / "steer.png")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it is wider than the screen"
            page.click("text=Next step")
            until_unpressed(press)
            press.program_push({"name": "more", "step": [{"do": "hold", "for_h": 1}]})
            press.program_push({"name": "vents", "step": [{"do": "vent"}]})
            press.run(str(tmp_path / "short.toml"))
            until(lambda: press.program_state().step == 3)
            assert page.locator("#chain").is_hidden()
            press.stop("hold")
            page.locator("#chain").wait_for()
            page.locator("#next option", has_text="more").wait_for(state="attached")
            page.select_option("#next", "vents")
            page.click("#chain button")
            page.locator("#steered", has_text="does not begin by venting").wait_for()
            page.select_option("#next", "more")
            page.screenshot(path=tmp_path / "chain.png")
            page.click("#chain button")
            until(lambda: press.program_state().name == "more" and press.program_state().step == 1)
            page.locator("#chain").wait_for(state="hidden")
            press.stop("vent")
            until(lambda: press.state == "safe")
        assert not [one for one in wrong if "409" not in one]
        told = served.client.ask("GET", "/api/presses/SIM-page/orders")
        assert {"PROG:STAT PAUS", "PROG:EXT 1 HR", 'LOG:NOTE "it said ""crack"""'} <= {one["text"] for one in told}
    finally:
        served.close()


@pytest.mark.guest
@browsers
def test_several_presses_are_on_one_overview_and_each_has_its_page(browser: Any, tmp_path: Path) -> None:
    from host_tools.tests.test_link import Bench

    benches = [Bench(), Bench()]
    benches[1].press.board.identity = "e660-0002"
    served = Served(tmp_path, *(one.port for one in benches))
    try:
        names = [served.station(one.press.board.identity).identity for one in benches]
        page, wrong = opened(browser, served.url, 1000, 600)
        until(lambda: page.locator("#overview article").count() == 2)
        assert page.locator("#overview [data-stop=vent]").count() == 2
        page.click(f"#overview a[href='#{names[1]}']")
        page.wait_for_selector("#one", state="visible")
        assert page.inner_text("nav [aria-current]") == names[1]
        page.click("#stops [data-stop=vent]")
        until(lambda: "abort" in benches[1].press.done)
        assert "abort" not in benches[0].press.done and wrong == []
    finally:
        served.close()
        for one in benches:
            one.close()


@pytest.mark.guest
@browsers
def test_a_browser_is_asked_for_a_token_and_a_reader_can_not_stop(target: Any, browser: Any, tmp_path: Path) -> None:
    served = Served(tmp_path, target.port, proxied=True)
    try:
        served.station()
        page, _ = opened(browser, served.url, 800, 600)
        page.wait_for_selector("#login", state="visible")
        page.fill("#token", "wrong")
        page.click("#login button")
        page.locator("#refused", has_text="nobody has this token").wait_for()
        page.fill("#token", served.people.add("reader", "read"))
        page.click("#login button")
        page.wait_for_selector("#one", state="visible")
        page.click("#stops [data-stop=vent]")
        page.locator("#stopped", has_text="may only read").wait_for()
    finally:
        served.close()
