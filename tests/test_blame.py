"""Blame: the operation that is off is named, with its line, and nothing that is right is."""

import json
import linecache
import math

import numpy as np
import pytest

import multigrad
from multigrad import _blame, xp
from multigrad._blame import _bounds, _slopes


def sine(error, forward=0.0):
    """Return the sine with a rule whose derivative has a relative error, for reverse mode."""

    @multigrad.custom_vjp
    def wrong_sine(x):
        return xp.sin(x)

    wrong_sine.defvjp(lambda x: (xp.sin(x), x), lambda x, ct: (ct * xp.cos(x) * (1 + error),))
    return wrong_sine


def line_of(culprit):
    return linecache.getline(culprit.source.file, culprit.source.line).strip()


def twenty_operations(rule, right):
    def f(x, w):
        y = xp.exp(-(x**2)) + 1
        y = right(y) * 2
        y = xp.tanh(w @ y)
        y = rule(y)  # the planted one
        y = xp.sqrt(y * y + 1) - 0.3 * y
        z = xp.log(y) / (1 + y)
        return xp.sum(z) + xp.mean(xp.cos(y)) * xp.prod(z)

    return f


X = np.linspace(0.3, 1.4, 4)
W = np.random.default_rng(0).normal(size=(3, 4))


def test_one_wrong_rule_of_two_is_found_with_its_line(backend, dtype):
    f = twenty_operations(sine(1e-4), sine(0.0))
    found = _blame.localize(f, (X, W), backend=backend, dtype=dtype)
    (culprit,) = found.culprits
    assert found.found
    assert found.reason is None
    assert line_of(culprit).endswith("# the planted one")
    assert (culprit.operation, culprit.kind, culprit.what) == ("wrong_sine", "custom rule", "derivative")
    assert culprit.found / culprit.expected == pytest.approx(1 + 1e-4, rel=1e-9)
    assert culprit.wrt.startswith("u")
    assert culprit.wrt.endswith("]")
    assert "lambda" in culprit.rule.text
    assert not culprit.kink
    assert "# the planted one" in str(found)


def test_a_wrong_element_among_many_is_named(backend):
    weights = np.ones(300)
    weights[123] = 1 + 1e-3

    @multigrad.custom_vjp
    def squared(x):
        return x**2

    squared.defvjp(lambda x: (x**2, x), lambda x, ct: (2 * x * ct * xp.asarray(weights),))
    x = np.random.default_rng(1).uniform(0.5, 2.0, 300)
    found = _blame.localize(lambda x: xp.sum(squared(x)), (x,), backend=backend)
    (culprit,) = found.culprits
    assert (culprit.wrt, culprit.of) == ("x[123]", "u1[123]")
    assert culprit.expected == pytest.approx(2 * x[123], rel=1e-9)
    assert culprit.found == pytest.approx(2 * x[123] * (1 + 1e-3), rel=1e-9)
    assert culprit.error_estimate <= culprit.tolerance < 1e-6


def test_a_wrong_tangent_rule_is_found(backend):
    @multigrad.custom_jvp
    def cube(x):
        return x**3

    cube.defjvp(lambda primals, tangents: (cube(primals[0]), 3.0003 * primals[0] ** 2 * tangents[0]))
    found = _blame.localize(lambda x: xp.sum(xp.exp(cube(x))), (X,), backend=backend)
    assert [(c.operation, round(c.found / c.expected, 9)) for c in found.culprits] == [("cube", 1.0001)]


@pytest.mark.backends("jax")
def test_a_rule_that_is_wrong_in_forward_mode_only(backend):
    @multigrad.custom_jvp
    def cube(x):
        return x**3

    # Not linear in the tangent: transposing loses the constant.
    cube.defjvp(lambda primals, tangents: (cube(primals[0]), 3 * primals[0] ** 2 * tangents[0] + 0.5))
    (culprit,) = _blame.localize(lambda x: xp.sum(cube(x)), (X,), backend=backend).culprits
    assert culprit.operation == "cube"
    assert culprit.wrt.endswith("(forward mode)")


