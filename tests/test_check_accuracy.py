"""check_gradient on many functions: no false alarm on 300 smooth ones, no miss of 100 errors of relative size 1e-4."""

import math

import numpy as np
import pytest

import multigrad
from multigrad import _blame, _differences, xp

UNARY = {
    "sin": xp.sin,
    "cos": xp.cos,
    "tanh": xp.tanh,
    "atan": xp.atan,
    "exp": lambda u: xp.exp(0.3 * u),
    "expm1": lambda u: xp.expm1(-0.2 * u),
    "log": lambda u: xp.log(2 + xp.cos(u)),
    "log1p": lambda u: xp.log1p(u * u),
    "sqrt": lambda u: xp.sqrt(1 + u**2),
    "reciprocal": lambda u: 1 / (1.5 + xp.sin(u)),
    "cube": lambda u: 0.1 * u**3,
    "asinh": xp.asinh,
    "sigmoid": lambda u: 1 / (1 + xp.exp(-u)),
}
BINARY = {
    "add": lambda u, v: u + v,
    "subtract": lambda u, v: u - 2 * v,
    "multiply": lambda u, v: u * v,
    "divide": lambda u, v: u / (2 + xp.cos(v)),
    "logaddexp": xp.logaddexp,
    "hypot": lambda u, v: xp.hypot(1 + u**2, v),
    "atan2": lambda u, v: xp.atan2(u, 2 + v**2),
    "pow": lambda u, v: (1.2 + xp.cos(u)) ** (0.5 * xp.tanh(v)),
}
ARRAY = {
    "reversed": lambda u: u[::-1],
    "rolled": lambda u: xp.roll(u, 1),
    "matmul": lambda u: xp.linspace(-1.0, 1.0, u.shape[0] ** 2).reshape((u.shape[0], u.shape[0])) @ u,
    "solved": lambda u: xp.linalg.solve(3 * xp.eye(u.shape[0]) + 0.1 * u[:, None] * u, u),
    "summed": xp.cumulative_sum,
    "centered": lambda u: u - xp.mean(u),
    "normalized": lambda u: u / xp.sqrt(1 + xp.sum(u * u)),
}
REDUCTION = {
    "sum": xp.sum,
    "mean of squares": lambda u: xp.mean(u**2),
    "logsumexp": lambda u: xp.log(xp.sum(xp.exp(0.5 * u))),
    "variance": xp.var,
    "norm": lambda u: xp.linalg.vector_norm(u + 3),
    "prod": lambda u: xp.prod(1 + 0.1 * u),
}


def chosen(generator, table):
    return table[list(table)[generator.integers(len(table))]]


def drawn(generator, depth, is_array):
    """Return a random composition of smooth operations, a function of one array or scalar."""
    if depth == 0:
        slope, shift = generator.uniform(0.4, 1.6, 2).tolist()
        return lambda x: slope * x + shift
    kind = generator.choice(["unary", "binary", "array"] if is_array else ["unary", "binary"])
    first = drawn(generator, depth - 1, is_array)
    if kind == "binary":
        join, second = chosen(generator, BINARY), drawn(generator, depth - 1, is_array)
        return lambda x: join(first(x), second(x))
    apply = chosen(generator, UNARY if kind == "unary" else ARRAY)
    return lambda x: apply(first(x))


def smooth(seed, planted=None):
    """Return a random smooth scalar function and its point; ``planted`` is applied inside."""
    generator = np.random.default_rng(seed)
    is_array = bool(generator.integers(2))
    inner, outer = (drawn(generator, int(generator.integers(1, 4)), is_array) for _ in range(2))
    reduce = chosen(generator, REDUCTION) if is_array else (lambda u: u)
    point = generator.uniform(-1.5, 1.5, int(generator.integers(2, 5))) if is_array else generator.uniform(-1.5, 1.5)
    if planted is None:
        return lambda x: reduce(outer(inner(x))), point
    beside = generator.integers(2)  # an error in one of two summands, or in all that there is

    def f(x):
        u = inner(x)
        return reduce(outer(planted(u)) + u if beside else outer(planted(u)))

    return f, point


def with_derivative(factor, rule):
    """Return the identity with a derivative other than 1."""
    if rule == "custom_jvp":
        same = multigrad.custom_jvp(lambda u: u * 1.0)
        same.defjvp(lambda primals, tangents: (primals[0] * 1.0, factor * tangents[0]))
    else:
        same = multigrad.custom_vjp(lambda u: u * 1.0)
        same.defvjp(lambda u: (u * 1.0, None), lambda _, cotangent: (factor * cotangent,))
    return same


