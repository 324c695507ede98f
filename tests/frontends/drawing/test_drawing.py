"""What `f.graph(path)` writes: scenes, their layout, SVG and dot."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

import croton as ct
import croton.tensor as T
from croton.frontends.drawing.dot import dot
from croton.frontends.drawing.layout import lay_out
from croton.frontends.drawing.scene import Box, Group, Scene, scenes_of
from croton.frontends.drawing.svg import drawing
from croton.graph.graph import Graph
from croton.rewrite.pipeline import PASSES


@pytest.fixture(scope="module")
def dense():
    x, w = T.fmatrix("x"), ct.shared(np.ones((3, 2), np.float32), "w")
    return ct.function([x], T.nnet.softmax(T.dot(x, w) * 0.5), name="dense")


class TestPaths:
    def test_the_graph_is_returned_as_without_a_path(self, dense, tmp_path):
        for ending in ("svg", "dot", "html"):
            assert dense.graph(tmp_path / f"a.{ending}") is dense.graph()
            assert (tmp_path / f"a.{ending}").stat().st_size > 1000
        assert isinstance(dense.graph(), Graph)

    def test_other_endings_are_refused(self, dense, tmp_path):
        with pytest.raises(ValueError, match=r"ends in \.html, \.svg, \.dot, got '.*a\.png'"):
            dense.graph(tmp_path / "a.png")
        assert not (tmp_path / "a.png").exists()

    def test_the_graph_as_written(self, dense, tmp_path):
        dense.graph(tmp_path / "a.dot", optimized=False)
        text = (tmp_path / "a.dot").read_text()
        assert "softmax" in text
        assert "cluster" not in text

    def test_interpreted_functions(self, tmp_path):
        x = T.dvector("x")
        ct.function([x], T.exp(x), mode="interpret").graph(tmp_path / "a.html")
        assert "as written" in (tmp_path / "a.html").read_text()

    def test_pages_need_no_network(self, dense, tmp_path):
        dense.graph(tmp_path / "a.html")
        text = (tmp_path / "a.html").read_text()
        assert not re.search(r"""(src|href)\s*=\s*["']|@import|fetch\(|url\((?!#)""", text)
        assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}


class TestScenes:
    def test_say_what_each_box_is(self):
        x = T.dvector("x")
        y = T.exp(x * 2.0)
        (scene,) = scenes_of(ct.function([x], y, mode="interpret").graph(), None, None)
        assert [(box.label, box.kind) for box in scene.boxes] == [
            ("x", "input"),
            ("multiply(_, 2.0)", "operation"),
            ("exp", "operation"),
            ("output 0", "output"),
        ]
        assert scene.edges == [(0, 1), (1, 2), (2, 3)]
        assert "test_drawing.py" in scene.boxes[2].facts["line"]

    def test_loops_show_their_bodies_and_large_constants_are_boxes(self):
        x = T.dvector("x")
        final, _ = ct.scan_loop(lambda s, e: (T.tanh(s + e), None), x, T.constant(np.ones((9, 1))))
        (scene,) = scenes_of(ct.function([x], final, mode="interpret").graph(), None, None)
        loop = next(box for box in scene.boxes if box.kind == "loop")
        assert "tanh" in loop.facts["body"]
        assert any(box.kind == "constant" for box in scene.boxes)


def chain(count, groups=()):
    boxes = [Box(f"box {n}", "operation", "float64[n]") for n in range(count)]
    for number, members in enumerate(groups):
        for member in members:
            boxes[member].group = number
    return Scene("test", boxes, groups=[Group(f"group {n}", "") for n in range(len(groups))])


def apart(a, b):
    beside = a.x + a.width <= b.x or b.x + b.width <= a.x
    return beside or a.y + a.height <= b.y or b.y + b.height <= a.y


def test_stages_that_change_nothing_are_named_with_the_one_before(dense, tmp_path):
    dense.graph(tmp_path / "a.html")
    text = (tmp_path / "a.html").read_text()
    titles = re.findall(r"<option[^>]*>\d+\. ([^<]*) \(\d+ operations\)", text)
    assert titles[0].startswith("as written")
    assert "dead-code (no change)" in titles[0]
    assert titles[-1] == "program"
    named = " ".join(titles)
    assert all(name in named for name, _ in PASSES)


class TestLayout:
    def test_long_edges_of_deep_graphs_cost_little(self):
        scene = chain(600)
        scene.edges = [(n, n + 1) for n in range(599)] + [(n, 599 - n) for n in range(250)]
        layout = lay_out(scene)
        assert max(len(route) for route in layout.routes) < 40

    def test_data_flows_downwards_and_nothing_overlaps(self):
        scene = chain(40)
        random = np.random.default_rng(0)
        scene.edges = [(int(random.integers(0, n)), n) for n in range(1, 40) for _ in range(2)]
        layout = lay_out(scene)
        for start, end in scene.edges:
            assert layout.boxes[start].y + layout.boxes[start].height < layout.boxes[end].y
        for first in range(40):
            assert layout.boxes[first].x >= 0
            assert layout.boxes[first].x + layout.boxes[first].width <= layout.width + 1e-6
            assert all(apart(layout.boxes[first], layout.boxes[second]) for second in range(first))
        assert all(a[1] <= b[1] for route in layout.routes for a, b in pairwise(route))

    def test_groups_hold_their_boxes_and_no_others(self):
        scene = chain(8, [(1, 2, 3), (5, 6)])
        scene.edges = [(0, 1), (1, 2), (1, 3), (3, 4), (4, 5), (5, 6), (6, 7), (0, 7)]
        layout = lay_out(scene)
        for number, place in enumerate(layout.groups):
            for position, box in enumerate(layout.boxes):
                inside = place.x <= box.x and box.x + box.width <= place.x + place.width
                inside = inside and place.y <= box.y and box.y + box.height <= place.y + place.height
                assert inside == (scene.boxes[position].group == number)
        assert apart(*layout.groups)

    def test_a_tree_crosses_nothing(self):
        scene = chain(7)
        scene.edges = [(0, 2), (1, 2), (3, 5), (4, 5), (2, 6), (5, 6)]
        boxes = lay_out(scene).boxes
        middles = [box.x + box.width / 2 for box in boxes]
        assert (middles[2] < middles[5]) == (max(middles[:2]) < min(middles[3:5]))

    def test_a_scene_of_nothing(self):
        layout = lay_out(chain(0))
        assert (layout.width, layout.height) == (0, 0)
        ElementTree.fromstring(drawing(chain(0)))


def test_svg_is_well_formed_with_any_label(tmp_path):
    scene = chain(2, [(1,)])
    scene.edges = [(0, 1)]
    scene.boxes[0].label = '<a & "b">'
    root = ElementTree.fromstring(drawing(scene, styled=True))
    names = [element.get("class") for element in root.iter() if element.get("class")]
    assert names.count("node operation") == 2
    assert names.count("edge") == 1
    assert names.count("group") == 1
    assert '<a & "b">' in [element.text for element in root.iter()]


def test_dot_has_boxes_edges_and_clusters():
    scene = chain(3, [(1, 2)])
    scene.edges = [(0, 1), (1, 2)]
    scene.boxes[0].label = 'say "hi" \\'
    text = dot("name", scene)
    assert text.startswith('digraph "name" {')
    assert text.count("subgraph cluster_") == 1
    assert "n0 -> n1;" in text
    assert r'label="say \"hi\" \\\nfloat64[n]"' in text
    assert text.count("{") == text.count("}")
