"""State overwritten by adding to or setting some of its rows: the buffer stays, the values are right."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T

START = np.arange(12.0).reshape(6, 2)
ROWS = np.array([1, 4, 1])


def table():
    return ct.shared(START.copy(), "table")


def address(variable):
    return variable.get_value(borrow=True).ctypes.data


def added(rows, values, start=START):
    out = start.copy()
    np.add.at(out, rows, values)
    return out


def test_rows_are_changed_in_the_buffer_itself():
    rows = T.lvector("rows")
    grown, written, one = table(), table(), table()
    f = ct.function(
        [rows],
        (grown[rows] ** 2).sum(),
        updates=[
            (grown, T.inc_subtensor(grown[rows], -0.1 * grown[rows])),
            (written, T.set_subtensor(written[rows], 7.0)),
            (one, T.inc_subtensor(one[rows[0], rows[1] - 3], 0.5)),
        ],
    )
    places = [address(v) for v in (grown, written, one)]
    assert f(ROWS) == (START[ROWS] ** 2).sum()
    assert [address(v) for v in (grown, written, one)] == places
    np.testing.assert_array_equal(grown.get_value(), added(ROWS, -0.1 * START[ROWS]))
    expected = START.copy()
    expected[ROWS] = 7
    np.testing.assert_array_equal(written.get_value(), expected)
    np.testing.assert_array_equal(one.get_value(), added((1, 1), 0.5))


def test_two_tables_that_read_each_other():
    rows = T.lvector("rows")
    first, second = table(), table()
    second.set_value(START + 100)
    f = ct.function(
        [rows],
        [],
        updates=[
            (first, T.inc_subtensor(first[rows], second[rows])),
            (second, T.inc_subtensor(second[rows], first[rows])),
        ],
    )
    f(ROWS)
    np.testing.assert_array_equal(first.get_value(), added(ROWS, START[ROWS] + 100))
    np.testing.assert_array_equal(second.get_value(), added(ROWS, START[ROWS], START + 100))


def test_an_array_whose_rows_are_those_of_a_whole_table():
    first, second = table(), table()
    order = T.lvector("order")
    f = ct.function(
        [order],
        [],
        updates=[(first, T.inc_subtensor(first[order], second)), (second, second * 2)],
    )
    g = ct.function([order], [], updates=[(second, T.inc_subtensor(second[order], second))])
    f(np.arange(6)[::-1].copy())
    np.testing.assert_array_equal(first.get_value(), START + START[::-1])
    np.testing.assert_array_equal(second.get_value(), START * 2)
    g(np.arange(6)[::-1].copy())
    np.testing.assert_array_equal(second.get_value(), START * 2 + START[::-1] * 2)


def test_old_and_new_values_that_are_also_results():
    rows = T.lvector("rows")
    kept, shown, summed = table(), table(), table()
    new = T.inc_subtensor(shown[rows], 1.0)
    f = ct.function(
        [rows],
        [kept, new, summed.sum(axis=0), T.inc_subtensor(summed[rows], 2.0).sum()],
        updates=[
            (kept, T.inc_subtensor(kept[rows], 1.0)),
            (shown, new),
            (summed, T.inc_subtensor(summed[rows], 2.0)),
        ],
    )
    old, shown_new, total, new_total = f(ROWS)
    np.testing.assert_array_equal(old, START)
    np.testing.assert_array_equal(shown_new, added(ROWS, 1.0))
    np.testing.assert_array_equal(total, START.sum(0))
    assert new_total == START.sum() + 2 * 2 * len(ROWS)
    for variable, change in ((kept, 1.0), (shown, 1.0), (summed, 2.0)):
        np.testing.assert_array_equal(variable.get_value(), added(ROWS, change))
    shown_new[...] = 0
    np.testing.assert_array_equal(shown.get_value(), added(ROWS, 1.0))


def test_a_call_that_raises_leaves_all_state_as_it_was():
    rows, others = T.lvectors("rows", "others")
    first, second = table(), table()
    f = ct.function(
        [rows, others],
        [],
        updates=[
            (first, T.inc_subtensor(first[rows], 1.0)),
            (second, T.inc_subtensor(second[others], 1.0)),
        ],
    )
    for given in ((ROWS, ROWS + 5), (ROWS + 5, ROWS)):
        with pytest.raises(IndexError, match="out of range"):
            f(*given)
        np.testing.assert_array_equal(first.get_value(), START)
        np.testing.assert_array_equal(second.get_value(), START)
