"""Signatures as Keras has them: without annotations, so that they equal those of its own functions."""

from __future__ import annotations

import inspect
from types import FunctionType, ModuleType


def hide_annotations(*modules: ModuleType) -> None:
    """Makes `inspect.signature` leave out the annotations of what these modules offer.

    Keras holds the signature of each of its operations against the backend's, and has none.
    """
    for module in modules:
        for name, function in vars(module).items():
            if isinstance(function, FunctionType) and not name.startswith("_"):
                function.__signature__ = _bare(inspect.signature(function))  # type: ignore[attr-defined]


def _bare(signature: inspect.Signature) -> inspect.Signature:
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()
    ]
    return inspect.Signature(parameters)
