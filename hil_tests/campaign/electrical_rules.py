"""How many electrical rules there are, and how many altered boards they catch: `python -m hil_tests.campaign.electrical_rules`."""

import sys
import tomllib
from pathlib import Path

from stackpress import electrical

from hil_tests.campaign import summary

ALTERED = Path(__file__).resolve().parents[2] / "host_tools" / "tests" / "data" / "altered_boards.toml"


def caught(row: dict[str, object], board: str, changed: dict[str, object]) -> bool:
    """Whether the rule that an altered board names is broken by it."""
    circuit = electrical.circuit_of(board, changed)
    return circuit is not None and row["rule"] in {v.rule.name for v in electrical.judge(circuit) if not v.good}


def main() -> int:
    rows = tomllib.loads(ALTERED.read_text())["altered"]
    found = sum(caught(row, row.get("board", "pico"), row["set"]) for row in rows)
    summary.write({"rules": len(electrical.RULES), "rule_faults": len(rows), "rule_faults_caught": found})
    return int(found != len(rows))


if __name__ == "__main__":
    sys.exit(main())
