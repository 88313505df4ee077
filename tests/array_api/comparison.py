"""Compare results with NumPy's: kind, shape, dtype, value."""

import array_api_compat.numpy as reference
import numpy as np

import multigrad
from multigrad import Array

from .inputs import common

_SINGLE = ("float32", "complex64")


def as_list(out):
    return list(out) if isinstance(out, list | tuple) else [out]


def dtype_name(x):
    return str(getattr(x.dtype, "name", x.dtype)).rpartition(".")[2]


def same(found, expected, *, exact=False):
    """Assert that arrays, or lists of them, are NumPy's; a few roundings of the dtype relative to the largest value."""
    found, expected = as_list(found), as_list(expected)
    assert len(found) == len(expected)
    for i, (one, other) in enumerate(zip(found, expected, strict=True)):
        assert isinstance(one, Array), f"result {i} is a {type(one)}"
        other = np.asarray(other)  # noqa: PLW2901
        assert one.shape == other.shape, f"result {i}"
        assert dtype_name(one) == other.dtype.name, f"result {i}"
        values = multigrad.to_numpy(one)
        assert (values.shape, values.dtype) == (other.shape, other.dtype), f"result {i}"
        if exact or other.dtype.kind in "biu":
            np.testing.assert_array_equal(values, other, err_msg=f"result {i}")
        else:
            unit = 4e-6 if other.dtype.name in _SINGLE else 4e-13
            scale = np.max(np.abs(other), initial=1.0, where=np.isfinite(other))
            np.testing.assert_allclose(values, other, rtol=unit, atol=unit * scale, err_msg=f"result {i}")


def check_case(ns, case, x, y, **options):
    """Compare a case's calls with NumPy's, after the promotion that this package makes and NumPy does not."""
    found = case.calls(ns, ns.asarray(x), ns.asarray(y))
    if case.promotes:
        x, y = (one.astype(common(x.dtype.name, y.dtype.name)) for one in (x, y))
    if case.floating:
        x, y = (one.astype("float64") if one.dtype.kind in "iub" else one for one in (x, y))
    with np.errstate(all="ignore"):
        expected = case.calls(reference, x, y)
    same(found, expected, **options)
