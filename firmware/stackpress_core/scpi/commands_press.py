"""Commands that read or steer: DISPlay, MEASure, CYCLe, STOP, ABORt, INTerlock, PROGram, PARameter, TELemetry, TRIGger.

Forces are answered in newtons, pressures in pascals, lengths in metres, unless the query names another unit.
"""

from stackpress_core import params
from stackpress_core.errors import Refused, ScpiError
from stackpress_core.log import telemetry
from stackpress_core.panel import pages
from stackpress_core.panel.canvas import Lines
from stackpress_core.scpi.answers import in_unit, listed, quoted
from stackpress_core.scpi.sources import Text
from stackpress_core.scpi.values import decimal
from stackpress_core.tick import blackboard, interlock, states

LIST_SLICE = 8
_VALVE_TRIGGER_OUT = blackboard.VALVE_TRIGGER_OUT
_IN_TRIGGER = blackboard.IN["trigger_in"]


# -- DISPlay --------------------------------------------------------------------------------------------------------


def display_q(c, n, a):
    """The panel's page as text: drawn anew, so it is the same with and without a display."""
    pen = Lines()
    pages.draw(pen, c.parts.panel)
    return listed(pen.lines())


# -- MEASure ----------------------------------------------------------------------------------------------------------


def cell_q(c, n, a):
    count = c.parts.params["cell_count"]
    if not 1 <= n[0] <= count:
        raise ScpiError(-114, "this press has %d cells" % count)
    return in_unit(c.parts.readings.cell_force_cn(n[0] - 1) - c.parts.readings.tare_cn[n[0] - 1], a[0])


def pressure_of(c, force_cn, unit):
    area = c.parts.runner.area_um2
    if not area:
        raise Refused("no die area is known: the program in force has none")
    return decimal(force_cn * 10000000000, area * unit[0], unit[1], 6)


def pressure_q(c, n, a):
    return pressure_of(c, c.parts.readings.shown_cn, a[0])


def pressure_set_q(c, n, a):
    return pressure_of(c, c.parts.readings.set_cn, a[0])


def temperature_q(c, n, a):
    if not 1 <= n[0] <= 2:
        raise ScpiError(-114, "there are temperatures 1 and 2")
    return in_unit(c.parts.readings.temperature_cc(n[0] - 1), a[0])


# -- CYCLe, STOP ------------------------------------------------------------------------------------------------------


def state_q(c, n, a):
    return c.parts.readings.state_name


def check_q(c, n, a):
    """Every arming check that fails, as "code","text" pairs; one empty string when the press can be armed."""
    return listed([text for pair in c.parts.arming.failing() for text in pair])


def stop(c, n, a):
    c.parts.operator.stop({"CONTrolled": "controlled", "HOLD": "hold", "VENT": "vent"}[a[0] or "CONTrolled"])


# -- INTerlock --------------------------------------------------------------------------------------------------------


def interlock_catalog_q(c, n, a):
    return listed(interlock.NAMES)


def row_q(c, n, a):
    """name, active, latched, reaction, when it may be acknowledged, help."""
    if a[0] not in interlock.NAMES:
        raise ScpiError(-224, a[0][:40])
    i = interlock.NAMES.index(a[0])
    row = interlock.ROWS[i]
    active = c.parts.readings.active_bits >> i & 1
    latched = blackboard.row_bits(c.parts.S, blackboard.AT["LATCHED"]) >> i & 1
    reaction = states.REACTIONS[interlock.reaction_of(row, c.parts.params)]
    return Text(["%s,%d,%d,%s,%s," % (quoted(a[0]), active, latched, reaction, row[interlock.ENDS]), quoted(row[interlock.HINT])])


# -- PROGram ----------------------------------------------------------------------------------------------------------


def program_catalog_q(c, n, a):
    return listed([name[len("program/") :] for name in c.parts.documents.names("program/")])


def program_start(c, n, a):
    given = a[0], a[1] or "", a[2] or ""
    c.parts.operator.start(*(given + (True, a[3]) if a[3] else given))


