"""What is wrong with a row of `kinds.py`: each is tried with a step of each of its targets. CPython only, before any image is made.

A field of force or pressure is a target, which the row's levels must tell, unless its name says that it is a condition: a new kind
with a target that nobody judges can't be made by leaving something out.
"""

FORCES = ("cN", "Pa", "cN list", "Pa list")
CONDITIONS = ("until_", "below_")  # how a field of force begins that is waited for and not gone to
ABLE = ("valve", "trigger", "temperature", "displacement")
NAME_MAX = 12  # characters, the room in the log
AREA_UM2 = 100_000_000
START_CN = 1_000
CORNER_MS = 600
MOST = 2_000  # of what a tried step tells


def refuse(kinds, families):
    """ValueError with the first row that is wrong; a step kind is named, in one line."""
    for kind in kinds:
        for fault in faults(kind, families):
            raise ValueError("step kind %s: %s" % (kind.name, fault))


def faults(kind, families):
    """Sentences, the gravest first; later ones may follow from those before."""
    missing = [name for name in ("levels", "times", "begin", "met", "advance", "rule") if not callable(getattr(kind, name))]
    if missing:
        yield "no function says its " + " and its ".join(missing)
        return
    rows = {row[0]: row for row in kind.fields}
    if not kind.name.isidentifier() or len(kind.name) > NAME_MAX:
        yield "a name is one word of at most %d characters" % NAME_MAX
    if kind.family not in families:
        yield "%r is none of the families %s" % (kind.family, ", ".join(families))
    for need in kind.needs:
        if need not in ABLE:
            yield "it needs %r, which no press can have" % need
    for name in [name for group in kind.groups for name in group[1:]] + ["timeout_ms", "at_timeout"]:
        if name not in rows:
            yield "it has no field %s" % name
            return
    for target in [None] + [name for name in rows if _is_target(rows[name])]:
        yield from _tried(kind, rows, target)


def _is_target(row):
    return row[1] in FORCES and not row[0].startswith(CONDITIONS)


def _tried(kind, rows, target):
    """What its levels and times say about a step that tells `target`."""
    names = [target if target in group else group[1] for group in kind.groups if group[0] or target in group]
    if target and target not in names:
        names.append(target)
    step = {name: row[4] for name, row in rows.items() if row[4] is not None}
    step.update({name: _value(rows[name]) for name in names})
    step["do"] = kind.name
    told = kind.levels(step, AREA_UM2, START_CN)
    if target and target not in [field for field, _ in told]:
        yield "its levels do not say where %s leads" % target
    expected, longest = kind.times(step, 1, START_CN, [level for _, level in told], CORNER_MS)
    if not 0 <= expected <= longest:
        yield "its times say %s ms of at most %s ms" % (expected, longest)


def _value(row):
    if isinstance(row[1], tuple):
        return row[1][0]
    if row[1] == "yes":
        return True
    number = max(row[2], min(row[3], MOST))
    return [number] if row[1].endswith(" list") else number
