"""A scene as SVG. Colours come from classes; see drawing.css."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from pathlib import Path

from croton.frontends.drawing.layout import GROUP_HEADING, Point, lay_out
from croton.frontends.drawing.scene import Box, Scene

MARGIN = 24.0
_ARROW = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
    'orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>'
)
_LONGEST_TYPE = 44
_LONGEST_GROUP = 48


def drawing(scene: Scene, styled: bool = False) -> str:
    """An `svg` element; its groups of class "node" carry the position of their box in `data-box`."""
    layout = lay_out(scene)
    parts = []
    for number, (group, place) in enumerate(zip(scene.groups, layout.groups, strict=True)):
        if place is not None:
            parts.append(
                f'<g class="group" data-group="{number}"><rect x="{place.x:.1f}" y="{place.y:.1f}" '
                f'width="{place.width:.1f}" height="{place.height:.1f}" rx="10"/>'
                f'<text x="{place.x + 12:.1f}" y="{place.y + GROUP_HEADING - 5:.1f}">'
                f"{escape(_cut(group.label, _LONGEST_GROUP))}</text></g>"
            )
    for (start, end), route in zip(scene.edges, layout.routes, strict=True):
        parts.append(f'<path class="edge" data-from="{start}" data-to="{end}" d="{_curve(route)}"/>')
    for number, (box, place) in enumerate(zip(scene.boxes, layout.boxes, strict=True)):
        parts.append(_node(number, box, place.x, place.y, place.width, place.height))
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    style = f"<style>{_stylesheet()}</style>" if styled else ""
    title = escape(f"{scene.title}: {len(scene.boxes)} boxes")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="drawing" role="group" aria-label="{title}" '
        f'viewBox="{-MARGIN:.1f} {-MARGIN:.1f} {width:.1f} {height:.1f}" '
        f'width="{width:.0f}" height="{height:.0f}">{style}{_ARROW}{"".join(parts)}</svg>'
    )


def standalone(scene: Scene) -> str:
    """A file of its own."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{drawing(scene, styled=True)}\n'


def _node(number: int, box: Box, x: float, y: float, width: float, height: float) -> str:
    middle = x + width / 2
    radius = 22 if box.kind in ("input", "output") else 6
    type = escape(_cut(box.type, _LONGEST_TYPE))
    said = escape(f"{box.kind} {box.label}, {box.type}", quote=True)
    return (
        f'<g class="node {box.kind}" data-box="{number}" tabindex="0" role="button" aria-label="{said}">'
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius}"/>'
        f'<text class="label" x="{middle:.1f}" y="{y + 19:.1f}">{escape(box.label)}</text>'
        f'<text class="type" x="{middle:.1f}" y="{y + 35:.1f}">{type}</text></g>'
    )


def _curve(route: Sequence[Point]) -> str:
    """A smooth line through the points, vertical at each of them."""
    x, y = route[0]
    text = f"M{x:.1f} {y:.1f}"
    for (x0, y0), (x1, y1) in pairwise(route):
        half = (y1 - y0) / 2
        text += f"C{x0:.1f} {y0 + half:.1f} {x1:.1f} {y1 - half:.1f} {x1:.1f} {y1:.1f}"
    return text


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _stylesheet() -> str:
    return (Path(__file__).parent / "drawing.css").read_text(encoding="utf-8")
