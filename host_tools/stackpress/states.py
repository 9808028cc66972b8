"""The press's states by the names that it answers with: the firmware's own table, so that none is spelled in two places."""

from stackpress_core.tick import states

SAFE, READY, PRESSING, HOLDING, RELEASING, TRIPPED, SERVICE, MONITOR = states.NAMES
DRIVEN = tuple(states.NAMES[one] for one in states.DRIVEN)  # the drive follows a program's orders
