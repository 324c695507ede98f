"""Pictures for Graphviz, and short descriptions."""

from __future__ import annotations

import pytest

import croton as ct
import croton.tensor as T
from croton import printing


def test_functions_and_expressions(tmp_path):
    x = T.dvector("x")
    y = T.exp(x) * ct.shared(2.0, 'a "w"')
    printing.pydotprint(y, tmp_path / "y.dot")
    text = (tmp_path / "y.dot").read_text()
    assert text.startswith('digraph "" {')
    assert 'label="exp\\nfloat64[x.shape[0]]", shape=box' in text
    assert 'label="a \\"w\\"\\nfloat64[]"' in text
    assert text.count("->") == 4
    function = ct.function([x], y + 1)
    assert "add" in printing.pydotprint(function, return_image=True)
    assert printing.pydotprint([x], return_image=True).count("->") == 1


def test_other_formats_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"only format .dot. is written"):
        printing.pydotprint(T.dvector(), tmp_path / "x.png")
    with pytest.raises(TypeError, match="expected a function or variables, got int"):
        printing.pydotprint(3)


def test_short_descriptions_tell_expressions_apart():
    x = T.dvector("x")
    assert printing.min_informative_str(T.exp(x)) != printing.min_informative_str(T.sin(x))
    assert printing.pprint(x + 1) == "x + 1.0"
