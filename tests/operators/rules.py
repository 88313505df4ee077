"""Functions with derivatives written by hand, and what every operator must give for them: those of the kit."""

import functools

from multigrad.testing import _custom_rules
from multigrad.testing._custom_rules import X, pulled_sine, pushed_sine

from .trees import assert_tree

RTOL = 1e-12


def asserted(rule_check):
    """Return a check that asserts what the kit's returns."""

    @functools.wraps(rule_check)
    def check(family, options):
        found, expected = rule_check(family, options)
        assert_tree(found, expected, RTOL)

    return check


RULE_CHECKS = tuple((family, asserted(rule_check)) for family, rule_check in _custom_rules.RULE_CHECKS)

__all__ = ["RULE_CHECKS", "X", "pulled_sine", "pushed_sine"]
