"""Every rule of the table against differences, in first and second order, on NumPy and on array-api-strict."""

import array_api_compat.numpy
import array_api_strict
import numpy as np
import pytest

from multigrad.engine import TracedNamespace, rules
from multigrad.engine._cotangents import Multiple, Placed

from .cases import CASES, CASES_OF_NUMPY
from .checks import NUMPY, STRICT, check, check_along, check_forward, stripped, value_and_pullback

pytestmark = pytest.mark.needs("numpy")  # the engine runs on NumPy alone: once

parametrize_cases = pytest.mark.parametrize(
    ("f", "primals"),
    [pytest.param(*case, id=f"{name}-{i}") for name, cases in CASES.items() for i, case in enumerate(cases)],
)
# Table, name in it, and the name of its cases.
TABLES = {
    "SLOPES": "",
    "ELEMENTWISE": "",
    "PRODUCTS": "",
    "PULLBACKS": "",
    "VARIADIC": "",
    "LINALG": "linalg.",
    "TUPLES": "linalg.",
    "FFT": "fft.",
}
ENTRIES = [(table, name, f"{prefix}{name}") for table, prefix in TABLES.items() for name in getattr(rules, table)]


def test_every_rule_has_a_case():
    assert {case for _, _, case in ENTRIES} <= set(CASES)


@parametrize_cases
def test_rules_over_numpy(f, primals):
    check(NUMPY, f, primals)


@parametrize_cases
def test_rules_over_array_api_strict(f, primals):
    check(STRICT, f, primals)


@parametrize_cases
def test_forward_agrees_with_reverse(f, primals):
    check_forward(NUMPY, lambda *p: f(NUMPY, *p), primals)
    check_forward(STRICT, lambda *p: f(STRICT, *p), primals)


@parametrize_cases
def test_rules_keep_single_precision(f, primals):
    primals = [np.asarray(p, dtype=np.float32) for p in primals]
    out, pull = value_and_pullback(NUMPY, lambda *p: f(NUMPY, *p), *primals)
    assert out.dtype == np.float32
    assert [g.dtype for g in pull(np.ones_like(out))] == [np.float32] * len(primals)


@pytest.mark.parametrize(("f", "primals"), CASES_OF_NUMPY.values(), ids=CASES_OF_NUMPY)
def test_rules_beyond_the_standard(f, primals):
    check(NUMPY, f, primals)


def too_large(part, xp):
    """Return what a rule gave, wrong by a thousandth."""
    if isinstance(part, tuple):
        return (1.001 * part[0], part[1])
    if isinstance(part, Multiple | Placed):
        part = part.dense(xp)
    return part * 1.001 if isinstance(part, int | float) else xp.multiply(part, 1.001)


def wrong_slope(right):
    if isinstance(right, int | float):
        return 1.001 * right
    # A slope that is zero everywhere stays so by a factor.
    return lambda xp, out, *args: _with_offset(xp, too_large(right(xp, out, *args), xp), out)


def _with_offset(xp, slope, out):
    return slope if isinstance(slope, tuple) else xp.add(slope, xp.full_like(stripped(out), 0.001))


def wrong_pullback(right):
    return lambda xp, g, out, *args, **options: too_large(right(xp, g, out, *args, **options), xp)


def not_flat(right):
    """Return a pullback that is zero with a part of the cotangent added: by a factor it stays zero."""
    return lambda xp, g, out, *args: xp.add(right(xp, g, out, *args), xp.multiply(g, 0.001))


def wrong_rules(table, rule):
    """Yield the rule of a table with one expression wrong, once for each expression."""
    if table == "TUPLES":
        yield wrong_pullback(rule)
    elif table == "VARIADIC":
        yield lambda i: wrong_pullback(rule(i))
    else:
        wrong = wrong_slope if table == "SLOPES" else wrong_pullback
        for i, right in enumerate(rule):
            if right is not None:  # of an argument that has no derivative
                yield (*rule[:i], wrong(right), *rule[i + 1 :])


def is_caught(name, xp):
    """Tell whether one of a rule's cases fails."""
    for f, primals in CASES[name]:
        try:
            check_along(xp, lambda *p, f=f: f(xp, *p), primals)
        except AssertionError:
            return True
    return False


@pytest.mark.parametrize(("table", "name", "case"), ENTRIES, ids=[f"{table}-{name}" for table, name, _ in ENTRIES])
def test_every_wrong_rule_is_caught(monkeypatch, table, name, case):
    right = getattr(rules, table)[name]
    assert not is_caught(case, TracedNamespace(array_api_compat.numpy))
    for i, wrong in enumerate(wrong_rules(table, right)):
        if (name, i) == ("copysign", 1):
            wrong = (right[0], not_flat(right[1]))  # noqa: PLW2901 - of the same place
        if (name, i) == ("cofactor_along", 0):
            continue  # of third order in det: NaN by intention
        monkeypatch.setitem(getattr(rules, table), name, wrong)
        assert is_caught(case, TracedNamespace(array_api_compat.numpy)), f"argument {i}"


def test_a_rule_that_is_right_in_first_order_only_is_caught(monkeypatch):
    monkeypatch.setitem(rules.SLOPES, "exp", (lambda xp, out, x: np.exp(stripped(x)),))
    f, primals = CASES["exp"][0]
    with pytest.raises(AssertionError, match="Not equal"):
        check(TracedNamespace(array_api_compat.numpy), f, primals)


def test_a_wrong_rule_is_caught_over_array_api_strict(monkeypatch):
    monkeypatch.setitem(rules.PULLBACKS, "flip", (lambda xp, g, out, x, axis=None: g,))
    f, primals = CASES["flip"][0]
    with pytest.raises(AssertionError, match="Not equal"):
        check(TracedNamespace(array_api_strict), f, primals)


@pytest.mark.parametrize(
    ("name", "f"),
    [
        ("linalg.eig", lambda xp, x: xp.linalg.eig(x[:2, :])),
        ("from_dlpack", lambda xp, x: xp.from_dlpack(x)),
    ],
)
def test_rules_that_are_missing_say_so(name, f):
    with pytest.raises(NotImplementedError, match=name):
        value_and_pullback(NUMPY, lambda x: f(NUMPY, x), np.ones((3, 2)))
