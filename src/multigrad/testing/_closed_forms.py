"""What a scenario's closed forms say of tangents, cotangents and traces, which its tables do not state."""

from __future__ import annotations

from typing import Any

import numpy as np

from multigrad.testing._scenario import TO_REAL, Scenario
from multigrad.testing._trees import cast, leaves, rebuilt


def drawn(tree: Any, seed: int, dtype: str) -> Any:
    """Return a tree of the same structure, shapes and dtypes, with other values."""
    rng = np.random.default_rng(seed)

    def other(x: np.ndarray) -> np.ndarray:
        values = rng.standard_normal(x.shape)
        if x.dtype.kind == "c":
            values = values + 1j * rng.standard_normal(x.shape)
        return values.astype(x.dtype)

    return cast(rebuilt(tree, [other(x) for x in leaves(tree)]), dtype)


def pushed(scenario: Scenario, tangents: Any) -> Any:
    """Return the tangent of the value, by the closed form."""
    given, outputs, entries = leaves(tangents), leaves(scenario.value), iter(leaves(scenario.jacobian))
    results = []
    for output in outputs:
        total = np.zeros(output.shape, dtype=output.dtype)
        for t in given:
            entry = next(entries)
            part = np.tensordot(np.conj(entry) if scenario.kind == TO_REAL else entry, t, t.ndim)
            if output.dtype.kind in "fc":
                total = total + (part if output.dtype.kind == "c" else part.real)
        results.append(total)
    return rebuilt(scenario.value, results)


def pulled(scenario: Scenario, cotangents: Any) -> Any:
    """Return the cotangents of the primals, by the closed form."""
    primals = leaves(scenario.primals)
    totals = [np.zeros(x.shape, dtype=x.dtype) for x in primals]
    entries = iter(leaves(scenario.jacobian))
    for ct in leaves(cotangents):
        for i, primal in enumerate(primals):
            entry = next(entries)
            if ct.dtype.kind not in "fc":
                continue
            # Re<ct, J t> = Re<conj(J)^T ct, t>; a real function of complex arguments has gradients in place of conj(J).
            part = np.tensordot(ct, entry if scenario.kind == TO_REAL else np.conj(entry), ct.ndim)
            totals[i] = totals[i] + (part if primal.dtype.kind == "c" else part.real)
    return rebuilt(scenario.primals, totals)


def multiplied(scenario: Scenario, tangents: Any) -> Any:
    """Return the Hessian-vector product, by the closed form."""
    if scenario.hvp is not None:
        return (scenario.hvp(*tangents),)
    given, entries = leaves(tangents), iter(leaves(scenario.hessian))
    results = [sum(np.tensordot(next(entries), t, t.ndim) for t in given) for _ in given]
    return rebuilt(scenario.primals, results)


def traced(scenario: Scenario) -> Any:
    """Return the trace of the Hessian, by the closed form."""
    sizes = [x.size for x in leaves(scenario.primals)]
    entries = iter(leaves(scenario.hessian))
    results = []
    for output in leaves(scenario.value):
        total = np.zeros(output.shape)
        for i, rows in enumerate(sizes):
            for j in range(len(sizes)):
                entry = next(entries)
                if i == j:
                    total = total + np.trace(entry.reshape(*output.shape, rows, rows), axis1=-2, axis2=-1)
        results.append(total.astype(output.dtype) if output.dtype.kind == "f" else np.zeros_like(output))
    return rebuilt(scenario.value, results)
