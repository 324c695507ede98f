"""Operations have what lowering reads of them, of the types that it expects."""

from __future__ import annotations

from typing import Any

import pytest

from croton.graph.operation import Operation
from croton.loops import operations
from croton.ops.base import ElementOperation
from croton.ops.contraction import Contract
from croton.ops.control import Scan, While
from croton.ops.kernel import KernelOperation
from croton.ops.reduction import Reduce
from croton.ops.scan_until import ScanUntil
from croton.ops.shape import Concatenate

KINDS: list[tuple[Any, type[Operation]]] = [
    (operations.ReductionOperation, Reduce),
    (operations.JoiningOperation, Concatenate),
    (operations.ProductOperation, Contract),
    (operations.LoopOperation, While),
    (operations.FullScanOperation, Scan),
    (operations.StoppingScanOperation, ScanUntil),
]


@pytest.mark.parametrize(("protocol", "operation"), KINDS)
def test_fields_are_of_the_types_that_lowering_expects(protocol: Any, operation: type[Operation]) -> None:
    expected: dict[str, Any] = {}
    for kind in protocol.__mro__:
        expected.update(vars(kind).get("__annotations__", {}))
    assert expected
    assert expected.items() <= operation.__annotations__.items()


def test_methods_are_there() -> None:
    assert callable(ElementOperation.element)
    assert callable(KernelOperation.flops)
    assert callable(KernelOperation.c_function)
