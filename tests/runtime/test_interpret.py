"""Functions without machine code: the same calls, computed by a Python callable."""

from __future__ import annotations

import numpy as np
import pytest

from croton.runtime import Cell, Function


def test_inputs_arrive_as_arrays_and_outputs_are_returned():
    seen = []

    def interpret(inputs):
        seen.append(inputs)
        return [inputs[0] * inputs[1] + inputs[2]]

    f = Function(
        name="f",
        inputs=[
            ("argument", "x", "float32", 1),
            ("argument", "k", "float32", 0),
            ("constant", np.float32([1, 2])),
        ],
        outputs=[("fresh", "float32", 1)],
        interpret=interpret,
        returns="single",
    )
    result = f(np.float32([10, 20]), k=3)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, [31, 62])
    assert all(isinstance(array, np.ndarray) for array in seen[0])


@pytest.mark.parametrize("kind", ["in_place", "replace", "replace_unknown"])
def test_updates_replace(kind):
    given = np.zeros(2)
    cell = Cell(given, "w")
    f = Function(
        name="f",
        inputs=[("cell", cell)],
        outputs=[(kind, cell)],
        interpret=lambda i: [i[0] + 1],
        returns="none",
    )
    f()
    f()
    np.testing.assert_array_equal(cell.array, [2, 2])
    np.testing.assert_array_equal(given, [0, 0])


def test_results_never_share_memory_with_inputs():
    x = np.arange(3.0)
    f = Function(
        name="f",
        inputs=[("argument", "x", "float64", 1)],
        outputs=[("fresh", "float64", 1), ("fresh", "float64", 1)],
        interpret=lambda inputs: [inputs[0], inputs[0][::-1]],
    )
    first, second = f(x)
    assert not np.shares_memory(first, x) and not np.shares_memory(second, x)
    np.testing.assert_array_equal(second, [2, 1, 0])
    assert second.flags.c_contiguous and second.flags.writeable


@pytest.mark.parametrize(
    "results",
    [[], [np.zeros(1), np.zeros(1)], [np.zeros(1, np.float32)], [np.zeros((1, 1))], [1.0], None],
    ids=["too few", "too many", "dtype", "rank", "scalar", "None"],
)
def test_wrong_results_are_errors_and_change_nothing(results):
    cell = Cell(np.zeros(1), "w")
    f = Function(name="f", inputs=[], outputs=[("replace", cell)], interpret=lambda inputs: results)
    with pytest.raises(TypeError):
        f()
    np.testing.assert_array_equal(cell.array, [0])
    cell.array = np.ones(1)


def test_exceptions_come_through_and_change_nothing():
    cell = Cell(np.zeros(1), "w")

    def interpret(inputs):
        raise ZeroDivisionError("inside")

    f = Function(name="f", inputs=[("cell", cell)], outputs=[("in_place", cell)], interpret=interpret)
    with pytest.raises(ZeroDivisionError, match="inside"):
        f()
    cell.array = np.ones(1)
    assert f.calls == 0


def test_the_cell_may_be_read_while_it_runs():
    cell = Cell(np.zeros(1), "w")
    f = Function(
        name="f",
        inputs=[("cell", cell)],
        outputs=[("in_place", cell)],
        interpret=lambda inputs: [cell.array + 1],
    )
    f()
    assert cell.array[0] == 1


def test_it_has_no_plan():
    f = Function(name="f", inputs=[], outputs=[], interpret=lambda inputs: [])
    with pytest.raises(TypeError, match="interpreted"):
        f.plan()
