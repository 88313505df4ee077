"""check_gradient's verdicts: each kind of trouble gets its own, with the cause and the line."""

import inspect
import json

import numpy as np
import pytest

import multigrad
from multigrad import xp


def entries(report, check="reverse"):
    return [entry for entry in report.entries if entry.check == check]


def verdicts(report, check="reverse"):
    return [entry.verdict for entry in entries(report, check)]


def line_with(f, text):
    """Return the number of the line of f that contains a text."""
    lines, first = inspect.getsourcelines(f)
    return first + next(i for i, line in enumerate(lines) if text in line)


@multigrad.custom_jvp
def square(x):
    return x**2


@square.defjvp
def _(primals, tangents):
    return primals[0] ** 2, 2 * primals[0] * tangents[0] * (1 + 1e-4)


@multigrad.custom_vjp
def cube(x):
    return x**3


cube.defvjp(lambda x: (x**3, x), lambda x, cotangent: (3 * x**2 * cotangent * (1 + 1e-4),))


def with_a_wrong_rule(x, rule):
    y = xp.sin(x) + 1
    z = rule(y)
    return xp.sum(xp.log(z + 1))


@pytest.mark.parametrize("rule", [square, cube], ids=["custom_jvp", "custom_vjp"])
def test_a_wrong_rule_is_wrong_and_localized(backend, rule):
    report = multigrad.check_gradient(lambda x: with_a_wrong_rule(x, rule), np.array([0.4, 1.9]), backend=backend)
    assert verdicts(report) == ["wrong", "wrong"]
    (culprit,) = report.localization.culprits
    assert culprit.operation == rule.__name__
    assert culprit.source.line == line_with(with_a_wrong_rule, "rule(y)")
    assert "z = rule(y)" in str(report)
    assert report.to_dict()["localization"]["culprits"][0]["operation"] == rule.__name__
    with pytest.raises(AssertionError, match="wrong"):
        report.raise_if_failed()


def test_both_modes_are_checked(backend):
    report = multigrad.check_gradient(lambda x: with_a_wrong_rule(x, square), 0.7, backend=backend)
    assert verdicts(report, "forward") == ["wrong"]
    assert verdicts(report, "dot product") == ["right"]  # both modes err alike


def test_a_pullback_without_tangents_is_said(backend):
    report = multigrad.check_gradient(multigrad.checkpoint(cube), 0.7, backend=backend)
    assert {entry.check for entry in report.entries} == {"reverse"}
    assert any("custom_vjp" in remark for remark in report.remarks)


@pytest.mark.parametrize(
    ("f", "point", "slopes"),
    [
        (lambda x: xp.sum(abs(x)), [0.0, 1.0], (-1.0, 1.0)),
        (lambda x: xp.sum(xp.where(x > 0, 3 * x, x)), [0.0, 1.0], (1.0, 3.0)),
        (lambda x: xp.max(x[:2]) + x[2], [2.0, 2.0, 1.0], (0.0, 1.0)),
        (lambda x: xp.sum(xp.clip(x, -1.0, 1.0) * x), [1.0, 0.3], (2.0, 1.0)),
        (lambda x: xp.sum(abs(x) + x), [0.0, 1.0], (0.0, 2.0)),
        (lambda x: xp.sum(xp.sqrt(x * x)), [0.0, 1.0], None),
    ],
    ids=["abs", "two-slopes", "tie", "bound", "abs-and-line", "root-of-square"],
)
def test_a_kink_has_both_slopes(backend, f, point, slopes):
    report = multigrad.check_gradient(f, np.array(point), backend=backend)
    if slopes is None:  # no gradient: 0 * inf
        assert entries(report)[0].verdict == "not finite"
    else:
        assert entries(report)[0].verdict == "kink"
        np.testing.assert_allclose(entries(report)[0].slopes, slopes, atol=1e-8)
        assert "on the left" in str(report)
        assert f"{slopes[1]:g} on the right" in report._repr_html_()
    assert entries(report)[-1].ok
    assert not report.ok


def test_a_gradient_outside_of_the_kink_is_wrong(backend):
    kinked = multigrad.custom_jvp(abs)
    kinked.defjvp(lambda primals, tangents: (abs(primals[0]), 2.0 * tangents[0]))
    report = multigrad.check_gradient(kinked, 0.0, backend=backend)
    assert verdicts(report) == ["wrong"]
    assert entries(report)[0].slopes == pytest.approx((-1.0, 1.0))


def test_a_pointed_function_is_not_called_right(backend):
    report = multigrad.check_gradient(lambda x: xp.sum(abs(x) ** 1.5), np.array([0.0, 1.0]), backend=backend)
    assert entries(report)[0].verdict in ("inconclusive", "not finite")


def test_a_kink_among_many_elements_is_named(backend):
    x = np.linspace(1.0, 2.0, 50)
    x[31] = 0.0
    report = multigrad.check_gradient(lambda x: xp.sum(abs(x)), x, backend=backend)
    assert ("x[31]", "kink") in [(entry.path, entry.verdict) for entry in report.entries]


