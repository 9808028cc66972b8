"""Commands of a press whose plant is simulated: SIMulation. A hand on the bench where there is only a serial port.

Only a board with the capability "faults" has them; on any other press they are undefined headers (-113), and this module
is not even loaded. They reach the board, never the press: the firmware finds out about a fault as it would elsewhere.
"""

from stackpress_core.errors import Refused, ScpiError
from stackpress_core.scpi.answers import listed, quoted
from stackpress_core.scpi.sources import Text

TRUTH = ("force_cn", "displacement_nm", "pressure_cn", "valve_code", "valve_state", "moves", "most_force_cn")


def fault(c, n, a):
    try:
        c.parts.board.simulation.fault(a[0], 1 if a[1] is None else a[1])
    except KeyError:
        raise ScpiError(-224, a[0][:40]) from None
    except ValueError as error:
        raise ScpiError(-222, str(error)) from None


def clear(c, n, a):
    try:
        c.parts.board.simulation.clear_fault(a[0])
    except KeyError:
        raise ScpiError(-224, a[0][:40]) from None


def active_q(c, n, a):
    active = c.parts.board.simulation.faults()
    if not active:
        return '""'
    return Text(("," if i else "") + "%s,%d" % (quoted(name), active[name]) for i, name in enumerate(sorted(active)))


def catalog_q(c, n, a):
    return listed([text for row in c.parts.board.simulation.known_faults() for text in row])


def specimen(c, n, a):
    """What the plant is made of comes as a document; this puts it in, the ram at rest and the specimen untouched."""
    c.parts.settings.refuse_writing()
    document = c.parts.documents.get("plant")
    try:
        c.parts.board.simulation.new_plant(document["plant"] if document else None)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise Refused("the plant can't be made of this document: %r" % error) from None


def truth_q(c, n, a):
    """Whole numbers in the order of TRUTH, then the force on each cell / cN."""
    t = c.parts.board.simulation.plant_truth()
    return ",".join([str(t[name]) for name in TRUTH] + [str(cn) for cn in t["cell_cn"]])


TABLE = (
    ("SIMulation:FAULt", "fault", "str,[int:-1073741824:1073741823]", "Break something, by name; how much, where it takes a value"),
    ("SIMulation:FAULt:CLEar", "clear", "[str]", "Mend one fault, or all of them"),
    ("SIMulation:FAULt:ACTive?", "active_q", "", "Name and value of each fault that is set"),
    ("SIMulation:FAULt:CATalog?", "catalog_q", "", "Name and help of each fault there is"),
    ("SIMulation:SPECimen", "specimen", "",
     "Begin anew with the plant of the document `plant`, or the board's own; safe state only"),
    ("SIMulation:TRUTh?", "truth_q", "", "Force, displacement, drive, valve code, valve bits, moves, largest force, cells"),
)  # fmt: skip
