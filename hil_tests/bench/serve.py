"""Figures of the service: what twenty presses cost it, how soon a stop on the page is at the valve, whether weeks make it grow.

The service runs in a process of its own, whose time and memory are measured; presses and browser are others'. Three weeks are
records that go by in minutes: `days` of them, a sample every ten seconds, through the same port, file and page as any press's.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil
import stackpress
from stackpress import service
from stackpress.logs.decode import SAMPLE_BYTES, SAMPLE_DTYPE
from stackpress.logs.raw_file import decoded
from stackpress.logs.synthetic import sealed
from stackpress_core.tick import states

from hil_tests.targets.sim import SimTarget
from host_tools.tests.short_pellet import short

ROOT = Path(__file__).resolve().parents[2]
PRESSES, WATCHED_S = 20, 30.0
DAYS, EVERY_S, DAY_WALL_S = 21, 10, 12.0
STOPS = 7
LIVE_S, FIRST_S = 86400, 3600  # press time of the hold that is watched live; sizes are compared with those after its first hour
LOOKS = 24
CLICK = "() => { document.querySelector('#stops [data-stop=vent]').click(); return Date.now() / 1000 }"


@contextlib.contextmanager
def own_folders() -> Iterator[Path]:
    """A folder for what the host keeps, in place of the user's."""
    names = ("STACKPRESS_SIM_DIR", "STACKPRESS_CONFIG_DIR", "STACKPRESS_DATA")
    before = {name: os.environ.get(name) for name in names}
    with tempfile.TemporaryDirectory(prefix="stackpress-serve-") as folder:
        os.environ.update({name: str(Path(folder) / name) for name in names})
        (Path(folder) / "short.toml").write_text(short(hold_s=2 * 86400, rate=1500, release=False))
        try:
            yield Path(folder)
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


@contextlib.contextmanager
def serving(*ports: str) -> Iterator[tuple[psutil.Process, service.Service]]:
    """`stackpress serve` on these ports, once every press answers."""
    named = [word for port in ports for word in ("--port", port)]
    words = [sys.executable, "-m", "stackpress", "serve", "--http-port", "0", "--scpi-port", "0", "--json", *named]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        client = service.Service(json.loads(process.stdout.readline())["url"])
        until(lambda: sum(one["linked"] for one in client.presses()) == len(ports), 120)
        yield psutil.Process(process.pid), client
    finally:
        process.terminate()
        process.wait(30)


def until(true: Any, seconds: float) -> None:
    """Raises TimeoutError if it does not become true."""
    ends = time.monotonic() + seconds
    while not true():
        if time.monotonic() > ends:
            raise TimeoutError("it has not become true")
        time.sleep(0.05)


@contextlib.contextmanager
def page(url: str) -> Iterator[Any]:
    """A page of the service in Chromium."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        one = browser.new_page(viewport={"width": 1000, "height": 800})
        one.goto(url)
        one.wait_for_selector("#one", state="visible")
        yield one
        browser.close()


def twenty() -> dict[str, float]:
    """The service's time in per cent of a core while 20 presses hold and log, and the records that it has not."""
    with own_folders() as folder, contextlib.ExitStack() as stack:
        presses = [stack.enter_context(SimTarget(pace="real", wall="real", state_dir=folder / f"p{i}", board=f"p{i}", truth=False))
                   for i in range(PRESSES)]  # fmt: skip
        with serving(*(one.port for one in presses)) as (process, _):
            for one in presses:
                with stackpress.open(one.port) as press:
                    press.run(str(folder / "short.toml"))
            time.sleep(5)
            before, began = process.cpu_times(), time.monotonic()
            time.sleep(WATCHED_S)
            after, seconds = process.cpu_times(), time.monotonic() - began
        used = after.user + after.system - before.user - before.system
        lost = sum(decoded(path).missing for path in (folder / "STACKPRESS_DATA" / "raw").glob("*.spj"))
        for i, one in enumerate(presses):
            with stackpress.open(one.port) as press:
                state = press.log_state()
            (path,) = (folder / "STACKPRESS_DATA" / "raw").glob(f"SIM-p{i}-*.spj")
            lost += state.dropped + state.overwritten + max(0, state.first - decoded(path).last_seq - 1)
    return {"serve_20_cpu_pct": 100 * used / seconds, "serve_lost": float(lost)}


def stop_ms() -> float:
    """From the click on the page to the dump valve, as the plant has it; median over some presses at real time."""
    with (own_folders() as folder, SimTarget(pace="real", wall="real", state_dir=folder / "p", board="stop") as target,
          serving(target.port) as (_, client), page(client.url) as shown):  # fmt: skip
        return median(_stopped_ms(folder, target, shown) for _ in range(STOPS))


def _stopped_ms(folder: Path, target: SimTarget, shown: Any) -> float:
    with stackpress.open(target.port) as press:
        press.run(str(folder / "short.toml"))
        until(lambda: press.program_state().step == 3, 60)
        seen: list[float] = []
        watch = threading.Thread(target=_dump_opens, args=(target, seen))
        watch.start()
        clicked = float(shown.evaluate(CLICK))
        watch.join(20)
        until(lambda: press.state in (states.NAMES[states.SAFE], states.NAMES[states.READY]), 60)
    print(f"{1000 * (seen[0] - clicked):.1f} ms", flush=True)
    return 1000 * (seen[0] - clicked)