def test_an_error_among_many_elements_is_named(backend):
    def f(params):
        return xp.sum(xp.sin(params["w"])) + xp.sum(params["b"] ** 2) + square(params["w"][3, 5])

    params = {"w": np.linspace(1, 2, 60).reshape(6, 10), "b": np.linspace(0, 1, 7)}
    report = multigrad.check_gradient(f, params, backend=backend)
    assert ("params['w'][3, 5]", "wrong") in [(entry.path, entry.verdict) for entry in report.entries]
    assert str(report).index("params['w'][3, 5]") < str(report).index("direction")


def test_a_domain_with_an_edge_has_the_slope_of_its_side(backend):
    report = multigrad.check_gradient(lambda x: x + xp.log(xp.sqrt(x) * 0 + 1), 0.0, backend=backend)
    assert report.verdict == "not finite"  # sqrt's slope at 0 is infinite
    report = multigrad.check_gradient(lambda x: xp.acos(xp.cos(x)) if x > 3 else x * 2, 2.0, backend=backend)
    assert report.ok


def test_masked_branch_is_not_finite_with_the_remedy(backend):
    def f(x):
        return xp.sum(xp.where(x > 0, xp.sqrt(x), x))

    report = multigrad.check_gradient(f, np.array([-1.0, 2.0]), backend=backend)
    assert verdicts(report) == ["not finite", "right"]
    assert entries(report)[0].expected == pytest.approx(1.0)
    assert "multigrad.apply_where" in str(report)
    fixed = multigrad.check_gradient(
        lambda x: xp.sum(multigrad.apply_where(x > 0, x, xp.sqrt, lambda x: x)), np.array([-1.0, 2.0]), backend=backend
    )
    assert fixed.ok, str(fixed)


def test_masked_branch_at_the_edge_names_operation_and_line(backend):
    def f(x):
        root = xp.sqrt(x)
        return xp.sum(xp.where(x > 0, root, 0.0))

    report = multigrad.check_gradient(f, np.array([0.0, 2.0]), backend=backend)
    assert verdicts(report) == ["not finite", "right"]
    (culprit,) = report.localization.culprits
    assert (culprit.operation, culprit.what) == ("sqrt", "not finite")
    assert culprit.source.line == line_with(f, "xp.sqrt")
    assert "multigrad.apply_where" in str(report)


def test_nan_values_are_not_finite(backend):
    report = multigrad.check_gradient(lambda x: xp.sum(xp.log(x)), np.array([-1.0, 2.0]), backend=backend)
    assert set(verdicts(report)) == {"not finite"}
    assert "f is nan at the point" in str(report)
    assert report.localization is None
    json.loads(json.dumps(report.to_dict(), allow_nan=False))


def test_many_elements_that_are_not_finite_are_listed(backend):
    x = np.linspace(1.0, 2.0, 40)
    x[[3, 20]] = 0.0
    report = multigrad.check_gradient(lambda x: xp.sum(xp.sqrt(x)), x, backend=backend)
    assert [e.path for e in entries(report) if e.verdict == "not finite"] == ["x[3]", "x[20]"]
    assert [e.verdict for e in entries(report) if e.path.startswith("direction")] == ["right"] * 8


def test_a_detached_value_has_its_line(backend):
    def f(x):
        scale = float(xp.sum(x))
        return xp.sum(x**2) * scale

    report = multigrad.check_gradient(f, np.array([1.0, 2.0]), backend=backend)
    assert set(verdicts(report)) == {"left the computation"}
    np.testing.assert_allclose([entry.expected for entry in report.entries], [11.0, 17.0], rtol=1e-9)
    assert f"test_check_verdicts.py:{line_with(f, 'float(')}" in str(report)
    assert "scale = float(xp.sum(x))" in str(report)
    json.loads(json.dumps(report.to_dict(), allow_nan=False))


def test_a_value_in_a_numpy_array_has_its_line(backend):
    def f(x):
        out = np.zeros(2)
        out[0] = x
        return xp.sum(out) * x

    report = multigrad.check_gradient(f, 2.0, backend=backend)
    assert report.verdict == "left the computation"
    assert f"test_check_verdicts.py:{line_with(f, 'out[0]')}" in str(report)


@pytest.mark.backends("torch")
def test_a_silent_native_exit_has_its_line(backend):
    def f(x):
        y = x.detach()
        return (x * y).sum()

    report = multigrad.check_gradient(f, np.array([1.0, 2.0]), backend=backend, arrays="native", modes="reverse")
    assert set(verdicts(report)) == {"left the computation"}
    assert f"test_check_verdicts.py:{line_with(f, 'detach')}" in str(report)


@pytest.mark.backends("tensorflow")
def test_a_silent_exit_through_numpy_has_its_line(backend):
    def f(x):
        y = x.numpy().sum()
        return xp.sum(x) * y

    report = multigrad.check_gradient(f, np.array([1.0, 2.0]), backend=backend, arrays="native", modes="reverse")
    assert set(verdicts(report)) == {"left the computation"}
    assert f"test_check_verdicts.py:{line_with(f, 'numpy')}" in str(report)


