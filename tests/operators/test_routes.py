"""Derived against native routes: a backend that offers its vjp and no faster way gives the same derivatives."""

import numpy as np
import pytest

import multigrad
from multigrad import xp
from multigrad.extend import FiniteDifferenceBackend

from .checks import CASES, CHECKS, How
from .routes import METHODS, in_place_of, stripped, watched
from .rules import RULE_CHECKS, pulled_sine, pushed_sine
from .scenarios import BY_NAME
from .trees import assert_tree

# One of each kind: JAX without vmap runs every slice as an operation of its own.
CHOSEN = (
    "scalar to vector", "vector to vector", "several arguments", "dict of results", "integer results", "empty vector",
    "complex to real scalar", "holomorphic", "real to complex",
)  # fmt: skip
FIRST = {check.operator: check for check in reversed(CHECKS)}
DERIVED = [
    pytest.param(check, scenario, id=f"{check.id}, {scenario.name}")
    for check, scenario in CASES
    if scenario.name in CHOSEN and (check in FIRST.values() or check.way in ("forward", "reverse"))
]


@pytest.mark.parametrize(("check", "scenario"), DERIVED)
def test_derived_routes_give_the_same(check, scenario, backend):
    with in_place_of(backend, stripped):
        check.run(scenario, How(backend))


def test_derived_routes_compose(backend):
    with in_place_of(backend, stripped):
        for check in CHECKS:
            if " of " in f" {check.way}":
                check.run(BY_NAME["scalar to scalar"], How(backend))
                check.run(BY_NAME["product"], How(backend))


@pytest.mark.parametrize(("family", "check"), [pytest.param(*c, id=f"{c[0]} {c[1].__name__}") for c in RULE_CHECKS])
def test_derived_routes_of_rules_give_the_same(family, check, backend):
    with in_place_of(backend, stripped):
        check(family, {"backend": backend})


def test_a_stripped_backend_uses_nothing_but_rules(backend):
    used = set()
    with in_place_of(backend, lambda original: watched(used)(stripped(original))):
        for operator in ("jvp", "jacobian", "hessian", "hvp", "laplacian", "vmap", "checkpoint", "gradient"):
            FIRST[operator].run(BY_NAME["vector to scalar"], How(backend))
    assert used == {"pullback_rule"}


def test_every_faster_route_of_the_backend_is_used(backend):
    used = set()
    offered = {name for name, method in METHODS.items() if hasattr(multigrad.get_backend(backend), method)}
    with in_place_of(backend, watched(used)):
        for check in FIRST.values():
            check.run(BY_NAME["vector to scalar"], How(backend))
        for family, check in RULE_CHECKS:
            if check.__name__ in ("gradient", "hessian"):
                check(family, {"backend": backend})
    assert used == offered


def test_a_backend_object_serves_without_being_registered(backend):
    derived = stripped(multigrad.get_backend(backend))
    x = np.asarray([0.7, -1.2, 2.0])
    assert_tree(multigrad.hessian(lambda y: xp.sum(y**3), backend=derived)(x), np.diag(6 * x), 1e-12)
    found = multigrad.jacobian(lambda y: y**2, mode="forward", backend=derived)(x)
    assert_tree(found, np.diag(2 * x), 1e-12)


class Differences(FiniteDifferenceBackend):
    """The required protocol and nothing else, under a name of its own."""


multigrad.register_backend("operators_differences", lambda: Differences("operators_differences"))


@pytest.mark.parametrize("operator", ["gradient", "vjp", "jvp", "jacobian", "value_and_jacobian", "vmap"])
@pytest.mark.parametrize("name", ["vector to vector", "vector to scalar", "dict of results", "holomorphic"])
def test_a_registered_third_party_backend(operator, name):
    how = How("operators_differences", rtol=1e-8)  # about ten digits in first order
    check, scenario = FIRST[operator], BY_NAME[name]
    if check.applies(scenario):
        check.run(scenario, how)
    else:
        with pytest.raises(multigrad.OutputError, match="real scalar"):
            check.run(scenario, how)


@pytest.mark.parametrize("operator", ["hessian", "hvp", "laplacian"])
def test_second_order_of_a_registered_third_party_backend(operator):
    FIRST[operator].run(BY_NAME["vector to scalar"], How("operators_differences", rtol=1e-4))


@pytest.mark.parametrize("ruled", [pulled_sine, pushed_sine], ids=["custom_vjp", "custom_jvp"])
def test_a_third_party_backend_without_rules_says_what_it_lacks(ruled):
    with pytest.raises(NotImplementedError, match="'operators_differences' does not offer the capability"):
        multigrad.gradient(ruled, backend="operators_differences")(1.0)


def test_a_third_party_backend_without_rules_keeps_checkpointed_values():
    found = multigrad.gradient(multigrad.checkpoint(lambda x: xp.sin(x) * x), backend="operators_differences")(1.0)
    assert_tree(found, np.asarray(np.sin(1.0) + np.cos(1.0)), 1e-8)