@pytest.mark.parametrize("start", range(0, 300, 50))
@pytest.mark.needs("numpy")
def test_no_false_alarm_on_smooth_functions(start):
    alarms = []
    for seed in range(start, start + 50):
        f, point = smooth(seed)
        report = multigrad.check_gradient(f, point, backend="numpy")
        if not report.ok:
            alarms.append(f"{seed}: {report}")
    assert not alarms, "\n\n".join(alarms)


def with_errors(count, seed=1000):
    """Yield functions with an error of relative size 1e-4 in what is planted, and their points.

    A few compositions do not depend on what is planted, such as the sum of what was centered: these are left out.
    """
    while count:
        rule = ("custom_jvp", "custom_vjp")[seed % 2]
        f, point = smooth(seed, with_derivative(1 + 1e-4, rule))
        right, wrong = (multigrad.gradient(g, backend="numpy")(point) for g in (smooth(seed, lambda u: u)[0], f))
        if np.max(abs(right - wrong)) > 1e-6 * np.max(abs(right)):
            count -= 1
            yield f, point
        seed += 1


@pytest.mark.needs("numpy")
def test_no_miss_of_100_small_errors(monkeypatch):
    # Localizing costs as much again each time, and has its own test.
    monkeypatch.setattr(_blame, "localize", lambda *args, **options: None)
    missed = []
    for f, point in with_errors(100):
        report = multigrad.check_gradient(f, point, backend="numpy", modes="reverse")
        if report.verdict != "wrong":
            missed.append(str(report))
    assert not missed, "\n\n".join(missed)


@pytest.mark.needs("numpy")
def test_small_errors_are_localized():
    for f, point in with_errors(12, 2000):
        report = multigrad.check_gradient(f, point, backend="numpy", modes="reverse")
        assert [culprit.kind for culprit in report.localization.culprits] == ["custom rule"], str(report)


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_a_sample_on_frameworks(backend, dtype):
    for seed in (2, 5, 11, 17):
        f, point = smooth(seed)
        report = multigrad.check_gradient(f, point, backend=backend, dtype=dtype, modes="reverse")
        assert report.ok, f"{seed}: {report}"
    f, point = smooth(1003, with_derivative(1.001, "custom_jvp"))
    assert multigrad.check_gradient(f, point, backend=backend, dtype=dtype, modes="reverse").verdict == "wrong"


@pytest.mark.needs("numpy")
def test_no_false_alarm_in_float32():
    for seed in range(60):
        f, point = smooth(seed)
        report = multigrad.check_gradient(f, point, backend="numpy", dtype="float32", modes="reverse")
        assert report.verdict != "wrong", f"{seed}: {report}"


@pytest.mark.needs("numpy")
def test_no_false_alarm_in_second_order():
    for seed in range(20):
        f, point = smooth(seed)
        report = multigrad.check_gradient(f, point, backend="numpy", order=2, modes="reverse")
        assert report.ok, f"{seed}: {report}"


def test_ridders_error_estimate_holds():
    # 60 random compositions whose derivative is exact by the chain rule, on the numerical method alone.
    generator = np.random.default_rng(8)
    for a, b, c in generator.uniform(0.2, 3.0, (60, 3)):

        def f(h, a=a, b=b, c=c):
            return math.exp(math.sin(a * (1 + h) + b)) / (c + (1 + h) ** 2)

        exact = f(0.0) * (a * math.cos(a + b) - 2 / (c + 1))
        found = _differences.slope(f, f(0.0))
        assert abs(found.value - exact) <= 10 * found.error <= 1e-7
        assert found.jump == 0.0
        assert found.sides is None


@pytest.mark.parametrize("starts", [_differences.STARTS, _differences.OTHER_STARTS], ids=["first", "second-opinion"])
def test_one_sided_slopes(starts):
    # d/dh sqrt(1+h) e^h at 0, with values on the right only.
    found = _differences.one_sided(lambda h: math.sqrt(1 + h) * math.exp(h) if h >= 0 else math.nan, 1.0, starts=starts)
    assert abs(found.value - 1.5) <= 10 * found.error <= 1e-6


def test_slopes_on_both_sides_of_a_kink():
    found = _differences.slope(lambda h: math.sin(h) + (2 * h if h > 0 else -5 * h), 0.0)
    np.testing.assert_allclose(found.sides, (-4.0, 3.0), rtol=1e-9)
    assert _differences.slope(lambda h: abs(h) ** 1.5, 0.0).sides is None
