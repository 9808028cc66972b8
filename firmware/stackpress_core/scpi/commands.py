"""The command tables: every header that the press understands, what it takes, and one line of help.

A new command is one row of its subsystem's table; `SYSTem:HELP:HEADers?` and the manual are made from the rows. A row: pattern,
what it does, parameters (see arguments.py), help. What it does is a part of the press and what to ask of it, `operator.arm`, whose
answer is written as it is or `in unit`; or else a function of the table's module, handler(server, suffixes, args), that gives the
answer. Rows hold nothing but texts, so that a board has them in flash.
"""

from stackpress_core.scpi import commands_data, commands_language, commands_press

MODULES = (commands_language, commands_press, commands_data)


def of_board(board):
    """The modules with the rows that this board has: a simulated plant brings its own, and no other press loads them."""
    if "faults" not in board.capabilities:
        return MODULES
    from stackpress_core.scpi import commands_simulation

    return MODULES + (commands_simulation,)


def rows_of(modules):
    return [row for module in modules for row in module.TABLE]
