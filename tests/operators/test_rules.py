"""custom_vjp and custom_jvp: under every operator, with trees, None and Python arguments, and rules that do not fit."""

import re

import numpy as np
import pytest

import multigrad
from multigrad import xp

from .rules import RULE_CHECKS, X, pulled_sine
from .trees import assert_tree


@pytest.mark.parametrize(("family", "check"), [pytest.param(*c, id=f"{c[0]} {c[1].__name__}") for c in RULE_CHECKS])
def test_rules_under_every_operator(family, check, backend, arrays):
    check(family, {"backend": backend, "arrays": arrays})


FORWARD = {
    "jvp": lambda options: multigrad.jvp(pulled_sine, (X,), (X,), **options),
    "jacobian": lambda options: multigrad.jacobian(pulled_sine, mode="forward", **options)(X),
    "laplacian of a vector": lambda options: multigrad.laplacian(pulled_sine, **options)(X),
    "jvp of vmap": lambda options: multigrad.jvp(multigrad.vmap(pulled_sine), (X,), (X,), **options),
    "jvp of checkpoint": lambda options: multigrad.jvp(multigrad.checkpoint(pulled_sine), (X,), (X,), **options),
    "gradient of jvp": lambda options: multigrad.gradient(
        lambda x: xp.sum(multigrad.jvp(pulled_sine, (x,), (x,))[1]), **options
    )(X),
}


@pytest.mark.parametrize("run", FORWARD.values(), ids=FORWARD)
def test_forward_mode_of_a_pullback_names_custom_jvp(run, backend, arrays):
    message = "pulled_sine has a pullback (custom_vjp), and forward mode needs a rule for tangents: define it with"
    with pytest.raises(TypeError, match=re.escape(message) + r" multigrad\.custom_jvp"):
        run({"backend": backend, "arrays": arrays})


def test_forward_over_a_reverse_derivative_is_no_forward_mode_of_it(backend):
    # The gradient's code is the rule's, which has tangents.
    first = multigrad.gradient(lambda x: xp.sum(pulled_sine(x)))
    _, found = multigrad.jvp(first, (X,), (X,), backend=backend)
    assert_tree(found, -3 * np.sin(X) * X, 1e-12)
    assert_tree(multigrad.jacobian(first, mode="forward", backend=backend)(X), np.diag(-3 * np.sin(X)), 1e-12)


def test_outside_of_derivatives_f_itself_runs(backend):
    assert_tree(pulled_sine(multigrad.asarray(X, backend=backend)), np.sin(X), 1e-15)
    assert_tree(pulled_sine(X), np.sin(X), 1e-15)


@pytest.mark.parametrize("make", [multigrad.custom_vjp, multigrad.custom_jvp], ids=["custom_vjp", "custom_jvp"])
def test_before_its_rule_is_set(make, backend):
    @make
    def ruled(x):
        return xp.sin(x)

    for call in (ruled, multigrad.gradient(ruled, backend=backend)):
        with pytest.raises(TypeError, match=r"Expected a rule for ruled; set it with ruled\.def(vjp|jvp)\("):
            call(2.0)
    with pytest.raises(TypeError, match="Expected a function to differentiate, got int"):
        make(3)


def with_pullback(fwd, bwd):
    @multigrad.custom_vjp
    def ruled(x, n=2, label="text"):
        return x["w"] ** n

    ruled.defvjp(fwd, bwd)
    return ruled


def forward(x, n=2, label="text"):
    # What is no array reaches fwd as it was given.
    assert (type(n), label) == (int, "text")
    return x["w"] ** n, (x["w"], n, label)


def test_python_arguments_reach_the_rule_and_take_none(backend, arrays):
    def backward(kept, ct):
        w, n, label = kept
        assert (type(n), label) == (int, "text")
        return {"w": 10 * n * w ** (n - 1) * ct, "unused": None}, None, None

    ruled = with_pullback(forward, backward)
    tree = {"w": X, "unused": "text"}
    found = multigrad.gradient(lambda x: xp.sum(ruled(x, 3, "text")), backend=backend, arrays=arrays)(tree)
    assert_tree(found["w"], 30 * X**2, 1e-13)
    assert found["unused"] is None


