"""One table of slopes: what the engine and the frameworks take of it is the same, but for what is named here."""

import numpy as np
import pytest

from multigrad import _slope_table
from multigrad.array_api import _slopes
from multigrad.engine import rules

from .engine.checks import NUMPY

pytestmark = pytest.mark.needs("numpy")  # the tables know no backend: once

# What the engine writes in its own way, with the reason beside it, and what it makes of other functions.
OWN = {"maximum", "minimum", "pow", "sqrt"}
COMPOSED = {"abs", "clip", "copysign", "divide", "sqrt_slope"}


def test_the_engine_takes_the_table():
    assert {name for name, rule in rules.SLOPES.items() if rule is not _slope_table.SLOPES[name]} == OWN
    assert set(_slope_table.SLOPES) - set(rules.SLOPES) == COMPOSED


def test_frameworks_get_every_slope_that_is_no_number():
    numbers = {"add", "subtract", "negative", "positive", "remainder"}
    assert set(_slope_table.SLOPES) - set(_slopes.SLOPES) == numbers
    assert _slopes.NAMED is _slope_table.NAMED


@pytest.mark.parametrize("name", sorted(_slopes.SLOPES))
def test_frameworks_get_the_same_slopes_in_one_array(name):
    """A pair is multiplied; all else comes as it is."""
    arguments = [np.asarray([0.3, 0.9]), np.asarray([0.7, 0.2]), np.asarray([1.5, 0.8])]
    namespace = _Real()
    for found, slope in zip(_slopes.SLOPES[name], _slope_table.SLOPES[name], strict=True):
        if slope is None:
            assert found is None
            continue
        args = arguments[: slope.__code__.co_argcount - 2]
        with np.errstate(all="ignore"):  # acosh is NaN at these points
            expected, got = slope(namespace, arguments[1], *args), found(namespace, arguments[1], *args)
        if isinstance(expected, tuple):
            expected = expected[0] * expected[1]
        np.testing.assert_array_equal(got, expected)


class _Real:
    """The engine's functions, with the named slopes of the table."""

    def __getattr__(self, name):
        if name in _slope_table.NAMED:
            return lambda x: _slope_table.NAMED[name](NUMPY, x)
        return getattr(NUMPY, name)


@pytest.mark.parametrize("name", sorted(set(_slope_table.NAMED) - {"sqrt_slope"}))
def test_the_engines_named_slopes_have_the_tables_values(name):
    """Also at the border and outside of the domain."""
    x = np.asarray([-np.inf, -2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, 1e200, np.inf, np.nan])
    with np.errstate(all="ignore"):
        found, expected = getattr(NUMPY, name)(x), _slope_table.NAMED[name](NUMPY, x)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("name", "border", "outside"),
    [
        ("sqrt_slope", [0.0, -0.0], [np.nan]),  # in terms of the root
        ("log_slope", [0.0, -0.0], [-1.0, -np.inf]),
        ("log1p_slope", [-1.0], [-2.0, -np.inf]),
        ("asin_slope", [1.0, -1.0], [1.5, -np.inf]),
        ("acosh_slope", [1.0], [0.5, -2.0]),
        ("atanh_slope", [1.0, -1.0], [2.0, -np.inf]),
    ],
)
def test_named_slopes_at_the_border_and_outside(name, border, outside):
    """Rule 4: the one-sided limit, and NaN."""
    value = _slope_table.NAMED[name]
    with np.errstate(all="ignore"):
        assert np.all(value(NUMPY, np.asarray(border)) == np.inf)
        assert np.all(np.isnan(value(NUMPY, np.asarray(outside))))