def test_a_wrong_part_of_a_complex_derivative(backend):
    @multigrad.custom_vjp
    def squared(z):
        return z * z

    squared.defvjp(lambda z: (z * z, z), lambda z, ct: (2 * z * ct,))  # without the conjugate
    found = _blame.localize(
        lambda z: xp.sum(xp.abs(squared(z))), (np.array([1.0 + 2.0j, 0.5 - 1.0j]),), backend=backend
    )
    (culprit,) = found.culprits
    assert culprit.operation == "squared"
    assert culprit.wrt.endswith((".real", ".imag"))
    assert abs(culprit.found - culprit.expected) > 1


def test_the_masked_square_root(backend):
    def f(x):
        y = xp.sqrt(x)
        return xp.sum(xp.where(x > 0, y, 0.0))

    found = _blame.localize(f, (np.array([4.0, 0.0, 1.0]),), backend=backend)
    (culprit,) = found.culprits
    assert (culprit.operation, culprit.what, culprit.wrt, culprit.of) == ("sqrt", "not finite", "x[1]", "u1[1]")
    assert culprit.found == math.inf
    assert culprit.masked_by.startswith("where")
    assert "multigrad.apply_where" in str(culprit)


def test_a_product_with_zero_masks_too(backend):
    def f(x, mask):
        return xp.sum(xp.sqrt(x) * mask)

    found = _blame.localize(f, (np.array([4.0, 0.0]), np.array([1.0, 0.0])), argnums=0, backend=backend)
    assert [(c.operation, c.masked_by.partition(" ")[0]) for c in found.culprits] == [("sqrt", "multiply")]


def test_an_infinite_slope_without_effect_is_no_culprit(backend):
    def f(x):
        return xp.sum(multigrad.apply_where(x > 0, x, xp.sqrt, fill_value=0.0))

    assert not _blame.localize(f, (np.array([4.0, 0.0, 1.0]),), backend=backend).culprits


def test_stop_gradient_is_blamed_when_nothing_else_is_off(backend):
    def f(x):
        return xp.sum(xp.sin(x) * multigrad.stop_gradient(x))

    (culprit,) = _blame.localize(f, (X,), backend=backend).culprits
    assert (culprit.operation, culprit.found) == ("stop_gradient", 0.0)
    assert culprit.expected == pytest.approx(1.0)
    rule = sine(1e-3)
    found = _blame.localize(lambda x: f(x) + xp.sum(rule(x)), (X,), backend=backend)
    assert [c.operation for c in found.culprits] == ["wrong_sine"]


def test_stop_gradient_without_effect_is_not_blamed(backend):
    def logsumexp(x):
        largest = multigrad.stop_gradient(xp.max(x))
        return xp.log(xp.sum(xp.exp(x - largest))) + largest

    rule = sine(1e-3)
    found = _blame.localize(lambda x: logsumexp(rule(x)), (X,), backend=backend)
    assert [c.operation for c in found.culprits] == ["wrong_sine"]


def test_a_value_that_left_as_a_python_number(backend):
    def f(x):
        scale = float(multigrad.stop_gradient(xp.sum(x)))
        return xp.sum(scale * x)

    found = _blame.localize(f, (X,), backend=backend)
    assert [(c.operation, c.what, c.found) for c in found.culprits] == [("multiply", "detached", 0.0)]


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_a_value_that_left_in_native_code(backend):
    def f(x):
        constant = xp.asarray(multigrad.stop_gradient(x.native) ** 2)
        return xp.sum(x * constant)

    (culprit,) = _blame.localize(f, (X,), backend=backend).culprits
    assert (culprit.what, culprit.found) == ("detached", 0.0)
    assert culprit.expected == pytest.approx(2 * X[int(culprit.of[-2])])


