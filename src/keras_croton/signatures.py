"""Signatures as Keras has them: without annotations, so that they equal those of its own functions."""

from __future__ import annotations

from types import FunctionType, ModuleType


def hide_annotations(*modules: ModuleType) -> None:
    """Takes away the annotations of what these modules offer.

    Keras holds the signature of each of its operations against the backend's, and has none.
    """
    for module in modules:
        for name, function in vars(module).items():
            if not name.startswith("_"):
                while isinstance(function, FunctionType):  # signatures are those of what was wrapped
                    function.__annotations__ = {}
                    function = getattr(function, "__wrapped__", None)
