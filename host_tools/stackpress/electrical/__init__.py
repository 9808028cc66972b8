"""The carriers as data, and what electricity says of them: `stackpress config board NAME` and the tests run the same rules.

`circuit` reads boards/NAME/carrier.toml, `rules` is the table of rules; each rule sees the circuit only, so a board that is altered
in its data is judged like one that is built.
"""

from .circuit import Circuit, circuit_of
from .rules import RULES, Rule, Verdict, judge

__all__ = ["RULES", "Circuit", "Rule", "Verdict", "circuit_of", "judge"]
