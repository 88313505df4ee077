"""Every operator on every scenario against the closed form, in both forms of arrays, and a part in float32."""

import pytest

from .checks import CASES, CHECKS, How


def named(cases):
    return [pytest.param(check, scenario, id=f"{check.id}, {scenario.name}") for check, scenario in cases]


@pytest.mark.parametrize(("check", "scenario"), named(CASES))
def test_closed_form(check, scenario, backend):
    check.run(scenario, How(backend))


# One way of each operator: what differs from standard arrays is how f sees its arguments.
FIRST = {check.operator: check for check in reversed(CHECKS)}
NATIVE = [(check, scenario) for check, scenario in CASES if scenario.native and check in FIRST.values()]
# JAX compiles every operation for every dtype: float32 for one scenario of each kind.
KINDS = ("scalar to vector", "vector to vector", "dataclass to dataclass", "complex to real scalar", "holomorphic")
SINGLE = [(check, scenario) for check, scenario in NATIVE if scenario.name in (*KINDS, "real to complex")]


@pytest.mark.parametrize(("check", "scenario"), named(NATIVE))
def test_native_arrays(check, scenario, backend):
    check.run(scenario, How(backend, "native"))


@pytest.mark.parametrize(("check", "scenario"), named(SINGLE))
def test_float32(check, scenario, backend):
    check.run(scenario, How(backend, dtype="float32"))
