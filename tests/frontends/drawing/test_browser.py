"""The page of `f.graph("name.html")`, used in a real browser."""

from __future__ import annotations

import numpy as np
import pytest
from tests.frontends.drawing.browser import NAMES, Browser, find_chromium

import croton as ct
import croton.tensor as T

CHROMIUM = find_chromium()
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason=f"no browser: install chromium (one of {', '.join(NAMES)} on the PATH)"
)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page of a profiled training step."""
    x, w = T.fmatrix("x"), ct.shared(np.full((20, 5), 0.1, np.float32), "w")
    hidden = T.tanh(T.dot(x, w))
    loss = T.mean(hidden**2)
    step = ct.function(
        [x], loss, updates=[(w, w - 0.1 * ct.grad(loss, w))], profile=True, name="<step> & more"
    )
    step(np.ones((7, 20), np.float32))
    path = tmp_path_factory.mktemp("drawing") / "step.html"
    step.graph(path)
    return path


@pytest.fixture(scope="module")
def browser(page, tmp_path_factory):
    running = Browser(CHROMIUM, tmp_path_factory.mktemp("profile"))
    yield running
    running.close()


@pytest.fixture(autouse=True)
def opened(browser, page):
    browser.complaints.clear()
    browser.open(page)
    yield
    assert browser.complaints == []


def view(browser):
    text = browser.run("document.querySelector('#canvas svg').getAttribute('viewBox')")
    return [float(number) for number in text.split()]


def choose_stage(browser, number):
    browser.run(
        f"{{const s = document.getElementById('stage'); s.value = '{number}';"
        " s.dispatchEvent(new Event('change'));}"
    )


def node(label):
    """A script that finds the box with a label."""
    return (
        "[...document.querySelectorAll('#canvas .node')]"
        f".find(n => n.querySelector('.label').textContent === {label!r})"
    )


def facts(browser):
    return browser.run("document.getElementById('facts').innerText")


def test_the_page_opens_on_the_program_with_its_groups(browser):
    assert browser.run("document.title") == "<step> & more"
    assert browser.run("document.querySelector('h1').textContent") == "<step> & more"
    assert "program" in browser.run("document.getElementById('stage').selectedOptions[0].text")
    assert browser.run("document.querySelectorAll('#canvas .group').length") >= 3
    labels = browser.run("[...document.querySelectorAll('#canvas .label')].map(l => l.textContent)")
    assert {"x", "w", "tanh", "contract"} <= set(labels)


def test_every_stage_can_be_chosen(browser):
    stages = browser.run("[...document.getElementById('stage').options].map(o => o.text)")
    assert "as written" in stages[0]
    assert any("after stabilization" in stage for stage in stages)
    for number in range(len(stages)):
        choose_stage(browser, number)
        assert browser.run("document.querySelectorAll('#canvas svg').length") == 1
        assert browser.run("document.querySelectorAll('#canvas .node').length") > 5
    browser.run(
        "{const s = document.getElementById('stage'); s.value = '0'; s.dispatchEvent(new Event('change'));}"
    )
    assert browser.run("document.querySelectorAll('#canvas .group').length") == 0


def test_no_box_lies_on_another_and_edges_run_downwards(browser):
    boxes = browser.run(
        "[...document.querySelectorAll('#canvas .node rect')].map(r => ({x: r.x.baseVal.value,"
        " y: r.y.baseVal.value, w: r.width.baseVal.value, h: r.height.baseVal.value}))"
    )
    for first in range(len(boxes)):
        for second in range(first):
            a, b = boxes[first], boxes[second]
            apart = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
            assert apart or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
    fits = browser.run(
        "[...document.querySelectorAll('#canvas .node')].every(n => [...n.querySelectorAll('text')]"
        ".every(t => t.getBBox().width <= n.querySelector('rect').getBBox().width))"
    )
    assert fits


def test_a_click_shows_type_line_c_and_time(browser):
    browser.click(node("tanh"))
    said = facts(browser)
    for part in (
        "float32[",
        "test_browser.py",
        "computed with",
        "µs a run, 1 runs",
        "GFLOP/s",
        "for (ct_int",
    ):
        assert part in said
    assert browser.run("document.querySelectorAll('#canvas .node.chosen').length") == 1
    assert browser.run("document.querySelectorAll('#canvas .edge.chosen').length") >= 2
    browser.click(node("x"))
    assert "float32[" in facts(browser)
    assert "computed with" not in facts(browser)


def test_dragging_moves_the_drawing_and_chooses_nothing(browser):
    before = view(browser)
    browser.drag(browser.place_of(node("tanh")), (300.0, 500.0))
    after = view(browser)
    assert after[:2] != before[:2]
    assert after[2:] == pytest.approx(before[2:])
    assert browser.run("document.querySelectorAll('.chosen').length") == 0
    assert browser.place_of(node("tanh")) == pytest.approx((300, 500), abs=2)


def test_the_wheel_zooms_around_the_pointer(browser):
    at = browser.place_of(node("tanh"))
    before = view(browser)
    browser.turn_wheel(*at, -240)
    closer = view(browser)
    assert closer[2] < 0.9 * before[2]
    assert browser.place_of(node("tanh")) == pytest.approx(at, abs=2)
    browser.turn_wheel(*at, 480)
    assert view(browser)[2] > before[2]


def test_buttons_and_keys_zoom_and_move(browser):
    start = view(browser)
    browser.click("document.getElementById('closer')")
    assert view(browser)[2] == pytest.approx(0.8 * start[2])
    browser.click("document.getElementById('farther')")
    assert view(browser)[2] == pytest.approx(start[2])
    browser.run("document.getElementById('canvas').focus()")
    browser.key("ArrowRight")
    assert view(browser)[0] > start[0]
    browser.key("+")
    assert view(browser)[2] < start[2]
    browser.click("document.getElementById('fit')")
    assert browser.run(
        "(() => { const c = document.getElementById('canvas').getBoundingClientRect();"
        "return [...document.querySelectorAll('#canvas .node')].every(n => {"
        "const r = n.getBoundingClientRect(); return r.left >= c.left && r.right <= c.right"
        " && r.top >= c.top && r.bottom <= c.bottom; }); })()"
    )


def test_search_finds_by_operation_type_and_line(browser):
    browser.run("document.getElementById('search').focus()")
    browser.type("tanh")
    found = browser.run("[...document.querySelectorAll('.found .label')].map(l => l.textContent)")
    assert found == ["tanh"]
    assert browser.run("document.getElementById('matches').value") == "1 found"
    browser.key("Enter")
    assert "float32[" in facts(browser)
    assert browser.run("document.getElementById('matches').value") == "1 of 1"
    browser.type(" nowhere")
    assert browser.run("document.querySelectorAll('.found').length") == 0
    assert browser.run("document.getElementById('matches').value") == "0 found"


def test_boxes_can_be_chosen_by_keyboard(browser):
    browser.run(f"({node('tanh')}).focus()")
    browser.key("Enter")
    assert "test_browser.py" in facts(browser)
    assert browser.run(f"({node('tanh')}).getAttribute('aria-label')").startswith("operation tanh, float32[")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_background(browser, scheme):
    browser.scheme(scheme)
    colours = browser.run(
        "(() => { const of = (e, p) => getComputedStyle(document.querySelector(e))[p];"
        "return [[of('body', 'color'), of('body', 'backgroundColor')],"
        "[of('#canvas .label', 'fill'), of('#canvas .operation rect', 'fill')],"
        "[of('#canvas .type', 'fill'), of('#canvas .operation rect', 'fill')],"
        "[of('#canvas .input .type', 'fill'), of('#canvas .input rect', 'fill')],"
        "[of('#canvas .output .type', 'fill'), of('#canvas .output rect', 'fill')],"
        "[of('#canvas .group text', 'fill'), of('#canvas .group rect', 'fill')],"
        "[of('.hint', 'color'), of('body', 'backgroundColor')]]; })()"
    )
    dark = luminance(colours[0][1]) < 0.2
    assert dark == (scheme == "dark")
    assert all(contrast(*pair) >= 4.5 for pair in colours), colours


def luminance(colour):
    parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first, second):
    """The ratio that WCAG 2 asks to be 4.5 or more for text."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
