"""Layered layout: data flows downwards, edges cross little.

The method is that of Sugiyama, Tagawa and Toda (1981), each stage in its simplest form: layers by longest
path, points where long edges cross layers, order within layers by barycentres, and places near neighbours.
A group of boxes is laid out on its own, and then is one box of the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from croton.frontends.drawing.scene import Scene

Point = tuple[float, float]

GAP, LAYER_GAP = 22.0, 46.0
GROUP_PADDING, GROUP_HEADING = 16.0, 24.0
_SWEEPS = 6
_MOST_BENDS = 16  # longer edges go straight between their first and last layer
_CHARACTER, _SMALL_CHARACTER, _BOX_HEIGHT = 7.4, 6.2, 44.0


@dataclass(frozen=True)
class Rectangle:
    """Left, top, width, height."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """Where everything lies.

    routes: points that the edges pass, from the bottom of a box to the top of another.
    """

    boxes: list[Rectangle]
    groups: list[Rectangle | None]
    routes: list[list[Point]]
    width: float
    height: float


def lay_out(scene: Scene) -> Layout:
    """Places for the boxes, groups and edges of a scene."""
    clusters, cluster_of = _clusters(scene)
    sizes = [_box_size(box.label, box.type) for box in scene.boxes]
    edges = _edges_within(scene, clusters, cluster_of)
    inner = [
        _Layers([sizes[number] for number in cluster], own)
        for cluster, own in zip(clusters, edges, strict=True)
    ]
    outer_sizes = [
        _cluster_size(layers, scene.boxes[cluster[0]].group is not None, scene, cluster)
        for layers, cluster in zip(inner, clusters, strict=True)
    ]
    between = [(cluster_of[a], cluster_of[b]) for a, b in scene.edges if cluster_of[a] != cluster_of[b]]
    outer = _Layers(outer_sizes, between)
    boxes: list[Rectangle] = [Rectangle(0, 0, 0, 0)] * len(scene.boxes)
    groups: list[Rectangle | None] = [None] * len(scene.groups)
    for position, (layers, cluster) in enumerate(zip(inner, clusters, strict=True)):
        place = outer.rectangle(position)
        grouped = scene.boxes[cluster[0]].group
        dx, dy = place.x, place.y
        if grouped is not None:
            groups[grouped] = place
            dx += (place.width - layers.width) / 2
            dy += GROUP_PADDING + GROUP_HEADING
        for index, number in enumerate(cluster):
            inside = layers.rectangle(index)
            boxes[number] = Rectangle(inside.x + dx, inside.y + dy, inside.width, inside.height)
    routes = [_route(boxes[a], boxes[b], outer.bends(cluster_of[a], cluster_of[b])) for a, b in scene.edges]
    return Layout(boxes, groups, routes, outer.width, outer.height)


def _clusters(scene: Scene) -> tuple[list[list[int]], list[int]]:
    """Boxes that are laid out together: those of each group, and every other box alone."""
    clusters: list[list[int]] = []
    cluster_of: list[int] = []
    known: dict[int, int] = {}
    for number, box in enumerate(scene.boxes):
        place = len(clusters) if box.group is None else known.setdefault(box.group, len(clusters))
        if place == len(clusters):
            clusters.append([])
        clusters[place].append(number)
        cluster_of.append(place)
    return clusters, cluster_of


def _box_size(label: str, type: str) -> tuple[float, float]:
    return max(len(label) * _CHARACTER, min(len(type), 44) * _SMALL_CHARACTER, 40.0) + 24.0, _BOX_HEIGHT


def _cluster_size(
    layers: _Layers, grouped: bool, scene: Scene, cluster: Sequence[int]
) -> tuple[float, float]:
    if not grouped:
        return layers.width, layers.height
    group = scene.boxes[cluster[0]].group
    assert group is not None
    heading = min(len(scene.groups[group].label), 48) * _SMALL_CHARACTER
    width = max(layers.width, heading) + 2 * GROUP_PADDING
    return width, layers.height + 2 * GROUP_PADDING + GROUP_HEADING


def _edges_within(
    scene: Scene, clusters: Sequence[Sequence[int]], cluster_of: Sequence[int]
) -> list[list[tuple[int, int]]]:
    """The edges inside each cluster, between positions in it."""
    local = {number: index for cluster in clusters for index, number in enumerate(cluster)}
    found: list[list[tuple[int, int]]] = [[] for _ in clusters]
    for a, b in scene.edges:
        if cluster_of[a] == cluster_of[b]:
            found[cluster_of[a]].append((local[a], local[b]))
    return found


def _route(start: Rectangle, end: Rectangle, bends: Sequence[Point]) -> list[Point]:
    return [(start.x + start.width / 2, start.y + start.height), *bends, (end.x + end.width / 2, end.y)]


class _Layers:
    """A layered layout of boxes with given sizes; edges go from earlier to later boxes or the reverse."""

    def __init__(self, sizes: Sequence[tuple[float, float]], edges: Sequence[tuple[int, int]]) -> None:
        self._sizes = list(sizes)
        self._edges = list(dict.fromkeys(edges))
        self._assign_layers(len(sizes))
        self._add_bends()
        self._neighbours()
        self._order()
        self._place()

    def rectangle(self, box: int) -> Rectangle:
        width, height = self._sizes[box]
        return Rectangle(self._x[box] - width / 2, self._y[box], width, height)

    def bends(self, start: int, end: int) -> list[Point]:
        """The points where an edge crosses the layers between its ends."""
        points = self._chains.get((start, end), [])
        return [
            (self._x[p], self._y[p] + offset) for p in points for offset in (0, self._heights[self._layer[p]])
        ]

    def _assign_layers(self, count: int) -> None:
        into: list[list[int]] = [[] for _ in range(count)]
        out: list[list[int]] = [[] for _ in range(count)]
        for a, b in self._edges:
            into[b].append(a)
            out[a].append(b)
        waiting = [len(sources) for sources in into]
        ready = [box for box in range(count) if waiting[box] == 0]
        self._layer = [0] * count
        for box in ready:
            for target in out[box]:
                self._layer[target] = max(self._layer[target], self._layer[box] + 1)
                waiting[target] -= 1
                if waiting[target] == 0:
                    ready.append(target)
        for box in range(count):  # what depends on nothing stands right above its first reader
            if not into[box] and out[box]:
                self._layer[box] = min(self._layer[target] for target in out[box]) - 1

    def _add_bends(self) -> None:
        self._chains: dict[tuple[int, int], list[int]] = {}
        self._links: list[tuple[int, int]] = []
        for a, b in self._edges:
            chain = [a]
            crossed = range(self._layer[a] + 1, self._layer[b])
            for layer in crossed if len(crossed) <= _MOST_BENDS else (crossed[0], crossed[-1]):
                self._layer.append(layer)
                self._sizes.append((4.0, 0.0))
                chain.append(len(self._sizes) - 1)
            self._chains[a, b] = chain[1:]
            self._links += zip(chain, [*chain[1:], b], strict=True)

    def _neighbours(self) -> None:
        self._above: list[list[int]] = [[] for _ in self._sizes]
        self._below: list[list[int]] = [[] for _ in self._sizes]
        for a, b in self._links:
            self._above[b].append(a)
            self._below[a].append(b)
        self._rows: list[list[int]] = [[] for _ in range(max(self._layer, default=-1) + 1)]
        for box, layer in enumerate(self._layer):
            self._rows[layer].append(box)

    def _order(self) -> None:
        place = {box: float(index) for row in self._rows for index, box in enumerate(row)}
        for sweep in range(_SWEEPS):
            downwards = sweep % 2 == 0
            near = self._above if downwards else self._below
            for row in self._rows if downwards else reversed(self._rows):
                middles = {
                    box: sum(place[n] for n in near[box]) / len(near[box]) if near[box] else place[box]
                    for box in row
                }
                row.sort(key=middles.__getitem__)
                place.update((box, float(index)) for index, box in enumerate(row))

    def _place(self) -> None:
        self._heights = [max(self._sizes[box][1] for box in row) for row in self._rows]
        self._x = [0.0] * len(self._sizes)
        self._y = [0.0] * len(self._sizes)
        top = 0.0
        for row, height in zip(self._rows, self._heights, strict=True):
            right = 0.0
            for box in row:
                self._x[box] = right + self._sizes[box][0] / 2
                self._y[box] = top
                right += self._sizes[box][0] + GAP
            top += height + LAYER_GAP
        for sweep in range(_SWEEPS):
            near = self._above if sweep % 2 == 0 else self._below
            for row in self._rows if sweep % 2 == 0 else reversed(self._rows):
                self._pull(row, near)
        left = min((self._x[b] - self._sizes[b][0] / 2 for b in range(len(self._x))), default=0.0)
        self._x = [x - left for x in self._x]
        self.width = max((self._x[b] + self._sizes[b][0] / 2 for b in range(len(self._x))), default=0.0)
        self.height = max(top - LAYER_GAP, 0.0)

    def _pull(self, row: Sequence[int], near: Sequence[Sequence[int]]) -> None:
        """Moves the boxes of a row towards the middle of their neighbours, keeping order and distance."""
        wanted = {
            box: sum(self._x[n] for n in near[box]) / len(near[box]) if near[box] else self._x[box]
            for box in row
        }
        for box, x in zip(row, self._apart(row, wanted), strict=True):
            self._x[box] = x

    def _apart(self, row: Sequence[int], wanted: dict[int, float]) -> list[float]:
        """The mean of the places pushed apart to the right and those pushed apart to the left."""
        rightwards: list[float] = []
        for index, box in enumerate(row):
            least = rightwards[-1] + self._distance(row[index - 1], box) if index else wanted[box]
            rightwards.append(max(wanted[box], least))
        leftwards: list[float] = [0.0] * len(row)
        for index in range(len(row) - 1, -1, -1):
            box = row[index]
            last = index == len(row) - 1
            most = wanted[box] if last else leftwards[index + 1] - self._distance(box, row[index + 1])
            leftwards[index] = min(wanted[box], most)
        return [(a + b) / 2 for a, b in zip(rightwards, leftwards, strict=True)]

    def _distance(self, left: int, right: int) -> float:
        return (self._sizes[left][0] + self._sizes[right][0]) / 2 + GAP
