"""What each operator must give for a scenario: the checks of the conformance kit.

The same table says which tests run and what the table of operators in README may claim.
"""

from multigrad.testing import SCENARIOS
from multigrad.testing._operators import CHECKS, Check, How, twice
from multigrad.testing._scenario import HOLOMORPHIC, REAL, TO_COMPLEX, TO_REAL

CASES = tuple((check, scenario) for check in CHECKS for scenario in SCENARIOS if check.applies(scenario))
assert {scenario.kind for scenario in SCENARIOS} == {REAL, HOLOMORPHIC, TO_REAL, TO_COMPLEX}

__all__ = ["CASES", "CHECKS", "Check", "How", "twice"]
