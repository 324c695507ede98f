"""Names and signatures: what a version of Keras expects of a backend, read from the sources of those it has.

A new version of Keras shows here what it asks for beyond what Croton has.
"""

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import keras.src
import pytest

BACKENDS = Path(keras.src.__file__).parent / "backend"
MODULES = [
    "core",
    "distribution_lib",
    "image",
    "linalg",
    "math",
    "nn",
    "numpy",
    "random",
    "rnn",
    "tensorboard",
]

# Public by their names, but used by nothing outside of the backend that has them.
PRIVATE = {
    "core": {"should_shard_at_init"},
    "nn": {"wrap_flash_attention"},
    "random": {"jax_draw_seed"},
    "rnn": {"numpy_scan", "unstack"},
}

# What functions take that only say that a backend does not have them.
NOT_IMPLEMENTED = "*args, **kwargs"


def source(backend: str, module: str) -> ast.Module:
    path = BACKENDS / backend / f"{module}.py"
    return ast.parse(path.read_text() if path.exists() else "")


def functions(backend: str, module: str) -> dict[str, str]:
    """The parameters of the public functions of a module of Keras, as text."""
    return {
        node.name: ast.unparse(node.args)
        for node in source(backend, module).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }


def parameters(function: object) -> str:
    """The parameters of a function of ours, as `ast.unparse` writes them."""
    assert callable(function)
    bare = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(function).parameters.values()
    ]
    text = str(inspect.Signature(bare))
    return ast.unparse(ast.parse(f"def function{text}: pass").body[0].args)  # type: ignore[attr-defined]


def differences(module: str) -> Iterator[str]:
    ours = importlib.import_module(f"keras_croton.{module}")
    jax, numpy = functions("jax", module), functions("numpy", module)
    for name in sorted((jax.keys() | numpy.keys()) - PRIVATE.get(module, set())):
        allowed = {known[name] for known in (jax, numpy) if name in known}
        if not hasattr(ours, name):
            yield f"{name}({' | '.join(allowed)}) is missing"
        elif NOT_IMPLEMENTED not in allowed and parameters(getattr(ours, name)) not in allowed:
            yield f"{name}({parameters(getattr(ours, name))}) should be {name}({' | '.join(allowed)})"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_the_functions_of_keras_with_their_signatures(module: str) -> None:
    assert "\n".join(differences(module)) == ""


@pytest.mark.parametrize("module", PRIVATE)
def test_what_is_private_to_a_backend_is_still_there(module: str) -> None:
    assert PRIVATE[module] <= functions("jax", module).keys() | functions("numpy", module).keys()


def test_what_keras_imports_of_a_backend_is_exported() -> None:
    """`keras.src.backend` takes all names of a backend's `__init__`."""
    expected = {
        alias.asname or alias.name
        for backend in ("jax", "numpy")
        for node in source(backend, "__init__").body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"keras.src.backend.{backend}")
        for alias in node.names
    }
    ours = importlib.import_module("keras_croton.backend")
    assert sorted(name for name in expected if not hasattr(ours, name)) == []


def test_no_module_of_a_backend_is_forgotten() -> None:
    """Those that hold classes are chosen by name in the modules that the hook changes."""
    classes = {"export", "layer", "optimizer", "trainer"}
    private = {"sparse"}
    present = {path.stem for backend in ("jax", "numpy") for path in (BACKENDS / backend).glob("*.py")}
    present = {name for name in present if not name.endswith("_test") and name != "__init__"}
    assert present == set(MODULES) | classes | private
