"""Keras's choices of a backend, with one more branch.

Keras 3 picks its backend in chains of `if backend() == "jax": from keras.src.backend.jax... import ...`. Such
a chain gets the branch of JAX once more for Croton, with this package's modules in place of JAX's.

Keras's own tests choose in the same way, among others where they make sparse tensors or take gradients, and
name the backends that have a feature: `backend() not in ("tensorflow", "jax", "torch")`. `KINDS` are the
places in which Croton can be put there.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Sequence
from typing import cast

_MODEL = "jax"
_NAMES = {  # what JAX calls its own, and what Croton does
    "export": "symbolic_sizes",
    "JaxLayer": "CrotonLayer",
    "JAXTrainer": "CrotonTrainer",
    "JaxOptimizer": "CrotonOptimizer",
    "JaxExportArchive": "CrotonExportArchive",
    "JAXSparse": "BCOO",
}


# What tests may name Croton in, beside chains that import from backends: branches that import sparse tensors
# of JAX, or JAX itself; lists of backends; dicts with an entry for each backend; comparisons with JAX alone.
KINDS = ("sparse", "functions", "lists", "dicts", "alone")
_OF_JAX = {  # modules of JAX that tests import, of which kind that is, and what is in their place
    "jax": ("functions", "keras_croton.jax_names"),
    "jax.numpy": ("functions", "keras_croton.numpy"),
    "jax.experimental.sparse": ("sparse", "keras_croton.sparse"),
}


class _Chains(ast.NodeTransformer):
    """Puts a branch for Croton before each chain of tests of `backend()` that has one for JAX."""

    def __init__(self) -> None:
        self.changed = 0

    def concerns(self, branch: Sequence[ast.stmt]) -> bool:
        """Whether a branch for JAX imports what there is of this package."""
        return _imports_backend(branch)

    def own(self, statement: ast.stmt) -> ast.stmt:
        """The statement in the branch for Croton."""
        return _for_croton(statement)

    def visit_If(self, node: ast.If) -> ast.AST:
        branch = _branch_of(node, _MODEL)
        if branch is None or not self.concerns(branch):
            return self.generic_visit(node)
        assert isinstance(node.test, ast.Compare)
        self.changed += 1
        test = ast.Compare(left=node.test.left, ops=[ast.Eq()], comparators=[ast.Constant("croton")])
        return ast.If(test=test, body=[self.own(statement) for statement in branch], orelse=[node])


class _ChainsOfTests(_Chains):
    """Also puts Croton in places of other kinds."""

    def __init__(self, kinds: Collection[str]) -> None:
        super().__init__()
        self.kinds = kinds

    def concerns(self, branch: Sequence[ast.stmt]) -> bool:
        return super().concerns(branch) or any(_of_jax(statement)[0] in self.kinds for statement in branch)

    def own(self, statement: ast.stmt) -> ast.stmt:
        kind, module = _of_jax(statement)
        if not kind:
            return super().own(statement)
        assert isinstance(statement, (ast.Import, ast.ImportFrom))
        (alias,) = statement.names
        return ast.Import([ast.alias(module, alias.asname or alias.name)])

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        names = node.comparators[0]
        if not _is_call_of_backend(node.left) or len(node.ops) > 1:
            return self.generic_visit(node)
        listed = isinstance(node.ops[0], (ast.In, ast.NotIn)) and "lists" in self.kinds
        if listed and isinstance(names, (ast.Tuple, ast.List)):
            if any(isinstance(name, ast.Constant) and name.value == _MODEL for name in names.elts):
                self.changed += 1
                names.elts.append(ast.Constant("croton"))
        elif "alone" in self.kinds and isinstance(node.ops[0], ast.NotEq):
            self.changed += 1
            return ast.Compare(
                node.left, [ast.NotIn()], [ast.Tuple([names, ast.Constant("croton")], ast.Load())]
            )
        return node

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        names = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
        if "dicts" in self.kinds and {"tensorflow", _MODEL} <= set(names):
            self.changed += 1
            node.keys.append(ast.Constant("croton"))
            node.values.append(node.values[names.index(_MODEL)])
        return self.generic_visit(node)


def _branch_of(node: ast.stmt, name: str) -> list[ast.stmt] | None:
    """The body of the branch of a chain that is taken for a backend."""
    while isinstance(node, ast.If) and (tested := _backend_tested(node.test)) is not None:
        if tested == name:
            return node.body
        if len(node.orelse) != 1:
            return None
        node = node.orelse[0]
    return None


def _backend_tested(test: ast.expr) -> str | None:
    """The name in `backend() == "name"`, `backend.backend() == "name"` or `self._backend == "name"`."""
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return None
    left, named = test.left, test.comparators[0]
    asks = left.attr == "_backend" if isinstance(left, ast.Attribute) else _is_call_of_backend(left)
    return named.value if asks and isinstance(named, ast.Constant) and isinstance(named.value, str) else None


def _is_call_of_backend(node: ast.expr) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) == "backend"


def _imports_backend(branch: Sequence[ast.stmt]) -> bool:
    return any(
        _own_module(node.module) if isinstance(node, ast.ImportFrom) else _imported_by_name(node)
        for statement in branch
        for node in ast.walk(statement)
    )


def _of_jax(node: ast.AST) -> tuple[str, str]:
    """The kind of a module of JAX that a test imports, and what there is in its place; empty for others."""
    if isinstance(node, ast.ImportFrom):
        name = f"{node.module}.{node.names[0].name}"
    else:
        name = node.names[0].name if isinstance(node, ast.Import) else ""
    return _OF_JAX.get(name, ("", ""))


def _imported_by_name(node: ast.AST) -> str:
    """The module of this package in place of the one in `import_module("keras.src.backend.jax")`."""
    if not isinstance(node, ast.Call) or getattr(node.func, "attr", "") != "import_module":
        return ""
    name = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
    return _own_module(name if isinstance(name, str) else None)


class _Renamed(ast.NodeTransformer):
    """Modules imported by their names: those of this package in place of JAX's."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        own = _imported_by_name(node)
        if own:
            return ast.Call(func=node.func, args=[ast.Constant(own)], keywords=[])
        return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return ast.Attribute(self.visit(node.value), _NAMES.get(node.attr, node.attr), node.ctx)


def _own_module(module: str | None) -> str:
    """The module of this package in place of one of JAX's backend, or of JAX itself; empty for others."""
    prefix = f"keras.src.backend.{_MODEL}"
    if module == prefix:
        return "keras_croton.backend"
    if module == _MODEL:
        return "keras_croton"
    if module is None or not module.startswith(f"{prefix}."):
        return ""
    return f"keras_croton{module.removeprefix(prefix)}"


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


def with_croton(source: bytes, path: str, kinds: Collection[str] = ()) -> ast.Module | None:
    """The module with a branch for Croton in its chains; None if it has none.

    kinds: other places in which Croton is put, of `KINDS`.

    Raises:
        SyntaxError: it is not Python.
    """
    transformer = _ChainsOfTests(kinds) if kinds else _Chains()
    tree = ast.fix_missing_locations(transformer.visit(ast.parse(source, path)))
    return tree if transformer.changed else None
