"""What a unit of a line means, and doing it: its header is found in the tables of commands, its parameters are bound, and then a
part of the press is asked, or a command's function called.

A host asks the same few over and over, so what a header was found to mean is remembered: the header as it was parsed, with the path
before it. Nothing of a line's own text is, so that no white space and no parameter can get between.
"""

from stackpress_core.errors import ScpiError
from stackpress_core.scpi import answers, arguments, headers

KNOWN_MAX = 6  # headers


class Dispatch:
    """`server` is what a command's function gets; `modules` hold the tables of commands (see commands.py)."""

    def __init__(self, server, modules):
        self.server = server
        self.headers = headers.Headers(modules)
        self.path = []  # where the units of a line stand in the tree of headers
        self.known = {}  # header with the path before it: what `find` gives
        self.found = None  # of the unit that was called last
        self.written = ""  # that unit, as its header and its parameters are when they are parsed

    def read(self, text):
        """What a unit means: all that `do` wants. Who asked does it, so that nothing of this lies on the stack meanwhile."""
        at = text.find(" ")
        header = text if at < 0 else text[:at]
        params = "" if at < 0 else text[at:].strip(" ")
        key = header if header[0] in ":*" or not self.path else ":".join(self.path) + " " + header
        found = self.known.get(key)
        if not found:
            header, params = headers.split_header(text)
            found = self.find(header)
            if len(self.known) >= KNOWN_MAX:
                self.known.clear()
            self.known[key] = found
        row, path = found[0], found[2]
        if path is not None:  # a common command leaves it where it is
            self.path = path
        args = arguments.bind(row[2], params)
        self.found = found + (args,)
        self.written = header + " " + params if params else header
        return self.found

    def find(self, header):
        """(row, suffixes, the path behind it, whom to ask, for what): a part of the press and its attribute, or nobody and the
        command's function."""
        if header.startswith("*"):
            module, row = self.headers.find_common(header)
            return (row, [], None) + self.asked(module, row)
        query = header.endswith("?")
        name = header[:-1] if query else header
        absolute = name.startswith(":")
        nodes = headers.nodes_of(name[1:] if absolute else name)
        if not absolute:
            nodes = self.path + nodes
        module, row, suffixes = self.headers.find(nodes, query)
        return (row, suffixes, nodes[:-1]) + self.asked(module, row)

    def asked(self, module, row):
        name = row[1].partition(" in ")[0]
        if "." not in name:
            return None, getattr(module, name)
        path = name.split(".")
        part = self.server if path[0] == "status" else self.server.parts
        for step in path[:-1]:
            part = getattr(part, step)
        return part, path[-1]

    def do(self, row, suffixes, path, part, name, args):
        """What the row says; gives the answer, or None."""
        query = row[0].endswith("?")
        if query and self.server.ended:
            raise ScpiError(-440)
        if part is None:
            return name(self.server, suffixes, args)
        asked = getattr(part, name)
        if row[1].endswith(" in unit"):
            return answers.in_unit(asked, args[0])
        if callable(asked):
            asked = asked(*args)
        return answers.written(asked) if query else None
