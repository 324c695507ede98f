"""Functions written by hand in C, for the tests of the call path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import croton.runtime
from croton.runtime import Function
from croton.toolchain import Cache, build, load

HEADERS = Path(croton.runtime.__file__).parents[1] / "codegen" / "include"

TEMPLATE = """
#include "croton_abi.h"
{helpers}
int croton_prepare(ct_context *context, const ct_int *const *in, ct_int *dims, ct_int *const *out,
                   ct_int *summary);
int croton_prepare(ct_context *context, const ct_int *const *in, ct_int *dims, ct_int *const *out,
                   ct_int *summary)
{{
    (void)context; (void)in; (void)dims; (void)out;
    summary[0] = 0;
    summary[1] = {nanoseconds};
    {prepare}
    return CT_OK;
}}
int croton_run(ct_context *context, void *const *in, void *const *out, const ct_int *dims, char *arena);
int croton_run(ct_context *context, void *const *in, void *const *out, const ct_int *dims, char *arena)
{{
    (void)context; (void)in; (void)out; (void)dims; (void)arena;
    {run}
    return CT_OK;
}}
"""

MakeFunction = Callable[..., Function]


@pytest.fixture(scope="session")
def make_function(tmp_path_factory: pytest.TempPathFactory) -> MakeFunction:
    """make_function(inputs, outputs, prepare=..., run=..., nanoseconds=..., **options of Function)."""
    cache = Cache(tmp_path_factory.mktemp("cache") / "croton")

    def make(
        inputs: list[Any],
        outputs: list[Any],
        *,
        prepare: str = "",
        run: str = "",
        helpers: str = "",
        nanoseconds: int = 0,
        name: str = "f",
        **options: Any,
    ) -> Function:
        text = TEMPLATE.format(prepare=prepare, run=run, helpers=helpers, nanoseconds=nanoseconds)
        library = load(build([text], include=[HEADERS], flags=["-Werror"], cache=cache))
        return Function(
            name=name,
            inputs=inputs,
            outputs=outputs,
            prepare=library.address("croton_prepare"),
            run=library.address("croton_run"),
            owner=library,
            **options,
        )

    return make


@pytest.fixture(params=[0, 10**6], ids=["with the GIL", "without the GIL"])
def nanoseconds(request: pytest.FixtureRequest) -> int:
    """Estimated work: little, so that the call keeps the GIL, or much, so that it releases it."""
    return int(request.param)


@pytest.fixture
def add(make_function: MakeFunction) -> Function:
    """The sum of two float64 scalars x and y."""
    return make_function(
        [("argument", "x", "float64", 0), ("argument", "y", "float64", 0)],
        [("fresh", "float64", 0)],
        run="*(double *)out[0] = *(double *)in[0] + *(double *)in[1];",
        returns="single",
        name="add",
    )
