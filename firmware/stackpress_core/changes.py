"""What a document changes, as numbers with a name: the log keeps the old and the new one of each.

A program or a plant is told by the checksums of its two versions: what stands in them the host keeps with each run.
"""

from stackpress_core import params, tuning

CEILINGS = ("frame_cn", "relief_cn")


def values_of(name, document):
    """{name: whole number} of a document, None if there is none; without a configuration the defaults are in force."""
    found = {}
    if name == "config":
        raws = document["params"] if document else {}
        for row in params.PARAMS:
            found[row[params.NAME]] = raws.get(row[params.NAME], params.bounds_raw(row[params.NAME])[1])
    elif document and name == "ceilings":
        _cells(found, "ceilings cell%d_cn", document["cell_cn"])
        for key in CEILINGS:
            found["ceilings " + key] = document[key]
    elif document and name == "zero":
        _cells(found, "zero cell%d code", document["code"])
    elif document and name == "calibration":
        for i, cell in enumerate(document["cells"]):
            if cell:
                found["calibration cell%d zero code" % (i + 1)] = cell.get("zero_code", 0)
                found["calibration cell%d full_scale_cn" % (i + 1)] = tuning.force_at(cell["points"], tuning.FULL_CODE)
    return found


def _cells(found, pattern, numbers):
    for i, number in enumerate(numbers):
        found[pattern % (i + 1)] = number


def between(before, after):
    """(name, old, new) of each number that is another; None where there was, or is, none."""
    for name in sorted(set(before) | set(after)):
        if before.get(name) != after.get(name):
            yield name, before.get(name), after.get(name)
