"""The table of the simulated board's own faults, beside the plant's (boards/stackpress_plant/fault_table.py): one row each.

A row is (name, help). It imports nothing, so that a command line can print it.
"""

FAULTS = (
    ("overrun", "each tick takes `value` us, 1 = 1000"),
    ("foreground", "the foreground hangs, only the tick goes on; value = ms of press time, 1 = until it is cleared"),
    ("flash_busy", "the log's flash chip stays busy for ever"),
    ("crash", "an exception in the foreground, now"),
)
