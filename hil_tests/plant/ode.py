"""The same press as ordinary differential equations in SI floats: the reference that the integer plant is held against.

Written from the equations, not from the integer code: continuous time, stiff solver, no tick. What it leaves out is
stiction (the ram slides as soon as sliding friction is overcome; compare with a plant whose stiction_ratio is 1) and
everything that is only sensor.

    regulator   T1 x1' = T - x1,  T1 P' = x1 - P,  T = play(code(t - dead time)) * full scale;  dump open: tau P' = -P
    fill/vent   w' = q_fill sqrt((P_s - P) / 33 kN) - q_vent sqrt(P / 33 kN) - leak P / 33 kN - v,  P = k_fluid w
    ram         v = (|P - F - F_spring| - F_friction) / c with the sign of the difference, if that is positive; x' = v
    specimen    F = k e(x - s), toe: e = u^2 / 2a below a, u - a/2 above; s = plastic + delayed + flow - swelling
    plastic     yields where F reaches the compaction curve: s_p' = max(0, F - F_y(s_p)) / (k tau), tau is short
    delayed     tau_i s_i' = J_i F - s_i          flow  s_f' = rate(F / yield)^n (1 - s_f / limit)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp  # type: ignore[import-untyped,unused-ignore]
from stackpress_core.tick import states

Array = NDArray[np.float64]
PLASTIC_TAU_S = 2e-4
MIDDLE_N = 33e3
PREFILL_WIDTH_N = 2.0
GRID_S = 1e-4
# where each state is
LAG_1, PRESSURE, RAM, PLASTIC, KELVIN_1, KELVIN_2, FLOW = range(7)


@dataclass(frozen=True)
class Segment:
    """A command from `start_s` on: code 0..65535 (in a straight line to the next one if `ramp`) and valve bits."""

    start_s: float
    code: int
    valve: int
    ramp: bool = False


class Press:
    """The equations of one press with one specimen, from the same integers that the plant gets."""

    def __init__(self, spec: Mapping[str, Any], segments: Sequence[Segment]) -> None:
        self.k, self.specimen, self.segments = spec, spec["specimen"], segments
        self.stiffness = self.specimen["stiffness_cn_um"] * 1e4  # N/m
        self.fluid = spec["fluid_stiffness_cn_um"] * 1e4
        self.resistance = spec["flow_resistance_cn_s_m"] * 1e-2  # N s/m
        self.lag_s = spec["lag_us"] * 1e-6
        self.gap_m = self.specimen["gap_nm"] * 1e-9
        curve = np.array(self.specimen["compaction"] or [[0, 10**9]], dtype=float)
        self.curve_m, self.curve_n = curve[:, 0] * 1e-9, curve[:, 1] * 1e-2
        self.kelvin = [(j * 1e-12, float(tau)) for j, tau in self.specimen["kelvin"]]
        self._play()

    # --- commands

    def _command(self, t: float) -> tuple[float, int]:
        i = max(n for n, s in enumerate(self.segments) if s.start_s <= max(t, 0.0) + 1e-9)
        now = self.segments[i]
        if not now.ramp or i + 1 == len(self.segments):
            return float(now.code), now.valve
        then = self.segments[i + 1]
        return now.code + (then.code - now.code) * (t - now.start_s) / (then.start_s - now.start_s), now.valve

    def _play(self) -> None:
        """Target of the regulator over time: the play operator needs the history, so it runs over a fine grid once."""
        end_s = self.segments[-1].start_s + 1
        self.grid_s = np.arange(0, end_s, GRID_S)
        half = self.k["hysteresis_ppm"] * 65535 / 2e6
        out, y = np.empty_like(self.grid_s), 0.0
        dead_s = self.k["dead_time_us"] * 1e-6
        for n, t in enumerate(self.grid_s):
            u = self._command(t - dead_s)[0] if t >= dead_s else 0.0
            y = max(u - half, y) if u > y else min(u + min(half, u / 2), y)
            out[n] = y
        self.target_n = out * self.k["full_scale_cn"] / 100 / 65535

    # --- equations

    def swelling_m(self, t: float) -> float:
        wave, period = self.specimen["breathing_nm"], self.specimen["breathing_period_s"]
        if not period:
            return 0.0
        phase = t / period % 1.0
        return float(np.interp(phase * 64, np.arange(65), wave)) * 1e-9

    def force(self, ram: float, plastic: float, slow: float) -> float:
        u = ram - plastic - slow
        toe = self.specimen["toe_nm"] * 1e-9
        if u <= 0:
            return 0.0
        return float(self.stiffness * (u * u / (2 * toe) if u < toe else u - toe / 2))

    def _yield_n(self, plastic: float) -> float:
        return float(np.interp(plastic, self.curve_m, self.curve_n))

    def _flow_rate(self, force: float, spent: float) -> float:
        table, limit = self.specimen["flow_pm_s"], self.specimen["flow_limit_nm"] * 1e-9
        if not table:
            return 0.0
        step_n = (1 << self.specimen["flow_force_shift"]) / 6400
        rate = self.power_law(force, step_n * (len(table) - 1), table[-1] * 1e-12)
        return float(rate * max(0.0, 1 - spent / limit))

    def power_law(self, force: float, end_n: float, end_rate: float) -> float:
        """The law itself, from any point of the table that is below its upper bound."""
        table = self.specimen["flow_pm_s"]
        i = max(n for n in range(len(table)) if table[n] < table[-1])
        at, rate = end_n * i / (len(table) - 1), table[i] * 1e-12
        previous = table[i // 2] * 1e-12
        exponent = math.log(rate / previous) / math.log(i / (i // 2))
        return float(min(end_rate, rate * (force / at) ** exponent))

    def velocity(self, pressure: float, force: float) -> float:
        net = pressure - force - self.k["return_spring_cn"] / 100
        left = abs(net) - self.k["friction_cn"] / 100 - self.k["friction_ppm"] * 1e-6 * force
        if left <= 0:
            return 0.0
        v = math.copysign(left / self.resistance, net)
        return float(min(self.k["approach_limit_nm_s"] * 1e-9, max(-self.k["retract_limit_nm_s"] * 1e-9, v)))

    def _source(self, t: float, y: Array, pressure: float, v: float) -> tuple[float, float]:
        """Derivatives of LAG_1 and PRESSURE (regulator) or of the trapped fluid (fill/vent, in PRESSURE's place)."""
        valve = self._command(t)[1]
        dump = not valve & states.VALVE_DUMP_CLOSED or not valve & states.VALVE_PERMISSIVE
        dump_tau_s = self.k["dump_tau_us"] * 1e-6
        if self.k["valve_kind"] == states.KIND_REGULATOR:
            target = float(np.interp(t, self.grid_s, self.target_n))
            rate = -pressure / dump_tau_s if dump else (y[LAG_1] - pressure) / self.lag_s
            return (target - y[LAG_1]) / self.lag_s, rate
        dead = self.k["dead_time_us"] * 1e-6
        fill = self._open(t - dead, states.VALVE_FILL, self.k["fill_open_us"], self.k["fill_close_us"])
        vent = self._open(t - dead, states.VALVE_VENT, self.k["vent_open_us"], self.k["vent_close_us"])
        above = (pressure - self.k["prefill_below_cn"] / 100) / PREFILL_WIDTH_N  # smooth, else the solver chatters
        prefill = 1 + (self.k["prefill_ratio"] - 1) * (1 - math.tanh(above)) / 2
        supply_n = self.k["supply_cn"] / 100
        flow = fill * prefill * self.k["fill_flow_nm_s"] * 1e-9 * math.sqrt(max(0.0, supply_n - pressure) / MIDDLE_N)
        flow -= vent * self.k["vent_flow_nm_s"] * 1e-9 * math.sqrt(max(0.0, pressure) / MIDDLE_N)
        flow -= self.k["leak_nm_h"] / 3600e9 * pressure / MIDDLE_N
        return 0.0, flow - v - (y[PRESSURE] / dump_tau_s if dump else 0.0)

    def _open(self, t: float, bit: int, open_us: int, close_us: int) -> int:
        """Is the solenoid with this bit open: the command as it was, later by its own time."""
        if self._command(t)[1] & bit:
            return int(bool(self._command(t - open_us * 1e-6)[1] & bit and t >= open_us * 1e-6))
        return int(bool(self._command(t - close_us * 1e-6)[1] & bit))

    def derivatives(self, t: float, y: Array) -> Array:
        delayed = sum(y[KELVIN_1 + i] for i in range(len(self.kelvin)))
        force = self.force(y[RAM], y[PLASTIC], delayed + y[FLOW] - self.swelling_m(t))
        pressure = y[PRESSURE] if self.k["valve_kind"] == states.KIND_REGULATOR else self.fluid * max(0.0, y[PRESSURE])
        v = self.velocity(pressure, force)
        if v < 0 and y[RAM] <= -self.gap_m:
            v = 0.0
        d = np.zeros(7)
        d[RAM] = v
        d[LAG_1], d[PRESSURE] = self._source(t, y, pressure, v)
        if len(self.curve_m) > 1:
            d[PLASTIC] = max(0.0, force - self._yield_n(y[PLASTIC])) / self.stiffness / PLASTIC_TAU_S
        for i, (compliance, tau_s) in enumerate(self.kelvin):
            d[KELVIN_1 + i] = (compliance * force - y[KELVIN_1 + i]) / tau_s
        d[FLOW] = self._flow_rate(force, y[FLOW])
        return d

    def solve(self, times_s: Sequence[float], max_step_s: float = 0.02) -> dict[str, Array]:
        """Force / N, pressure / N and displacement / m at the given times."""
        y0 = np.zeros(7)
        y0[RAM] = -self.gap_m
        atol = np.array([0.01, 0.01 if self.k["valve_kind"] == states.KIND_REGULATOR else 1e-10, 1e-10, 1e-10, 1e-11, 1e-11, 1e-11])
        solution = solve_ivp(
            self.derivatives,
            (0, times_s[-1]),
            y0,
            method="LSODA",
            t_eval=times_s,
            rtol=1e-6,
            atol=atol,
            max_step=max_step_s,
        )
        y = solution.y
        force = [
            self.force(c[RAM], c[PLASTIC], c[KELVIN_1] + c[KELVIN_2] + c[FLOW] - self.swelling_m(t))
            for t, c in zip(solution.t, y.T, strict=True)
        ]
        pressure = y[PRESSURE] if self.k["valve_kind"] == states.KIND_REGULATOR else self.fluid * y[PRESSURE]
        return {"force_n": np.array(force), "pressure_n": pressure, "displacement_m": y[RAM] + self.gap_m}
