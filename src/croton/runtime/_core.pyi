"""The call path, shared variables and the thread pool, in C.

Descriptions of inputs and outputs are plain tuples whose first item is the kind:

inputs, in the order of the generated code's ``inputs``
    ``("argument", name, dtype, rank)``   a call argument; positions follow the order here; name may be None
    ``("cell", cell)``                    the value of a shared variable
    ``("constant", array)``               a C-contiguous, aligned array known when the function is made

outputs, in the order of the generated code's ``outputs``
    ``("fresh", dtype, rank)``            a new array, returned
    ``("unknown", dtype, rank)``          returned; its shape comes by ``give_output`` while running
    ``("in_place", cell)``                an update that writes into the buffer of the cell: where the cell is
                                          also an input, that input has the same pointer. If anybody else
                                          refers to the cell's array, a copy is updated and takes its place,
                                          so whoever kept the array keeps its contents.
    ``("replace", cell)``                 an update into another buffer, swapped in when the call succeeded
    ``("replace_unknown", cell)``         the same with a shape given by ``give_output``
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from _typeshed import StrOrBytesPath

CROTON_ABI_VERSION: int

Array: TypeAlias = npt.NDArray[Any]

InputDescription: TypeAlias = (
    tuple[Literal["argument"], str | None, npt.DTypeLike, int]
    | tuple[Literal["cell"], "Cell"]
    | tuple[Literal["constant"], Array]
)
OutputDescription: TypeAlias = (
    tuple[Literal["fresh", "unknown"], npt.DTypeLike, int]
    | tuple[Literal["in_place", "replace", "replace_unknown"], "Cell"]
)

class Cell:
    """The buffer of a shared variable. May be subclassed and weakly referenced."""

    def __init__(self, array: Array, name: str | None = None) -> None:
        """Take `array` (not copied). TypeError or ValueError unless it is a C-contiguous, aligned and
        writeable ndarray of numbers."""

    @property
    def name(self) -> str | None: ...
    @property
    def array(self) -> Array:
        """The current value. Waits for an update in place that runs in another thread; RuntimeError inside
        a callback of the call that is updating it. Keeping the array is safe: later updates go elsewhere."""
    @array.setter
    def array(self, value: Array) -> None:
        """Take another array of the same dtype and rank (any shape); waits for running updates."""

    @property
    def spare(self) -> Array | None:
        """Second buffer of a double-buffered update."""

    def drop_spare(self) -> None:
        """Give the memory of the spare buffer back."""

class Function:
    """A callable made of machine code (see codegen/include/croton_abi.h) and descriptions.

    A call binds arguments and cells, runs ``croton_prepare``, allocates outputs, runs ``croton_run``, commits
    the updates and returns. On any failure no cell has changed (the generated code reports its failures
    before its first write in place). The GIL is released while running when the estimated work is above 20
    microseconds or there are callbacks. Calls from many threads are safe; those that update the same cell
    run one after the other.

    Attributes not found here come from `details`, except those that start with two underscores. Pickles and
    deep copies are made by its `reduce_function()` and `deepcopy_function(memo)`.
    """

    def __init__(
        self,
        *,
        name: str,
        inputs: Sequence[InputDescription],
        outputs: Sequence[OutputDescription],
        prepare: int = 0,
        run: int = 0,
        owner: object = None,
        dims: int = 0,
        returns: Literal["none", "single", "list"] | Callable[[list[Array]], object] = "list",
        defaults: Mapping[str, object] | None = None,
        callbacks: Sequence[Callable[..., object]] = (),
        dtypes: Sequence[npt.DTypeLike] = (),
        coerce: Callable[[int, Any], Array] | None = None,
        fail: Callable[[int, list[int], list[int], list[Array]], BaseException] | None = None,
        routines: Sequence[str] = (),
        details: object = None,
        interpret: Callable[[list[Array]], Sequence[Array]] | None = None,
        record: Callable[[int, int, tuple[int, ...], bytes, bytes], object] | None = None,
        steps: int = 0,
    ) -> None:
        """
        Args:
            prepare, run: addresses of the two entries (``Library.address``); not needed with `interpret`.
            owner: kept alive as long as the function, usually the ``Library``.
            dims: number of entries of the generated code's ``dims``.
            returns: what a call returns: None, the one returned output, a list of them, or what the
                callable makes of that list. 0-d results are 0-d arrays.
            defaults: values of arguments that may be left out, by name (a dict).
            callbacks: Python callables of ``ct_context.callback``: they receive copies of the inputs as
                arrays and return one array, or a tuple of as many as the generated code expects.
            dtypes: what the dtype numbers of ``ct_array`` mean.
            coerce: ``coerce(position, value)`` makes an array of the argument's dtype and rank, C-contiguous
                and aligned, or raises; called for a value that is neither such an array nor, for a rank-0
                float64, float32, int64 or bool argument, a Python float, int or bool.
            fail: ``fail(code, error, dims, inputs)`` makes the exception for a failed guard or run: `code` of
                the ABI, the eight numbers of ``ct_context.error``, the dims resolved so far, all inputs. When
                there is no memory for a call, the error is -1 and the bytes of the intermediate values.
            routines: names such as "scipy.linalg.cython_blas:dgemm", whose addresses are
                ``ct_context.library``; their modules are imported by the first call.
            interpret: instead of machine code, a Python callable from the list of all input arrays to the
                list of all outputs; everything else about the call stays the same.
            record: of a profiled function: ``record(started, ended, dims, totals, events)`` is told of each
                call that succeeded. Times are nanoseconds of one clock; `totals` are int64: the time of each
                of the `steps` steps, then how often each ran; `events` are triples (step, started, ended) of
                the first 4,096 steps that ran.
            steps: how many steps the machine code tells apart.
        """

    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def plan(self, *args: Any, **kwargs: Any) -> tuple[list[int], list[tuple[int, ...]], int, int]:
        """What a call would do, without running it: (dims, output shapes, arena bytes, estimated
        nanoseconds). A size known only while running is -1."""

    def on_batches(
        self,
        arrays: tuple[Array, ...],
        size: int,
        start: int = 0,
        order: npt.NDArray[np.int64] | None = None,
        seconds: float = ...,
    ) -> tuple[int, Any, Exception | None]:
        """Calls on one batch of rows after the other, and returns what the last call returned.

        Args:
            arrays: one C-ordered array for each argument, all with equally many rows (entries of the first
                axis).
            size: rows of a batch; the last one may be shorter.
            start: the row to begin with; with `order`, the place in it.
            order: numbers of the rows to go through: they are gathered; None takes all rows as they lie.
            seconds: after this time no further call begins, so that other threads have a turn.

        Returns:
            Where to go on (the number of rows when all are done), the result of the last call that succeeded,
            and the exception that the next one raised, if it did.

        Raises:
            TypeError, ValueError: an array is not as said, or there is no batch. IndexError: `order` names a
            row that is not there. Else what the first call raises, and KeyboardInterrupt at any time.
        """

    def trim(self) -> None:
        """Give back the memory kept for later calls."""

    __name__: str
    details: Any
    def __getattr__(self, name: str) -> Any: ...
    @property
    def owner(self) -> object: ...
    @property
    def calls(self) -> int:
        """Number of successful calls."""

    @property
    def arguments(self) -> tuple[str | None, ...]:
        """Names of the arguments."""

    @property
    def callbacks(self) -> tuple[Callable[..., object], ...]: ...
    @property
    def cells_read(self) -> tuple[Cell, ...]: ...
    @property
    def cells_written(self) -> tuple[Cell, ...]: ...
    @property
    def kept_bytes(self) -> int:
        """Memory for intermediate values kept for later calls."""

class Library:
    """An open shared library (symbols resolved at once and kept local); closed when nothing refers to it."""

    def __init__(self, path: StrOrBytesPath) -> None:
        """OSError when it cannot be loaded."""

    @property
    def path(self) -> str: ...
    def address(self, name: str, /) -> int:
        """Address of a symbol. AttributeError when there is none."""

def set_threads(threads: int, /) -> None:
    """Let parallel loops use this many threads, the caller included. ValueError unless >= 1."""

def threads() -> int:
    """Number of threads of parallel loops: CROTON_NUM_THREADS, else ``usable_cores()``."""

def usable_cores() -> int:
    """Cores this process may use: its affinity and the quota of its control group."""

def empty(shape: int | Sequence[int], dtype: npt.DTypeLike) -> npt.NDArray[np.generic]:
    """A new C-ordered array with undefined contents, 64-byte aligned unless small."""
