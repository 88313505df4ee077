"""What each operator must give for a scenario: one check per operator and way of calling it.

The same table says which tests run and what the table of operators in README may claim.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import multigrad

from .scenarios import HOLOMORPHIC, REAL, SCENARIOS, TO_COMPLEX, TO_REAL
from .trees import assert_tree, cast, leaves, rebuilt

RTOL = {"float64": 1e-11, "float32": 2e-5}


class How(NamedTuple):
    """Where and how a scenario is computed."""

    backend: Any
    arrays: str = "standard"
    dtype: str = "float64"

    @property
    def options(self):
        return {"backend": self.backend, "arrays": self.arrays}

    def given(self, tree):
        return cast(tree, self.dtype)

    def compare(self, found, expected):
        assert_tree(found, cast(expected, self.dtype), RTOL[self.dtype])


class Check(NamedTuple):
    """One way of calling an operator.

    Attributes
    ----------
    operator
        Public name.
    way
        What distinguishes it from other calls of the operator.
    run
        Takes scenario and `How`, and asserts.
    applies
        Tells whether the operator is defined for a scenario.
    """

    operator: str
    way: str
    run: Callable[[Any, How], None]
    applies: Callable[[Any], bool]

    @property
    def id(self):
        return f"{self.operator} {self.way}".strip()


def drawn(tree, seed, dtype):
    """Return a tree of the same structure, shapes and dtypes, with other values."""
    rng = np.random.default_rng(seed)

    def other(x):
        values = rng.standard_normal(x.shape)
        if x.dtype.kind == "c":
            values = values + 1j * rng.standard_normal(x.shape)
        return values.astype(x.dtype)

    return cast(rebuilt(tree, [other(x) for x in leaves(tree)]), dtype)


def pushed(scenario, tangents):
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


def pulled(scenario, cotangents):
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


def multiplied(scenario, tangents):
    """Return the Hessian-vector product, by the closed form."""
    if scenario.hvp is not None:
        return (scenario.hvp(*tangents),)
    given, entries = leaves(tangents), iter(leaves(scenario.hessian))
    results = [sum(np.tensordot(next(entries), t, t.ndim) for t in given) for _ in given]
    return rebuilt(scenario.primals, results)


def traced(scenario):
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


def gradient(scenario, how):
    found = multigrad.gradient(scenario.f, scenario.argnums, **how.options)(*how.given(scenario.args))
    how.compare(found, scenario.jacobian)


def value_and_gradient(scenario, how):
    operator = multigrad.value_and_gradient(scenario.f, scenario.argnums, **how.options)
    how.compare(operator(*how.given(scenario.args)), (scenario.value, scenario.jacobian))


def vjp(scenario, how):
    cotangents = drawn(scenario.value, 1, how.dtype)
    value, pullback = multigrad.vjp(scenario.of_primals, *how.given(scenario.primals), **how.options)
    how.compare(value, scenario.value)
    how.compare(pullback(cotangents), pulled(scenario, cotangents))


def jvp(scenario, how):
    tangents = drawn(scenario.primals, 2, how.dtype)
    found = multigrad.jvp(scenario.of_primals, how.given(scenario.primals), tangents, **how.options)
    how.compare(found, (scenario.value, pushed(scenario, tangents)))


def jacobian(**chosen):
    def check(scenario, how):
        holomorphic = scenario.kind == HOLOMORPHIC
        operator = multigrad.jacobian(
            scenario.f, scenario.argnums, holomorphic=holomorphic, **chosen, **how.options
        )  # fmt: skip
        how.compare(operator(*how.given(scenario.args)), scenario.jacobian)

    return check


def value_and_jacobian(scenario, how):
    operator = multigrad.value_and_jacobian(
        scenario.f, scenario.argnums, holomorphic=scenario.kind == HOLOMORPHIC, **how.options
    )
    how.compare(operator(*how.given(scenario.args)), (scenario.value, scenario.jacobian))


def hessian(**chosen):
    def check(scenario, how):
        operator = multigrad.hessian(scenario.f, scenario.argnums, **chosen, **how.options)
        how.compare(operator(*how.given(scenario.args)), scenario.hessian)

    return check


def hvp(scenario, how):
    tangents = drawn(scenario.primals, 3, how.dtype)
    found = multigrad.hvp(scenario.of_primals, how.given(scenario.primals), tangents, **how.options)
    how.compare(found, multiplied(scenario, tangents))


def laplacian(**chosen):
    def check(scenario, how):
        operator = multigrad.laplacian(scenario.f, scenario.argnums, **chosen, **how.options)
        how.compare(operator(*how.given(scenario.args)), traced(scenario))

    return check


def third(*operators):
    """Compose three orders, the innermost first."""

    def check(scenario, how):
        derivative = scenario.f
        for operator in operators:
            derivative = getattr(multigrad, operator)(derivative, scenario.argnums, **how.options)
        how.compare(derivative(*how.given(scenario.args)), scenario.third)

    return check


def twice(tree):
    return rebuilt(tree, [np.stack([x, x]) for x in leaves(tree)])


def vmap(scenario, how):
    """Map over two copies of the primals."""
    found = multigrad.vmap(scenario.of_primals, **how.options)(*how.given(twice(scenario.primals)))
    how.compare(found, twice(scenario.value))


def stop_gradient(scenario, how):
    """Hold a factor fixed: what is left is f times its own value."""

    def f(*args):
        value = scenario.f(*args)
        return value * multigrad.stop_gradient(value)

    found = multigrad.gradient(f, scenario.argnums, **how.options)(*how.given(scenario.args))
    scale = float(scenario.value)
    how.compare(found, rebuilt(scenario.jacobian, [scale * x for x in leaves(scenario.jacobian)]))


def checkpoint(scenario, how):
    f = multigrad.checkpoint(scenario.f)
    found = multigrad.jacobian(
        f, scenario.argnums, mode="reverse", holomorphic=scenario.kind == HOLOMORPHIC, **how.options
    )(*how.given(scenario.args))
    how.compare(found, scenario.jacobian)


def checkpoint_forward(scenario, how):
    tangents = drawn(scenario.primals, 2, how.dtype)
    f = multigrad.checkpoint(scenario.of_primals)
    found = multigrad.jvp(f, how.given(scenario.primals), tangents, **how.options)
    how.compare(found, (scenario.value, pushed(scenario, tangents)))


def checkpoint_twice(scenario, how):
    f = multigrad.checkpoint(scenario.f)
    how.compare(
        multigrad.hessian(f, scenario.argnums, **how.options)(*how.given(scenario.args)), scenario.hessian
    )  # fmt: skip


def _everywhere(scenario):
    return True


def _scalar(scenario):
    return scenario.is_scalar


def _twice(scenario):
    return scenario.hessian is not None


def _product(scenario):
    return scenario.is_scalar and (scenario.hessian is not None or scenario.hvp is not None)


def _thrice(scenario):
    return scenario.third is not None


def _scalar_thrice(scenario):
    return scenario.is_scalar and scenario.third is not None


def _mappable(scenario):
    return not scenario.branches


def _chunked(scenario):
    """Tell whether a scenario is one of those with several elements, trees, complex numbers, or none of them."""
    return scenario.name in (
        "vector to vector",
        "dict of results",
        "empty vector",
        "holomorphic",
        "complex to real vector",
    )


def _chunked_twice(scenario):
    return _chunked(scenario) and _twice(scenario)


def _recomputed_twice(scenario):
    return _mappable(scenario) and _twice(scenario)


CHECKS = (
    Check("gradient", "", gradient, _scalar),
    Check("value_and_gradient", "", value_and_gradient, _scalar),
    Check("vjp", "", vjp, _everywhere),
    Check("jvp", "", jvp, _everywhere),
    Check("jacobian", "auto", jacobian(), _everywhere),
    Check("jacobian", "forward", jacobian(mode="forward"), _everywhere),
    Check("jacobian", "reverse", jacobian(mode="reverse"), _everywhere),
    Check("jacobian", "forward chunk 1", jacobian(mode="forward", chunk_size=1), _chunked),
    Check("jacobian", "reverse chunk 2", jacobian(mode="reverse", chunk_size=2), _chunked),
    Check("value_and_jacobian", "", value_and_jacobian, _everywhere),
    Check("hessian", "", hessian(), _twice),
    Check("hessian", "chunk 2", hessian(chunk_size=2), _chunked_twice),
    Check("hvp", "", hvp, _product),
    Check("laplacian", "", laplacian(), _twice),
    Check("laplacian", "chunk 2", laplacian(chunk_size=2), _chunked_twice),
    Check("vmap", "", vmap, _mappable),
    Check("stop_gradient", "", stop_gradient, _scalar),
    Check("checkpoint", "reverse", checkpoint, _mappable),
    Check("checkpoint", "forward", checkpoint_forward, _mappable),
    Check("checkpoint", "hessian", checkpoint_twice, _recomputed_twice),
    Check("jacobian", "of hessian", third("hessian", "jacobian"), _thrice),
    Check("hessian", "of gradient", third("gradient", "hessian"), _scalar_thrice),
)
CASES = tuple((check, scenario) for check in CHECKS for scenario in SCENARIOS if check.applies(scenario))
assert {scenario.kind for scenario in SCENARIOS} == {REAL, HOLOMORPHIC, TO_REAL, TO_COMPLEX}