def test_none_is_zeros(backend, arrays):
    ruled = with_pullback(forward, lambda kept, ct: (None,))
    found = multigrad.gradient(lambda x: xp.sum(ruled(x)) + xp.sum(x["w"]), backend=backend, arrays=arrays)({"w": X})
    assert_tree(found, {"w": np.ones(3)}, 1e-15)


@pytest.mark.parametrize(
    ("backward", "message"),
    [
        (lambda ct: ct, "Expected bwd of ruled to return a tuple of 1 cotangents, got "),
        (lambda ct: ({"w": ct}, ct), "Expected bwd of ruled to return a tuple of 1 cotangents, got 2."),
        (lambda ct: (ct,), "Expected bwd(...)[0] with the structure of the argument, {'w': *}, got *."),
        (lambda ct: ({"v": ct},), "{'w': *}, got {'v': *}."),
        (lambda ct: ({"w": ct[:2]},), "bwd(...)[0]['w'] to have the argument's shape (3,), got shape (2,)."),
        (lambda ct: ({"w": 1.0},), "bwd(...)[0]['w'] to have the argument's shape (3,), got shape ()."),
        (lambda ct: ({"w": xp.astype(ct, xp.float32)},), "the argument's dtype float64, got dtype float32."),
        (lambda ct: ({"w": "text"},), "an array or a number for bwd(...)[0]['w'], got str."),
    ],
    ids=["no-tuple", "two", "leaf", "key", "shape", "number", "dtype", "string"],
)
def test_cotangents_that_do_not_fit(backward, message, backend):
    ruled = with_pullback(forward, lambda kept, ct: backward(ct))
    with pytest.raises(multigrad.StructureError, match=re.escape(message)):
        multigrad.gradient(lambda x: xp.sum(ruled(x)), backend=backend)({"w": X})


def test_fwd_returns_a_pair(backend):
    ruled = with_pullback(lambda x: x["w"], lambda kept, ct: (ct,))
    with pytest.raises(TypeError, match=r"Expected fwd of ruled to return \(value, residuals\)"):
        multigrad.gradient(lambda x: xp.sum(ruled(x)), backend=backend)({"w": X})


def with_rule(rule):
    @multigrad.custom_jvp
    def ruled(x):
        return xp.sin(x)

    ruled.defjvp(rule)
    return ruled


OPERATORS = {
    "gradient": lambda f, backend: multigrad.gradient(lambda x: xp.sum(f(x)), backend=backend)(X),
    "jvp": lambda f, backend: multigrad.jvp(f, (X,), (X,), backend=backend),
}


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)
@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda p, t: (p[0], {"a": t[0]}), "with the structure of the value, *, got {'a': *}."),
        (lambda p, t: (p[0], t[0][:2]), "to have the value's shape (3,), got shape (2,)."),
        (lambda p, t: (p[0], 1.0), "to have the value's shape (3,), got shape ()."),
        (lambda p, t: (p[0], xp.astype(t[0], xp.float32)), "to have the value's dtype float64, got dtype float32."),
        (lambda p, t: (p[0], None), "Expected an array or a number for the tangent of the rule of ruled, got NoneType"),
    ],
    ids=["structure", "shape", "number", "dtype", "none"],
)
def test_tangents_that_do_not_fit(operator, rule, message, backend):
    with pytest.raises(multigrad.StructureError, match=re.escape(message)) as caught:
        operator(with_rule(rule), backend)
    assert "the tangent of the rule of ruled" in str(caught.value)


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)
def test_a_rule_returns_a_pair(operator, backend):
    with pytest.raises(TypeError, match=r"Expected the rule of ruled to return \(value, tangent\)"):
        operator(with_rule(lambda p, t: p[0]), backend)


def test_tangents_of_what_is_no_array_are_none(backend, arrays):
    seen = []

    @multigrad.custom_jvp
    def power(x, n):
        return x**n

    def rule(primals, tangents):
        seen.append((type(primals[1]), tangents[1]))
        (x, n), t = primals, tangents[0]
        return power(x, n), n * x ** (n - 1) * t

    power.defjvp(rule)
    found = multigrad.hessian(lambda x: xp.sum(power(x, 3)), backend=backend, arrays=arrays)(X)
    assert_tree(found, np.diag(6 * X), 1e-13)
    assert set(seen) == {(int, None)}


