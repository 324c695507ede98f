"""Modes by name and as objects."""

from __future__ import annotations

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.compile import get_default_mode, get_mode
from croton.frontends.modes import OPTIONAL
from croton.rewrite.pipeline import PASSES


@pytest.mark.parametrize(
    "mode", ["FAST_RUN", "FAST_COMPILE", "compile", ct.Mode("py"), ct.Mode(optimizer=None)]
)
def test_functions_take_them(mode):
    x = T.dvector("x")
    f = ct.function([x], T.log1p(T.exp(x)) + T.exp(x), mode)
    np.testing.assert_allclose(f([0.0]), [np.log(2) + 1])


def test_names():
    assert get_mode("FAST_RUN").name == "compile"
    assert get_mode("DebugMode").name == "debug"
    assert ct.Mode("c|py_nogc").name == "compile"
    assert ct.Mode("py").name == "interpret"
    with pytest.raises(ValueError, match="mode must be one of 'compile', 'interpret'"):
        get_mode("fastest")
    with pytest.raises(TypeError, match="mode must be a name or a Mode, got int"):
        get_mode(3)


def test_passes_left_out():
    mode = get_mode("FAST_RUN").excluding("inplace", "fusion", "stabilization")
    assert mode.disabled == ("in-place", "fusion", "stabilization")
    assert mode.including("fusion").disabled == ("in-place", "stabilization")
    x = T.dvector("x")
    doubled = T.log(T.exp(x))
    kept = ct.function([x], doubled, mode=mode)
    assert [node.op.name for node in kept.maker.fgraph.toposort()] == ["exp", "log"]
    assert ct.function([x], doubled).maker.fgraph.toposort() == []


def test_no_optimizer_leaves_out_all_that_can_be():
    mode = ct.Mode(optimizer=None)
    assert mode.disabled == OPTIONAL
    known = {name for name, _ in PASSES} | {"fusion", "bands", "side-by-side", "in-place"}
    assert set(OPTIONAL) <= known


def test_the_default_is_what_the_settings_say():
    with ct.config.change_flags(mode="interpret", optimizer_excluding="fusion:inplace"):
        assert get_default_mode() == ct.Mode("interpret").excluding("fusion", "in-place")
    with ct.config.change_flags(optimizer="None", optimizer_including="fusion"):
        assert "fusion" not in get_default_mode().disabled
        assert "stabilization" in get_default_mode().disabled


def test_copies_and_equality():
    assert ct.Mode("py").clone(optimizer=None) == ct.Mode("py", None)
    assert len({ct.Mode(), ct.Mode("FAST_RUN"), ct.Mode("py")}) == 2
    assert repr(ct.Mode().excluding("fusion")) == "Mode(compile without fusion)"
