"""Shared libraries of machine code, and routines of BLAS and LAPACK."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from croton.runtime import Library

DGEMM = """
    typedef void (*dgemm)(char *, char *, int *, int *, int *, double *, double *, int *, double *, int *,
                          double *, double *, int *);
    int n = 3;
    double one = 1, zero = 0;
    char plain = 'N';
    ((dgemm)context->library[1])(&plain, &plain, &n, &n, &n, &one, in[1], &n, in[0], &n, &zero, out[0], &n);
"""


def multiply(make_function, routines):
    return make_function(
        [("argument", "a", "float64", 2), ("argument", "b", "float64", 2)],
        [("fresh", "float64", 2)],
        prepare="out[0][0] = out[0][1] = 3;",
        run=DGEMM,
        routines=routines,
        returns="single",
    )


def test_routines_come_in_the_order_asked_for(make_function):
    f = multiply(make_function, ["scipy.linalg.cython_lapack:dpotrf", "scipy.linalg.cython_blas:dgemm"])
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 3, 3))
    for _ in range(2):
        np.testing.assert_allclose(f(a, b), a @ b)


@pytest.mark.parametrize(
    ("routine", "error"),
    [
        ("scipy.linalg.cython_blas:no_such_routine", ImportError),
        ("no_such_module:dgemm", ImportError),
        ("math:sin", ImportError),
        ("nonsense", ImportError),
        (3, TypeError),
    ],
)
def test_a_routine_that_is_not_there_is_an_error_at_each_call(make_function, routine, error):
    f = multiply(make_function, [routine])
    for _ in range(2):
        with pytest.raises(error, match="routine"):
            f(np.eye(3), np.eye(3))


def test_scipy_is_imported_only_by_the_first_call_that_needs_it(make_function):
    path = multiply(make_function, []).owner.path
    code = f"""
import sys
import numpy as np
from croton.runtime import Function, Library
library = Library({path!r})
f = Function(
    name="f", owner=library, prepare=library.address("croton_prepare"), run=library.address("croton_run"),
    inputs=[("argument", "a", "float64", 2), ("argument", "b", "float64", 2)],
    outputs=[("fresh", "float64", 2)],
    routines=["scipy.linalg.cython_blas:sgemm", "scipy.linalg.cython_blas:dgemm"])
before = "scipy" in sys.modules
f(np.eye(3), np.eye(3))
print(before, "scipy" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["False", "True"], done.stderr


class TestLibrary:
    """The type by itself."""

    def test_it_knows_its_path_and_symbols(self, add):
        library = add.owner
        assert library.path.endswith(".so")
        assert library.address("croton_run") != library.address("croton_prepare")
        with pytest.raises(AttributeError, match="no symbol 'nothing'"):
            library.address("nothing")

    def test_a_file_that_is_not_there(self, tmp_path):
        with pytest.raises(OSError, match="cannot load shared library"):
            Library(tmp_path / "nothing.so")

    def test_a_file_that_is_no_library(self, tmp_path):
        path = tmp_path / "text.so"
        path.write_text("not a library")
        with pytest.raises(OSError, match="cannot load shared library"):
            Library(str(path))
