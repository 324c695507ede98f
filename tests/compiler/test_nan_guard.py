"""Mode "nan-guard": the first step that makes an unwanted number is named."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T


def test_good_numbers_pass_and_state_is_updated():
    x, w = T.dvector("x"), ct.shared(np.ones(2), "w")
    f = ct.function([x], T.log(x).sum(), updates=[(w, w + x)], mode="nan-guard")
    assert f([1.0, 1.0]) == 0
    np.testing.assert_array_equal(w.get_value(), 2)


def test_the_operation_and_the_line_are_named_with_operands():
    x = T.dvector("x")
    f = ct.function([x], T.sin(T.log(x - 1)).sum(), mode="nan-guard", name="f")
    with pytest.raises(ct.NanGuardError, match=r"(?s)f: log makes NaN.*test_nan_guard\.py") as caught:
        f([3.0, 0.5])
    assert caught.value.equation.op.name == "log"
    np.testing.assert_array_equal(caught.value.inputs[0], [2, -0.5])
    assert np.isnan(caught.value.found[0][1])


def test_faults_in_what_is_joined_are_named():
    x = T.dvector("x")
    f = ct.function([x], T.cumsum(T.concatenate([T.cumsum(x), T.log(x)])), mode="nan-guard")
    with pytest.raises(ct.NanGuardError, match="log makes NaN"):
        f([1.0, -1.0])


def test_not_a_number_from_a_constant_is_named_too():
    x = T.dvector("x")
    f = ct.function([x], T.where(x > 0, x, np.nan), mode="nan-guard")
    assert f([1.0])[0] == 1
    with pytest.raises(ct.NanGuardError, match="where makes NaN"):
        f([-1.0])


def test_state_stays_as_it_was():
    x, w = T.dvector("x"), ct.shared(np.ones(2), "w")
    f = ct.function([x], None, updates=[(w, w / x)], mode="nan-guard")
    with pytest.raises(ct.NanGuardError, match="divide makes an infinity"):
        f([1.0, 0.0])
    np.testing.assert_array_equal(w.get_value(), 1)


def test_a_fault_inside_a_loop_is_named():
    x = T.dscalar("x")
    final, _ = ct.scan_loop(lambda s, _: (T.sqrt(s - 1.5), None), x, length=4)
    f = ct.function([x], final, mode="nan-guard")
    with pytest.raises(ct.NanGuardError, match="sqrt makes NaN"):
        f(4.0)


def test_what_comes_in_wrong_is_nobodys_fault():
    x = T.dvector("x")
    f = ct.function([x], T.exp(x) * 2, mode="nan-guard")
    np.testing.assert_array_equal(f([np.nan, np.inf]), [np.nan, np.inf])


@pytest.mark.parametrize(
    ("mode", "given", "said"),
    [
        (ct.NanGuardMode(nan_is_error=False), [-1.0], None),
        (ct.NanGuardMode(nan_is_error=False), [0.0], "an infinity"),
        (ct.NanGuardMode(inf_is_error=False), [0.0], None),
        (ct.NanGuardMode(inf_is_error=False), [-1.0], "NaN"),
        (ct.NanGuardMode(big_is_error=True), [1e-40], None),
        (ct.NanGuardMode(True, False, True), [1.0], None),
    ],
)
def test_the_mode_says_what_is_wrong(mode, given, said):
    x = T.dvector("x")
    f = ct.function([x], T.log(x), mode=mode)
    if said is None:
        assert f(given).shape == (1,)
    else:
        with pytest.raises(ct.NanGuardError, match=said):
            f(given)


def test_big_numbers():
    x = T.dvector("x")
    f = ct.function([x], x * x, mode=ct.NanGuardMode(big_is_error=True))
    assert f([10.0]) == 100
    with pytest.raises(ct.NanGuardError, match=r"multiply|square"):
        f([1e6])


def test_integers_are_never_wrong():
    n = T.lvector("n")
    assert ct.function([n], n * 10**12, mode=ct.NanGuardMode(big_is_error=True))([1])[0] == 10**12
