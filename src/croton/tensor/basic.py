"""All of `croton.tensor`, for programs that import from Theano's `tensor.basic`."""

from typing import Any

import croton.tensor


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(croton.tensor, name)


def __dir__() -> list[str]:
    return dir(croton.tensor)
