"""One page with all stages of a program, which needs nothing but a browser."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path

from croton.frontends.drawing.scene import Scene
from croton.frontends.drawing.svg import drawing

_FOLDER = Path(__file__).parent


def page(name: str, scenes: Sequence[Scene]) -> str:
    """The text of the page: drawings, what is told of their boxes, styles and script."""
    facts = [
        {
            "title": scene.title,
            "boxes": [asdict(box) for box in scene.boxes],
            "groups": [asdict(group) for group in scene.groups],
            "edges": scene.edges,
        }
        for scene in scenes
    ]
    options = "".join(
        f'<option value="{number}">{escape(_choice(number, scene))}</option>'
        for number, scene in enumerate(scenes)
    )
    drawings = "".join(
        f'<template data-scene="{n}">{drawing(scene)}</template>' for n, scene in enumerate(scenes)
    )
    parts = {
        "NAME": escape(name),
        "STYLES": _read("drawing.css") + _read("page.css"),
        "OPTIONS": options,
        "DRAWINGS": drawings,
        "FACTS": json.dumps(facts).replace("</", "<\\/"),
        "SCRIPT": _read("page.js"),
    }
    head, *rest = _read("page.html").split("{{")
    text = head
    for piece in rest:
        key, _, after = piece.partition("}}")
        text += parts[key] + after
    return text


def _choice(number: int, scene: Scene) -> str:
    operations = sum(box.kind in ("operation", "loop") for box in scene.boxes)
    return f"{number}. {scene.title} ({operations} operations)"


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
