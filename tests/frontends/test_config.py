"""Settings: values they take, scopes, and text from the environment."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.frontends.config import Config, read_flags


def test_values_are_checked():
    config = Config()
    config.floatX = "float32"
    assert config.floatX == "float32"
    with pytest.raises(ValueError, match=r"config.floatX must be one of 'float64', .*, got 'int8'"):
        config.floatX = "int8"
    with pytest.raises(AttributeError, match="config: there is no setting 'float_X'"):
        config.float_X = "float32"
    with pytest.raises(AttributeError, match="there is no setting float_X"):
        _ = config.float_X


def test_what_does_not_exist_here_is_refused():
    config = Config()
    config.device = "cpu"
    with pytest.raises(ValueError, match=r"config.device must be 'cpu': functions run on the processor"):
        config.device = "cuda0"
    with pytest.raises(ValueError, match=r"config.warn_float64 must be 'ignore'"):
        config.warn_float64 = "raise"
    with pytest.raises(AttributeError, match="CROTON_CACHE_DIR"):
        config.compiledir = "/elsewhere"
    assert os.path.isabs(config.base_compiledir)


def test_sections():
    config = Config()
    config.blas.ldflags = "-lopenblas"
    assert config.blas.ldflags == "-lopenblas"
    with pytest.raises(AttributeError, match=r"there is no setting 'blas.threads'"):
        config.blas.threads = 3
    with pytest.raises(ValueError, match=r"config.traceback.limit must be a whole number, got 'many'"):
        config.traceback.limit = "many"


def test_theanos_names_of_modes():
    config = Config()
    for theirs, ours in {"FAST_RUN": "compile", "FAST_COMPILE": "interpret", "DebugMode": "debug"}.items():
        config.mode = theirs
        assert config.mode == ours


def test_settings_hold_within_a_scope():
    assert T.vector().dtype == "float64"
    with ct.config.change_flags(floatX="float32"):
        assert T.vector().dtype == "float32"
        with ct.config.change_flags({"blas.ldflags": "-lm"}, floatX="float16", traceback__limit=3):
            assert (T.vector().dtype, ct.config.blas.ldflags) == ("float16", "-lm")
            assert ct.config.traceback.limit == 3
        assert T.vector().dtype == "float32"
    assert (ct.config.floatX, ct.config.blas.ldflags) == ("float64", "")


def test_scopes_decorate_functions():
    @ct.config.change_flags(floatX="float32")
    def dtype(again):
        return T.vector().dtype, dtype(False) if again else None

    assert dtype(True) == ("float32", ("float32", None))
    assert ct.config.floatX == "float64"


def test_a_scope_with_a_wrong_value_changes_nothing():
    with pytest.raises(ValueError, match="on_unused_input"):  # noqa: SIM117
        with ct.config.change_flags(floatX="float32", on_unused_input="shout"):
            pass
    assert ct.config.floatX == "float64"
    with pytest.raises(AttributeError, match="no setting 'colour'"):
        ct.config.change_flags(colour="red")


def test_an_error_inside_a_scope_ends_it():
    with pytest.raises(KeyError), ct.config.change_flags(floatX="float32"):
        raise KeyError
    assert ct.config.floatX == "float64"


def test_flags_as_text():
    config = Config()
    read_flags(
        config, "floatX=float32, mode=FAST_COMPILE,blas.ldflags=,openmp=True,disabled_passes=fusion:in-place,"
    )
    assert (config.floatX, config.mode, config.openmp) == ("float32", "interpret", True)
    assert config.disabled_passes == ("fusion", "in-place")
    with pytest.raises(ValueError, match="CROTON_FLAGS: expected name=value, got 'floatX'"):
        read_flags(config, "floatX")
    with pytest.raises(AttributeError, match="CROTON_FLAGS: there is no setting 'floatx'"):
        read_flags(config, "floatx=float32")


def test_flags_of_the_environment():
    code = "import croton; print(croton.config.floatX, croton.config.mode)"
    environment = {**os.environ, "CROTON_FLAGS": "floatX=float32,mode=interpret"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["float32", "interpret"]


def test_shared_variables_of_free_sizes():
    with ct.config.change_flags(shared_sizes="free"):
        w = ct.shared(np.ones((2, 3)))
    total = ct.function([], T.sum(w, axis=0))
    w.set_value(np.ones((5, 4)))
    np.testing.assert_array_equal(total(), [5, 5, 5, 5])


def test_shows_all():
    assert "blas.ldflags = ''" in repr(Config())
