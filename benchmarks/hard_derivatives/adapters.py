"""How each library is asked for a derivative: the names of its functions, and its way to differentiate.

A namespace finds a name in the modules of the library, in order; only names that are called otherwise
there are listed.  Nothing is rewritten: a library gets the formula as it was typed.
"""

from __future__ import annotations

import importlib
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .case import Array, Case

Results = list[NDArray[np.float64]]
Runner = Callable[[Case], Results]


# `==` compares by identity on symbolic variables, so builders call eq and neq; elsewhere these are operators.
EQUALITY: Mapping[str, Callable[..., Array]] = {"eq": operator.eq, "neq": operator.ne}


class LibraryNamespace:
    """The names that builders use, found in `modules` (dotted names) or in `renamed`."""

    def __init__(self, modules: Sequence[str], renamed: Mapping[str, Callable[..., Array]]) -> None:
        self._modules = [_object_at(path) for path in modules]
        self._renamed = renamed

    def __getattr__(self, name: str) -> Callable[..., Array]:
        if name in self._renamed:
            return self._renamed[name]
        for module in self._modules:
            if hasattr(module, name):
                found: Callable[..., Array] = getattr(module, name)
                return found
        raise AttributeError(f"no function {name!r} in {self._modules}")


def _object_at(path: str) -> Any:
    """The module or attribute of this dotted name."""
    module, *attributes = path.split(":")
    found = importlib.import_module(module)
    for attribute in attributes:
        found = getattr(found, attribute)
    return found


def _as_results(values: Sequence[Any]) -> Results:
    return [np.asarray(value, dtype=np.float64) for value in values]


def _theano_like(
    library: Any, tensor: Any, namespace: LibraryNamespace, case: Case, constant: Callable[..., Array]
) -> Results:
    """Symbolic inputs, `grad`, `function`: the interface that Croton and PyTensor share."""
    kinds = {0: tensor.dscalar, 1: tensor.dvector, 2: tensor.dmatrix}
    inputs = [kinds[value.ndim](f"x{number}") for number, value in enumerate(case.inputs)]
    formula = case.build(namespace, *inputs)
    outputs = [formula]
    if case.order > 0:
        outputs = list(library.grad(tensor.sum(formula), inputs, disconnected_inputs="ignore"))
    if case.order > 1:
        terms = [tensor.sum(g * constant(v)) for g, v in zip(outputs, case.direction, strict=True)]
        outputs = list(library.grad(sum(terms[1:], terms[0]), inputs, disconnected_inputs="ignore"))
    function = library.function(inputs, outputs, on_unused_input="ignore")
    return _as_results(function(*case.inputs))


def croton_runner() -> Runner:
    """Croton: symbolic graph, compiled."""
    import croton as ct
    import croton.tensor as T

    def constant(values: Any) -> Array:
        return T.as_tensor_variable(np.asarray(values, dtype=np.float64))

    namespace = LibraryNamespace(
        ["croton.tensor", "croton.tensor:nnet", "croton.tensor:linalg"],
        {
            "const": constant,
            "logabsdet": lambda a: T.linalg.slogdet(a)[1],
            "norm": lambda x: T.linalg.norm(x),
        },
    )
    return lambda case: _theano_like(ct, T, namespace, case, constant)


def pytensor_runner() -> Runner:
    """PyTensor in its default mode, with its rewrites."""
    import pytensor
    import pytensor.tensor as pt

    def constant(values: Any) -> Array:
        return pt.as_tensor_variable(np.asarray(values, dtype=np.float64))

    namespace = LibraryNamespace(
        ["pytensor.tensor", "pytensor.tensor.special", "pytensor.tensor.linalg"],
        {
            "const": constant,
            "softmax": lambda x: pt.special.softmax(x, axis=-1),
            "logabsdet": lambda a: pt.linalg.slogdet(a)[1],
            "norm": lambda x: pt.linalg.norm(x),
        },
    )
    return lambda case: _theano_like(pytensor, pt, namespace, case, constant)


