"""What makes a document acceptable to this press: one validator a kind, registered with the store of documents.

The host checks the same things before it sends anything; here is where nothing gets past.
"""

from stackpress_core import params, tuning
from stackpress_core.errors import short
from stackpress_core.recipe import program
from stackpress_core.tick import blackboard

FORMAT = 1
SMALL = 1 << 30
ZERO_SPAN = tuning.FULL_CODE // 8  # codes that a commissioning zero may lie off the calibration's


def _whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _small(value):
    """A whole number that the arithmetic of calibrations is made for."""
    return _whole(value) and -SMALL < value < SMALL


def _shape(document, *keys):
    """Complaints about a document that is no record of format 1 with these keys."""
    if not isinstance(document, dict):
        return ["not a record"]
    if not _whole(document.get("format")) or document["format"] != FORMAT:
        return ["format is %s, this firmware reads %d" % (short(document.get("format")), FORMAT)]
    return ["%s is missing" % key for key in keys if key not in document]


def config(document, limits, rates=(), slowest_hz=0):
    """A configuration: known parameters in bounds, no conflict, nothing above the ceilings, a rate that the board can have."""
    found = _shape(document, "params")
    if found:
        return found
    if not isinstance(document["params"], dict):
        return ["params is not a record"]
    found = params.complaints(document["params"])
    if not found and limits and not ceilings(limits):
        found = above_ceilings(params.Values(document["params"]), limits)
    if not found:
        hz = params.Values(document["params"])["tick_rate_hz"]
        if rates and hz not in rates:
            found = ["tick_rate_hz = %d: the converter gives %s" % (hz, ", ".join([str(rate) for rate in rates]))]
        elif hz < slowest_hz:
            found = ["tick_rate_hz = %d: the permissive would drop between two ticks, at least %d" % (hz, slowest_hz)]
    return found


def above_ceilings(values, limits):
    """Working limits of `values` that lie above the ceilings."""
    found = []
    for key in ("frame_cn", "relief_cn"):
        if values["force_limit_cn"] > limits[key]:
            found.append("force_limit_n lies above the ceiling %s = %d" % (key, limits[key]))
    cells = [c for i, c in enumerate(limits["cell_cn"]) if values["high_range_mask"] >> i & 1]
    if cells and values["cell_limit_cn"] > min(cells):
        found.append("cell_limit_n lies above the ceiling cell_cn = %d" % min(cells))
    return found


def ceilings(document):
    found = _shape(document, "frame_cn", "relief_cn", "cell_cn")
    if found:
        return found
    cells = document["cell_cn"]
    if not isinstance(cells, list) or len(cells) != blackboard.CELLS:
        return ["cell_cn is a list of %d forces" % blackboard.CELLS]
    for value in [document["frame_cn"], document["relief_cn"]] + cells:
        if not _whole(value) or not 0 <= value <= tuning.FORCE_SPAN:
            found.append("a ceiling is a whole number of cN from 0 to %d, not %s" % (tuning.FORCE_SPAN, short(value)))
    return found


def calibration(document, limits=None):
    """A calibration: points that make sense, and with `limits` (the ceilings) a converter that sees all that each cell bears."""
    found = _shape(document, "board", "cells")
    if found:
        return found
    cells = document["cells"]
    if not isinstance(cells, list) or len(cells) > blackboard.CELLS:
        return ["cells is a list of at most %d" % blackboard.CELLS]
    if not any(cells):
        return ["no cell is calibrated"]
    if not isinstance(document["board"], str):
        return ["board is a text, not %s" % short(document["board"])]
    for i, cell in enumerate(cells):
        if cell is None:
            continue
        try:
            if not all(_small(number) for point in cell["points"] for number in point):
                raise ValueError("codes and forces are whole numbers below 2^30")
            tuning.segments(cell["points"])
            if cell["points"][1][1] < cell["points"][0][1]:
                raise ValueError("its code falls under load: exchange the two signal wires of the cell")
            if not _small(cell.get("zero_code", 0)):
                raise ValueError("zero_code is a whole number below 2^30")
            if not isinstance(cell.get("serial", ""), str):
                raise ValueError("serial is a text")
            if limits and not ceilings(limits):
                _sees_all(cell["points"], limits["cell_cn"][i])
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            found.append("cell %d: %s" % (i + 1, error))
    if not found and sum([tuning.span(cell["points"]) for cell in cells if cell]) > tuning.FORCE_SPAN:
        found.append("the cells together reach more than %d cN at the rail" % tuning.FORCE_SPAN)
    return found


def _sees_all(points, ceiling_cn):
    """ValueError if the converter ends before the cell does: a force mistyped by a thousand, or a bridge that is fed too much."""
    end_cn = max([tuning.force_at(points, code) for code in (-tuning.FULL_CODE, tuning.FULL_CODE)])
    if end_cn < ceiling_cn:
        raise ValueError("the converter ends at %d N while the cell bears %d N (its ceiling)" % (end_cn // 100, ceiling_cn // 100))


def zero(document):
    found = _shape(document, "code")
    if not found and not (isinstance(document["code"], list) and len(document["code"]) == blackboard.CELLS
                          and all(_small(code) for code in document["code"])):
        found.append("code is a list of %d whole numbers below 2^30" % blackboard.CELLS)
    return found


def zero_of(document, calibration):
    """Complaints about a zero that this calibration can't be moved to."""
    for i, cell in enumerate(calibration["cells"]):
        try:
            if cell:
                points = tuning.moved(cell, document["code"][i])
                if abs(points[0][0] - cell["points"][0][0]) > ZERO_SPAN:
                    raise ValueError("its zero has moved by %d codes" % (points[0][0] - cell["points"][0][0]))
                tuning.segments(points)
        except ValueError as error:
            return ["cell %d: %s" % (i + 1, error)]
    return []


def plant(document, board):
    """What a simulated press is made of; a real one is made of steel."""
    if "faults" not in board.capabilities:
        return ["this board's plant is not simulated"]
    found = _shape(document, "plant")
    return found or ([] if isinstance(document["plant"], dict) else ["plant is not a record"])


def register(documents, board, program_limits):
    """Give the store of documents its validators; `program_limits()` are the limits in force."""
    rates, slowest_hz = getattr(board, "tick_rates", ()), getattr(board, "slowest_hz", 0)
    documents.register("config", lambda d: config(d, documents.get("ceilings"), rates, slowest_hz))
    documents.register("ceilings", ceilings)
    documents.register("calibration", lambda d: calibration(d, documents.get("ceilings")))
    documents.register("zero", zero)
    documents.register("plant", lambda d: plant(d, board))
    documents.register("program", lambda d: program.validate(d, program_limits()))
