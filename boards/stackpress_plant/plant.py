"""The simulated press as one object: parameters in, an array of state, and the tick's function that works on it.

The constructor turns physical parameters (integers with their unit in the key, see load.py) into coefficients for
one tick rate. It uses big integers only, so CPython, the unix port and the RP2040 come to the same coefficients.
"""

from array import array

from stackpress_core.tick import states

from . import faults, fixed
from . import state as w

UNIT = 64  # units of force a cN, of position a nm
SLOW_HZ = 50
SHARED_WORDS = ("CODE", "VALVE", "RAW", "STATUS", "INPUTS", "TEMPERATURE", "DISPLACEMENT")
OPEN_END = 1 << 29
SHARE_MAX = 1 << 25  # ppm: a load so far beyond the cells' circle is as good as any further


def words_of(at):
    """Indices of the blackboard's words that a plant reads and writes, from the blackboard's name -> index table."""
    return tuple(at[name] for name in SHARED_WORDS)


class Plant:
    """A press with a specimen in it, sampled at `hz`; `words` are the blackboard's indices in the order of SHARED_WORDS.

    `P` is an array that nobody uses any more; if it is long enough it is taken instead of a new one.
    """

    def __init__(self, spec, hz, seed=1, words=(0, 1, 2, 6, 7, 8, 10), P=None):
        self.spec, self.hz = spec, hz
        dead = max(1, (spec["dead_time_us"] * hz + 500000) // 1000000)
        if P is None or len(P) < w.RING + dead:
            P = array("i", [0] * (w.RING + dead))
        for i in range(len(P)):
            P[i] = 0
        self.P = P
        for i, word in enumerate(words):
            P[w.W_CODE + i] = word
        P[w.RING_N] = dead
        P[w.EVERY] = max(1, hz // SLOW_HZ)
        P[w.COUNT] = 1
        P[w.NOISE] = seed * 7919 % ((1 << 30) - 1) + 1
        self.active = {}
        self._valve(spec)
        self._ram(spec)
        self._cells(spec)
        self._ambient(spec)
        self.load_specimen(spec["specimen"])

    def fault(self, name, value=1):
        """Set fault `name` (a row of faults.FAULTS) to `value`; KeyError if there is no such row."""
        faults.apply(self, name, value)

    def clear(self, name=None):
        """Take one fault back, or all."""
        for each in [name] if name else list(self.active):
            faults.apply(self, each, None)

    def signed(self, at):
        v = self.P[at]
        return v if v < 1 << 31 else v - (1 << 32)

    def put(self, at, m_s):
        """Store a coefficient and its shift in two neighbouring words."""
        self.P[at], self.P[at + 1] = m_s

    # --- coefficients

    def _valve(self, k):
        P, hz = self.P, self.hz
        P[w.KIND] = k["valve_kind"]
        P[w.HYST] = k["hysteresis_ppm"] * 65535 // 2000000
        full = k["full_scale_cn"] * UNIT
        P[w.FULL_M], P[w.FULL_F] = full // 65535, full % 65535 * 16384 // 65535
        a = fixed.exp_minus(1000000, k["lag_us"] * hz)
        self.put(w.LAG_A, fixed.small(fixed.ONE - a, fixed.ONE))
        self.put(w.LAG_B, fixed.small(a * 1000000 // (k["lag_us"] * hz), fixed.ONE))
        self.put(w.DUMP_M, fixed.small(fixed.ONE - fixed.exp_minus(1000000, k["dump_tau_us"] * hz), fixed.ONE))
        P[w.PERM_LIMIT] = max(1, (k["permissive_delay_us"] * hz + 500000) // 1000000)
        P[w.RELIEF] = k["relief_cn"] * UNIT
        P[w.OVERPRESSURE] = k["overpressure_switch_cn"] * UNIT
        for at, key in (
            (w.FILL_DELAY, "fill_open_us"),
            (w.FILL_CLOSE, "fill_close_us"),
            (w.VENT_DELAY, "vent_open_us"),
            (w.VENT_CLOSE, "vent_close_us"),
        ):
            P[at] = (k[key] * hz + 500000) // 1000000
        P[w.AIR] = 1024
        for i in range(65):
            P[w.SQRT + i] = fixed.isqrt((i << 28) // 64)
        if k["valve_kind"] == states.KIND_FILL_VENT:
            self._fluid(k)

    def _fluid(self, k):
        P, hz = self.P, self.hz
        P[w.SUPPLY] = k["supply_cn"] * UNIT // 4
        middle = 3300000 * UNIT // 4  # flows are given with 33 kN across the valve
        at_middle = fixed.isqrt(middle << 2) >> 1  # the table's value there: sqrt(u / 2^28) * 2^14
        self.put(w.FILL_M, fixed.ratio(k["fill_flow_nm_s"] * UNIT, hz * at_middle, 14, 0, 14))
        self.put(w.VENT_M, fixed.ratio(k["vent_flow_nm_s"] * UNIT, hz * at_middle, 14, 0, 14))
        P[w.PREFILL] = k["prefill_below_cn"] * UNIT
        P[w.PREFILL_X] = k["prefill_ratio"]
        self.put(w.FLUID_K, fixed.stiffness(k["fluid_stiffness_cn_um"]))
        P[w.FLUID_MAX] = k["relief_cn"] * 1000 // k["fluid_stiffness_cn_um"] * UNIT
        self.leak(k["leak_nm_h"])

    def leak(self, nm_h):
        """Leak of the trapped fluid at 33 kN, as ram travel / nm/h."""
        self.P[w.LEAK_REM] = 0
        self.put(w.LEAK_M, fixed.small(nm_h, 3600 * self.hz * 3300000))

    def _ram(self, k):
        P, hz = self.P, self.hz
        c = k["flow_resistance_cn_s_m"]
        P[w.TRAVEL_NM] = k["travel_limit_nm"]
        P[w.SPRING] = k["return_spring_cn"] * UNIT
        P[w.FR0] = k["friction_cn"] * UNIT
        P[w.FR_MU] = k["friction_ppm"] * 16384 // 1000000
        P[w.FR_STICTION] = k["stiction_permille"] * 256 // 1000
        P[w.NET_UP] = k["approach_limit_nm_s"] * c // 1000000000 * UNIT
        P[w.NET_DOWN] = k["retract_limit_nm_s"] * c // 1000000000 * UNIT
        P[w.DX_UP] = k["approach_limit_nm_s"] * UNIT // hz
        P[w.DX_DOWN] = k["retract_limit_nm_s"] * UNIT // hz
        P[w.STICK_DX] = max(1, k["stick_speed_nm_s"] * UNIT // hz)
        self.put(w.G_FREE, self._mobility(0, bits=16))

    def _mobility(self, cn_um, shift_max=42, bits=15):
        """Semi-implicit ram travel for one unit of net force, dt / (c + dt * stiffness), at most 2^(bits-14) nm/cN."""
        k = self.spec
        fluid = k["fluid_stiffness_cn_um"] if k["valve_kind"] == states.KIND_FILL_VENT else 0
        resistance = k["flow_resistance_cn_s_m"] * self.hz + (cn_um + fluid) * 1000000
        resistance = max(resistance, (1000000000 >> (bits - 14)) + (1000000000 >> 13))
        m, s = fixed.ratio(1000000000, resistance, bits, 14, shift_max)
        return m, s - 14

    def _cells(self, k):
        P = self.P
        self.put(
            w.BOW_M,
            fixed.ratio(k["nonlinearity_ppm"] * (1 << 27), 1000000 * (k["high_range_cn"] * UNIT >> 15), 14, 0, 14),
        )
        self.put(
            w.LBOW_M,
            fixed.ratio(k["nonlinearity_ppm"] * (1 << 22), 1000000 * (k["low_rated_cn"] * UNIT >> 10), 14, 0, 20),
        )
        P[w.BOW_FS] = k["high_range_cn"] * UNIT >> 15
        P[w.LBOW_FS] = k["low_rated_cn"] * UNIT >> 10
        P[w.STOP], P[w.STOP_SHIFT] = k["low_stop_cn"] * UNIT, k["low_stop_shift"]
        P[w.CELL_PPM] = k["cell_creep_ppm"] * (1 << 20) // 1000000
        self.put(w.CELL_CREEP_M, self._per_slow_step(k["cell_creep_tau_s"]))
        P[w.RATED_CODE] = rated = k["rated_code"]
        below = min(self.hz, k["noise_reference_hz"])
        P[w.NOISE_X] = 1
        P[w.DISP_NOISE] = k["displacement_noise_nm"] * 256 // 296
        for i in range(4):
            sigma = rated * k["noise_ppb"] // 1000
            P[w.SIGMA + i] = fixed.isqrt(sigma * sigma * below // k["noise_reference_hz"]) // 1000000
            P[w.ZERO0 + i] = P[w.ZERO + i] = P[w.ZERO_RATED + i] = k["zero_code"][i]
            P[w.RATED + i] = self.rated_cn(i)
            slow_hz_den = self.hz * 1000000 * 3600
            P[w.DRIFT_RATE + i] = (rated * k["drift_ppm_h"][i] << 20) * P[w.EVERY] // slow_hz_den
            P[w.T_ZERO + i] = (rated * (k["zero_ppm_k"][i] + k["converter_zero_ppm_k"][i]) << 14) // 100000000
        P[w.T_SPAN] = (k["span_ppm_k"] << 30) // 100000000
        self.gains()
        P[w.STATUS_OK] = states.SAMPLE_NEW
        P[w.INPUTS_OK] = states.IN_HEALTHY

    def gains(self, share_ppm=None, error_ppm=(0, 0, 0, 0)):
        """Codes per force unit for each cell: its share of the force, its sensitivity, and an error on top.

        They are written together: where the tick goes on meanwhile, a load that has moved in one cell alone is a force.
        """
        k = self.spec
        share = share_ppm or k["share_ppm"]
        self.share_ppm = share
        self.gain_cn = []  # exact code for 1 cN of total force as (num, den), without the error
        found = []
        for i in range(4):
            part, rated_cn = share[i] if i < 3 else 1000000, self.rated_cn(i)
            num = k["rated_code"] * max(0, part) * (1000000 + error_ppm[i])
            found.append(fixed.ratio(num, rated_cn * UNIT * 10**12, 15, 14, 42))
        P, at = self.P, w.GAIN
        for i in range(3):
            P[w.SHARE + i] = max(-SHARE_MAX, min(SHARE_MAX, share[i]))
        for m, s in found:
            P[at], P[at + w.GAIN_S - w.GAIN] = m, s - 14
            at += 1

    def _ambient(self, k):
        P = self.P
        P[w.T_BASE], P[w.T_BASE + 1] = k["temperature_cc"]
        P[w.T_NOW], P[w.T_NOW + 1] = k["temperature_cc"]
        P[w.T_SWING], P[w.T_REF] = k["temperature_swing_cc"], k["temperature_reference_cc"]
        P[w.T_INC], P[w.T_FRAC] = self._phase(k["temperature_period_s"])
        P[w.T_PHASE] = 1 << 28

    def _phase(self, period_s):
        inc = ((1 << 44) * self.P[w.EVERY]) // (self.hz * period_s) if period_s else 0
        return inc >> 14, inc & 16383

    def _per_slow_step(self, tau_s):
        return fixed.small(fixed.ONE - fixed.exp_minus(self.P[w.EVERY], self.hz * tau_s), fixed.ONE)

    # --- specimen

    def load_specimen(self, k):
        """Put a new specimen (from load.load_specimen) into an open press: the ram is back at its rest."""
        P = self.P
        for at in (
            list(range(w.FORCE, w.TABLE_RS + 1)) + list(range(w.KV, w.CELL_CREEP_M)) + list(range(w.FMAX, w.DRIFT))
        ):
            P[at] = 0
        self.specimen = k
        P[w.GAP_NM] = k["gap_nm"]
        P[w.MOST] = 0
        P[w.TOP] = P[w.X] = -k["gap_nm"] * UNIT
        P[w.DIR] = P[w.FLUID] = P[w.PRESSURE] = P[w.X1] = 0
        self.put(w.K, fixed.stiffness(k["stiffness_cn_um"]))
        self.put(w.G_CONTACT, self._mobility(k["stiffness_cn_um"]))
        P[w.TOE] = k["toe_nm"] * UNIT
        if k["toe_nm"]:
            self.put(w.TOE_M, fixed.small(16384, k["toe_nm"] * UNIT))
        self._compaction(k)
        P[w.FRACTURE] = k["fracture_cn"] * UNIT if k["fracture_cn"] else w.FORCE_MAX
        self.fracture_drop(k["fracture_drop_permille"])
        for i, (pm_per_n, tau_s) in enumerate(k["kelvin"]):
            at = w.KV + i * w.KV_LEN
            self.put(at, fixed.small(pm_per_n, 100000))
            self.put(at + 2, self._per_slow_step(tau_s))
        self._flow(k)
        self._breathing(k)

    def fracture_drop(self, permille):
        """Part of the force that a fracture loses at once; the tick has no coefficient for more than 1 nm a centinewton."""
        stiff = self.specimen["stiffness_cn_um"]
        self.put(w.FRACTURE_M, fixed.small(min(permille, stiff * 999 // 1000), stiff))

    def _compaction(self, k):
        P, stiff = self.P, k["stiffness_cn_um"]
        points = k["compaction"]  # [plastic travel / nm, force / cN], both rising
        P[w.SEG_N] = max(0, len(points) - 1)
        if len(points) > w.SEG_MAX:
            raise ValueError(f"more than {w.SEG_MAX} points in the compaction curve")
        hard = [(points[i + 1][1] - points[i][1], points[i + 1][0] - points[i][0]) for i in range(len(points) - 1)]
        shift_r, shift_g = 28, 28
        for rise, run in hard:
            shift_r = min(shift_r, fixed.small(1000 * run, stiff * run + 1000 * rise)[1])
            shift_g = min(shift_g, self._mobility(self._tangent(stiff, rise, run))[1])
        P[w.TABLE_RS], P[w.G_PLASTIC_S] = shift_r, shift_g
        for i, (rise, run) in enumerate(hard):
            P[w.T_START + i], P[w.T_FORCE + i] = points[i][0] * UNIT, points[i][1] * UNIT
            P[w.T_HARD + i], P[w.T_HARD_S + i] = fixed.ratio(rise, run, 15, 0, 14)
            P[w.T_RET + i] = fixed.ratio(1000 * run, stiff * run + 1000 * rise, 14, 14, 14 + shift_r)[0]
            P[w.T_G + i] = self._mobility(self._tangent(stiff, rise, run), 14 + shift_g)[0]
        if points:
            P[w.T_START + len(hard)] = OPEN_END

    def _tangent(self, stiff, rise, run):
        """Stiffness while it yields: elastic part and hardening in series / cN/um."""
        return stiff * rise * 1000 // (stiff * run + rise * 1000)

    def _flow(self, k):
        P, table = self.P, k["flow_pm_s"]  # rate over force, flow_step_shift wide
        P[w.FLOW_SHIFT] = k["flow_force_shift"]
        P[w.FLOW_LEFT] = 16384
        for i, rate in enumerate(table):
            P[w.FLOW_T + i] = (rate * UNIT * P[w.EVERY] << 14) // (1000 * self.hz)
        if table:
            self.put(w.FLOW_LIMIT_M, fixed.small(16384, k["flow_limit_nm"] * UNIT))

    def _breathing(self, k):
        P = self.P
        P[w.BREATH_FROM] = k["breathing_from_cn"] * UNIT
        P[w.PHASE_INC], P[w.PHASE_FRAC] = self._phase(k["breathing_period_s"])
        for i, nm in enumerate(k["breathing_nm"]):
            P[w.WAVE + i] = nm * UNIT

    # --- what the plant knows and the firmware does not

    def cell_force_cn(self, code, i):
        """Force on cell i (0..3) that a perfect calibration reads from a code / cN."""
        k = self.spec
        return (code - k["zero_code"][i]) * self.rated_cn(i) // k["rated_code"]

    def rated_cn(self, i):
        return self.spec["high_rated_cn" if i < 3 else "low_rated_cn"]

    def truth(self):
        """True state as integers: forces / cN, displacement / nm, each range's measuring error without noise / cN."""
        P = self.P
        force = P[w.FORCE] // UNIT
        high = sum(self.cell_force_cn(self.signed(w.CLEAN + i), i) for i in range(3))
        low = self.cell_force_cn(self.signed(w.CLEAN + 3), 3)
        valve = (states.VALVE_FILL if P[w.FILL_ON] else 0) | (states.VALVE_VENT if P[w.VENT_ON] else 0)
        valve |= 0 if P[w.DUMP_OPEN] else states.VALVE_DUMP_CLOSED
        return {
            "force_cn": force,
            "cell_cn": [force * self.share_ppm[i] // 1000000 for i in range(3)] + [P[w.FORCE_L] // UNIT],
            "error_high_cn": high - force,
            "error_low_cn": low - P[w.FORCE_L] // UNIT,
            "displacement_nm": (self.signed(w.X) >> 6) + P[w.GAP_NM],
            "pressure_cn": P[w.PRESSURE] // UNIT,
            "valve_state": valve,
            "valve_code": P[w.PLAY],
            "moves": P[w.MOVES],
            "plastic_nm": P[w.PLASTIC] // UNIT,
            "most_force_cn": max(force, P[w.MOST] // UNIT),
        }
