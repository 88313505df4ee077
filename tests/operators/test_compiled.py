"""Every operator compiled: its scenarios in one program, which gives the closed forms as it does without."""

import pytest

import multigrad

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
