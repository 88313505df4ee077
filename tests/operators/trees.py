"""Trees of arrays in expectations: those of the conformance kit."""

from multigrad.testing._trees import assert_tree, cast, leaves, rebuilt, transformed

__all__ = ["assert_tree", "cast", "leaves", "rebuilt", "transformed"]
