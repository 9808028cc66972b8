"""How each interlock row is provoked on the bench: from what in the world, in which state, with which parameters.

A row is name -> (press state, parameters that keep other rows out of the way or turn a warning into a stop, what happens).
"""

from bench_core import CEILINGS
from stackpress_core.tick import blackboard, states

SAFE, READY, PRESSING, HOLDING = states.SAFE, states.READY, states.PRESSING, states.HOLDING
_STOPS = 1  # "hold", in the reactions that a parameter may choose


def opens(*names):
    def act(bench):
        for name in names:
            bench.inputs &= ~blackboard.IN[name]

    return act


def word(name, value=1):
    def act(bench):
        bench[name] = value

    return act


def status(bits):
    def act(bench):
        bench.status = bits

    return act


def force(total_cn):
    def act(bench):
        bench.follow = False
        bench.force(total_cn)

    return act


def cells(*forces_cn):
    def act(bench):
        bench.follow = False
        bench.cells = list(forces_cn)

    return act


def code(cell, value):
    def act(bench):
        bench.codes[cell] = value

    return act


def stays_behind(bench):
    force(bench["SET"])(bench)


def hangs(bench):
    bench.hung = True


def approaches_nothing(bench):
    bench.force(0)
    bench.send(PRESSING, states.APPROACH, 5000, 1000000, 1000000)


def pushes_in_vain(bench):
    """The ram has moved a little, then it stands, and no cell feels the drive."""
    bench.force(0)
    bench["DISPLACEMENT"] = 0
    bench.order(PRESSING, states.APPROACH, 5000, 1000000, 1000000)
    bench["DISPLACEMENT"] = 10000


def closes_too_fast(bench):
    """The ram is a centimetre further all at once."""
    bench.force(0)
    bench["DISPLACEMENT"] = 0
    bench.order(PRESSING, states.APPROACH, 5000, 1000000, 1000000)
    bench["DISPLACEMENT"] = 10000000


def keeps_its_force(bench):
    bench.follow = False
    bench.send(SAFE)


def does_not_fall(bench):
    bench.follow = False
    bench.send(states.RELEASING, states.FORCE, 0, 2000000)


PROVOKE = {
    "estop": (READY, {}, opens("estop_a", "estop_b")),
    "guard": (READY, {}, opens("guard_a", "guard_b")),
    "discrepancy": (SAFE, {"discrepancy_ms": 40}, opens("guard_a")),
    "overpressure": (READY, {}, opens("pressure_ok")),
    "ceiling_total": (HOLDING, {}, force(5010000)),
    "ceiling_cell": (HOLDING, {}, cells(2300000, 100000, 100000, 200000)),
    "limit_total": (HOLDING, {"runaway_ms": 1000}, force(5600000)),
    "limit_cell": (HOLDING, {"runaway_ms": 1000}, cells(2100000, 1000000, 1000000, 200000)),
    "stale": (READY, {}, status(0)),
    "rail": (READY, {"rail_counts": 8000000}, code(0, 8388607)),
    "frozen": (READY, {}, code(1, 4321)),
    "crc": (READY, {"stale_ms": 100}, status(3)),
    "chip_reset": (READY, {}, status(5)),
    "imbalance": (HOLDING, {"imbalance_ms": 50}, cells(600000, 200000, 200000, 200000)),
    "runaway": (READY, {"runaway_ms": 50}, force(200000)),
    "not_vented": (HOLDING, {"vent_ms": 100}, keeps_its_force),
    "no_fall": (HOLDING, {"no_fall_ms": 200}, does_not_fall),
    "no_response": (HOLDING, {"no_response_ms": 60, "force_drop_permille": 1000, "hold_band_permille": 1000}, force(700000)),
    "no_contact": (READY, {"no_contact_ms": 100, "approach_force_n": 50000}, approaches_nothing),
    "force_drop": (HOLDING, {}, force(700000)),
    "travel": (PRESSING, {}, opens("travel_ok")),
    "ramp_deviation": (PRESSING, {"ramp_deviation_ms": 30}, stays_behind),
    "hold_band": (HOLDING, {"hold_band_s": 1, "hold_band_reaction": _STOPS, "force_drop_permille": 1000,
                            "no_response_n": 2000000}, force(800000)),
    "duty": (HOLDING, {"duty_reaction": _STOPS}, word("SIG_DUTY", 241)),
    "sensor": (HOLDING, {"sensor_reaction": _STOPS}, word("SIG_SENSOR", 2)),
    "limit_cycle": (HOLDING, {"duty_reaction": _STOPS}, word("SIG_CYCLE", 6)),
    "temperature": (READY, {}, word("TEMPERATURE", 12001)),
    "overrun": (READY, {}, word("TICK_US", 251)),
    "supply": (READY, {}, opens("supply_ok")),
    "storage": (HOLDING, {"storage_reaction": _STOPS}, word("SIG_STORAGE")),
    "log_full": (HOLDING, {"log_full_reaction": _STOPS}, word("SIG_LOG")),
    "host_lease": (HOLDING, {}, word("SIG_LEASE")),
    "foreground": (HOLDING, {"foreground_ms": 100}, hangs),
    "held_above": (HOLDING, {"hold_band_s": 1, "hold_band_permille": 10, "runaway_n": 2000000}, force(1040000)),
    "drive_mismatch": (HOLDING, {"drive_permille": 30, "drive_ms": 200, "force_drop_permille": 1000, "hold_band_s": 5,
                                 "no_response_ms": 5000}, force(500000)),
    "no_answer": (READY, {"no_answer_ms": 100}, pushes_in_vain),
    "overspeed": (READY, {}, closes_too_fast),
}
CEILINGS_OF = {"ceiling_total": dict(CEILINGS, frame_cn=5000000)}


def provocation(row):
    """The row's entry; a row without one is told where it is wanted."""
    if row not in PROVOKE:
        raise AssertionError(f"the interlock row {row!r} has no entry in PROVOKE of firmware/tests/provocations.py: how is it provoked?")
    return PROVOKE[row]


def bench_for(row, make, **more):
    """(bench in the row's state, what provokes it)."""
    state, raws, act = provocation(row)
    raws = dict(raws)
    raws.update(more)
    bench = make(ceilings=CEILINGS_OF.get(row, CEILINGS), **raws)
    bench.tick(3)
    if state != SAFE:
        bench.enter(state)
    return bench, act