def native_relu(backend):
    if backend == "torch":
        import torch

        return torch.relu
    if backend == "jax":
        import jax

        return jax.nn.relu
    import tensorflow

    return tensorflow.nn.relu


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_a_native_operator_at_a_kink_is_no_bug(backend):
    relu = native_relu(backend)

    def f(x):
        y = x * 2
        return xp.sum(xp.cos(x) * xp.asarray(relu(y.native)))

    (culprit,) = _blame.localize(f, (np.array([0.0, 1.0, -2.0]),), backend=backend).culprits
    assert (culprit.kind, culprit.kink, culprit.wrt) == ("opaque native call", True, "u1[0]")
    assert culprit.slopes == pytest.approx((0.0, 1.0))
    assert "a kink, no bug" in str(culprit)
    found = _blame.localize_against(f, (np.array([0.0, 1.0, -2.0]),), backend=backend)
    assert not found.found
    assert found.reason is not None
    assert "relu" in found.interval[0].text


def test_ties_and_kinks_that_follow_the_convention_are_listed_apart(backend):
    found = _blame.localize(lambda x: xp.sum(xp.maximum(x, 0.0) + xp.abs(x)), (np.array([0.0, 1.0]),), backend=backend)
    assert not found.culprits
    assert [(k.operation, k.wrt, k.kink) for k in found.kinks] == [("maximum", "x[0]", True), ("abs", "x[0]", True)]
    assert found.kinks[1].slopes == pytest.approx((-1.0, 1.0))


@pytest.mark.parametrize("slope", [5.0, -5.0])
def test_a_derivative_outside_the_slopes_of_a_kink_is_a_bug(backend, slope):
    @multigrad.custom_vjp
    def size(x):
        return xp.abs(x)

    size.defvjp(lambda x: (xp.abs(x), x), lambda x, ct: (ct * xp.where(x == 0, slope, xp.sign(x)),))
    (culprit,) = _blame.localize(lambda x: xp.sum(size(x)), (np.array([0.0, 1.0]),), backend=backend).culprits
    assert (culprit.operation, culprit.kink, culprit.found) == ("size", False, slope)


def test_a_rule_that_reads_more_than_its_arguments(backend):
    def f(x):
        @multigrad.custom_vjp
        def scaled(y):
            return y * x

        scaled.defvjp(lambda y: (y * x, x), lambda r, ct: (ct * r,))
        return xp.sum(scaled(x + 1))

    (culprit,) = _blame.localize(f, (X,), backend=backend).culprits
    assert (culprit.operation, culprit.found) == ("scaled", 0.0)
    assert culprit.wrt.startswith("x[")


def test_inside_a_nested_operator_nothing_is_localized(backend):
    def f(x):
        inner = multigrad.gradient(lambda t: xp.sum(xp.sin(t) * multigrad.stop_gradient(t)))(x)
        return xp.sum(inner**2)

    found = _blame.localize(f, (X,), backend=backend)
    assert not found.found
    assert "nested operator" in found.reason
    assert found.interval[0] == found.interval[1]
    assert found.interval[0].text.startswith("inner =")
    assert found.interval[0].text in str(found)


def test_a_right_nested_operator_is_not_in_the_way(backend):
    rule = sine(1e-4)

    def f(x):
        inner = multigrad.gradient(lambda t: xp.sum(xp.exp(t) * t))(x)
        return xp.sum(rule(inner))

    found = _blame.localize(f, (X,), backend=backend)
    assert [c.operation for c in found.culprits] == ["wrong_sine"]


def test_random_numbers_are_named(backend):
    generator = np.random.default_rng(0)

    def f(x):
        noise = xp.asarray(generator.normal(size=4))
        return xp.sum(x * noise)

    found = _blame.localize(f, (X,), backend=backend)
    assert not found.found
    assert "another value the second time" in found.reason
    assert found.interval[0].text.startswith("noise =")


def test_another_path_is_said(backend):
    calls = []

    def f(x):
        calls.append(1)
        return xp.sum(xp.sin(x)) if len(calls) % 2 else xp.sum(xp.cos(x) * x)

    found = _blame.localize(f, (X,), backend=backend)
    assert not found.found
    assert "another path" in found.reason


