"""The functions with closed forms that the operators are tested on: those of the conformance kit."""

from multigrad.testing import SCENARIOS

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}

__all__ = ["BY_NAME", "SCENARIOS"]
