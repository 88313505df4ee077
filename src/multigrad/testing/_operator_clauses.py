"""Clauses on the public operators: every scenario against its closed form, rules by hand, and programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from multigrad._jit import jit
from multigrad._protocol import (
    Backend,
    SupportsCompile,
    SupportsPullbackRule,
    SupportsStopGradient,
    SupportsTangentRule,
)
from multigrad._transform import value_and_gradient
from multigrad.testing._clause import Clause
from multigrad.testing._closed_forms import drawn
from multigrad.testing._custom_rules import RULE_CHECKS
from multigrad.testing._operators import CHECKS, Check, How
from multigrad.testing._scenario import Scenario
from multigrad.testing._trees import assert_tree

# What an operator needs of a backend; all others are derived where the backend has nothing for them.
_NEEDED: dict[str, Any] = {
    "stop_gradient": SupportsStopGradient,
    "custom_vjp": SupportsPullbackRule,
    "custom_jvp": SupportsTangentRule | SupportsPullbackRule,
}
# Compilers take seconds for each program: one scenario of each kind.
_COMPILED = ("scalar to vector", "several arguments", "dict of results", "complex to real scalar")
_RULE_RTOL = 1e-12
_Check = Callable[[Backend, float | None], None]


def operator_clauses(scenarios: Sequence[Scenario]) -> list[Clause]:
    """Return one clause per operator, way of calling it, and scenario."""
    found = [_closed_form(check, scenario) for check in CHECKS for scenario in scenarios if check.applies(scenario)]
    found += [_custom_rule(family, check) for family, check in RULE_CHECKS]
    found += [_program(scenario) for scenario in scenarios if not scenario.branches]
    return found + [
        _compiled_gradient(scenario) for scenario in scenarios if scenario.is_scalar and scenario.name in _COMPILED
    ]


def _operators(name: str, requirement: str, check: _Check, law: int = 0, capability: Any = None) -> Clause:
    return Clause(name, law, requirement, check, capability, "operators")


def _closed_form(check: Check, scenario: Scenario) -> Clause:
    def run(backend: Backend, rtol: float | None) -> None:
        check.run(scenario, How(backend, rtol=rtol))

    way = f" ({check.way})" if check.way else ""
    requirement = f"`{check.operator}`{way} gives the closed form for the scenario {scenario.name!r}."
    return _operators(f"{check.id}: {scenario.name}", requirement, run, capability=_NEEDED.get(check.operator))


def _custom_rule(family: str, rule_check: Callable[..., tuple[Any, Any]]) -> Clause:
    def run(backend: Backend, rtol: float | None) -> None:
        found, expected = rule_check(family, {"backend": backend})
        assert_tree(found, expected, max(_RULE_RTOL, rtol or 0.0))

    what = rule_check.__name__.replace("_", " ")
    requirement = f"A derivative set with `{family}` is the one that is used: {what}."
    return _operators(f"{family}: {what}", requirement, run, capability=_NEEDED[family])


def _program(scenario: Scenario) -> Clause:
    def run(backend: Backend, rtol: float | None) -> None:
        how = How(backend, rtol=rtol)
        compiled = jit(scenario.of_primals, backend=backend)
        compiled(*drawn(scenario.primals, 4, how.dtype))  # the program must not be that of its first arguments
        how.compare(compiled(*how.given(scenario.primals)), scenario.value)

    return _operators(f"jit: {scenario.name}", f"`jit` gives the value of the scenario {scenario.name!r}.", run, law=6)


def _compiled_gradient(scenario: Scenario) -> Clause:
    def run(backend: Backend, rtol: float | None) -> None:
        how = How(backend, rtol=rtol)
        operator = value_and_gradient(scenario.f, scenario.argnums, backend=backend, compile=True)
        for _ in range(2):  # the second call runs the program that the first one left
            how.compare(operator(*how.given(scenario.args)), (scenario.value, scenario.jacobian))

    requirement = f"A gradient with compile=True is the closed form for the scenario {scenario.name!r}."
    return _operators(f"compiled gradient: {scenario.name}", requirement, run, law=6, capability=SupportsCompile)
