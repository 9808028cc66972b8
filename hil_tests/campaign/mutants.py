"""Whether a test falls when what keeps people safe is changed: `make mutate`, `python -m hil_tests.campaign.mutants --minutes 30`.

A mutant is the tree with one operator, number or condition of one module changed (cosmic-ray makes it, on the text, so that
decorated functions and tables are changed as well). Its tests run on a copy of the tree in the stages' CPython form: first those
beside the module, and if they all pass, the wider ones. What still passes is a survivor: a test is missing, or the change is none,
and then `argued_mutants.toml` says why in a line. Of SAFE all mutants count, of SAMPLED a seeded sample of each module; they
are drawn in one seeded order, so that a run that ends early has looked everywhere. What was found is kept in
build/campaign/mutants, by the texts of module and tests: another run goes on where this one ended.
"""

import argparse
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from rich.console import Console

from hil_tests.campaign import summary

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "firmware" / "tests"))
from changed_tree import ChangedTree  # noqa: E402  a room of its own, beside the tests that use it most

CORE, TESTS = "firmware/stackpress_core", "firmware/tests"
ARGUED = Path(__file__).with_name("argued_mutants.toml")
KEPT = ROOT / "build" / "campaign" / "mutants"
SEED, SAMPLE, TIMEOUT_S = 1, 50, 900.0
TRUE_FORCE = "hil_tests/test_true_force.py"
# Tests of a stage; those of its neighbours and of the whole press are the wider ones.
BESIDE = {
    "interlock": ("interlock", "interlock_reference"), "permit": ("permit",), "force": ("force", "force_exact"),
    "judge": ("interlock", "ceilings_ahead"), "dump": ("interlock", "ceilings_ahead"), "observer": (),
}  # fmt: skip
PRESS = (f"{TESTS}/tick", *(f"{TESTS}/test_{name}.py" for name in ("press_adversary", "press_running")), TRUE_FORCE,
         f"{TESTS}/test_machine.py")  # fmt: skip


@dataclass(frozen=True)
class Module:
    """A module, the tests that run first, and those that a mutant has to pass after them."""

    path: str
    first: tuple[str, ...]
    wider: tuple[str, ...]


SAFE = tuple(Module(f"{CORE}/tick/{stage}.py", tuple(f"{TESTS}/tick/test_{name}.py" for name in names) or (TRUE_FORCE,), PRESS)
             for stage, names in BESIDE.items())  # fmt: skip
SAMPLED = (
    Module(f"{CORE}/log/journal.py", (f"{TESTS}/log/test_journal.py",), (f"{TESTS}/log", "hil_tests/campaign/test_power_cuts.py")),
    Module(f"{CORE}/log/sectors.py", (f"{TESTS}/log/test_journal.py",), (f"{TESTS}/log", "hil_tests/campaign/test_power_cuts.py")),
    Module(f"{CORE}/documents.py", (f"{TESTS}/test_documents.py",),
           (f"{TESTS}/test_failed_reads.py", f"{TESTS}/test_press_store.py")),
    *(Module(f"{CORE}/scpi/{name}.py", (f"{TESTS}/scpi/test_scpi.py",), (f"{TESTS}/scpi",)) for name in
      ("inbox", "outbox", "stops", "server", "headers", "values")),
)  # fmt: skip
# What is changed into what: the neighbour that a slip of the hand would write.
OPERATORS = (
    "AddNot", "NumberReplacer", "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue",
    "ReplaceUnaryOperator_Delete_Not", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak",
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Eq_NotEq", "NotEq_Eq")),
    *(f"ReplaceBinaryOperator_{pair}" for pair in
      ("Add_Sub", "Sub_Add", "Mul_Add", "FloorDiv_Mul", "BitAnd_BitOr", "BitOr_BitAnd", "LShift_RShift", "RShift_LShift")),
)  # fmt: skip
MADE = ("# words (written by layout.py)", "# end of words")  # what layout.py writes anew is no text of ours


@dataclass(frozen=True)
class Mutant:
    """`text` is the module's whole text; `before` and `after` are the lines in which it differs, `line` the first one's number."""

    module: Module
    line: int
    before: str
    after: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.module.path}:{self.line}: {self.before}  ->  {self.after}"


def mutants(module: Module, text: str) -> Iterator[Mutant]:
    """Every mutant of a module's text, each once."""
    seen = {text}
    for name in OPERATORS:
        operator = get_operator(f"core/{name}")()
        for occurrence in range(100_000):
            changed = mutate_code(text, operator, occurrence)
            if changed is None:
                break
            if changed not in seen:
                seen.add(changed)
                one = _mutant(module, text, changed)
                if not _is_made(text, one.line):
                    yield one


def _mutant(module: Module, text: str, changed: str) -> Mutant:
    old, new = text.splitlines(), changed.splitlines()
    line = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
    return Mutant(module, line + 1, _one_blank(old[line]), _one_blank(new[line]), changed)


def _one_blank(line: str) -> str:
    """A line to be read and compared: without its indent, and without the blanks that stand for a part that was taken out."""
    return " ".join(line.split()).replace("[ ", "[").replace("( ", "(")


