"""Keras's choices of a backend, with one more branch.

Keras 3 picks its backend in chains of `if backend() == "jax": from keras.src.backend.jax... import ...`. Such
a chain gets the branch of JAX once more for Croton, with this package's modules in place of JAX's.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence
from typing import cast

_MODEL = "jax"
_NAMES = {  # what JAX calls its own, and what Croton does
    "export": "symbolic_sizes",
    "JaxLayer": "CrotonLayer",
    "JAXTrainer": "CrotonTrainer",
    "JaxOptimizer": "CrotonOptimizer",
    "JaxExportArchive": "CrotonExportArchive",
}


class _Chains(ast.NodeTransformer):
    """Puts a branch for Croton before each chain of tests of `backend()` that has one for JAX."""

    def __init__(self) -> None:
        self.changed = 0

    def visit_If(self, node: ast.If) -> ast.AST:
        branch = _branch_of(node, _MODEL)
        if branch is None or not _imports_backend(branch):
            return self.generic_visit(node)
        self.changed += 1
        test = ast.Compare(
            left=node.test.left,  # type: ignore[attr-defined]
            ops=[ast.Eq()],
            comparators=[ast.Constant("croton")],
        )
        return ast.If(test=test, body=[_for_croton(statement) for statement in branch], orelse=[node])


def _branch_of(node: ast.stmt, name: str) -> list[ast.stmt] | None:
    """The body of the branch of a chain that is taken for a backend."""
    while isinstance(node, ast.If) and _is_backend_test(node.test):
        if node.test.comparators[0].value == name:  # type: ignore[attr-defined]
            return node.body
        if len(node.orelse) != 1:
            return None
        node = node.orelse[0]
    return None


def _is_backend_test(test: ast.expr) -> bool:
    """Whether it is `backend() == "name"`, `backend.backend() == "name"` or `self._backend == "name"`."""
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return False
    if not isinstance(test.comparators[0], ast.Constant):
        return False
    if isinstance(test.left, ast.Attribute):
        return test.left.attr == "_backend"
    called = test.left.func if isinstance(test.left, ast.Call) else None
    return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) == "backend"


def _imports_backend(branch: Sequence[ast.stmt]) -> bool:
    return any(
        _own_module(node.module) if isinstance(node, ast.ImportFrom) else _imported_by_name(node)
        for statement in branch
        for node in ast.walk(statement)
    )


def _imported_by_name(node: ast.AST) -> str:
    """The module of this package in place of the one in `import_module("keras.src.backend.jax")`."""
    called = node.func if isinstance(node, ast.Call) else None
    if not (isinstance(called, ast.Attribute) and called.attr == "import_module"):
        return ""
    name = node.args[0].value if isinstance(node.args[0], ast.Constant) else None  # type: ignore[attr-defined]
    return _own_module(name if isinstance(name, str) else None)


class _Renamed(ast.NodeTransformer):
    """Modules imported by their names: those of this package in place of JAX's."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        own = _imported_by_name(node)
        return ast.Call(func=node.func, args=[ast.Constant(own)], keywords=[]) if own else node


def _own_module(module: str | None) -> str:
    """The module of this package in place of one of JAX's backend, or of JAX itself; empty for others."""
    prefix = f"keras.src.backend.{_MODEL}"
    if module == prefix:
        return "keras_croton.backend"
    if module == _MODEL:
        return "keras_croton"
    return f"keras_croton{module.removeprefix(prefix)}" if (module or "").startswith(f"{prefix}.") else ""  # type: ignore[union-attr]


def _for_croton(statement: ast.stmt) -> ast.stmt:
    """An import from JAX's backend as the one from Croton's; other statements as they are."""
    if not isinstance(statement, ast.ImportFrom) or not _own_module(statement.module):
        return cast(ast.stmt, _Renamed().visit(copy.deepcopy(statement)))
    aliases = [
        ast.alias(_NAMES.get(alias.name, alias.name), alias.asname or _own_name(alias.name))
        for alias in statement.names
    ]
    return ast.ImportFrom(module=_own_module(statement.module), names=aliases, level=0)


def _own_name(name: str) -> str | None:
    return name if name in _NAMES and name != "export" else None


def with_croton(source: bytes, path: str) -> ast.Module | None:
    """The module with a branch for Croton in its chains; None if it has no chain.

    Raises:
        SyntaxError: it is not Python.
    """
    transformer = _Chains()
    tree = ast.fix_missing_locations(transformer.visit(ast.parse(source, path)))
    return tree if transformer.changed else None