def program_state_q(c, n, a):
    """name, step (from 1; 0: none), kind of step, time in the step / s, run number, time left / s (-1: unknown)."""
    r = c.parts.runner
    step, left = r.step_number if r.active else 0, decimal(r.time_left_ms, 1000) if r.time_left_ms >= 0 else "-1"
    return "%s,%d,%s,%s,%d,%s" % (
        quoted(c.parts.operator.program_name), step, quoted(r.kind), decimal(r.step_time_ms, 1000), c.parts.events.run, left)


def program_run_q(c, n, a):
    """Die area / um2, steps of the program, valve set-point, sample, how the run stands and why, the step's note, trigger input."""
    r = c.parts.runner
    steps = len(r.program["steps"]) if r.program else 0
    on = 1 if c.parts.readings.inputs & _IN_TRIGGER else 0
    stands = (quoted(c.parts.operator.sample), quoted(r.state), quoted(r.reason), quoted(r.note), on)
    return "%d,%d,%d,%s,%s,%s,%s,%d" % ((r.area_um2, steps, c.parts.readings.valve_code) + stands)


def program_steer(c, n, a):
    c.parts.operator.steer({"PAUSe": "pause", "CONTinue": "go_on", "NEXT": "next_step"}[a[0]])


def program_extend(c, n, a):
    c.parts.operator.steer("extend", a[0])


def program_set_point(c, n, a):
    c.parts.operator.steer("set_point", a[0], a[1])


def program_delete(c, n, a):
    if c.parts.runner.active and c.parts.operator.program_name == a[0]:
        raise Refused("this program is running")
    c.parts.settings.remove("program/" + a[0])


# -- PARameter --------------------------------------------------------------------------------------------------------


def spoken(name, raw):
    """A raw value as text in the parameter's own unit; words are quoted."""
    scale = params.row_of(name)[params.SCALE]
    return quoted(scale[raw]) if isinstance(scale, tuple) else decimal(raw, scale)


def parameter_q(c, n, a):
    """value, minimum, default, maximum, help; with MIN, MAX or DEF that one number."""
    if a[0] not in params.NAMES:
        raise ScpiError(-224, a[0][:40])
    low, default, high = params.bounds_raw(a[0])
    if a[1]:
        return spoken(a[0], {"MINimum": low, "MAXimum": high, "DEFault": default}[a[1]])
    values = ",".join(spoken(a[0], raw) for raw in (c.parts.params[params.device_name(a[0])], low, default, high))
    return Text([values, ",", quoted(params.row_of(a[0])[params.HELP])])


# -- TELemetry, TRIGger -----------------------------------------------------------------------------------------------


def telemetry_q(c, n, a):
    """next cursor, rows lost, columns a row, rows; then the rows, whole numbers."""
    ring = c.parts.telemetry
    first, count, lost = ring.read(a[0], a[1] or LIST_SLICE)
    return ring.given(c.out, "%d,%d,%d,%d" % (first + count, lost, telemetry.WIDTH, count), first, count)


def parameter_catalog_q(c, n, a):
    return listed([row[params.NAME] for row in params.PARAMS])


def columns_q(c, n, a):
    return listed([name for name, _ in telemetry.COLUMNS])


def trigger_out_q(c, n, a):
    return 1 if c.parts.readings.valve_bits & _VALVE_TRIGGER_OUT else 0


