"""Trees of arrays in expectations: their leaves in order, rebuilt, and compared with what an operator returned."""

import dataclasses

import numpy as np

import multigrad


def transformed(function, tree):
    """Return the tree with a function applied to each leaf, in order."""
    if isinstance(tree, dict):
        return {key: transformed(function, value) for key, value in tree.items()}
    if isinstance(tree, tuple | list):
        values = [transformed(function, value) for value in tree]
        return type(tree)(*values) if hasattr(tree, "_fields") else type(tree)(values)
    if dataclasses.is_dataclass(tree):
        fields = [field.name for field in dataclasses.fields(tree)]
        return type(tree)(**{name: transformed(function, getattr(tree, name)) for name in fields})
    return function(tree)


def leaves(tree):
    """Return the leaves as NumPy arrays, in order."""
    found = []
    transformed(lambda leaf: found.append(np.asarray(leaf)), tree)
    return found


def rebuilt(tree, values):
    """Return the tree with other leaves."""
    following = iter(values)
    return transformed(lambda _: next(following), tree)


def cast(tree, dtype):
    """Return the tree with its floating arrays in float32 or float64, its complex ones in that precision."""
    kinds = {"f": dtype, "c": {"float32": "complex64", "float64": "complex128"}[dtype]}

    def leaf(x):
        return x.astype(kinds.get(x.dtype.kind, x.dtype)) if isinstance(x, np.ndarray | np.generic) else x

    return transformed(leaf, tree)


def assert_tree(found, expected, rtol):
    """Assert structure, shapes, dtypes and values: within rtol of the largest expected element of a leaf."""
    found = multigrad.to_numpy(found)
    assert transformed(lambda _: 0, found) == transformed(lambda _: 0, expected)
    for got, wanted in zip(leaves(found), leaves(expected), strict=True):
        assert (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
        scale = np.max(np.abs(wanted), initial=1.0)
        np.testing.assert_allclose(got, wanted, rtol=0, atol=rtol * scale)
