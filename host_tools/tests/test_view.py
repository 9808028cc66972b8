"""What a tired person sees: the facts are there at any width, in words as well as in colour, and never a traceback."""

import io
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console
from stackpress.view import plain
from stackpress.view.dashboard import STATES, Dashboard
from stackpress.view.snapshot import Snapshot, force_text, pressure_text, sparkline, time_text

HOLDING = Snapshot(
    "holding",
    time_s=7321.5,
    force_n=49113.2,
    set_n=49110.0,
    cells_n=(16370.0, 16390.0, 16353.0, 2001.0),
    shares_of=(0, 1, 2),
    imbalance=0.012,
    displacement_m=0.00312,
    temperatures_c=(23.1, None),
    valve=0.74,
    area_m2=132.7e-6,
    limit_n=55000,
    program="li6ps5cl_pellet",
    sample="LPS-17",
    step=4,
    steps=7,
    step_kind="hold",
    step_s=725,
    left_s=11520.0,
    run=3,
    warnings=("hold_band",),
    hints=("The force left its band.",),
)
TRIPPED = replace(HOLDING, state="tripped", step=0, trip_reason="guard", trip_hint="Close the guard and acknowledge.")


def drawn(snapshot: Snapshot, width: int = 80, encoding: str = "utf-8") -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
    console = Console(file=file, width=width, color_system=None, legacy_windows=False)
    board = Dashboard("bench · port", "Ctrl-C asks", unicode_ok=encoding == "utf-8")
    board.add(snapshot)
    console.print(board.draw(snapshot, width))
    file.flush()
    return file.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [60, 80, 200])
def test_picture_says_state_force_set_point_step_time_left_and_warning(width: int) -> None:
    told = " ".join(drawn(HOLDING, width).replace("│", " ").split())
    for fact in ("H O L D I N G", "49.11 kN", "370.1 MPa", "step 4 of 7", "3 h 12 min", "hold_band", "imbalance 1.2 %"):
        assert fact in told, fact


def test_trip_is_told_in_words_with_what_to_do() -> None:
    told = " ".join(drawn(TRIPPED).replace("│", " ").split())
    assert "TRIPPED BY GUARD" in told and "Close the guard and acknowledge." in told
    assert "tripped by guard" in plain.line(TRIPPED)
    assert any("Close the guard" in row and "`stackpress reset`" in row for row in plain.page(TRIPPED))
    assert "`stackpress reset`" in told and not any("stackpress reset" in row for row in plain.page(HOLDING))


def test_release_and_vent_at_the_end_are_said() -> None:
    releasing = replace(HOLDING, state="releasing", run_state="stopping", run_s=61.0, left_s=None)
    assert "RELEASING THE FORCE, THEN VENTING" in " ".join(drawn(releasing, 120).split())
    line = plain.line(releasing)
    assert line.startswith("1 min 01 s | ") and "releasing the force, then venting" in line and "left" not in line
    venting = plain.line(replace(releasing, run_state="done", step=0, left_s=0.0))
    assert "| venting |" in venting and "left" not in venting
    assert plain.line(HOLDING).startswith("up 2 h 02 min | ")


def test_console_without_unicode_gets_letters_that_it_has() -> None:
    assert "H O L D I N G" in drawn(HOLDING, encoding="ascii")


def test_picture_fits_a_small_terminal() -> None:
    lines = drawn(HOLDING, 80).splitlines()
    assert len(lines) <= 23 and all(len(line) <= 80 for line in lines)


anything = st.builds(
    Snapshot,
    state=st.sampled_from([*STATES, "unheard of"]),
    time_s=st.floats(0, 1e9),
    force_n=st.floats(-1e5, 1e6),
    set_n=st.floats(-1e3, 1e6),
    cells_n=st.lists(st.none() | st.floats(-1e5, 1e6), max_size=4).map(tuple),
    shares_of=st.sets(st.integers(0, 3)).map(lambda one: tuple(sorted(one))),
    area_m2=st.sampled_from([0.0, 1e-9, 132.7e-6]),
    limit_n=st.floats(0, 1e6),
    program=st.text(max_size=40),
    step=st.integers(0, 64),
    steps=st.integers(0, 64),
    left_s=st.none() | st.floats(0, 1e9),
    step_note=st.text(max_size=60),
    warnings=st.lists(st.text(max_size=20), max_size=3).map(tuple),
)


@example(replace(HOLDING, set_n=-1.0, limit_n=1e-300), 80)
@given(anything, st.integers(1, 200))
def test_any_snapshot_can_be_drawn_at_any_width(snapshot: Snapshot, width: int) -> None:
    drawn(snapshot, width)
    assert plain.line(snapshot)
    assert plain.page(snapshot)
    assert snapshot.as_dict()["state"] == snapshot.state


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_note_of_a_step_is_seen_wherever_the_step_is(width: int) -> None:
    noted = Snapshot("holding", program="pellet", step=2, steps=3, step_kind="hold", step_note="soak at 60 °C, call Ada")
    assert "soak at 60 °C, call Ada" in drawn(noted, width)
    assert "| soak at 60 °C, call Ada |" in plain.line(noted)
    assert "step's note  soak at 60 °C, call Ada" in plain.page(noted)


@given(st.lists(st.floats(-1e6, 1e6), max_size=300))
def test_sparkline_has_one_mark_a_value(values: list[float]) -> None:
    assert len(sparkline(values)) == len(values) == len(sparkline(values, ascii_only=True).encode("ascii"))


def test_a_steady_force_looks_steady() -> None:
    assert len(set(sparkline([5000.0 + 0.4 * (i % 3) for i in range(50)]))) == 1


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (force_text(0.04), "0.0 N"),
        (force_text(999.94), "999.9 N"),
        (force_text(1234.5), "1.234 kN"),
        (force_text(49113.2), "49.11 kN"),
        (force_text(None), "-"),
        (pressure_text(2e5), "200.0 kPa"),
        (pressure_text(5.001e6), "5.001 MPa"),
        (pressure_text(3.701e8), "370.1 MPa"),
        (time_text(0), "0 s"),
        (time_text(59.6), "1 min 00 s"),
        (time_text(725), "12 min 05 s"),
        (time_text(3599.7), "1 h 00 min"),
        (time_text(90061), "1 d 01 h"),
        (time_text(None), "-"),
    ],
)
def test_numbers_are_written_with_their_unit(text: str, wanted: str) -> None:
    assert text == wanted


def test_a_trigger_input_that_is_on_stands_in_status_and_picture() -> None:
    on = replace(HOLDING, trigger_in=True)
    assert any(line.split() == ["trigger", "in", "on"] for line in plain.page(on))
    assert not any("trigger" in line for line in plain.page(HOLDING))
    assert on.as_dict()["trigger_in"] is True
