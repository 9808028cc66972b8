"""What the side channel of a simulated press understands: one row a request, for who answers and for who asks.

It imports nothing, so that a host reads the same table as MicroPython.
"""

BOARD, SUPERVISOR = "board", "supervisor"

# request, arguments (one that may be left out ends in "?"), who obeys it
REQUESTS = (
    ("hello", (), BOARD),
    ("pace", ("mode", "speed?"), BOARD),
    ("run_until", ("t_s",), BOARD),
    ("fault", ("name", "value?"), BOARD),
    ("clear", ("name?",), BOARD),
    ("faults", (), BOARD),
    ("specimen", ("specimen",), BOARD),  # a host says its name or file, the supervisor hands on what stands in it
    ("truth", (), BOARD),
    ("bootsel", ("held",), BOARD),
    ("restart", ("cause?",), SUPERVISOR),
)


def complaint(request, arguments):
    """What is wrong with a request and the names of its arguments; empty if it is understood."""
    for name, known, _ in REQUESTS:
        if name == request:
            wrong = [one for one in arguments if one not in known and one + "?" not in known]
            missing = [one for one in known if not one.endswith("?") and one not in arguments]
            if wrong:
                return f"{request} takes no {wrong[0]}"
            return f"{request} needs {missing[0]}" if missing else ""
    return f"there is no request {request}"
