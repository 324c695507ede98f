"""Shared variables: what may be their buffer, and how calls update them."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from croton.runtime import Cell

INCREMENT = "for (ct_int i = 0; i < dims[0]; i++) ((double *)out[0])[i] = ((double *)in[0])[i] + 1;"
SAME_SIZE = "dims[0] = out[0][0] = in[0][0];"


def incrementing(make_function, cell, kind, **options):
    """A function that adds one to a float64 vector cell."""
    return make_function(
        [("cell", cell)],
        [(kind, cell)],
        prepare=SAME_SIZE,
        **{"run": INCREMENT, "dims": 1, "returns": "none", **options},
    )


def address(array):
    return array.__array_interface__["data"][0]


class TestCell:
    """The type by itself."""

    def test_it_takes_the_array_itself(self):
        array = np.arange(3.0)
        cell = Cell(array, "w")
        assert cell.array is array and cell.name == "w" and cell.spare is None
        assert repr(cell) == "<Cell 'w': float64(3,)>"

    @pytest.mark.parametrize(
        ("array", "error"),
        [
            ([1.0], TypeError),
            (np.float64(1.0), TypeError),
            (np.zeros(4)[::2], ValueError),
            (np.zeros((2, 3)).T, ValueError),
            (np.array([None]), TypeError),
            (np.zeros(2, ">f8"), TypeError),
            (np.broadcast_to(np.zeros(1), (1,)), ValueError),
        ],
        ids=["list", "scalar", "strided", "transposed", "object", "byte order", "read-only"],
    )
    def test_it_refuses_what_generated_code_cannot_use(self, array, error):
        with pytest.raises(error, match="array of shared variable 'w'"):
            Cell(array, "w")
        cell = Cell(np.zeros(2), "w")
        with pytest.raises(error, match="array of shared variable 'w'"):
            cell.array = array

    def test_a_new_value_may_have_another_shape_but_not_another_dtype_or_rank(self):
        cell = Cell(np.zeros(2), "w")
        cell.array = np.zeros(5)
        assert cell.array.shape == (5,)
        for value in (np.zeros(5, np.float32), np.zeros((5, 1))):
            with pytest.raises(TypeError, match="expected dtype float64 and rank 1"):
                cell.array = value
        with pytest.raises(AttributeError):
            del cell.array

    def test_its_name_is_a_text(self):
        with pytest.raises(TypeError, match="name of a Cell"):
            Cell(np.zeros(2), 3)

    def test_it_can_be_subclassed_and_weakly_referenced(self):
        class Variable(Cell):
            pass

        variable = Variable(np.zeros(2))
        variable.note = "anything"
        reference = weakref.ref(variable)
        del variable
        gc.collect()
        assert reference() is None


@pytest.mark.parametrize("kind", ["in_place", "replace"])
class TestUpdates:
    """Updates in place and into another buffer look the same from outside."""

    def test_each_call_updates(self, make_function, nanoseconds, kind):
        cell = Cell(np.zeros(4), "w")
        f = incrementing(make_function, cell, kind, nanoseconds=nanoseconds)
        for expected in (1, 2, 3):
            assert f() is None
            np.testing.assert_array_equal(cell.array, [expected] * 4)
        assert f.cells_read == f.cells_written == (cell,)

    def test_whoever_kept_the_array_keeps_its_contents(self, make_function, nanoseconds, kind):
        given = np.zeros(4)
        cell = Cell(given, "w")
        f = incrementing(make_function, cell, kind, nanoseconds=nanoseconds)
        f()
        kept = cell.array
        view = cell.array[1:3]
        f()
        f()
        np.testing.assert_array_equal(given, [0] * 4)
        np.testing.assert_array_equal(kept, [1] * 4)
        np.testing.assert_array_equal(view, [1] * 2)
        np.testing.assert_array_equal(cell.array, [3] * 4)

    def test_a_view_of_foreign_memory_is_not_written_into(self, make_function, kind):
        memory = bytearray(32)
        cell = Cell(np.frombuffer(memory, np.float64), "w")
        incrementing(make_function, cell, kind)()
        assert memory == bytearray(32)
        np.testing.assert_array_equal(cell.array, [1] * 4)

    def test_the_array_of_a_cell_may_also_be_an_argument(self, make_function, nanoseconds, kind):
        cell = Cell(np.arange(3.0), "w")
        f = make_function(
            [("cell", cell), ("argument", "x", "float64", 1)],
            [(kind, cell), ("fresh", "float64", 1)],
            prepare="dims[0] = out[0][0] = out[1][0] = in[0][0];",
            run="""for (ct_int i = 0; i < dims[0]; i++) {
                ((double *)out[0])[i] = 100;
                ((double *)out[1])[i] = ((double *)in[1])[i];
            }""",
            dims=1,
            nanoseconds=nanoseconds,
        )
        np.testing.assert_array_equal(f(cell.array)[0], [0, 1, 2])
        np.testing.assert_array_equal(cell.array, [100] * 3)

    def test_a_failing_call_changes_nothing(self, make_function, nanoseconds, kind):
        cell = Cell(np.zeros(2), "w")
        f = incrementing(make_function, cell, kind, run="return CT_RUNTIME_ERROR;", nanoseconds=nanoseconds)
        before = cell.array
        with pytest.raises(RuntimeError):
            f()
        assert cell.array is before
        np.testing.assert_array_equal(before, [0, 0])

    def test_the_exception_maker_may_look_at_the_cell(self, make_function, nanoseconds, kind):
        cell = Cell(np.zeros(2), "w")
        f = incrementing(
            make_function,
            cell,
            kind,
            run="return CT_RUNTIME_ERROR;",
            nanoseconds=nanoseconds,
            fail=lambda code, facts, dims, inputs: ValueError(f"value was {cell.array.tolist()}"),
        )
        with pytest.raises(ValueError, match=r"value was \[0.0, 0.0\]"):
            f()

    def test_memory_does_not_grow(self, make_function, kind):
        cell = Cell(np.zeros(1000), "w")
        f = incrementing(make_function, cell, kind)
        f()
        f()
        seen = set()
        for _ in range(20):
            f()
            seen.add(address(cell.array))
        assert len(seen) <= 2

    def test_updates_follow_a_change_of_shape(self, make_function, kind):
        cell = Cell(np.zeros(3), "w")
        f = incrementing(make_function, cell, kind)
        f()
        cell.array = np.full(5, 10.0)
        f()
        f()
        np.testing.assert_array_equal(cell.array, [12] * 5)


def test_an_update_in_place_reuses_the_buffer(make_function):
    cell = Cell(np.zeros(1000), "w")
    f = incrementing(make_function, cell, "in_place")
    before = address(cell.array)
    f()
    f()
    assert address(cell.array) == before and cell.spare is None


def test_a_replacing_update_keeps_the_old_buffer_as_the_spare(make_function, nanoseconds):
    cell = Cell(np.zeros(1000), "w")
    f = incrementing(make_function, cell, "replace", nanoseconds=nanoseconds)
    first = address(cell.array)
    f()
    second = address(cell.array)
    assert address(cell.spare) == first != second
    f()
    assert address(cell.array) == first
    cell.drop_spare()
    assert cell.spare is None


def test_a_spare_that_somebody_refers_to_is_not_used(make_function):
    cell = Cell(np.zeros(4), "w")
    f = incrementing(make_function, cell, "replace")
    f()
    kept = cell.spare
    f()
    np.testing.assert_array_equal(kept, [0] * 4)


def test_two_cells_are_exchanged_by_replacing(make_function):
    a, b = Cell(np.array(1.0), "a"), Cell(np.array(2.0), "b")
    f = make_function(
        [("cell", a), ("cell", b)],
        [("replace", a), ("replace", b)],
        run="*(double *)out[0] = *(double *)in[1]; *(double *)out[1] = *(double *)in[0];",
        returns="none",
    )
    f()
    assert (a.array, b.array) == (2.0, 1.0)
    f()
    assert (a.array, b.array) == (1.0, 2.0)


def test_a_replacing_update_may_change_the_shape(make_function):
    cell = Cell(np.zeros(2), "w")
    f = make_function(
        [("cell", cell)],
        [("replace", cell)],
        prepare="dims[0] = out[0][0] = in[0][0] + 1;",
        run="for (ct_int i = 0; i < dims[0]; i++) ((double *)out[0])[i] = (double)i;",
        dims=1,
        returns="none",
    )
    f()
    f()
    np.testing.assert_array_equal(cell.array, [0, 1, 2, 3])


def test_an_update_in_place_that_would_change_the_shape_is_an_error(make_function):
    cell = Cell(np.zeros(2), "w")
    f = make_function([("cell", cell)], [("in_place", cell)], prepare="out[0][0] = 3;")
    with pytest.raises(ValueError, match="change the shape of shared variable 'w'"):
        f()


def test_an_update_may_have_a_shape_known_only_while_running(make_function, nanoseconds):
    cell = Cell(np.zeros(2), "w")
    f = make_function(
        [("argument", "n", "int64", 0)],
        [("replace_unknown", cell)],
        prepare="out[0][0] = -1;",
        run="double x[4] = {1, 2, 3, 4}; return context->give_output(context, 0, x, 1, (ct_int *)in[0]);",
        nanoseconds=nanoseconds,
        returns="none",
    )
    f(4)
    np.testing.assert_array_equal(cell.array, [1, 2, 3, 4])
    f(1)
    np.testing.assert_array_equal(cell.array, [1])


def test_no_update_is_made_when_another_output_fails(make_function):
    cell = Cell(np.zeros(1), "w")
    f = make_function(
        [],
        [("replace", cell), ("unknown", "float64", 0)],
        prepare="out[0][0] = 1;",
        run="*(double *)out[0] = 5;",
    )
    with pytest.raises(RuntimeError, match="never given"):
        f()
    np.testing.assert_array_equal(cell.array, [0])


def test_one_cell_cannot_be_updated_twice(make_function):
    cell = Cell(np.zeros(1), "w")
    with pytest.raises(ValueError, match="shared variable 'w' is updated twice"):
        make_function([], [("replace", cell), ("in_place", cell)])


def test_a_cell_may_be_several_inputs(make_function):
    cell = Cell(np.array(3.0), "w")
    f = make_function(
        [("cell", cell), ("cell", cell)],
        [("fresh", "float64", 0), ("in_place", cell)],
        run="*(double *)out[0] = *(double *)in[0] * *(double *)in[1]; *(double *)out[1] = 4;",
        returns="single",
    )
    assert f() == 9.0 and f() == 16.0


def test_the_function_keeps_its_cells_alive(make_function):
    f = incrementing(make_function, Cell(np.zeros(2)), "in_place")
    gc.collect()
    f()
    np.testing.assert_array_equal(f.cells_written[0].array, [1, 1])


@pytest.mark.parametrize("kind", ["in_place", "replace"])
def test_an_array_whose_rank_was_set_behind_the_back_of_its_cell_is_an_error(make_function, kind):
    cell = Cell(np.zeros(4), "w")
    f = incrementing(make_function, cell, kind)
    f()
    cell.array.resize((2, 2), refcheck=False)
    with pytest.raises(RuntimeError, match="shared variable 'w' no longer has dtype float64, rank 1"):
        f()


def test_constants_are_not_disturbed_by_a_new_shape_of_the_given_array(make_function):
    constant = np.arange(6.0)
    f = make_function(
        [("constant", constant)],
        [("fresh", "int64", 0)],
        run="*(ct_int *)out[0] = dims[0];",
        prepare="dims[0] = in[0][0];",
        dims=1,
        returns="single",
    )
    constant.resize((2, 3), refcheck=False)
    assert f() == 6