def test_native_arrays_and_what_cannot_be_recorded(backend):
    def f(x):
        return xp.sum(x.no_such_method())

    native = _blame.localize(f, (X,), backend=backend, arrays="native")
    failed = _blame.localize(f, (X,), backend=backend)
    for found, words in ((native, "native"), (failed, "cannot be recorded: AttributeError")):
        assert not found.found
        assert words in found.reason
        assert found.interval[1].text == "return xp.sum(x.no_such_method())"


def test_arguments_by_name_and_trees(backend):
    rule = sine(1e-3)

    def f(params, scale=1.0):
        return scale * xp.sum(rule(params["w"]))

    found = _blame.localize(f, ({"w": X},), {"scale": 2.0}, argnames="params", backend=backend)
    assert [c.wrt[:-3] for c in found.culprits] == ["params['w']"]


# Against another backend


def test_a_long_sum_and_an_ill_conditioned_system_are_not_blamed(backend, dtype):
    hilbert = 1 / (np.arange(8)[:, None] + np.arange(8) + 1)

    def f(a, x):
        return xp.sum(xp.linalg.solve(a, xp.ones_like(a[0, :]))) + xp.sum(x) + xp.sum(x * x)

    arguments = (hilbert, np.full(100_000, 0.1))
    against = _blame.localize_against(f, arguments, backend=backend, dtype=dtype)
    assert not against.culprits, str(against)
    assert "rounding" in against.reason
    alone = _blame.localize(f, arguments, backend=backend, dtype=dtype)
    assert not alone.culprits, str(alone)


@pytest.mark.backends("torch", "jax", "tensorflow")
@pytest.mark.parametrize("what", ["value", "derivative"])
def test_an_operation_that_differs_from_the_reference(backend, dtype, what):
    @multigrad.custom_vjp
    def cosine(x):
        return _cosine(x)

    def _cosine(x):
        return xp.cos(x) * (1 + 1e-3 * (what == "value" and x.backend != "numpy"))

    def pulled(x, ct):
        return (-ct * xp.sin(x) * (1 + 1e-3 * (what == "derivative" and x.backend != "numpy")),)

    cosine.defvjp(lambda x: (_cosine(x), x), pulled)

    def f(x):
        y = xp.exp(x) - 1
        y = cosine(y)  # differs
        return xp.sum(y**2)

    found = _blame.localize_against(f, (X,), backend=backend, dtype=dtype)
    (culprit,) = found.culprits
    assert line_of(culprit).endswith("# differs")
    assert culprit.what == what
    assert culprit.found / culprit.expected == pytest.approx(1 + 1e-3, rel=1e-5)


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_computations_that_part_are_said(backend):
    def f(x):
        y = xp.exp(x)
        return xp.sum(y * 2 if x.backend == "numpy" else xp.sin(y))

    found = _blame.localize_against(f, (X,), backend=backend)
    assert not found.found
    assert "part" in found.reason
    assert found.interval[0].text.startswith("return xp.sum(y * 2")


# No false alarm

SMOOTH = (
    xp.sin,
    xp.cos,
    xp.tanh,
    xp.exp,
    xp.atan,
    lambda x: xp.sqrt(1 + x * x),
    lambda x: xp.log(2 + xp.sin(x)),
    lambda x: x / (2 + x * x),
    lambda x: xp.logaddexp(x, 1 - x),
    lambda x: xp.cumulative_sum(x) / 3,
    lambda x: xp.flip(x) * x,
    lambda x: x - xp.mean(x) * xp.var(x),
    lambda x: xp.matmul(xp.stack([x, xp.cos(x)], axis=1), xp.stack([x, x])[:, 0]),
    lambda x: xp.linalg.solve(xp.eye(4) * 5 + xp.linalg.outer(x, xp.sin(x)), x),
    lambda x: xp.concat([x[2:], x[:2] ** 3]),
)


def random_function(generator):
    chosen = [SMOOTH[i] for i in generator.integers(len(SMOOTH), size=4)]

    def f(x):
        y = x
        for operation in chosen:
            y = operation(y)
        return xp.sum(y)

    return f