TABLE = (
    ("DISPlay:TEXT?", "display_q", "", "What the panel's display shows now, a string a line"),
    ("MEASure:FORCe[:TOTal]?", "readings.shown_cn in unit", "[unit:force]", "Filtered force on the specimen, less the tare"),
    ("MEASure:FORCe:CELL<n>?", "cell_q", "[unit:force]", "Force of one load cell, from 1"),
    ("MEASure:FORCe:SET?", "readings.set_cn in unit", "[unit:force]", "The set-point that the loop follows"),
    ("MEASure:PRESsure[:TOTal]?", "pressure_q", "[unit:pressure]", "Pressure on the die area of the program"),
    ("MEASure:PRESsure:SET?", "pressure_set_q", "[unit:pressure]", "The set-point as a pressure on that area"),
    ("MEASure:DISPlacement?", "readings.displacement_nm in unit", "[unit:length]", "Ram displacement"),
    ("MEASure:TEMPerature<n>?", "temperature_q", "[unit:temperature]", "Platen temperature 1 or 2 in degrees Celsius"),
    ("MEASure:IMBalance?", "readings.imbalance_permille in unit", "[unit:ratio]",
     "Largest difference of a cell's share from its even share"),
    ("MEASure:STIFfness?", "stiffness.n_per_m in unit", "[unit:stiffness]", "Stiffness that the controller sees"),
    ("CYCLe:STATe?", "state_q", "", "safe, ready, pressing, holding, releasing, tripped, service or monitor"),
    ("CYCLe:ARM", "operator.arm", "", "Arm the press; refused with the first failing check"),
    ("CYCLe:DISarm", "operator.disarm", "", "Back to safe"),
    ("CYCLe:CHECk?", "check_q", "", "All arming checks that fail: code and text of each"),
    ("CYCLe:RESet", "operator.reset", "", "Acknowledge a trip whose condition is gone"),
    ("CYCLe:MONitor", "operator.monitor", "bool", "Enter or leave the monitoring of a manual press"),
    ("CYCLe:TRIP:REASon?", "readings.trip_reason", "", "What tripped the press first"),
    ("CYCLe:TRIP:LATer?", "readings.later_reasons", "", "What has joined the trip since"),
    ("CYCLe:TRIP:HINT?", "readings.trip_hint", "", "What to do about it"),
    ("CYCLe:WARNings?", "readings.warnings", "", "Interlock rows that warn"),
    ("STOP", "stop", "[word:CONTrolled|HOLD|VENT]",
     "Stop the program: release at a bounded rate, hold, or vent; said twice it is one stop"),
    ("ABORt", "operator.abort", "", "Vent now; acted on ahead of waiting lines, as the byte 0x18 is"),
    ("INTerlock:CATalog?", "interlock_catalog_q", "", "Every reason that stops the press"),
    ("INTerlock:ROW?", "row_q", "str", "Active, latched, reaction, how it clears, help"),
    ("INTerlock:ACTive?", "readings.active_reasons", "", "Reasons that are active now"),
    ("PROGram:CATalog?", "program_catalog_q", "", "Programs on the press"),
    ("PROGram:STARt", "program_start", "str,[str],[str],[word:HELD]",
     "Start a program, for a sample, by an operator; HELD: from the cell that the last one has left held, which is not let go"),
    ("PROGram:STATe?", "program_state_q", "", "Name, step, kind, time in step, run number, time left"),
    ("PROGram:STATe", "program_steer", "word:PAUSe|CONTinue|NEXT",
     "Pause: the force stays, the step's clock stops. Go on. Or end this step, the set-point where it is, and begin the next"),
    ("PROGram:EXTend", "program_extend", "num:time:1000:34560000000", "The step that holds or waits does so for so much longer"),
    ("PROGram:SETPoint", "program_set_point", "num:force:0:10000000,[num:force:1:10000000]",
     "Another force for a step that holds or ramps, or for a cell left held; how fast, in units a second, else as before"),
    ("PROGram:RUN?", "program_run_q", "", "Die area in um2, steps, valve set-point, sample, outcome, why, note, trigger input"),
    ("PROGram:STEPs?", "settings.steps_most", "", "How many steps a program may have: as the board's memory allows"),
    ("PROGram:DELete", "program_delete", "str", "Remove a program"),
    ("PARameter:CATalog?", "parameter_catalog_q", "", "Parameters by name"),
    ("PARameter[:VALue]?", "parameter_q", "str,[word:MINimum|MAXimum|DEFault]", "Value, minimum, default, maximum, help"),
    ("TELemetry?", "telemetry_q", "int:0:1073741823,[int:1:64]", "Rows after a cursor"),
    ("TELemetry:COLumns?", "columns_q", "", "What the numbers of a row are; the force is filtered"),
    ("TRIGger[:IN]", "operator.trigger", "", "What the trigger input does"),
    ("TRIGger:OUT?", "trigger_out_q", "", "State of the trigger output"),
)