def test_an_exception_in_a_rule_passes_through(backend):
    def fail(kept, ct):
        raise KeyError("on purpose")

    ruled = with_pullback(forward, fail)
    with pytest.raises(KeyError, match="on purpose"):
        multigrad.gradient(lambda x: xp.sum(ruled(x)), backend=backend)({"w": X})
    assert_tree(multigrad.gradient(lambda x: xp.sum(pulled_sine(x)), backend=backend)(X), 3 * np.cos(X), 1e-13)


def test_names_and_documentation_are_the_functions():
    assert pulled_sine.__name__ == "pulled_sine"


def test_what_a_pullback_closes_over_is_constant(backend):
    # The rule says all there is to know of f: the factor s is no part of the derivative in s.
    def f(s):
        @multigrad.custom_vjp
        def scaled(x):
            return s * x

        scaled.defvjp(lambda x: (s * x, s), lambda kept, ct: (kept * ct,))
        return scaled(s)

    assert_tree(multigrad.gradient(f, backend=backend)(2.0), np.asarray(2.0), 0.0)


def test_what_a_function_with_a_rule_reads_is_constant(backend):
    """Also where none of its arguments is differentiated, so that no rule applies."""

    def scaled(s):
        by_pullback = multigrad.custom_vjp(lambda x: s * x)
        by_pullback.defvjp(lambda x: (multigrad.stop_gradient(s) * x, None), lambda _, ct: (ct,))
        return by_pullback(xp.asarray(2.0))

    assert float(multigrad.to_numpy(multigrad.gradient(scaled, backend=backend)(3.0))) == 0.0


def test_the_value_depends_on_the_input_also_beside_its_own_derivative(backend):
    @multigrad.custom_vjp
    def cube(x):
        return x**3

    cube.defvjp(lambda x: (x**3, x), lambda x, cotangent: (3 * x**2 * cotangent,))
    # The second derivative of x^6 and the first of x^6 + 6 x^5, at 2.
    assert_tree(multigrad.gradient(multigrad.gradient(lambda x: cube(x) ** 2), backend=backend)(2.0), 480.0, 1e-12)
    both = multigrad.value_and_gradient(lambda x: cube(x) ** 2)
    assert_tree(multigrad.gradient(lambda x: sum(both(x)), backend=backend)(2.0), 672.0, 1e-12)


def softplus_by_its_value():
    """Return a custom_vjp function whose fwd calls the function itself, as in JAX's own examples."""

    @multigrad.custom_vjp
    def softplus(x):
        return xp.log1p(xp.exp(x))

    def forward(x):
        value = softplus(x)
        return value, value

    softplus.defvjp(forward, lambda value, cotangent: (cotangent * (1 - xp.exp(-value)),))
    return softplus


@pytest.mark.parametrize("compile", [False, True])
def test_fwd_may_call_the_function_itself(backend, compile):
    softplus = softplus_by_its_value()
    point, sigmoid = 0.3, 1 / (1 + np.exp(-0.3))
    expected = [sigmoid, sigmoid * (1 - sigmoid), sigmoid * (1 - sigmoid) * (1 - 2 * sigmoid)]
    derivative = softplus
    for slope in expected:
        found = multigrad.gradient(derivative, backend=backend, compile=compile)(point)
        np.testing.assert_allclose(multigrad.to_numpy(found), slope, rtol=1e-13)
        derivative = multigrad.gradient(derivative)


@pytest.mark.filterwarnings("ignore::multigrad.RecompileWarning")  # each run makes its functions anew
@pytest.mark.parametrize("compile", [False, True])
def test_products_with_the_hessian_of_a_function_that_fwd_calls(backend, compile):
    softplus = softplus_by_its_value()
    options = {"backend": backend, "compile": compile}
    sigmoid = 1 / (1 + np.exp(-X))
    curvature = sigmoid * (1 - sigmoid)
    third = curvature * (1 - 2 * sigmoid)

    def f(x):
        return xp.sum(softplus(x) * x)

    diagonal = curvature * X + 2 * sigmoid
    assert_tree(multigrad.hvp(f, (X,), (X,), **options)[0], diagonal * X, 1e-13)
    assert_tree(multigrad.hessian(f, **options)(X), np.diag(diagonal), 1e-13)
    slope = lambda x: xp.sum(multigrad.gradient(f)(x) * x)  # noqa: E731
    # Of (softplus x)' x = sigmoid x² + softplus x.
    found = multigrad.jvp(multigrad.gradient(slope), (X,), (X,), **options)[1]
    assert_tree(found, (third * X**2 + 5 * curvature * X + 4 * sigmoid) * X, 1e-13)