def test_right_functions_raise_no_alarm(backend, dtype):
    generator = np.random.default_rng(5)
    for number in range(50 if backend == "numpy" else 3):
        f, x = random_function(generator), generator.uniform(-1.5, 1.5, 4)
        found = _blame.localize(f, (x,), backend=backend, dtype=dtype)
        assert not found.culprits, f"function {number}: {found}"
        assert found.reason is None
        against = _blame.localize_against(f, (x,), backend=backend, dtype=dtype)
        assert not against.culprits, f"function {number}: {against}"


def test_decompositions_raise_no_alarm(backend):
    def f(a):
        symmetric = a @ xp.conj(a).mT + xp.eye(3)
        lower = xp.linalg.cholesky(symmetric)
        values, vectors = xp.linalg.eigh(symmetric)
        u, s, vh = xp.linalg.svd(a, full_matrices=False)
        q, r = xp.linalg.qr(a)
        return (
            xp.sum(lower**2)
            + xp.sum(values)
            + xp.sum(xp.abs(vectors) ** 4)
            + xp.sum((u * s) @ vh + q @ r)
            + xp.linalg.det(a)
        )

    for a in (np.random.default_rng(2).normal(size=(3, 3)), np.random.default_rng(3).normal(size=(3, 3, 2)) @ [1, 1j]):
        found = _blame.localize(lambda a: xp.real(f(a)), (a,), backend=backend)
        assert not found.culprits, str(found)
        assert not _blame.localize_against(lambda a: xp.real(f(a)), (a,), backend=backend).culprits


# The report, and the numbers below


def test_to_dict_is_json(backend):
    found = _blame.localize(twenty_operations(sine(1e-4), sine(0.0)), (X, W), backend=backend)
    data = json.loads(json.dumps(found.to_dict()))
    assert data["found"] is True
    (culprit,) = data["culprits"]
    assert culprit["source"]["text"].endswith("# the planted one")
    assert culprit["operation"] == "wrong_sine"
    assert culprit["slopes"] is None


def test_an_exception_leaves_no_state(backend):
    def f(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _blame.localize(f, (X,), backend=backend)
    assert float(multigrad.gradient(lambda x: x**2, backend=backend)(3.0)) == 6.0


def test_slopes_and_their_error():
    point = np.array([0.3, -1.2, 2.0])
    found = _slopes.slopes(lambda h: np.exp(np.sin(point * (1 + h))), np.exp(np.sin(point)), 2.0**-52)
    exact = point * np.cos(point) * np.exp(np.sin(point))
    assert np.all(np.abs(found.value - exact) <= 10 * found.error)
    assert np.all(found.error <= 1e-7)
    assert np.all(np.abs(found.value - exact) <= 1e-11)
    assert not found.kinked.any()


def test_slopes_at_a_kink_a_jump_and_a_border():
    def f(h):
        with np.errstate(invalid="ignore"):
            return np.array([abs(h), max(3 * h, -h) + h, np.sqrt(h), h**2])

    found = _slopes.slopes(f, np.zeros(4), 2.0**-52)
    assert found.kinked.tolist() == [True, True, False, False]
    np.testing.assert_allclose([found.left[0], found.right[0], found.left[1], found.right[1]], [-1, 1, 0, 4], atol=1e-9)
    assert math.isinf(found.error[2])
    assert abs(found.value[3]) < 1e-12


def test_the_bound_grows_with_the_terms_and_the_condition():
    x = np.full(1000, 0.1)

    def total(x):
        return np.array([math.fsum(x)])

    few = _bounds.bound(total, x, total(x), 2.0**-23, 1)
    many = _bounds.bound(total, x, total(x), 2.0**-23, 1000)
    assert abs(np.sum(x.astype(np.float32), dtype=np.float32) - total(x)[0]) < many[0]
    assert many[0] > 100 * few[0]
    # One rounding of each term is lost in the sum's own; the bound counts them all the same.
    many = _bounds.bound(total, x, total(x), 2.0**-52, 1000)[0]
    assert many > 1000 * 2.0**-52 * np.sum(x)
    close = np.array([1.0, -1.0 + 1e-6])
    assert _bounds.bound(total, close, total(close), 2.0**-23, 1)[0] > 0.1 * total(close)[0]
