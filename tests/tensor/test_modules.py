"""Theano's modules: what programs import from them is there."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import croton as ct
import croton.tensor as T

IMPORTS = """
import croton as theano
import croton.tensor as T
from croton import tensor, config, function, shared, Op, Apply, gof, In, Out, Param, OpFromGraph
from croton.compile import SharedVariable, io, Mode
from croton.compile.ops import as_op
from croton.compile.sharedvalue import SharedVariable
from croton.compile.nanguardmode import NanGuardMode
from croton.gof.graph import inputs, ancestors
from croton.gradient import consider_constant, zero_grad, verify_grad, DisconnectedType, Rop
from croton.printing import pp, debugprint, pydotprint, min_informative_str
from croton.tensor.basic import as_tensor_variable, cast
from croton.tensor.elemwise import Elemwise, CAReduce
from croton.tensor.sharedvar import TensorSharedVariable, tensor_constructor
from croton.tensor.subtensor import set_subtensor
from croton.tensor.type import TensorType
from croton.tensor.var import TensorVariable, TensorConstant

assert theano.scalar.upcast("bool", "float32") == "float32"
assert callable(T.var) and theano.tensor is T and theano.gradient.zero_grad is zero_grad
"""


def test_imports_work_in_a_fresh_process():
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_products_with_logarithms():
    assert T.xlogx.xlogx(np.array([0.0, 1.0, np.e])).tolist() == [0.0, 0.0, np.e]
    assert T.xlogx.xlogy0(np.array([0.0, 2.0]), np.array([0.0, np.e])).tolist() == [0.0, 2.0]


def test_classes_to_test_for():
    x, w, c = T.dvector("x"), ct.shared(1.0), T.constant(2.0)
    assert isinstance(x, T.TensorVariable)
    assert isinstance(w, T.TensorSharedVariable)
    assert isinstance(w, ct.compile.SharedVariable)
    assert isinstance(c, T.TensorConstant)
    assert isinstance(c, ct.gof.Constant)
    assert isinstance(x, ct.gof.Variable)
    assert isinstance(T.exp(x).owner, ct.gof.graph.Apply)
    assert isinstance(T.exp(x).owner.op, T.Elemwise)
    assert isinstance(T.sum(x).owner.op, T.CAReduce)


def test_basic_has_everything_of_tensor():
    assert T.basic.exp is T.exp
    assert "exp" in dir(T.basic)
    assert "mgrid" in dir(T)
    for module in (T.basic, T, ct):
        with pytest.raises(AttributeError, match="no_such_name"):
            _ = module.no_such_name
