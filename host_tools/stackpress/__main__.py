"""`python -m stackpress` is the command `stackpress`."""

from .cli import main

main()