@pytest.mark.backends("jax")
def test_a_loud_native_exit_has_its_line(backend):
    def f(x):
        return x * float(x)

    report = multigrad.check_gradient(f, 2.0, backend=backend, arrays="native", modes="reverse")
    assert verdicts(report) == ["left the computation"]
    assert f"test_check_verdicts.py:{line_with(f, 'float')}" in str(report)


def test_errors_of_f_pass_through(backend):
    error = ValueError("mine")

    def f(x):
        raise error

    with pytest.raises(ValueError, match="mine") as caught:
        multigrad.check_gradient(f, 1.0, backend=backend)
    assert caught.value is error


@pytest.mark.parametrize("noise", ["normal", "standard_cauchy"])
def test_a_function_that_is_not_deterministic_is_inconclusive(backend, noise):
    generator = np.random.default_rng(1)

    def f(x):
        return x**2 + float(getattr(generator, noise)()) * 0.1

    report = multigrad.check_gradient(f, 1.0, backend=backend)
    assert set(verdicts(report)) == {"inconclusive"}
    assert any("not deterministic" in remark for remark in report.remarks)


@pytest.mark.parametrize("size", [1.0, 1e-6])
def test_noise_in_the_slope_is_inconclusive(backend, size):
    generator = np.random.default_rng(1)

    def f(w):
        return xp.sum(w * (1 + size * xp.asarray(generator.normal(size=4))))

    assert multigrad.check_gradient(f, np.ones(4), backend=backend).verdict == "inconclusive"


def test_modes_that_disagree_are_wrong_in_spite_of_a_little_noise(backend):
    generator = np.random.default_rng(1)
    tripled = multigrad.custom_jvp(lambda x: 3.0 * x)
    tripled.defjvp(lambda primals, tangents: (3.0 * primals[0], 2.0 * tangents[0]))

    def f(x):
        return tripled(x) * (1 + 1e-15 * float(generator.normal()))

    report = multigrad.check_gradient(f, 1.3, backend=backend, compiled=False)
    assert "wrong" in verdicts(report)


def test_noise_that_repeats_is_inconclusive(backend):
    def f(x):
        return xp.sin(x) + 1e-7 * multigrad.stop_gradient(xp.sin(1e9 * x))

    report = multigrad.check_gradient(f, 1.0, backend=backend, modes="reverse")
    assert verdicts(report) == ["inconclusive"]


def test_a_wrong_gradient_is_wrong_in_spite_of_a_little_noise(backend):
    generator = np.random.default_rng(1)

    def f(x):
        return square(x) * (1 + 1e-15 * float(generator.normal()))

    assert multigrad.check_gradient(f, 1.3, backend=backend, modes="reverse").verdict == "wrong"


def test_digits_lost_in_float32_are_not_wrong(backend):
    def f(x):
        return (1 - xp.cos(x)) / x**2

    single = multigrad.check_gradient(f, 0.03, backend=backend, dtype="float32", modes="reverse")
    assert verdicts(single) in (["right"], ["inconclusive"])
    assert "precision" in str(single)
    # In float64 the same cancellation leaves most digits.
    assert multigrad.check_gradient(f, 0.03, backend=backend, modes="reverse").verdict != "wrong"


def test_an_error_in_float32_alone_is_wrong(backend):
    rounded = multigrad.custom_jvp(lambda x: x * 1.0)
    rounded.defjvp(
        lambda primals, tangents: (
            primals[0] * 1.0,
            tangents[0] * (1.01 if "32" in str(primals[0].dtype) else 1.0),
        )
    )
    report = multigrad.check_gradient(
        lambda x: xp.sin(rounded(x)), 0.7, backend=backend, dtype="float32", modes="reverse"
    )
    assert verdicts(report) == ["wrong"]
    assert "right in float64" in str(report)


def test_a_float32_sum_of_many_is_right(backend):
    x = np.random.default_rng(5).normal(size=5000).astype("float32")
    report = multigrad.check_gradient(lambda x: xp.sum(xp.sin(x) * x) ** 2, x, backend=backend, modes="reverse")
    assert report.ok, str(report)


def test_integers_and_numbers_of_python(backend):
    report = multigrad.check_gradient(lambda n, x: n * x**2 if n > 1 else x, 3, 2.0, argnums=1, backend=backend)
    assert (report.verdict, entries(report)[0].found) == ("right", 12.0)


@pytest.mark.parametrize("options", [{"order": 3}, {"modes": "sideways"}, {"modes": ()}], ids=str)
def test_bad_options_are_refused(options):
    with pytest.raises(ValueError, match="Expected"):
        multigrad.check_gradient(lambda x: x, 1.0, backend="numpy", **options)


def test_an_interruption_leaves_no_state(backend):
    calls = 0

    def f(x):
        nonlocal calls
        calls += 1
        if calls == 7:
            raise KeyboardInterrupt
        return xp.sum(x**2)

    with pytest.raises(KeyboardInterrupt):
        multigrad.check_gradient(f, np.ones(3), backend=backend)
    assert multigrad.extend is not None
    assert multigrad.check_gradient(f, np.ones(3), backend=backend).ok
