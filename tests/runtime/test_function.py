"""The type Function: attributes, lifetime, copying."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import weakref

import numpy as np
import pytest

from croton.runtime import Cell, Function


class Details:
    """What a front end attaches."""

    def __init__(self):
        self.note = "from details"

    def c_source(self):
        return "int main"


def rebuild(note):
    return f"rebuilt with {note}"


class Picklable(Details):
    def reduce_function(self):
        return rebuild, (self.note,)


def test_attributes_that_it_lacks_come_from_details(make_function):
    details = Details()
    f = make_function([], [], details=details)
    assert f.details is details and f.note == "from details" and f.c_source() == "int main"
    with pytest.raises(AttributeError, match="'Details' object has no attribute 'nothing'"):
        f.nothing  # noqa: B018
    with pytest.raises(AttributeError, match="Function"):
        f.__nothing__  # noqa: B018


def test_without_details_there_are_no_more_attributes(add):
    assert add.details is None
    with pytest.raises(AttributeError, match="nothing"):
        add.nothing  # noqa: B018


def test_name_and_documentation_can_be_set(add):
    assert add.__name__ == "add" and "add" in repr(add)
    add.__name__ = "plus"
    add.__doc__ = "Adds."
    add.anything = 3
    assert (add.__name__, add.__doc__, add.anything) == ("plus", "Adds.", 3)
    assert add.__dict__ == {"__doc__": "Adds.", "anything": 3}
    with pytest.raises(TypeError, match=r"plus\(\) missing argument"):
        add()
    with pytest.raises(TypeError):
        add.__name__ = 3
    with pytest.raises(TypeError):
        del add.__name__


def test_it_is_callable_by_every_way_of_calling(add):
    assert callable(add)
    assert add(*(1.0, 2.0)) == add(**{"x": 1.0, "y": 2.0}) == add.__call__(1.0, 2.0) == 3.0
    assert list(map(add, [1.0, 2.0], [3.0, 4.0])) == [4.0, 6.0]


def test_it_can_be_weakly_referenced_and_is_freed(make_function):
    f = make_function([], [])
    reference = weakref.ref(f)
    del f
    assert reference() is None


def test_cycles_through_it_are_collected(make_function):
    def make_cycle():
        details = Details()

        def refer(*ignored):
            return details

        f = make_function([], [], details=details, callbacks=[refer], coerce=refer, fail=refer, returns=refer)
        details.function = f
        f.me = f
        return weakref.ref(f)

    reference = make_cycle()
    gc.collect()
    assert reference() is None


def test_copies_are_the_function_itself(add):
    assert copy.copy(add) is add and copy.deepcopy(add) is add


def test_its_details_may_make_deep_copies(make_function):
    class Copyable(Details):
        def deepcopy_function(self, memo):
            return "copied", memo

    assert copy.deepcopy(make_function([], [], details=Copyable()), {1: 2})[0] == "copied"


def test_it_is_pickled_as_its_details_say(make_function):
    assert (
        pickle.loads(pickle.dumps(make_function([], [], details=Picklable()))) == "rebuilt with from details"
    )
    for details in (None, Details()):
        with pytest.raises((TypeError, AttributeError), match=r"pickle|reduce_function"):
            pickle.dumps(make_function([], [], details=details))


def test_calls_leave_no_references_behind(make_function):
    array, cell = np.arange(3.0), Cell(np.zeros(3))
    f = make_function(
        [("argument", "x", "float64", 1), ("argument", "y", "float64", 1), ("cell", cell)],
        [("fresh", "float64", 1), ("in_place", cell), ("unknown", "float64", 1)],
        prepare="dims[0] = out[0][0] = out[1][0] = in[0][0]; out[2][0] = -1; summary[0] = 1000;",
        run="context->allocate(context, 10); return context->give_output(context, 2, in[0], 1, dims);",
        dims=1,
        coerce=lambda position, value: array,
    )
    f(array, None)
    before = [sys.getrefcount(thing) for thing in (array, cell, f, array.dtype, None)]
    results = [f(array, "anything") for _ in range(50)]
    del results
    with pytest.raises(TypeError):
        f(array)
    after = [sys.getrefcount(thing) for thing in (array, cell, f, array.dtype, None)]
    assert all(abs(b - a) < 10 for a, b in zip(before, after, strict=True))


def test_nothing_is_allocated_in_the_steady_state_but_outputs(make_function):
    f = make_function(
        [("argument", "x", "float64", 0)],
        [],
        prepare="summary[0] = 1 << 20;",
        run="((char *)arena)[1 << 19] = 1;",
        returns="none",
    )
    f(1.0)
    assert f.kept_bytes == 1 << 20
    blocks = sys.getallocatedblocks()
    for _ in range(1000):
        f(1.0)
    assert abs(sys.getallocatedblocks() - blocks) < 50
    assert f.kept_bytes == 1 << 20


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"dims": -1}, ValueError, "dims"),
        ({"coerce": 3}, TypeError, "coerce"),
        ({"fail": "x"}, TypeError, "fail"),
        ({"callbacks": [3]}, TypeError, "callbacks: item 0"),
        ({"defaults": [1]}, TypeError, "defaults"),
        ({"nonsense": 1}, TypeError, "nonsense"),
        ({"dtypes": ["nonsense"]}, TypeError, "nonsense"),
    ],
)
def test_wrong_options_are_refused(make_function, options, error, message):
    with pytest.raises(error, match=message):
        make_function([], [], **options)


def test_machine_code_is_needed():
    with pytest.raises(ValueError, match="addresses of prepare and run"):
        Function(name="f", inputs=[], outputs=[])
    with pytest.raises(TypeError, match="needs name="):
        Function(inputs=[], outputs=[])
    with pytest.raises(TypeError):
        Function("f", [], [])