def _is_made(text: str, line: int) -> bool:
    """Whether the line stands in a block that layout.py writes."""
    above = "\n".join(text.splitlines()[: line - 1])
    return above.count(MADE[0]) > above.count(MADE[1])


def chosen(modules: Sequence[Module], sample: int) -> list[Mutant]:
    """All mutants of SAFE, so many of each of the others, in one seeded order."""
    found: list[Mutant] = []
    for module in modules:
        every = list(mutants(module, (ROOT / module.path).read_text()))
        found += every if module in SAFE else random.Random(f"{SEED} {module.path}").sample(every, min(sample, len(every)))
    random.Random(SEED).shuffle(found)
    return found


def argued() -> dict[tuple[str, str, str], str]:
    """(module, line before, line after) -> why no test can tell the two apart."""
    rows = tomllib.loads(ARGUED.read_text())["mutant"]
    return {(row["module"], row["before"], row["after"]): row["why"] for row in rows}


def key(mutant: Mutant) -> str:
    """What its fate depends on."""
    digest = hashlib.sha256(mutant.text.encode())
    for place in (*mutant.module.first, *mutant.module.wider):
        path = ROOT / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:24]


def fate(mutant: Mutant, tree: ChangedTree) -> str:
    """`killed` by the tests beside it, by the `wider` ones, by `time`, or `survived`. The tree is as it was, afterwards."""
    whole = tree.read(mutant.module.path)
    tree.write(mutant.module.path, mutant.text)
    try:
        for told, tests in (("killed", mutant.module.first), ("wider", mutant.module.wider)):
            arguments = ("-x", "-q", "--hypothesis-seed=0", "--no-header", *tests)
            if tree.pytest(*arguments, code=None, timeout_s=TIMEOUT_S).returncode:
                return told
    except subprocess.TimeoutExpired:
        return "time"
    finally:
        tree.write(mutant.module.path, whole)
    return "survived"


def fates(found: Iterable[Mutant], at_once: int, minutes: float) -> Iterator[tuple[Mutant, str]]:
    """Each mutant's fate as it comes; those that are known are read, and no new one is begun behind the time."""
    KEPT.mkdir(parents=True, exist_ok=True)
    ends = time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory() as folder:
        trees: SimpleQueue[ChangedTree] = SimpleQueue()
        for number in range(at_once):
            place = Path(folder, str(number))
            place.mkdir()
            trees.put(ChangedTree(place))

        def one(mutant: Mutant) -> str:
            known = KEPT / f"{key(mutant)}.json"
            if known.exists():
                return str(json.loads(known.read_text())["fate"])
            if time.monotonic() > ends:
                return ""
            tree = trees.get()
            try:
                told = fate(mutant, tree)
            finally:
                trees.put(tree)
            known.write_text(json.dumps({"name": mutant.name, "fate": told}))
            return told

        with ThreadPoolExecutor(at_once) as pool:
            listed = list(found)
            for mutant, told in zip(listed, pool.map(one, listed), strict=True):
                if told:
                    yield mutant, told


def passes_unchanged(modules: Sequence[Module]) -> bool:
    """A mutant is killed by a test that passes without it, and by nothing else."""
    tests = dict.fromkeys(test for module in modules for test in (*module.first, *module.wider))
    with tempfile.TemporaryDirectory() as folder:
        done = ChangedTree(Path(folder)).pytest("-x", "-q", "--hypothesis-seed=0", *tests, code=None, timeout_s=4 * TIMEOUT_S)
    if done.returncode:
        print(done.stdout[-3000:])
    return int(done.returncode) == 0


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="mutants", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=240.0, help="after which no new mutant is begun")
    parser.add_argument("--modules", default="", help="only those whose path has one of these in it, separated by commas")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="mutants of each module of which not all are wanted")
    parser.add_argument("--at-once", type=int, default=2, help="mutants at a time")
    wanted = parser.parse_args(arguments)
    names = [name for name in wanted.modules.split(",") if name]
    modules = [m for m in (*SAFE, *SAMPLED) if not names or any(name in m.path for name in names)]
    if not modules:
        sys.exit(f"no module has {' or '.join(names)} in its path; there are {', '.join(m.path for m in (*SAFE, *SAMPLED))}")
    if not passes_unchanged(modules):
        sys.exit("the tests fail on the tree as it is: mend that first, for then every mutant is killed")
    console, reasons = Console(highlight=False, soft_wrap=True), argued()
    made = chosen(modules, wanted.sample)
    counts = {"killed": 0, "wider": 0, "time": 0, "survived": 0, "argued": 0}
    for number, (mutant, told) in enumerate(fates(made, wanted.at_once, wanted.minutes), 1):
        why = reasons.get((mutant.module.path, mutant.before, mutant.after))
        if told == "survived" and why:
            told = "argued"
        counts[told] += 1
        if told in ("survived", "time"):
            console.print(f"{number}/{len(made)} {told}: {mutant.name}", markup=False)
    summary.write({"mutants": sum(counts.values()), "mutants_made": len(made), "survivors": counts["survived"],
                   "survivors_argued": counts["argued"]})  # fmt: skip
    return int(counts["survived"] > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
