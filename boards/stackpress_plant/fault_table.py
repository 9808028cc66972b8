"""The table of the plant's faults: one row each. It imports nothing, so that a command line can print it.

A row is (name, kind, argument, help). The kind says what is changed (faults.py); its words are found there. Inputs that open or are
pressed have the names that the press's blackboard gives them (stackpress_core/tick/states.py).
"""

_CELL = "value = cell 1..4"
# name, kind, argument, help
FAULTS = (
    ("estop", "open", ("estop_a", "estop_b"), "E-stop pressed, both channels"),
    ("estop_a", "open", ("estop_a",), "E-stop channel A alone open"),
    ("estop_b", "open", ("estop_b",), "E-stop channel B alone open"),
    ("guard", "open", ("guard_a", "guard_b"), "guard open, both channels"),
    ("guard_a", "open", ("guard_a",), "guard channel A alone open"),
    ("guard_b", "open", ("guard_b",), "guard channel B alone open"),
    ("overpressure", "open", ("pressure_ok",), "over-pressure switch open"),
    ("supply", "open", ("supply_ok",), "supply low"),
    ("travel", "open", ("travel_ok",), "travel limit reached"),
    ("start", "press", ("start",), "start button held"),
    ("stop", "press", ("stop",), "stop button held"),
    ("reset", "press", ("reset",), "reset button held"),
    ("select", "press", ("select",), "select button held"),
    ("trigger_in", "press", ("trigger_in",), "trigger input on"),
    ("relay_dead", "relay", 0, "the hard-wired relay does not drop with E-stop and guard"),
    ("cell_open", "cell", 1, "open bridge, code at the rail; " + _CELL),
    ("cell_short", "cell", 2, "shorted bridge, code 0; " + _CELL),
    ("cell_frozen", "cell", 3, "code no longer changes; " + _CELL),
    ("converter_dead", "status", 0, "no new samples"),
    ("crc", "status", 3, "samples with a bad CRC"),
    ("chip_reset", "status", 5, "converter says that it has reset"),
    ("gain_1", "gain", 0, "sensitivity error of cell 1 / permille"),
    ("gain_2", "gain", 1, "sensitivity error of cell 2 / permille"),
    ("gain_3", "gain", 2, "sensitivity error of cell 3 / permille"),
    ("gain_4", "gain", 3, "sensitivity error of cell 4 / permille"),
    ("zero_1", "zero", 0, "zero shift of cell 1 / codes"),
    ("zero_2", "zero", 1, "zero shift of cell 2 / codes"),
    ("zero_3", "zero", 2, "zero shift of cell 3 / codes"),
    ("zero_4", "zero", 3, "zero shift of cell 4 / codes"),
    ("off_centre", "off_centre", 0, "load moves towards cell 1 / permille of the cells' circle"),
    ("noise_burst", "noise", 0, "noise times value"),
    ("stuck_valve", "stuck", 0, "valve ignores its command"),
    ("dump_stuck", "dump", 0, "the dump valve stays closed, even without power"),
    ("stuck_open", "runaway", 0, "full drive whatever the command; value = force / N, 1 = full scale"),
    ("no_air", "air", 0, "no supply: nothing can be filled"),
    ("weak_air", "air", 1, "drive reduced to value / permille"),
    ("leak", "leak", 0, "leak: fluid as ram travel at 33 kN / um/min; regulator loses value / permille"),
    ("fracture", "fracture", 0, "the specimen breaks now; value = lost part of the force / permille, 1 = its own"),
    ("temperature_1", "temperature", 0, "platen reads value / centi-degC, -1073741824 = absent"),
    ("temperature_2", "temperature", 1, "room reads value / centi-degC, -1073741824 = absent"),
)
