"""The command `stackpress`: one module for each group of commands, loaded only when it is used.

Starting must feel instant on a laboratory computer, so nothing here imports more than it needs: the help text of the
top level comes from a table, and numpy, serial ports and drawing are loaded by the commands that use them.
"""


def main() -> None:
    """Entry point of the console script; never returns normally."""
    from .app import run

    raise SystemExit(run())
