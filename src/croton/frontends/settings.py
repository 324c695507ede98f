"""The settings there are: what each is at first, which values it takes, what Theano's values mean here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], Any]


class Setting:
    """default: the value at first. check: the value to keep, or ValueError with what is expected."""

    def __init__(self, default: Any, check: Check) -> None:
        self.default = default
        self.check = check


def one_of(*values: str, others: Mapping[str, str] | None = None) -> Check:
    """One of some words, or another word for one of them."""

    def check(value: Any) -> str:
        word = str(value)
        word = (others or {}).get(word, word)
        if word not in values:
            raise ValueError(f"one of {', '.join(map(repr, values))}")
        return word

    return check


def truth(value: Any) -> bool:
    """A bool, or a word for one."""
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    found = value if isinstance(value, bool) else words.get(str(value).lower())
    if found is None:
        raise ValueError("True or False")
    return found


def number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValueError("a whole number") from None


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a string")
    return value


def names(value: Any) -> tuple[str, ...]:
    """A tuple of names, from a sequence of them or words separated by colons."""
    listed = [word for word in value.split(":") if word] if isinstance(value, str) else list(value)
    if not all(isinstance(word, str) for word in listed):
        raise ValueError("names")
    return tuple(listed)


def only(value: Any, reason: str) -> Check:
    """A single value, since others ask for something that does not exist here."""

    def check(given: Any) -> Any:
        if given != value and str(given) != str(value):
            raise ValueError(f"{value!r}: {reason}")
        return value

    return check


# Theano's names for ways to run a function.
MODES = {
    "Mode": "compile",
    "FAST_RUN": "compile",
    "C": "compile",
    "FAST_COMPILE": "interpret",
    "PY": "interpret",
    "DebugMode": "debug",
    "DEBUG_MODE": "debug",
    "NanGuardMode": "nan-guard",
    "nan_guard": "nan-guard",
}
OPTIMIZERS = {
    **dict.fromkeys(("o1", "o2", "o3", "o4", "fast_compile", "merge", "unsafe"), "fast_run"),
    "o0": "None",
}
NO_GPU = "functions run on the processor"

SETTINGS: dict[str, Setting] = {
    "floatX": Setting("float64", one_of("float64", "float32", "float16")),
    "mode": Setting("compile", one_of("compile", "interpret", "debug", "nan-guard", others=MODES)),
    "disabled_passes": Setting((), names),
    "on_unused_input": Setting("raise", one_of("raise", "warn", "ignore")),
    "profile": Setting(False, truth),
    "exception_verbosity": Setting("low", one_of("low", "high")),
    "compute_test_value": Setting("off", one_of("off", "ignore", "warn", "raise")),
    "shared_sizes": Setting("fixed", one_of("fixed", "free")),
    "optimizer": Setting("fast_run", one_of("fast_run", "None", others=OPTIMIZERS)),
    "optimizer_excluding": Setting((), names),
    "optimizer_including": Setting((), names),
    "device": Setting("cpu", only("cpu", NO_GPU)),
    "force_device": Setting(False, truth),
    "init_gpu_device": Setting("", only("", NO_GPU)),
    "linker": Setting("cvm", one_of("cvm", "c|py", "c", "vm", "cvm_nogc", "vm_nogc", "c|py_nogc")),
    "cast_policy": Setting("custom", only("custom", "dtypes are those of NumPy 2")),
    "int_division": Setting("floatX", only("floatX", "the quotient of integers is floating, as in NumPy")),
    "warn_float64": Setting("ignore", only("ignore", "float64 is as good as any dtype on a processor")),
    "deterministic": Setting("default", one_of("default", "more")),
    "allow_gc": Setting(True, truth),
    "openmp": Setting(False, truth),
    "openmp_elemwise_minsize": Setting(200000, number),
    "cxx": Setting("", text),
    "pickle_test_value": Setting(True, truth),
    "reoptimize_unpickled_function": Setting(True, truth),
    "warn_ignore_bug_before": Setting("None", text),
    "blas.ldflags": Setting("", text),
    "gcc.cxxflags": Setting("", text),
    "gcc.warn_no_version": Setting(False, truth),
    "lib.amblibm": Setting(False, truth),
    "numpy.seterr_all": Setting("ignore", text),
    "scan.allow_gc": Setting(False, truth),
    "scan.allow_output_prealloc": Setting(True, truth),
    "traceback.limit": Setting(8, number),
}
