"""Prepares the firmware for a 64-bit MicroPython: there a viper load through `ptr32` does not extend the sign, on the chip it does.

Every such load of a viper function is rewritten to give its sign back, so that one source means the same on both. The rewritten
tree goes to a folder of its own, which the simulated press runs from; files that did not change are not written again.
"""

import ast
import hashlib
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
SIGN = 1 << 31


class _SignedLoads(ast.NodeTransformer):
    def __init__(self, pointers):
        self.pointers = pointers

    def visit_Subscript(self, node):
        node = self.generic_visit(node)
        if isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name) and node.value.id in self.pointers:
            flipped = ast.BinOp(node, ast.BitXor(), ast.Constant(SIGN))
            return ast.BinOp(flipped, ast.Sub(), ast.Constant(SIGN))
        return node

    def visit_AugAssign(self, node):
        load = ast.parse(ast.unparse(node.target), mode="eval").body
        return ast.Assign([self.visit(node.target)], ast.BinOp(self.visit(load), node.op, self.visit(node.value)))


def _is_viper(node):
    return isinstance(node, ast.FunctionDef) and any(ast.unparse(d) == "micropython.viper" for d in node.decorator_list)


def _pointers(function):
    """Names that a viper function binds to ptr32(...)."""
    return {
        node.targets[0].id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and ast.unparse(node.value).startswith("ptr32(")
    }


def rewritten(text):
    """A module's source as a 64-bit MicroPython needs it."""
    if "ptr32(" not in text:
        return text
    tree = ast.parse(text)
    for i, node in enumerate(tree.body):
        if _is_viper(node):
            tree.body[i] = _SignedLoads(_pointers(node)).visit(node)
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def stage(source, destination):
    """Copy the .py files below `source` to `destination`, rewritten; gone files go there too. Returns how many were written."""
    source, destination = pathlib.Path(source), pathlib.Path(destination)
    written, kept = 0, set()
    for path in sorted(source.rglob("*.py")):
        target = destination / path.relative_to(source)
        kept.add(target)
        if target.exists() and target.stat().st_mtime_ns >= max(path.stat().st_mtime_ns, pathlib.Path(__file__).stat().st_mtime_ns):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name("%s.%d" % (target.name, os.getpid()))
        fresh.write_text(rewritten(path.read_text()))
        fresh.replace(target)
        written += 1
    for stray in set(destination.rglob("*.py")) - kept if destination.exists() else ():
        stray.unlink()
    return written


def tree_hash(source):
    """The first 8 bytes, as hex, of the SHA-256 over the names and texts of the firmware's .py files, tests left out."""
    sha = hashlib.sha256()
    for path in sorted(pathlib.Path(source).rglob("*.py")):
        if "tests" not in path.parts:
            sha.update(path.name.encode() + b"\0" + path.read_bytes())
    return sha.hexdigest()[:16]


if __name__ == "__main__":
    print(stage(HERE, sys.argv[1]))
