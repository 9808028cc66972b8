"""Prepares the firmware for a 64-bit MicroPython: there a viper load through `ptr32` does not extend the sign, on the chip it does.

Every such load of a viper function is rewritten to give its sign back, so that one source means the same on both. The rewritten
tree goes to a folder of its own, which the simulated press runs from; files that did not change are not written again.
"""

import ast
import hashlib
import os
import pathlib
from collections.abc import Iterable, Iterator

SIGN = 1 << 31


class _SignedLoads(ast.NodeTransformer):
    def __init__(self, pointers: set[str]) -> None:
        self.pointers = pointers

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name) and node.value.id in self.pointers:
            flipped = ast.BinOp(node, ast.BitXor(), ast.Constant(SIGN))
            return ast.BinOp(flipped, ast.Sub(), ast.Constant(SIGN))
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        load = ast.parse(ast.unparse(node.target), mode="eval").body
        return ast.Assign([self.visit(node.target)], ast.BinOp(self.visit(load), node.op, self.visit(node.value)))


def _is_viper(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and any(ast.unparse(d) == "micropython.viper" for d in node.decorator_list)


def _pointers(function: ast.AST) -> set[str]:
    """Names that a viper function binds to ptr32(...)."""
    return {
        node.targets[0].id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and ast.unparse(node.value).startswith("ptr32(")
    }


def rewritten(text: str) -> str:
    """A module's source as a 64-bit MicroPython needs it."""
    if "ptr32(" not in text:
        return text
    tree = ast.parse(text)
    for i, node in enumerate(tree.body):
        if _is_viper(node):
            tree.body[i] = _SignedLoads(_pointers(node)).visit(node)
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def sources(roots: Iterable[pathlib.Path]) -> Iterator[tuple[pathlib.Path, pathlib.Path]]:
    """(file, its path beside main.py) of every .py below the files and folders `roots`; what a cache left is not ours."""
    for root in roots:
        for path in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
            yield path, path.relative_to(root.parent)


def stage(roots: Iterable[pathlib.Path], destination: pathlib.Path) -> int:
    """Copy the .py files of `roots` to `destination`, rewritten; gone files go there too. Returns how many were written."""
    written, kept = 0, set()
    for path, name in sources(roots):
        target = destination / name
        kept.add(target)
        if target.exists() and target.stat().st_mtime_ns >= max(path.stat().st_mtime_ns, pathlib.Path(__file__).stat().st_mtime_ns):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f"{target.name}.{os.getpid()}")
        fresh.write_text(rewritten(path.read_text()))
        fresh.replace(target)
        written += 1
    for stray in set(destination.rglob("*.py")) - kept if destination.exists() else ():
        stray.unlink()
    return written


def tree_hash(roots: Iterable[pathlib.Path]) -> str:
    """The first 8 bytes, as hex, of the SHA-256 over the names and texts of the .py files of `roots`."""
    sha = hashlib.sha256()
    for path, name in sources(roots):
        sha.update(name.as_posix().encode() + b"\0" + path.read_bytes())
    return sha.hexdigest()[:16]

