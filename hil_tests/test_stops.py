"""A controlled stop in a ramp, at any rate and force: no more comes than what was under way, and nothing trips."""

import json

import pytest
import stackpress

from hil_tests.targets.sim import SimTarget

UNDER_WAY_S = 0.15  # dead time, the valve's and the stack's lag
ALONE_N = 60


def steep(rate_n_per_s: int) -> dict[str, bytes]:
    steps = [
        {"do": "contact", "to_cn": 5000, "speed_um_per_s": 3000},
        {"do": "ramp", "to_cn": 3_000_000, "rate_cn_per_s": rate_n_per_s * 100},
        {"do": "hold", "for_ms": 600_000},
    ]
    document = {"format": 1, "name": "steep", "stop_rate_cn_per_s": rate_n_per_s * 100, "steps": steps}
    return {"program/steep": json.dumps(document).encode()}


@pytest.mark.parametrize("plant", ["nominal", "fill_vent"])
@pytest.mark.parametrize("rate_n_per_s", [500, 5000])
def test_stop_in_a_ramp_presses_no_further_and_trips_nothing(plant: str, rate_n_per_s: int) -> None:
    with (
        SimTarget(plant=plant, specimen="blank_set_close", documents=steep(rate_n_per_s)) as target,
        stackpress.open(target.port) as press,
    ):
        target.run_until(0.2)
        for stopped_at_n in (100, 500, 1500):
            press.arm()
            target.run_for(0.01)
            press.start("steep")
            while press.program_state().step < 2:
                target.run_for(0.2)
                assert press.state == "pressing", press.tripped()
            while (force_n := target.truth()["force_n"]) < stopped_at_n:
                target.run_for((stopped_at_n - force_n) / rate_n_per_s / 2 + 0.01)
            press.stop()
            while press.state == "releasing":
                target.run_for(0.5)
            assert press.state == "safe", (stopped_at_n, press.tripped())
            assert target.truth()["most_force_n"] <= force_n + ALONE_N + UNDER_WAY_S * rate_n_per_s, stopped_at_n
            target.run_for(0.5)
