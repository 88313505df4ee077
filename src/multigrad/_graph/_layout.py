"""Where boxes and lines go: layers from the inputs down, few crossings, no overlap, in near-linear time.

The layered drawing of K. Sugiyama, S. Tagawa and M. Toda, "Methods for visual understanding of hierarchical system
structures", IEEE Trans. SMC 11 (1981): longest-path layers, order within a layer by the mean place of the neighbors.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

Point = tuple[float, float]

_GAP_X = 24.0
_GAP_Y = 36.0
_MARGIN = 12.0
# A line that passes layers is led around their boxes through a place of its own in each, as long as all lines together
# need no more places than this for every node, and not many more than this in all: else the drawing would be quadratic.
_PLACES_PER_NODE = 4
_PLACES = 4000
_SWEEPS = 4


class Layout(NamedTuple):
    """A drawing.

    Attributes
    ----------
    boxes
        Left and upper corner of each node's box.
    lines
        For each edge the points that its line passes, from the lower side of a box to the upper side of another.
    width, height
        Size of the drawing.
    """

    boxes: list[Point]
    lines: list[list[Point]]
    width: float
    height: float


def layout(sizes: Sequence[tuple[float, float]], edges: Sequence[tuple[int, int]]) -> Layout:
    """Lay out a graph whose edges go from lower to higher numbers.

    Parameters
    ----------
    sizes
        Width and height of each node's box.
    edges
        Pairs (from, to).
    """
    layers_of = _layers(len(sizes), edges)
    chains = _chains(layers_of, edges)
    # Places for lines are as wide as a line.
    widths = [size[0] for size in sizes] + [1.0] * (len(layers_of) - len(sizes))
    neighbors_up: list[list[int]] = [[] for _ in widths]
    neighbors_down: list[list[int]] = [[] for _ in widths]
    for chain in chains:
        for above, below in itertools.pairwise(chain):
            if layers_of[below] == layers_of[above] + 1:  # a line without places in between decides nothing
                neighbors_up[below].append(above)
                neighbors_down[above].append(below)
    layers: list[list[int]] = [[] for _ in range(max(layers_of, default=-1) + 1)]
    for node, layer in enumerate(layers_of):
        layers[layer].append(node)
    center = _places(layers, widths, neighbors_up, neighbors_down)
    edge_left = min((c - w / 2 for c, w in zip(center, widths, strict=True)), default=0.0) - _MARGIN
    edge_right = max((c + w / 2 for c, w in zip(center, widths, strict=True)), default=0.0) + _MARGIN
    return _drawing(sizes, layers, [c - edge_left for c in center], chains, edge_right - edge_left)


def _layers(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """Return for each node the length of the longest path to it, sources moved down next to their first use."""
    layer = [0] * count
    parents: list[list[int]] = [[] for _ in range(count)]
    children: list[list[int]] = [[] for _ in range(count)]
    for above, below in edges:
        parents[below].append(above)
        children[above].append(below)
    for node in range(count):
        layer[node] = max((layer[parent] + 1 for parent in parents[node]), default=0)
    for node in range(count):
        if not parents[node] and children[node]:
            layer[node] = max(min(layer[child] for child in children[node]) - 1, 0)
    return layer


def _chains(layers_of: list[int], edges: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Return for each edge the nodes that its line passes; adds the places in the layers between as further nodes."""
    needed = sum(layers_of[below] - layers_of[above] - 1 for above, below in edges)
    affordable = needed <= max(min(_PLACES_PER_NODE * len(layers_of), _PLACES), 50)
    chains = []
    for above, below in edges:
        chain = [above]
        for layer in range(layers_of[above] + 1, layers_of[below] if affordable else 0):
            chain.append(len(layers_of))
            layers_of.append(layer)
        chains.append([*chain, below])
    return chains


def _places(layers: list[list[int]], widths: list[float], up: list[list[int]], down: list[list[int]]) -> list[float]:
    """Order each layer by the mean place of its neighbors, in sweeps, and return the nodes' centers."""
    center = [0.0] * len(widths)
    for layer in layers:
        _spread(layer, widths, center, [0.0] * len(layer))
    for sweep in range(_SWEEPS):
        neighbors = up if sweep % 2 == 0 else down
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wanted = {
                node: sum(center[other] for other in neighbors[node]) / len(neighbors[node])
                if neighbors[node]
                else center[node]
                for node in layer
            }
            layer.sort(key=lambda node: wanted[node])
            _spread(layer, widths, center, [wanted[node] for node in layer])
    return center


def _spread(layer: list[int], widths: list[float], center: list[float], wanted: list[float]) -> None:
    """Place a layer's nodes in their order, near the wanted places and without overlap."""
    edge = float("-inf")
    shift = 0.0
    for node, place in zip(layer, wanted, strict=True):
        center[node] = max(place, edge + widths[node] / 2)
        edge = center[node] + widths[node] / 2 + _GAP_X
        shift += center[node] - place
    for node in layer:  # pushed to both sides alike
        center[node] -= shift / len(layer)


def _drawing(
    sizes: Sequence[tuple[float, float]],
    layers: list[list[int]],
    center: list[float],
    chains: list[list[int]],
    width: float,
) -> Layout:
    count = len(sizes)
    top, bottom = [0.0] * len(center), [0.0] * len(center)
    y = _MARGIN
    for layer in layers:
        # A line crosses its layer straight down.
        tallest = max((sizes[node][1] for node in layer if node < count), default=0.0)
        for node in layer:
            top[node] = y
            bottom[node] = y + (sizes[node][1] if node < count else tallest)
        y += tallest + _GAP_Y
    boxes = [(center[node] - sizes[node][0] / 2, top[node]) for node in range(count)]
    lines = []
    for first, *between, last in chains:
        points = [(center[first], bottom[first])]
        for node in between:
            points += [(center[node], top[node]), (center[node], bottom[node])]
        lines.append([*points, (center[last], top[last])])
    return Layout(boxes, lines, width, y - (_GAP_Y if layers else 0.0) + _MARGIN)
