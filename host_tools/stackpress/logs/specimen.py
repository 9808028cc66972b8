"""What lay in the die: mass, thickness, lot, die, composition and whatever else a laboratory writes down, as keys of a run.

A key that ends in a unit holds a number, and one that cannot be is refused: a mass below nothing is a slip of the pen, and `1,5` is
two numbers. Any other key holds text as it was typed.
"""

import json
import re
from collections.abc import Sequence

from stackpress.config.numbers import plain, readings, shown, write_it
from stackpress.errors import WrongInput
from stackpress.logs.annotations import renew
from stackpress.logs.runs import Run
from stackpress.logs.store import Store

UNITS = {  # how a key ends: the least and the most of its numbers
    "_mg": (0.0, 1e6), "_g": (0.0, 1e4), "_um": (0.0, 1e6), "_mm": (0.0, 1e3), "_mm2": (0.0, 1e6), "_percent": (0.0, 100.0),
    "_degc": (-273.15, 2000.0), "_g_cm3": (0.0, 25.0),
}  # fmt: skip
KEY = re.compile(r"[a-z][a-z0-9_]{0,31}")
TEXT_MOST = 200


class BadSpecimen(WrongInput):
    """A word that is no `key=value`, or a value that cannot be."""


def value_of(key: str, text: str) -> float | str:
    """What stands behind a key. Raises BadSpecimen."""
    if not KEY.fullmatch(key):
        raise BadSpecimen(f"{shown(key)} is no key", "Small letters, digits and _, as mass_mg, thickness_um, lot, composition.")
    ends = [end for end in UNITS if key.endswith(end)]
    if not ends:
        if not text.isprintable() or len(text) > TEXT_MOST:
            raise BadSpecimen(f"{key} is no line of text", f"At most {TEXT_MOST} characters that can be printed.")
        return text
    least, most = UNITS[max(ends, key=len)]
    value = plain(text)
    if value is None:
        told = write_it(text) if readings(text) else f"{key}=12.5"
        raise BadSpecimen(f"{key}={text} {'has a separator' if readings(text) else 'is no number'}", told)
    if not least < value <= most:
        raise BadSpecimen(f"{key}={text} is impossible", f"Above {least:g}, at most {most:g}.")
    return value


def describe(store: Store, run: Run, words: Sequence[str]) -> None:
    """Give the run these `key=value`; `key=` takes a key away. All or, with BadSpecimen, none."""
    pairs = []
    for word in words:
        key, mark, text = word.partition("=")
        if not mark:
            raise BadSpecimen(f"{shown(word)} is no key=value", "As mass_mg=201.4 or lot=B-17.")
        pairs.append((key, value_of(key, text.strip()) if text.strip() else None))
    for key, value in pairs:
        if value is None:
            store.db.execute("DELETE FROM specimens WHERE run_id = ? AND key = ?", (run.run_id, key))
        else:
            store.db.execute("INSERT OR REPLACE INTO specimens VALUES (?, ?, ?)", (run.run_id, key, json.dumps(value)))
    renew(store, run)
