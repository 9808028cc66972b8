"""Headers of SCPI: splitting a line into units, and finding the row of the command table that a header means.

A pattern is written as the manuals write it: `MEASure:FORCe[:TOTal]?`, capitals are the short form, brackets are
optional, `<n>` takes a numeric suffix (1 when it is left out), a final `?` is a query.
"""

from stackpress_core.errors import ScpiError
from stackpress_core.scpi.values import MNEMONIC_MAX, is_digit, is_letter, word_matches


def split_outside(text, separator):
    """Split at `separator` where it is not inside a string or a block; a comma does not split an expression either."""
    if separator not in text or not any(c in text for c in "\"'#("):
        return text.split(separator)
    parts, start, depth, i = [], 0, 0, 0
    while i < len(text):
        c = text[i]
        if c == separator and (depth <= 0 or c == ";"):
            parts.append(text[start:i])
            start = i + 1
        elif c == "(":
            depth += 1
        elif c == ")":
            depth -= 1
        elif c in "\"'#":
            i = end_of_datum(text, i)
        i += 1
    parts.append(text[start:])
    return parts


def end_of_datum(text, i):
    """Place of the last character of the string, the number or the block that begins at `i`; the line's end if it has none."""
    c = text[i]
    if c != "#":
        end = text.find(c, i + 1)
        return end if end >= 0 else len(text)
    digits = int(text[i + 1]) if is_digit(text[i + 1 : i + 2] or " ") else -1
    if digits < 0:
        return i
    size = text[i + 2 : i + 2 + digits]
    if not digits or not all(is_digit(c) for c in size):
        return len(text) if not digits else i
    return i + 1 + digits + int(size or "0")


def split_header(unit):
    """'MEAS:FORC? KN' -> ('MEAS:FORC?', 'KN'). -101 or -111 if it does not begin like a header."""
    end = 0
    while end < len(unit) and unit[end] != " ":
        c = unit[end]
        if not (is_letter(c) or is_digit(c) or c in "_:*?"):
            raise ScpiError(-111 if end and c in "\"'#(+-.," else -101, "at %s" % repr(c))
        end += 1
    header = unit[:end]
    mark = header.find("?")
    if 0 <= mark < len(header) - 1:
        raise ScpiError(-111)
    return header, unit[end:].strip(" ")


def nodes_of(header):
    """'MEAS:FORC' -> ['MEAS', 'FORC']; -102 for empty nodes, -112 for one that is too long."""
    nodes = header.split(":")
    for node in nodes:
        if not node or not is_letter(node[0]):
            raise ScpiError(-102, header[:40])
        if len(node) > MNEMONIC_MAX:
            raise ScpiError(-112, node[:20])
    return nodes


def is_of_modem(line):
    """Whether this is what a program asks that looks for modems on every new port, as ModemManager does: AT, ATZ, ATE1, ATI,
    AT+CGMI, or +++ before. Nobody at the press has asked that, and no header of ours begins so: nothing is answered, and it is no
    error."""
    if line[:3] == "+++":
        line = line[3:] or "AT"
    if line[:2] not in ("AT", "at"):
        return False
    rest = line[2:].upper()
    return not rest or rest[0] in "+&%^$#!\\" or rest[0] in "EHIQSVXZ" and (len(rest) == 1 or is_digit(rest[1]))


def is_query_only(line):
    """True if nothing in this line but queries and common commands, which never move anything: such a line outlives a stop."""
    for unit in split_outside(line, ";"):
        words = unit.split()
        if words and not words[0].endswith("?") and words[0][0] != "*":
            return False
    return True


def ends_in_abort(buf, begun, end):
    """Whether whoever wrote the line buf[begun:end] gave up in the middle of it and said ABORt. `CAL:ABORt` is another word."""
    while end > begun and buf[end - 1] <= 32:
        end -= 1
    if end == begun or buf[end - 1] not in b"rRtT":
        return False
    line = bytes(memoryview(buf)[begun:end]).upper()
    word = b"ABORT" if line.endswith(b"ABORT") else b"ABOR"
    before = line[: -len(word)]
    return line.endswith(word) and not (before.endswith(b"CAL:") or before.endswith(b"CALIBRATION:"))


def match_node(pattern, node):
    """Numeric suffix if `node` is this mnemonic (1 where none is written), else -1. A suffix is only for `<n>`."""
    if not pattern.endswith("<n>"):
        return 1 if word_matches(node, pattern) else -1
    end = len(node)
    while end and is_digit(node[end - 1]):
        end -= 1
    if not word_matches(node[:end], pattern[:-3]):
        return -1
    return int(node[end:]) if end < len(node) else 1


def match(pattern, i, nodes, j):
    """Suffixes of the `<n>` nodes when nodes[j:] is what pattern[i:] means, else None."""
    if i == len(pattern):
        return [] if j == len(nodes) else None
    name = pattern[i].strip("[]")
    if j < len(nodes):
        suffix = match_node(name, nodes[j])
        rest = match(pattern, i + 1, nodes, j + 1) if suffix >= 0 else None
        if rest is not None:
            return [suffix] + rest if name.endswith("<n>") else rest
    if pattern[i][0] == "[":
        return match(pattern, i + 1, nodes, j)
    return None


class Headers:
    """The rows of the command tables of `modules`; a pattern begins with three capitals, which its short form has as well."""

    def __init__(self, modules):
        self.modules = modules

    def rows(self):
        for module in self.modules:
            yield from module.TABLE

    def _under(self, header):
        """(module, row) of every row whose root begins as this header does."""
        root = header[:3].upper()
        for module in self.modules:
            for row in module.TABLE:
                if row[0].startswith(root):
                    yield module, row

    def find_common(self, header):
        """(module, row) of a common command; -113 if there is none."""
        for module, row in self._under(header):
            if row[0] == header.upper():
                return module, row
        raise ScpiError(-113, header[:40])

    def find(self, nodes, query):
        """(module, row, suffixes) for these nodes; -113 if there is none."""
        last = nodes[-1][:3].upper()  # short and long form begin alike: most rows need no closer look
        for module, row in self._under(nodes[0]):
            pattern = row[0]
            if pattern.endswith("?") != query or last not in pattern.upper():
                continue
            names = pattern.rstrip("?").replace("[:", ":[").split(":")
            suffixes = match(names, 0, nodes, 0)
            if suffixes is not None:
                return module, row, suffixes
        raise ScpiError(-113, ":".join(nodes)[:60] + ("?" if query else ""))
