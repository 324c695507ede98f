"""Settings that hold for the whole process: `ct.config`, and the environment variable CROTON_FLAGS."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import ContextDecorator
from typing import Any

from croton.frontends.settings import SETTINGS
from croton.graph import dtypes
from croton.graph.reporting import Verbosity
from croton.ops import test_values

# What else to do when a setting changes, by its name.
effects: dict[str, Callable[[Any], None]] = {
    "floatX": lambda name: setattr(dtypes.Defaults, "floating", dtypes.as_dtype(name)),
    "exception_verbosity": lambda word: setattr(Verbosity, "high", word == "high"),
    "compute_test_value": test_values.set_policy,
}


class Config:
    """Settings as attributes; assigning one that does not exist, or a value it does not take, is an error.

    floatX: dtype of variables made without one.
    mode: how functions run: "compile", "interpret" (by NumPy, operation by operation), "debug", "nan-guard";
        Theano's names for them too.
    disabled_passes: names of compiler passes to leave out everywhere. optimizer: "None" leaves out all that
        can be, and `optimizer_excluding` those it names, separated by colons.
    on_unused_input: what `function` does about an input that no output needs: "raise", "warn" or "ignore".
    profile: whether functions note what their steps take, unless they are made with profile=False.
    exception_verbosity: "low", or "high" to show the arrays that a failing operation was given.
    compute_test_value: whether operations are also computed at once, as they are written, from the
        `tag.test_value` of variables: "off"; "ignore", "warn" or "raise" say what happens without one.
    shared_sizes: whether shared variables keep the shape of their first value ("fixed", for faster code) or
        may be given values of any sizes ("free"), where `shared` is not told.

    The other settings are Theano's. They are there so that programs that set them run, and change nothing:
    they concern compilers, libraries and checks that do not exist here. Values that ask for what does not
    exist, such as `device="cuda"`, are refused.
    """

    def __init__(self, prefix: str = "") -> None:
        values = self.__dict__
        for key, setting in SETTINGS.items():
            name, _, rest = key.removeprefix(prefix).partition(".")
            if key.startswith(prefix):
                values[name] = Config(f"{prefix}{name}.") if rest else setting.default
        values["_prefix"] = prefix

    def __setattr__(self, name: str, value: object) -> None:
        key = self._prefix + name
        setting = SETTINGS.get(key)
        if name in ("compiledir", "base_compiledir"):
            raise AttributeError(f"config.{name}: set the environment variable CROTON_CACHE_DIR instead")
        if setting is None:
            raise AttributeError(f"config: there is no setting {key!r}")
        try:
            kept = setting.check(value)
        except ValueError as error:
            raise ValueError(f"config.{key} must be {error}, got {value!r}") from None
        self.__dict__[name] = kept
        if key in effects:
            effects[key](kept)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"config: there is no setting {self.__dict__.get('_prefix', '')}{name}")

    @property
    def compiledir(self) -> str:
        """The folder of compiled code, which the environment variable CROTON_CACHE_DIR names."""
        from croton.toolchain import default_cache

        return str(default_cache().root)

    base_compiledir = compiledir

    def __repr__(self) -> str:
        return "\n".join(f"{name} = {_read(self, name)!r}" for name in sorted(SETTINGS))

    def change_flags(self, *flags: Mapping[str, Any], **named: Any) -> ChangedFlags:
        """Settings changed within a `with` block, or while a function runs that this decorates.

        Settings with a dot in their name come in a dict, `change_flags({"blas.ldflags": ""})`, or with two
        underscores in its place.

        Raises:
            AttributeError, ValueError: as assigning them does.
        """
        wanted = {name.replace("__", "."): value for name, value in named.items()}
        for mapping in flags:
            wanted.update(mapping)
        return ChangedFlags(self, wanted)


class ChangedFlags(ContextDecorator):
    """Inside, settings are changed; outside, they are what they were."""

    def __init__(self, config: Config, wanted: Mapping[str, Any]) -> None:
        self._config = config
        self._wanted = wanted
        self._outer: list[dict[str, Any]] = []
        for name in wanted:
            if name not in SETTINGS:
                raise AttributeError(f"config: there is no setting {name!r}")

    def _recreate_cm(self) -> ChangedFlags:
        return ChangedFlags(self._config, self._wanted)

    def __enter__(self) -> Config:
        self._outer.append({name: _read(self._config, name) for name in self._wanted})
        try:
            for name, value in self._wanted.items():
                _assign(self._config, name, value)
        except BaseException:
            self.__exit__()
            raise
        return self._config

    def __exit__(self, *_: object) -> None:
        for name, value in self._outer.pop().items():
            _assign(self._config, name, value)


def _read(config: Any, name: str) -> Any:
    for part in name.split("."):
        config = getattr(config, part)
    return config


def _assign(config: Any, name: str, value: Any) -> None:
    section, _, last = name.rpartition(".")
    setattr(_read(config, section) if section else config, last, value)


def read_flags(config: Config, flags: str) -> None:
    """Settings from text such as "floatX=float32,mode=interpret".

    Raises:
        ValueError: an entry is not of this form, or as assigning it does. AttributeError: no such setting.
    """
    for entry in flags.split(","):
        name, sign, value = entry.partition("=")
        if not entry.strip():
            continue
        if not sign:
            raise ValueError(f"CROTON_FLAGS: expected name=value, got {entry!r}")
        name = name.strip()
        if name not in SETTINGS:
            raise AttributeError(f"CROTON_FLAGS: there is no setting {name!r}")
        _assign(config, name, value.strip())


config = Config()
if "CROTON_MODE" in os.environ:
    config.mode = os.environ["CROTON_MODE"]
read_flags(config, os.environ.get("CROTON_FLAGS", ""))
change_flags = config.change_flags
