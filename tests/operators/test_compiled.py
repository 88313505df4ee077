"""Every operator compiled: its scenarios in one program, which gives the closed forms as it does without."""

import numpy as np
import pytest

import multigrad
from multigrad import jvp, xp

from .checks import CHECKS, How, twice
from .scenarios import SCENARIOS

# One way of calling each operator, and the compositions: compilers take seconds for each.
CHOSEN = [check for i, check in enumerate(CHECKS) if check.operator not in {earlier.operator for earlier in CHECKS[:i]}]
# One scenario of each kind: torch's compiler takes minutes for all of them (2.13).
KINDS = (
    "scalar to vector", "vector to scalar", "several arguments", "dict of results", "integer results",
    "complex to real scalar", "real to complex",
)  # fmt: skip
# What a check passes to its operator.
GIVEN = {
    **dict.fromkeys(("vjp", "jvp", "hvp"), lambda scenario: scenario.primals),
    "vmap": lambda scenario: twice(scenario.primals),
}


class Collected:
    """Stands for a `How` inside a program: takes the traced arguments, and keeps what is to be compared outside."""

    arrays, dtype = "standard", "float64"

    def __init__(self, args):
        self._args = args
        self.pairs = []

    @property
    def options(self):
        return {"arrays": self.arrays}

    def given(self, tree):
        return self._args

    def compare(self, found, expected):
        self.pairs.append((found, expected))


# Each check makes a function of the same code, which is meant.
@pytest.mark.filterwarnings("ignore:.*functions made by the code at")
@pytest.mark.backends("torch", "jax", "tensorflow")
@pytest.mark.parametrize("check", CHOSEN, ids=lambda check: check.id)
def test_scenarios_in_one_program(check, backend):
    scenarios = [one for one in SCENARIOS if one.name in KINDS and check.applies(one)]
    expected = []

    def program(trees):
        results = []
        expected.clear()
        for scenario, args in zip(scenarios, trees, strict=True):
            how = Collected(args)
            check.run(scenario, how)
            results.append([found for found, _ in how.pairs])
            expected.append([wanted for _, wanted in how.pairs])
        return results

    how = How(backend)
    given = GIVEN.get(check.operator, lambda scenario: scenario.args)
    trees = [how.given(given(one)) for one in scenarios]
    found = multigrad.jit(program, backend=backend)(trees)
    assert len(found) == len(scenarios) > 0
    for results, wanted in zip(found, expected, strict=True):
        for result, value in zip(results, wanted, strict=True):
            how.compare(result, value)


# At (0, 0), where a kink's slope is the mean of the pieces' and its curvature 0.
KINKS = {
    "hypot": (lambda x: xp.hypot(x[0], x[1]), 0.0),
    "atan2": (lambda x: xp.atan2(x[0], x[1]), 0.0),
    "vector_norm": (xp.linalg.vector_norm, 0.0),
    "std": (xp.std, 0.0),
    "abs": (lambda x: abs(x[0]), 0.0),
    "maximum": (lambda x: xp.maximum(x[0], x[1]), 1.0),
    "max": (xp.max, 1.0),
    "clip": (lambda x: xp.clip(x[0], 0.0, 1.0), 0.5),
    "prod": (xp.prod, 0.0),
}


@pytest.mark.filterwarnings("ignore:.*functions made by the code at")
@pytest.mark.backends("torch", "jax", "tensorflow")
def test_forward_over_forward_at_kinks_in_one_program(backend):
    def second(f):
        # Along (1, 1), times a factor of slope 1: twice the slope of f, and its curvature.
        def product(x):
            return f(x) * (x[0] + 1.0)

        return lambda x: jvp(lambda y: jvp(product, (y,), (x + 1.0,))[1], (x,), (x + 1.0,))[1]

    program = multigrad.jit(lambda x: {name: second(f)(x) for name, (f, _) in KINKS.items()}, backend=backend)
    found = {name: float(multigrad.to_numpy(value)) for name, value in program(np.zeros(2)).items()}
    assert found == pytest.approx({name: 2 * slope + 2.0 * (name == "prod") for name, (_, slope) in KINKS.items()})