def called_by_bwd():
    """Return a custom_vjp function whose bwd calls another one."""

    @multigrad.custom_vjp
    def inner(x):
        return xp.sin(x)

    inner.defvjp(lambda x: (xp.sin(x), x), lambda x, cotangent: (xp.cos(x) * cotangent,))

    @multigrad.custom_vjp
    def outer(x):
        return -xp.cos(x)

    outer.defvjp(lambda x: (-xp.cos(x), x), lambda x, cotangent: (inner(x) * cotangent,))
    return outer


def test_bwd_may_call_another_function_with_a_pullback(backend):
    gradient = multigrad.gradient(lambda x: xp.sum(called_by_bwd()(x)))
    assert_tree(multigrad.jacobian(gradient, backend=backend)(X), np.diag(np.cos(X)), 1e-13)


def test_bwd_may_call_an_operator_under_vmap(backend, arrays):
    def cubes(x):
        return x**3

    cubes_by_rule = multigrad.custom_vjp(cubes)
    cubes_by_rule.defvjp(lambda x: (x**3, x), lambda x, cotangent: multigrad.vjp(cubes, x)[1](cotangent))

    def f(x):
        return xp.sum(cubes_by_rule(x) ** 2)

    rows = np.asarray([[0.3, -0.8], [1.7, 0.4]])
    options = {"backend": backend, "arrays": arrays}
    assert_tree(multigrad.vmap(multigrad.gradient(f), **options)(rows), 6 * rows**5, 1e-11)
    hessians = np.stack([np.diag(30 * row**4) for row in rows])
    assert_tree(multigrad.vmap(multigrad.jacobian(multigrad.gradient(f)), **options)(rows), hessians, 1e-11)


@pytest.mark.backends("jax")
def test_forward_mode_over_such_a_bwd_names_what_works(backend):
    message = r"inner has a pullback .* bwd that calls it.* multigrad\.custom_jvp.* or jacobian\(gradient\(f\)\)"
    with pytest.raises(multigrad.MultigradError, match=message):
        multigrad.hvp(lambda x: xp.sum(called_by_bwd()(x)), (X,), (X,), backend=backend)


def test_fwd_calls_the_function_by_its_rule(backend):
    @multigrad.custom_vjp
    def square(x):
        return x**2

    # Another derivative than that of x**2, which would show.
    square.defvjp(lambda x: (square(x), square(x)), lambda value, cotangent: (cotangent * value,))
    second = multigrad.gradient(multigrad.gradient(square), backend=backend)(3.0)
    np.testing.assert_allclose(multigrad.to_numpy(second), 9.0, rtol=1e-13)


def test_a_float_has_the_tangent_zero(backend):
    """As in JAX: a rule need not ask which of its arguments are differentiated."""

    @multigrad.custom_jvp
    def product(x, y):
        return x * y

    product.defjvp(lambda p, t: (product(*p), t[0] * p[1] + t[1] * p[0]))
    assert float(multigrad.gradient(lambda x: product(x, 3.0), backend=backend)(2.0)) == 3.0
    assert float(multigrad.gradient(lambda y: product(2.0, y), backend=backend)(3.0)) == 2.0


def test_arguments_by_keyword(backend):
    @multigrad.custom_jvp
    def forward(x, y=4.0):
        return x * y

    forward.defjvp(lambda p, t: (forward(*p), 10 * t[0] * p[1]))

    @multigrad.custom_vjp
    def reverse(x, y=4.0):
        return x * y

    reverse.defvjp(lambda x, y: (x * y, y), lambda y, ct: (10 * ct * y, None))
    for ruled in (forward, reverse):
        assert float(multigrad.gradient(lambda x, ruled=ruled: ruled(x, y=3.0), backend=backend)(2.0)) == 30.0
        assert float(multigrad.gradient(lambda x, ruled=ruled: ruled(y=3.0, x=x), backend=backend)(2.0)) == 30.0

    keyword_only = multigrad.custom_vjp(lambda x, *, y: x * y)
    keyword_only.defvjp(lambda x: (x, None), lambda _, ct: (ct,))
    with pytest.raises(TypeError, match="got y by keyword only"):
        keyword_only(2.0, y=3.0)