def jax_runner() -> Runner:
    """JAX: `grad` under `jit`, in float64."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    namespace = LibraryNamespace(
        ["jax.numpy", "jax.nn", "jax.scipy.special", "jax.numpy.linalg"],
        {
            "const": lambda values: jnp.asarray(values, dtype=jnp.float64),
            **EQUALITY,
            "logabsdet": lambda a: jnp.linalg.slogdet(a)[1],
        },
    )

    def run(case: Case) -> Results:
        def total(*inputs: Array) -> Array:
            return jnp.sum(case.build(namespace, *inputs))

        every = tuple(range(len(case.inputs)))
        gradient = jax.grad(total, argnums=every)

        def along(*inputs: Array) -> Array:
            pairs = zip(gradient(*inputs), case.direction, strict=True)
            return sum(jnp.sum(g * v) for g, v in pairs)

        asked = {
            0: lambda *inputs: (case.build(namespace, *inputs),),
            1: gradient,
            2: jax.grad(along, argnums=every),
        }[case.order]
        return _as_results(jax.jit(asked)(*case.inputs))

    return run


def torch_runner() -> Runner:
    """PyTorch: eager autograd, in float64."""
    import torch

    def tensor(value: Any) -> Array:
        return value if isinstance(value, torch.Tensor) else torch.tensor(value, dtype=torch.float64)

    def total(x: Array, axis: int | None = None, keepdims: bool = False) -> Array:
        return torch.sum(x) if axis is None else torch.sum(x, dim=axis, keepdim=keepdims)

    namespace = LibraryNamespace(
        ["torch", "torch.special", "torch.linalg"],
        {
            "const": tensor,
            **EQUALITY,
            "sum": total,
            "where": lambda c, x, y: torch.where(c, tensor(x), tensor(y)),
            "maximum": lambda x, y: torch.maximum(x, tensor(y)),
            "std": lambda x: torch.std(x, correction=0),
            "cumprod": lambda x: torch.cumprod(x, dim=0),
            "softmax": lambda x: torch.softmax(x, dim=-1),
            "logsumexp": lambda x: torch.logsumexp(x, dim=0),
            "norm": torch.linalg.vector_norm,
            "logabsdet": lambda a: torch.linalg.slogdet(a)[1],
        },
    )

    def gradient(value: Array, inputs: Sequence[Array], again: bool) -> list[Array]:
        return list(
            torch.autograd.grad(value, inputs, create_graph=again, allow_unused=True, materialize_grads=True)
        )

    def run(case: Case) -> Results:
        inputs = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in case.inputs]
        outputs = [case.build(namespace, *inputs)]
        if case.order > 0:
            outputs = gradient(torch.sum(outputs[0]), inputs, case.order > 1)
        if case.order > 1:
            terms = [torch.sum(g * tensor(v)) for g, v in zip(outputs, case.direction, strict=True)]
            outputs = gradient(sum(terms[1:], terms[0]), inputs, False)
        return _as_results([output.detach().numpy() for output in outputs])

    return run


def tensorflow_runner() -> Runner:
    """TensorFlow: gradient tapes inside a `tf.function`, in float64."""
    import tensorflow as tf

    def tensor(value: Any) -> Array:
        return value if tf.is_tensor(value) else tf.constant(value, dtype=tf.float64)

    namespace = LibraryNamespace(
        ["tensorflow:math", "tensorflow:nn", "tensorflow:linalg", "tensorflow"],
        {
            "const": tensor,
            **EQUALITY,
            "sum": tf.reduce_sum,
            "prod": tf.reduce_prod,
            "mean": tf.reduce_mean,
            "max": tf.reduce_max,
            "std": tf.math.reduce_std,
            "logsumexp": tf.reduce_logsumexp,
            "where": lambda c, x, y: tf.where(c, tensor(x), tensor(y)),
            "clip": tf.clip_by_value,
            "arcsin": tf.asin,
            "arccos": tf.acos,
            "arctan": tf.atan,
            "arccosh": tf.acosh,
            "arctanh": tf.atanh,
            "arctan2": tf.atan2,
            "gammaln": tf.math.lgamma,
            "logabsdet": lambda a: tf.linalg.slogdet(a)[1],
        },
    )

    def run(case: Case) -> Results:
        def asked(*inputs: Array) -> list[Array]:
            with tf.GradientTape() as outer:
                outer.watch(inputs)
                with tf.GradientTape() as inner:
                    inner.watch(inputs)
                    formula = case.build(namespace, *inputs)
                if case.order == 0:
                    return [formula]
                first = inner.gradient(formula, inputs, unconnected_gradients="zero")
                along = sum(tf.reduce_sum(g * v) for g, v in zip(first, case.direction, strict=True))
            if case.order == 1:
                return list(first)
            return list(outer.gradient(along, inputs, unconnected_gradients="zero"))

        inputs = [tf.constant(value, dtype=tf.float64) for value in case.inputs]
        return _as_results([output.numpy() for output in tf.function(asked)(*inputs)])

    return run


RUNNERS: Mapping[str, Callable[[], Runner]] = {
    "croton": croton_runner,
    "jax": jax_runner,
    "tensorflow": tensorflow_runner,
    "torch": torch_runner,
    "pytensor": pytensor_runner,
}


def evaluate(library: str, cases: Sequence[Case]) -> dict[str, Results | str]:
    """The derivatives of all cases by one library; in place of a result, what the library raised.

    Raises ValueError for an unknown library, ImportError for one that is not installed.
    """
    if library not in RUNNERS:
        raise ValueError(f"library must be one of {', '.join(RUNNERS)}, got {library!r}")
    run = RUNNERS[library]()
    answers: dict[str, Results | str] = {}
    for case in cases:
        try:
            answers[case.name] = run(case)
        except Exception as error:  # whatever a library raises is its answer to this case
            answers[case.name] = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return answers
