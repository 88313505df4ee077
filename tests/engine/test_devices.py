"""Every rule on another device than the namespace's default one, where array-api-strict refuses to mix them."""

import functools

import array_api_strict
import numpy as np
import pytest

from multigrad.engine import TracedNamespace, jvp, rules, vjp

from .cases import CASES
from .checks import STRICT

pytestmark = pytest.mark.needs("numpy")  # the engine runs on NumPy alone: once

# Besides being another one, device2 makes float32 where no dtype is said.
CPU, OTHER = array_api_strict.Device("CPU_DEVICE"), array_api_strict.Device("device2")
CREATION = ("arange", "asarray", "empty", "eye", "full", "linspace", "ones", "zeros")


class Placing:
    """The traced namespace as a function sees it that makes its own arrays on one device; the rules know no device."""

    def __init__(self, xp, device):
        self._xp, self._device = xp, device

    def __getattr__(self, name):
        member = getattr(self._xp, name)
        return functools.partial(self._create, member) if name in CREATION else member

    def _create(self, function, *args, **options):
        if args and hasattr(args[0], "node"):  # a traced array stays where it is
            return function(*args, **options)
        return function(*args, device=self._device, **options)


def ramp(count, start):
    return np.cos(start + np.arange(count))


def derivatives(xp, f, primals, device):
    """Return the value, a pushed tangent, the gradients, and the gradients of these along fixed directions."""
    placing = Placing(xp, device)
    found = []

    def like(x, start):
        values = xp.asarray(ramp(x.size, start).reshape(x.shape), device=device)
        return xp.astype(values, x.dtype)

    def flat(*arrays):
        return (f(placing, *arrays),), ()

    def gradients(*arrays):
        (out,), pull, _ = vjp(xp, flat, arrays)
        parts = pull((like(out, 0.5),))
        return tuple(xp.real(part) if xp.is_complex(part) else part for part in parts), ()

    arrays = tuple(xp.asarray(p, device=device) for p in primals)
    tangents = tuple(like(x, 1.0) for x in arrays)
    outputs, pushed, _ = jvp(xp, flat, arrays, tangents)
    first, pull, _ = vjp(xp, gradients, arrays)
    found = (*outputs, *pushed, *first, *pull(tangents))
    assert [x.device for x in found] == [device] * len(found)
    return [np.asarray(x.to_device(CPU)) for x in found]


@pytest.mark.parametrize(
    ("f", "primals"),
    [pytest.param(*case, id=f"{name}-{i}") for name, cases in CASES.items() for i, case in enumerate(cases)],
)
def test_rules_stay_on_the_device_of_their_arguments(f, primals):
    found = derivatives(STRICT, f, primals, OTHER)
    for one, expected in zip(found, derivatives(STRICT, f, primals, CPU), strict=True):
        np.testing.assert_array_equal(one, expected)


@pytest.mark.parametrize("device", [CPU, OTHER], ids=["cpu", "other"])
def test_matrices_outside_the_domain_give_nan_on_their_device(device):
    stack = np.asarray([[[2.0, 0.0], [0.0, 4.0]], [[1.0, 2.0], [2.0, 4.0]]])
    right = np.ones((2, 2, 1))
    alone = (stack[1], right[0])
    for name, primals in (("inv", (stack,)), ("inv", alone[:1]), ("solve", (stack, right)), ("solve", alone)):
        found = derivatives(STRICT, lambda xp, *p, name=name: getattr(xp.linalg, name)(*p), primals, device)
        whole = primals[0].ndim == 2
        assert all(np.isnan(x if whole else x[1]).all() for x in found)
        assert whole or all(np.isfinite(x[0]).all() for x in found)


def test_an_empty_matrix_has_a_determinant_on_its_device():
    found = derivatives(STRICT, lambda xp, x: xp.linalg.det(x), (np.zeros((2, 0, 0)),), OTHER)
    np.testing.assert_array_equal(found[0], [1.0, 1.0])


def test_an_empty_product_is_one_on_its_device():
    found = derivatives(STRICT, lambda xp, x: xp.prod(x, axis=0), (np.zeros((0, 2)),), OTHER)
    np.testing.assert_array_equal(found[0], [1.0, 1.0])


def test_a_determinant_of_nan_is_nan_on_its_device():
    with np.errstate(invalid="ignore"):
        found = derivatives(STRICT, lambda xp, x: xp.linalg.det(x), (np.full((2, 2), np.nan),), OTHER)
    assert np.isnan(found[2]).all()


def test_cotangents_go_back_to_the_device_of_the_argument():
    x = STRICT.asarray([0.5, -2.0], device=OTHER)

    def gradient(x):
        _, pull, _ = vjp(STRICT, lambda x: ((x.to_device(CPU) ** 3,), ()), (x,))
        return pull((STRICT.asarray([1.0, 2.0], device=CPU),))

    (first,) = gradient(x)
    _, pull, _ = vjp(STRICT, lambda x: (gradient(x), ()), (x,))
    (second,) = pull((STRICT.ones_like(x),))
    assert first.device == second.device == OTHER
    np.testing.assert_array_equal(np.asarray(first.to_device(CPU)), [0.75, 24.0])
    np.testing.assert_array_equal(np.asarray(second.to_device(CPU)), [3.0, -24.0])


def test_traced_arrays_say_where_they_are():
    x = STRICT.asarray([0.5, -2.0], device=OTHER)
    seen = []
    vjp(STRICT, lambda x: ((seen.append(x.device), x)[1:], ()), (x,))
    assert seen == [OTHER]


def test_a_rule_that_forgets_the_device_is_caught(monkeypatch):
    forgetful = (lambda xp, g, out, x, k=0: xp.where(xp.tril(xp.ones((2, 3)), k=k) == 1, g, 0.0),)
    monkeypatch.setitem(rules.PULLBACKS, "tril", forgetful)
    f, primals = CASES["tril"][0]
    with pytest.raises(ValueError, match="device"):
        derivatives(TracedNamespace(array_api_strict), f, primals, OTHER)
