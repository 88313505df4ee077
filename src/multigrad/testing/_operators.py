"""What each operator must give for a scenario: one check per operator and way of calling it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from multigrad import _convert, _mapping, _matrices, _products, _rules, _transform
from multigrad.testing._closed_forms import drawn, multiplied, pulled, pushed, traced
from multigrad.testing._scenario import HOLOMORPHIC, Scenario
from multigrad.testing._trees import assert_tree, cast, leaves, rebuilt

RTOL = {"float64": 1e-11, "float32": 2e-5}


class How(NamedTuple):
    """Where and how a scenario is computed."""

    backend: Any
    arrays: str = "standard"
    dtype: str = "float64"
    rtol: float | None = None

    @property
    def options(self) -> dict[str, Any]:
        """Options that every operator takes."""
        return {"backend": self.backend, "arrays": self.arrays}

    def given(self, tree: Any) -> Any:
        """Return arguments in the dtype."""
        return cast(tree, self.dtype)

    def compare(self, found: Any, expected: Any) -> None:
        """Assert that a result is the closed form."""
        assert_tree(found, cast(expected, self.dtype), max(RTOL[self.dtype], self.rtol or 0.0))


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
    run: Callable[[Scenario, How], None]
    applies: Callable[[Scenario], bool]

    @property
    def id(self) -> str:
        """Operator and way."""
        return f"{self.operator} {self.way}".strip()


def gradient(scenario: Scenario, how: How) -> None:
    found = _transform.gradient(scenario.f, scenario.argnums, **how.options)(*how.given(scenario.args))
    how.compare(found, scenario.jacobian)


def value_and_gradient(scenario: Scenario, how: How) -> None:
    operator = _transform.value_and_gradient(scenario.f, scenario.argnums, **how.options)
    how.compare(operator(*how.given(scenario.args)), (scenario.value, scenario.jacobian))


def vjp(scenario: Scenario, how: How) -> None:
    cotangents = drawn(scenario.value, 1, how.dtype)
    value, pullback = _products.vjp(scenario.of_primals, *how.given(scenario.primals), **how.options)
    how.compare(value, scenario.value)
    how.compare(pullback(cotangents), pulled(scenario, cotangents))


def jvp(scenario: Scenario, how: How) -> None:
    tangents = drawn(scenario.primals, 2, how.dtype)
    found = _products.jvp(scenario.of_primals, how.given(scenario.primals), tangents, **how.options)
    how.compare(found, (scenario.value, pushed(scenario, tangents)))


def jacobian(**chosen: Any) -> Callable[[Scenario, How], None]:
    def check(scenario: Scenario, how: How) -> None:
        holomorphic = scenario.kind == HOLOMORPHIC
        operator = _matrices.jacobian(
            scenario.f, scenario.argnums, holomorphic=holomorphic, **chosen, **how.options
        )  # fmt: skip
        how.compare(operator(*how.given(scenario.args)), scenario.jacobian)

    return check


def value_and_jacobian(scenario: Scenario, how: How) -> None:
    operator = _matrices.value_and_jacobian(
        scenario.f, scenario.argnums, holomorphic=scenario.kind == HOLOMORPHIC, **how.options
    )
    how.compare(operator(*how.given(scenario.args)), (scenario.value, scenario.jacobian))


def hessian(**chosen: Any) -> Callable[[Scenario, How], None]:
    def check(scenario: Scenario, how: How) -> None:
        operator = _matrices.hessian(scenario.f, scenario.argnums, **chosen, **how.options)
        how.compare(operator(*how.given(scenario.args)), scenario.hessian)

    return check


def hvp(scenario: Scenario, how: How) -> None:
    tangents = drawn(scenario.primals, 3, how.dtype)
    found = _products.hvp(scenario.of_primals, how.given(scenario.primals), tangents, **how.options)
    how.compare(found, multiplied(scenario, tangents))


def laplacian(**chosen: Any) -> Callable[[Scenario, How], None]:
    def check(scenario: Scenario, how: How) -> None:
        operator = _matrices.laplacian(scenario.f, scenario.argnums, **chosen, **how.options)
        how.compare(operator(*how.given(scenario.args)), traced(scenario))

    return check


def third(*operators: Callable[..., Any]) -> Callable[[Scenario, How], None]:
    """Compose three orders, the innermost first."""

    def check(scenario: Scenario, how: How) -> None:
        derivative = scenario.f
        for operator in operators:
            derivative = operator(derivative, scenario.argnums, **how.options)
        how.compare(derivative(*how.given(scenario.args)), scenario.third)

    return check


def twice(tree: Any) -> Any:
    return rebuilt(tree, [np.stack([x, x]) for x in leaves(tree)])


def vmap(scenario: Scenario, how: How) -> None:
    """Map over two copies of the primals."""
    found = _mapping.vmap(scenario.of_primals, **how.options)(*how.given(twice(scenario.primals)))
    how.compare(found, twice(scenario.value))


def stop_gradient(scenario: Scenario, how: How) -> None:
    """Hold a factor fixed: what is left is f times its own value."""

    def f(*args: Any) -> Any:
        value = scenario.f(*args)
        return value * _convert.stop_gradient(value)

    found = _transform.gradient(f, scenario.argnums, **how.options)(*how.given(scenario.args))
    scale = float(scenario.value)
    how.compare(found, rebuilt(scenario.jacobian, [scale * x for x in leaves(scenario.jacobian)]))


def checkpoint(scenario: Scenario, how: How) -> None:
    f = _rules.checkpoint(scenario.f)
    found = _matrices.jacobian(
        f, scenario.argnums, mode="reverse", holomorphic=scenario.kind == HOLOMORPHIC, **how.options
    )(*how.given(scenario.args))
    how.compare(found, scenario.jacobian)


def checkpoint_forward(scenario: Scenario, how: How) -> None:
    tangents = drawn(scenario.primals, 2, how.dtype)
    f = _rules.checkpoint(scenario.of_primals)
    found = _products.jvp(f, how.given(scenario.primals), tangents, **how.options)
    how.compare(found, (scenario.value, pushed(scenario, tangents)))


def checkpoint_twice(scenario: Scenario, how: How) -> None:
    f = _rules.checkpoint(scenario.f)
    how.compare(
        _matrices.hessian(f, scenario.argnums, **how.options)(*how.given(scenario.args)), scenario.hessian
    )  # fmt: skip


def _everywhere(scenario: Scenario) -> bool:
    return True


def _scalar(scenario: Scenario) -> bool:
    return scenario.is_scalar


def _twice(scenario: Scenario) -> bool:
    return scenario.hessian is not None


def _product(scenario: Scenario) -> bool:
    return scenario.is_scalar and (scenario.hessian is not None or scenario.hvp is not None)


def _thrice(scenario: Scenario) -> bool:
    return scenario.third is not None


def _scalar_thrice(scenario: Scenario) -> bool:
    return scenario.is_scalar and scenario.third is not None


def _mappable(scenario: Scenario) -> bool:
    return not scenario.branches


def _chunked(scenario: Scenario) -> bool:
    """Tell whether a scenario is one of those with several elements, trees, complex numbers, or none of them."""
    return scenario.name in (
        "vector to vector",
        "dict of results",
        "empty vector",
        "holomorphic",
        "complex to real vector",
    )


def _chunked_twice(scenario: Scenario) -> bool:
    return _chunked(scenario) and _twice(scenario)


def _recomputed_twice(scenario: Scenario) -> bool:
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
    Check("jacobian", "of hessian", third(_matrices.hessian, _matrices.jacobian), _thrice),
    Check("hessian", "of gradient", third(_transform.gradient, _matrices.hessian), _scalar_thrice),
)
