"""How a function is compiled and run: `Mode` objects, and Theano's names for them."""

from __future__ import annotations

from typing import Any, TypeAlias

from croton.frontends.config import config
from croton.frontends.settings import MODES
from croton.graph.faults import NanGuardMode

Way: TypeAlias = str | NanGuardMode

# Passes that can be left out, and Theano's words for what some of them do.
OPTIONAL = (
    "constant-folding",
    "stabilization",
    "strength-reduction",
    "contraction-transposes",
    "turned-products",
    "common-subexpressions",
    "fusion",
    "bands",
    "side-by-side",
    "in-place",
)
_TAGS = {
    "inplace": "in-place",
    "constant_folding": "constant-folding",
    "stabilize": "stabilization",
    "merge": "common-subexpressions",
    "elemwise_fusion": "fusion",
    "local_elemwise_fusion": "fusion",
}


class Mode:
    """A way to run functions, with some passes of the compiler left out.

    linker: a way by name: "compile", "interpret", "debug", or Theano's names for linkers, of which "py" is
    the interpreter and all others compile. optimizer: None leaves out all passes that can be.

    Raises:
        ValueError: there is no such way.
    """

    def __init__(
        self, linker: Way | None = None, optimizer: Any = "fast_run", name: str | None = None
    ) -> None:
        self.name = _way(linker)
        self.optimizer = None if optimizer in (None, "None", "o0") else optimizer
        self.disabled: tuple[str, ...] = OPTIONAL if self.optimizer is None else ()
        self.label = name

    def including(self, *tags: str) -> Mode:
        """This mode with passes brought back."""
        wanted = {_TAGS.get(tag, tag) for tag in tags}
        return self._with(tuple(entry for entry in self.disabled if entry not in wanted))

    def excluding(self, *tags: str) -> Mode:
        """This mode without some passes or rules, by their names; Theano's "inplace" and "fusion" too."""
        return self._with((*self.disabled, *(_TAGS.get(tag, tag) for tag in tags)))

    def clone(self, **options: Any) -> Mode:
        """A mode with another linker or optimizer."""
        return Mode(options.get("linker", self.name), options.get("optimizer", self.optimizer), self.label)

    def _with(self, disabled: tuple[str, ...]) -> Mode:
        made = Mode(self.name, self.optimizer, self.label)
        made.disabled = tuple(dict.fromkeys(disabled))
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mode) and (self.name, self.disabled) == (other.name, other.disabled)

    def __hash__(self) -> int:
        return hash((self.name, self.disabled))

    def __repr__(self) -> str:
        without = f" without {', '.join(self.disabled)}" if self.disabled else ""
        return f"Mode({self.name}{without})"


_LINKERS = {"py": "interpret", "vm": "compile", "c": "compile", "cvm": "compile", "c|py": "compile"}


def _way(linker: Way | None) -> Way:
    if linker is None:
        return "compile"
    if isinstance(linker, NanGuardMode):
        return linker
    name = str(linker)
    name = _LINKERS.get(name.removesuffix("_nogc"), MODES.get(name, name))
    if name not in ("compile", "interpret", "debug", "nan-guard"):
        known = ", ".join(map(repr, ("compile", "interpret", "debug", "nan-guard", *MODES)))
        raise ValueError(f"mode must be one of {known} or a NanGuardMode, got {linker!r}")
    return name


def get_mode(mode: Any) -> Mode:
    """The mode that a name or a `Mode` is; None is the one that `config` says.

    Raises:
        ValueError: there is no such mode. TypeError: it is neither a name nor a mode.
    """
    if mode is None:
        return get_default_mode()
    if isinstance(mode, Mode):
        return mode
    if not isinstance(mode, (str, NanGuardMode)):
        raise TypeError(f"mode must be a name or a Mode, got {type(mode).__name__}")
    return Mode(mode)


def get_default_mode() -> Mode:
    """The mode that `config` says: its mode, optimizer and passes left out."""
    made = Mode(config.mode, None if config.optimizer == "None" else "fast_run")
    return made.excluding(*config.optimizer_excluding).including(*config.optimizer_including)
