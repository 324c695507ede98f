"""Classes of operations that programs look for in graphs: `isinstance(node.op, T.Elemwise)`."""

from croton.ops.elementwise import Elementwise as Elemwise
from croton.ops.reduction import Reduce as CAReduce

__all__ = ["CAReduce", "Elemwise"]
