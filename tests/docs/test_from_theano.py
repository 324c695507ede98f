"""The table of Theano's names says what is true of every one of them."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TABLE = Path(__file__).parents[2] / "docs" / "from-theano.md"
KINDS = ("same", "renamed", "better", "left out")


def rows() -> Iterator[tuple[str, list[str], str]]:
    """(module here, names, what they are), row by row."""
    module = ""
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        heading = re.match(r"## (theano[\w.]*)", line)
        if heading:
            module = heading[1].replace("theano", "croton", 1)
        elif line.startswith("| `"):
            names, answer = (part.strip() for part in line.strip("|").split("|"))
            yield module, re.findall(r"`([^`]+)`", names), answer


def found(place: str) -> object:
    """What a dotted name is: a module, or what a module holds, which may have the name of a module too.

    Raises:
        AttributeError: there is nothing of that name.
    """
    owner, _, name = place.rpartition(".")
    try:
        return getattr(importlib.import_module(owner), name)
    except ImportError:
        return getattr(found(owner), name)
    except AttributeError:
        try:
            return importlib.import_module(place)
        except ImportError:
            raise AttributeError(place) from None


def names(kind: str) -> list[tuple[str, str]]:
    return [(module, name) for module, listed, answer in rows() if answer.startswith(kind) for name in listed]


def test_every_row_has_an_answer():
    for _, listed, answer in rows():
        kind = next((kind for kind in KINDS if answer.startswith(kind)), None)
        assert kind, f"{listed}: {answer}"
        assert kind == "same" or len(answer) > len(kind) + 2, f"{listed}: why?"


def test_no_name_is_listed_twice():
    seen = [(module, name) for module, listed, _ in rows() for name in listed]
    assert sorted({entry for entry in seen if seen.count(entry) > 1}) == []


def test_there_are_as_many_as_theano_had():
    assert len({name for _, listed, _ in rows() for name in listed}) > 600


def test_same_names_exist():
    missing = [f"{module}.{name}" for module, name in names("same") if not exists(f"{module}.{name}")]
    assert missing == []


def test_new_names_exist():
    for _, listed, answer in rows():
        if answer.startswith("renamed"):
            places = re.findall(r"`([^`]+)`", answer)
            assert len(places) in (1, len(listed)), f"{listed}: {answer}"
            missing = [place for place in places if not exists(place)]
            assert missing == []


@pytest.mark.parametrize("kind", ["left out", "better", "renamed"])
def test_what_does_not_exist_under_its_old_name(kind):
    present = [f"{module}.{name}" for module, name in names(kind) if exists(f"{module}.{name}")]
    assert present == []


def exists(place: str) -> bool:
    try:
        return found(place) is not None
    except AttributeError:
        return False