def _dump_opens(target: SimTarget, seen: list[float]) -> None:
    ends = time.monotonic() + 15
    while time.monotonic() < ends:
        if target.supervisor.request(do="truth")["truth"]["dump_open"]:
            seen.append(time.time())
            return


class Weeks:
    """A journal of three weeks that becomes readable as fast as it is told."""

    first_seq, pulled_seq, overwritten_unpulled, dropped, origin, missing = 1, 0, 0, 0, 7, ""

    def __init__(self) -> None:
        self.next_seq = 1
        count = DAYS * 86400 // EVERY_S
        made = np.zeros(count, SAMPLE_DTYPE)
        dice = np.random.default_rng(1)
        made["t_s"], made["seq"], made["boot"] = 10 + np.arange(count) * EVERY_S, np.arange(count) + 1, 3
        made["state"], made["set_cn"], made["run"] = states.HOLDING, 66_366, 7
        made["force_mean_cn"] = 66_366 + dice.normal(0, 20, count)
        made["force_min_cn"], made["force_max_cn"] = made["force_mean_cn"] - 60, made["force_mean_cn"] + 60
        made["displacement_nm"], made["temp_cc"] = 2_000_000 + np.arange(count), 2500
        self.data = sealed(made)

    def read_from(self, seq: int, buf: bytearray) -> tuple[int, int]:
        """As the firmware's journal."""
        count = max(0, min(self.next_seq - seq, len(buf) // SAMPLE_BYTES))
        at, size = (seq - 1) * SAMPLE_BYTES, count * SAMPLE_BYTES
        buf[:size] = self.data[at : at + size]
        return size, seq + count

    def mark_pulled(self, seq: int) -> None:
        """As the firmware's journal."""
        self.pulled_seq = seq


def growth_pct() -> float:
    """Browser's heap and service's memory after 21 days against after the first, per cent."""
    sys.path[:0] = [str(ROOT / "firmware" / "tests" / room) for room in ("", "scpi", "shim")]  # as pytest has them
    from host_tools.tests.test_link import Bench

    bench, weeks = Bench(), Weeks()
    bench.press.journal = weeks
    try:
        with own_folders(), serving(bench.port) as (process, client), page(client.url) as shown:
            session = shown.context.new_cdp_session(shown)
            session.send("Performance.enable")
            sizes = [_day(day, weeks, process, shown, session) for day in range(1, DAYS + 1)]
    finally:
        bench.close()
    return 100 * (sizes[-1] / sizes[0] - 1)


def live_growth_pct() -> float:
    """The same over 24 hours of a simulated press that holds, as fast as it goes, against those after the first hour."""
    with (own_folders() as folder, SimTarget(pace="real", wall="press", state_dir=folder / "p", board="live", truth=False)
          as target, serving(target.port) as (process, client), page(client.url) as shown):  # fmt: skip
        session = shown.context.new_cdp_session(shown)
        session.send("Performance.enable")
        with stackpress.open(target.port) as press:
            press.run(str(folder / "short.toml"))
        sizes = []
        target.pace("fast")
        for look in range(LOOKS + 1):
            ends_s = FIRST_S + look * (LIVE_S - FIRST_S) / LOOKS
            until(lambda ends_s=ends_s: target.time_s() >= ends_s, 600)
            shown.locator("#spans button").nth(look % 3).click()
            sizes.append(_size(f"{ends_s / 3600:.1f} h", process, session))
        with stackpress.open(target.port) as press:
            assert press.state == states.NAMES[states.HOLDING], press.state
    return 100 * (sizes[-1] / sizes[0] - 1)


def _day(day: int, weeks: Weeks, process: psutil.Process, shown: Any, session: Any) -> float:
    """One day goes by with somebody who looks at all three spans; bytes of both afterwards."""
    for part in range(1, 13):
        weeks.next_seq = 1 + (12 * (day - 1) + part) * 86400 // EVERY_S // 12
        shown.locator("#spans button").nth(part % 3).click()
        time.sleep(DAY_WALL_S / 12)
    return _size(f"day {day}", process, session)


def _size(when: str, process: psutil.Process, session: Any) -> float:
    """Bytes of the page's heap and of the service."""
    session.send("HeapProfiler.collectGarbage")
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    size = float(metrics["JSHeapUsedSize"]) + process.memory_info().rss
    print(f"{when}: page {metrics['JSHeapUsedSize'] / 1e6:.2f} MB, service {process.memory_info().rss / 1e6:.1f} MB", flush=True)
    return size


MEASURES = {  # what each gives
    "growth": ({"page_growth_pct"}, lambda: {"page_growth_pct": growth_pct()}),
    "live": ({"page_live_growth_pct"}, lambda: {"page_live_growth_pct": live_growth_pct()}),
    "stop": ({"page_stop_ms"}, lambda: {"page_stop_ms": stop_ms()}),
    "twenty": ({"serve_20_cpu_pct", "serve_lost"}, twenty),
}


def measured(name: str) -> dict[str, float]:
    """The figures of one measure. Raises ModuleNotFoundError without the service's extra, playwright's Error without Chromium."""
    return MEASURES[name][1]()
