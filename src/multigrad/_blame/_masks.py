"""Whether a value that has no finite derivative is thrown away later."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from multigrad._blame._localization import Culprit
from multigrad._graph import Node


def mask_of(nodes: Sequence[Node], culprit: Culprit) -> Culprit:
    """Return the culprit with the later operation that masks it, if there is one and its derivative is not finite."""
    if culprit.what != "not finite":
        return culprit
    after = {node.id for node in nodes if node.name == culprit.name}
    for node in nodes:
        if not any(x.id in after for x in node.inputs):
            continue
        after.add(node.id)
        others = [x for x in node.inputs if x.id not in after]
        product = node.operation == "multiply" and any(np.any(x.to_numpy() == 0) for x in others)
        if node.operation == "where" or product:
            where = "" if node.source is None else f", {node.source}"
            return dataclasses.replace(culprit, masked_by=f"{node.operation} ({node.expression}{where})")
    return culprit
