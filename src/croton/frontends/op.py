"""`Op` and `as_op`: operations written by users in Python or C, in the manner of Theano.

The C contract. `c_code(node, name, inputs, outputs, sub)` returns statements of C that fill the outputs.
`inputs` and `outputs` are names of pointers to the data of whole arrays in C order, of the C type of their
dtype (`double`, `float`, `long long`, ... as `__INT64_TYPE__`); inputs are `const`. For an array named `x`,
`x_size` is its number of elements and `x_shape[axis]` its sizes (`ct_int`, 64 bits). `sub["fail"]` is a
statement that makes the call fail; `sub["context"]` is the `ct_context *`. `name` is unique to the node, for
naming static functions and labels. No header is included and nothing of Python or libm is there;
`c_support_code` may define static functions, and `__builtin_` functions of the compiler can be used.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol, cast

import numpy as np

from croton.codegen.scalars import storage_type
from croton.frontends.function import function
from croton.graph import dims
from croton.graph.dims import Dim, Shape
from croton.graph.dtypes import as_dtype, is_inexact
from croton.graph.errors import DTypeError, NotDifferentiableError, ShapeError
from croton.graph.operation import Operation
from croton.graph.values import Constant, Location, NDArray, TensorType, Value, user_location
from croton.ops import base
from croton.ops.base import Array
from croton.ops.dimension import dim_of
from croton.ops.kernel import CFunction, KernelOperation
from croton.ops.missing_gradients import Disconnected, MissingGradient


class Apply:
    """An operation with its inputs and the outputs it will have: what `Op.make_node` returns."""

    def __init__(self, op: Op, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """inputs: arrays (what `as_tensor_variable` returns). outputs: variables of the right types, such as
        `x.type()` or `T.dvector()`, which stand for the outputs.
        """
        if not isinstance(op, Op):
            raise TypeError(f"Apply: expected an Op, got {type(op).__name__}")
        self.op = op
        self.inputs = [base.as_array(value) for value in inputs]
        self.outputs = list(outputs)
        for position, output in enumerate(self.outputs):
            if not isinstance(output, Value) or isinstance(output, Constant):
                raise TypeError(
                    f"{op}: output {position} of make_node must be a variable such as x.type(), "
                    f"got {output!r}"
                )


class Op:
    """An operation of one's own; subclasses say what it takes, computes, and what its derivative is.

    - `make_node(*inputs)` returns `Apply(self, inputs, outputs)`; or give `itypes` and `otypes`.
    - `perform(node, inputs, output_storage)` puts arrays into `output_storage[i][0]`, and/or
      `c_code(...)` returns C (see the module's text); with both, compiled functions run the C.
    - `grad(inputs, output_gradients)`, or `L_op(inputs, outputs, output_gradients)`, returns the gradients of
      the inputs, None where none flows.
    - `R_op(inputs, directions)` returns the derivatives of the outputs along directions of the inputs (None:
      zero); without it, `ct.Rop` makes them of `grad`.
    - `infer_shape(fgraph, node, shapes)` returns the output shapes in terms of input shapes; without it,
      sizes that `make_node` leaves open are found by running `perform`.
    - `__props__` names attributes that tell operations apart; without it no two are equal.

    Calling the operation applies it to arrays, tensors or symbolic variables.
    """

    __props__: ClassVar[tuple[str, ...] | None] = None
    itypes: Sequence[Any] | None = None
    otypes: Sequence[Any] | None = None
    default_output: ClassVar[int | None] = None
    pure: ClassVar[bool] = True  # False where equal calls must not be merged, such as random numbers

    def make_node(self, *inputs: Any) -> Apply:
        """The inputs converted and the types of the outputs, by `itypes` and `otypes` unless overridden.

        Raises:
            TypeError: the number of inputs, or an input's dtype or rank, is not that of `itypes`.
        """
        if self.itypes is None or self.otypes is None:
            raise NotImplementedError(f"{type(self).__name__}: define make_node, or itypes and otypes")
        if len(inputs) != len(self.itypes):
            raise TypeError(f"{self}: expected {len(self.itypes)} inputs, got {len(inputs)}")
        converted = []
        for position, (value, entry) in enumerate(zip(inputs, self.itypes, strict=True)):
            wanted = as_type(entry)
            is_number = base.weak_number(value) is not None
            array = base.cast(value, wanted.dtype) if is_number else base.as_array(value)
            if base.dtype_of(array) != wanted.dtype or base.rank_of(array) != wanted.rank:
                raise TypeError(
                    f"{self}: input {position} must be {wanted.dtype.name} with {wanted.rank} axes, got "
                    f"{base.dtype_of(array).name} with {base.rank_of(array)}"
                )
            converted.append(array)
        return Apply(self, converted, [as_type(entry)() for entry in self.otypes])

    def perform(self, node: Apply, inputs: Sequence[NDArray], output_storage: Sequence[list[Any]]) -> None:
        """Computes the outputs with NumPy. Inputs must not be written to."""
        raise NotImplementedError(f"{type(self).__name__}.perform")

    def grad(self, inputs: Sequence[Any], output_gradients: Sequence[Any]) -> Sequence[Any]:
        """Gradients of the inputs, made of operations."""
        raise NotDifferentiableError(f"{self} has no gradient: define grad or L_op")

    def L_op(
        self, inputs: Sequence[Any], outputs: Sequence[Any], output_gradients: Sequence[Any]
    ) -> Sequence[Any]:
        """Like `grad`, given the outputs too."""
        return self.grad(inputs, output_gradients)

    def c_support_code(self) -> str:
        """C that stands before the function of `c_code`."""
        return ""

    def __call__(self, *inputs: Any, return_list: bool = False, **options: Any) -> Any:
        node = self.make_node(*inputs, **options)
        outputs = _apply_node(node)
        if return_list:
            return list(outputs)
        if self.default_output is not None:
            return outputs[self.default_output]
        return outputs[0] if len(outputs) == 1 else list(outputs)

    def _properties(self) -> tuple[Any, ...] | None:
        return None if self.__props__ is None else tuple(getattr(self, name) for name in self.__props__)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        mine = self._properties()
        return type(self) is type(other) and mine is not None and mine == other._properties()

    def __hash__(self) -> int:
        mine = self._properties()
        return object.__hash__(self) if mine is None else hash((type(self), mine))

    def __str__(self) -> str:
        mine = self._properties()
        shown = ", ".join(f"{n}={v}" for n, v in zip(self.__props__ or (), mine or (), strict=True))
        return f"{type(self).__name__}{{{shown}}}" if shown else type(self).__name__


def as_type(entry: Any) -> TensorType:
    """A type from a type, a variable, or a constructor such as `T.dmatrix`.

    Raises:
        TypeError: it is none of these.
    """
    if isinstance(entry, TensorType):
        return entry
    value = entry if isinstance(entry, Value) or not callable(entry) else entry()
    if isinstance(value, Value):
        return value.type
    raise TypeError(f"expected a type such as T.dmatrix, got {entry!r}")


def _apply_node(node: Apply) -> tuple[Any, ...]:
    op, location = node.op, user_location()
    has_code = hasattr(op, "c_code")
    kind = CodeOperation if has_code else PythonOperation
    is_symbolic = base.building.symbolic or any(
        isinstance(value, Value) and not isinstance(value, Constant) for value in node.inputs
    )
    if not is_symbolic:
        return base.apply(kind(op, None, location), *node.inputs)
    shapes = _output_shapes(node)
    given = {
        symbol for value in node.inputs for size in base.shape_of(value) for symbol in dims.symbols(size)
    }
    unknown = list(
        dict.fromkeys(
            s for shape in shapes for size in shape for s in sorted(dims.symbols(size) - given, key=id)
        )
    )
    if unknown:
        found = _run_for_sizes(op, node, shapes, unknown, location)
        shapes = tuple(tuple(dims.substitute(size, found) for size in shape) for shape in shapes)
    return base.apply(kind(op, shapes, location), *node.inputs)


def _output_shapes(node: Apply) -> tuple[Shape, ...]:
    """Shapes of the outputs, by infer_shape if the operation has it, else as make_node made them."""
    infer_shape = getattr(node.op, "infer_shape", None)
    if infer_shape is None:
        return tuple(output.type.shape for output in node.outputs)
    shapes = infer_shape(None, node, [tuple(base.shape_of(value)) for value in node.inputs])
    if len(shapes) != len(node.outputs):
        raise ValueError(
            f"{node.op}: infer_shape returned {len(shapes)} shapes for {len(node.outputs)} outputs"
        )
    result = []
    for position, (shape, output) in enumerate(zip(shapes, node.outputs, strict=True)):
        if len(shape) != output.type.rank:
            raise ShapeError(
                f"{node.op}: infer_shape gives output {position} {len(shape)} axes, "
                f"expected {output.type.rank}"
            )
        result.append(tuple(dim_of(size) for size in shape))
    return tuple(result)


def _run_for_sizes(
    op: Op, node: Apply, shapes: Sequence[Shape], unknown: Sequence[dims.Symbol], location: Location | None
) -> dict[dims.Symbol, Dim]:
    """Symbols that nothing but running the operation can tell, each bound to a size found while running."""
    places = []
    for symbol in unknown:
        place = next(
            (
                (o, a)
                for o, shape in enumerate(shapes)
                for a, size in enumerate(shape)
                if dims.single_symbol(size) is symbol
            ),
            None,
        )
        if place is None:
            raise ShapeError(f"{op}: infer_shape uses a size that is not of an input")
        places.append(place)
    sizes = base.apply(SizesOfOutputs(op, tuple(places), location), *node.inputs)
    return {symbol: dim_of(size) for symbol, size in zip(unknown, sizes, strict=True)}


class _Performed(threading.local):
    """Outputs that were computed to learn their sizes, kept for the operation that follows."""

    def __init__(self) -> None:
        self.outputs: dict[Op, tuple[list[NDArray], tuple[NDArray, ...]]] = {}


_performed = _Performed()


class SizesOfOutputs(Operation):
    """Runs an operation for sizes of its outputs: (output, axis) pairs, as int64 scalars."""

    op: Op
    places: tuple[tuple[int, int], ...]
    location: Location | None = None
    uncompared = ("location",)
    name = "sizes_of_outputs"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        return tuple(TensorType(np.dtype(np.int64), ()) for _ in self.places)

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        outputs = PythonOperation(self.op, None, self.location).evaluate(*operands)
        _performed.outputs[self.op] = ([operand.copy() for operand in operands], outputs)
        return tuple(np.asarray(outputs[output].shape[axis], np.int64) for output, axis in self.places)

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        return [None] * len(operands)


class _OfOp(Operation):
    """What both lowerings of an `Op` share."""

    op: Op
    shapes: tuple[Shape, ...] | None
    location: Location | None = None
    uncompared = ("location",)

    @property
    def name(self) -> str:
        return str(self.op)

    @property
    def pure(self) -> bool:
        return self.op.pure

    def __str__(self) -> str:
        return str(self.op)

    def node_for(self, operands: Sequence[TensorType]) -> Apply:
        with base.recording_paused(), base.building_graphs():
            return self.op.make_node(*(operand() for operand in operands))

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        node = self.node_for(operands)
        shapes = _output_shapes(node) if self.shapes is None else self.shapes
        return tuple(TensorType(o.type.dtype, shape) for o, shape in zip(node.outputs, shapes, strict=True))

    def jvp(
        self, operands: Sequence[Array], outputs: Sequence[Array], tangents: Sequence[Array | None]
    ) -> tuple[Sequence[Array], list[Any]] | None:
        """By the operation's own R_op, if it has one."""
        push = getattr(self.op, "R_op", None)
        if push is None:
            return None
        found = push(list(operands), list(tangents))
        if not isinstance(found, (list, tuple)) or len(found) != len(outputs):
            got = len(found) if isinstance(found, (list, tuple)) else type(found).__name__
            raise TypeError(
                f"{self.op}.R_op: expected a list of {len(outputs)} derivatives, got {got}{self._place()}"
            )
        pairs = zip(found, outputs, strict=True)
        return outputs, [None if v is None else base.cast(v, base.dtype_of(output)) for v, output in pairs]

    def vjp(
        self, operands: Sequence[Array], outputs: Sequence[Array], cotangents: Sequence[Array]
    ) -> Sequence[Any]:
        found = self.op.L_op(list(operands), list(outputs), list(cotangents))
        if not isinstance(found, (list, tuple)) or len(found) != len(operands):
            got = len(found) if isinstance(found, (list, tuple)) else type(found).__name__
            raise TypeError(
                f"{self.op}.grad: expected a list of {len(operands)} gradients, got {got}{self._place()}"
            )
        return [
            self._gradient(value, operand, n)
            for n, (value, operand) in enumerate(zip(found, operands, strict=True))
        ]

    def _gradient(self, value: Any, operand: Array, position: int) -> Array | None:
        if value is None or isinstance(value, Disconnected) or not is_inexact(base.dtype_of(operand)):
            return None
        if isinstance(value, MissingGradient):
            return value
        array = base.as_array(value)
        if base.rank_of(array) != base.rank_of(operand):
            raise ShapeError(
                f"{self.op}.grad: gradient {position} has {base.rank_of(array)} axes, expected "
                f"{base.rank_of(operand)}{self._place()}"
            )
        return base.cast(array, base.dtype_of(operand))

    def _place(self) -> str:
        return f"\n  made at {self.location}" if self.location is not None else ""

    def perform(self, operands: Sequence[NDArray]) -> tuple[NDArray, ...]:
        node = self.node_for([TensorType(as_dtype(array.dtype), array.shape) for array in operands])
        storage: list[list[Any]] = [[None] for _ in node.outputs]
        views = [operand.view() for operand in operands]
        for view in views:
            view.flags.writeable = False
        try:
            with np.errstate(all="warn"):
                self.op.perform(node, views, storage)
        except Exception as error:
            error.add_note(f"raised by {self.op}.perform{self._place()}")
            raise
        types = [
            TensorType(output.type.dtype, shape)
            for output, shape in zip(node.outputs, _output_shapes(node), strict=True)
        ]
        return tuple(
            self._output(cell[0], type, n) for n, (cell, type) in enumerate(zip(storage, types, strict=True))
        )

    def _output(self, value: Any, type: TensorType, position: int) -> NDArray:
        """The array in a storage cell, checked against the type make_node promised."""
        if value is None:
            raise ValueError(f"{self.op}.perform left output {position} empty{self._place()}")
        array = np.asarray(value)
        shown = f"{self.op}.perform: output {position}"
        if array.dtype != type.dtype:
            raise DTypeError(f"{shown} is {array.dtype.name}, expected {type.dtype.name}{self._place()}")
        if array.ndim != type.rank:
            raise ShapeError(f"{shown} has {array.ndim} axes, expected {type.rank}{self._place()}")
        for axis, (size, wanted) in enumerate(zip(array.shape, type.shape, strict=True)):
            if isinstance(wanted, int) and size != wanted:
                raise ShapeError(f"{shown} has size {size} on axis {axis}, expected {wanted}{self._place()}")
        return array

    def checked(self, outputs: tuple[NDArray, ...]) -> tuple[NDArray, ...]:
        for position, (output, shape) in enumerate(zip(outputs, self.shapes or (), strict=False)):
            if all(isinstance(size, int) for size in shape) and output.shape != shape:
                raise ShapeError(
                    f"{self.op}.perform: output {position} has shape {output.shape}, "
                    f"expected {shape}{self._place()}"
                )
        return outputs


class PythonOperation(_OfOp):
    """An `Op` computed by its `perform`, which compiled functions call back."""

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        kept = _performed.outputs.pop(self.op, None) if self.shapes is not None else None
        if kept is not None and all(_same(a, b) for a, b in zip(kept[0], operands, strict=True)):
            return kept[1]
        return self.checked(self.perform(operands))


def _same(first: NDArray, second: NDArray) -> bool:
    return first.shape == second.shape and first.dtype == second.dtype and first.tobytes() == second.tobytes()


class _Coded(Protocol):
    """An `Op` with C."""

    def c_code(
        self, node: Apply, name: str, inputs: list[str], outputs: list[str], sub: dict[str, str]
    ) -> object: ...


class CodeOperation(_OfOp, KernelOperation):
    """An `Op` that brings its own C, compiled into the function that uses it."""

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        if type(self.op).perform is not Op.perform:
            return self.checked(self.perform(operands))
        variables = [TensorType(as_dtype(array.dtype), array.shape)() for array in operands]
        outputs = base.apply_symbolic(CodeOperation(self.op, None, self.location), variables)
        return tuple(function(variables, list(outputs), mode="compile")(*operands))

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        node = self.node_for(operands)
        names = ([f"in{n}" for n in range(len(operands))], [f"out{n}" for n in range(len(outputs))])
        code = cast(_Coded, self.op).c_code(
            node, _NAME, *names, {"fail": "return CT_RUNTIME_ERROR;", "context": "context"}
        )
        if not isinstance(code, str):
            raise TypeError(
                f"{self.op}.c_code must return a string, got {type(code).__name__}{self._place()}"
            )
        declarations = _declarations(names, operands, outputs)
        support = self.op.c_support_code()
        digest = hashlib.sha256("\0".join([support, code, *declarations]).encode()).hexdigest()[:16]
        guard = f"CROTON_SUPPORT_{hashlib.sha256(support.encode()).hexdigest()[:16]}"
        name = f"user_op_{digest}"
        body = "\n".join("    " + line for line in declarations)
        source = (
            f"#ifndef {guard}\n#define {guard}\n{support}\n#endif\n"
            f"static int {name}(ct_context *context, void *const *pointers, const ct_int *sizes)\n{{\n"
            f"    (void)context, (void)pointers, (void)sizes;\n{body}\n"
            f"    {{\n{code}\n    }}\n    return CT_OK;\n}}\n"
        )
        return CFunction(name, source.replace(_NAME, name), fallible=True)


_NAME = "CROTON_OP_NAME"


def _declarations(
    names: tuple[Sequence[str], Sequence[str]], operands: Sequence[TensorType], outputs: Sequence[TensorType]
) -> list[str]:
    """C that names the arrays of a kernel and their sizes."""
    lines = []
    first = 0
    arrays = [*zip(names[0], operands, strict=True), *zip(names[1], outputs, strict=True)]
    for position, (name, type) in enumerate(arrays):
        const = "const " if position < len(operands) else ""
        factors = [f"{name}_shape[{axis}]" for axis in range(type.rank)]
        lines += [
            f"{const}{storage_type(type.dtype)} *const {name} = pointers[{position}];",
            f"const ct_int *const {name}_shape = sizes + {first};",
            f"const ct_int {name}_size = {' * '.join(factors) or '1'};",
            f"(void){name}, (void){name}_shape, (void){name}_size;",
        ]
        first += type.rank
    return lines


class FunctionOp(Op):
    """A Python function as an operation without derivative."""

    def __init__(
        self, function: Callable[..., Any], itypes: Sequence[Any], otypes: Sequence[Any], infer_shape: Any
    ) -> None:
        self.function = function
        self.itypes = [as_type(entry) for entry in itypes]
        self.otypes = [as_type(entry) for entry in otypes]
        if infer_shape is not None:
            self.infer_shape = infer_shape

    def __str__(self) -> str:
        return getattr(self.function, "__name__", "function")

    def perform(self, node: Apply, inputs: Sequence[NDArray], output_storage: Sequence[list[Any]]) -> None:
        results = self.function(*inputs)
        listed = results if isinstance(results, (list, tuple)) else [results]
        if len(listed) != len(output_storage):
            raise ValueError(f"{self}: expected {len(output_storage)} results, got {len(listed)}")
        for cell, result in zip(output_storage, listed, strict=True):
            cell[0] = result


def as_op(
    itypes: Any, otypes: Any, infer_shape: Callable[..., Any] | None = None
) -> Callable[[Callable[..., Any]], Op]:
    """A decorator that makes an operation of a function of NumPy arrays.

    itypes, otypes: one type such as `T.dmatrix`, or a list of them. infer_shape: `(fgraph, node, shapes)` ->
    shapes of the outputs. Give it a derivative by subclassing `Op` instead.
    """
    inputs = list(itypes) if isinstance(itypes, (list, tuple)) else [itypes]
    outputs = list(otypes) if isinstance(otypes, (list, tuple)) else [otypes]
    return lambda function: FunctionOp(function, inputs, outputs, infer_shape)


__all__ = ["Apply", "Op", "as_op"]
