"""Functions with derivatives written by hand, and what every operator must give for them.

Each rule differs from the true derivative by a factor, so that a result tells whether the rule was used.
"""

import numpy as np

import multigrad
from multigrad import xp

from .trees import assert_tree

X = np.asarray([0.7, -1.2, 2.0])
Z = np.asarray([1.0 + 2.0j, 0.5 - 1.0j, -0.7 + 0.1j])
ROWS = np.asarray([[0.3, -0.8, 1.1], [1.7, 0.4, -0.6]])
TURN = 2.0 + 1.0j


@multigrad.custom_vjp
def pulled_sine(x):
    return xp.sin(x)


pulled_sine.defvjp(lambda x: (xp.sin(x), {"x": x}), lambda kept, ct: (3 * xp.cos(kept["x"]) * ct,))


@multigrad.custom_jvp
def pushed_sine(x):
    return xp.sin(x)


pushed_sine.defjvp(lambda p, t: (pushed_sine(p[0]), 3 * xp.cos(p[0]) * t[0]))


@multigrad.custom_vjp
def pulled_square(z):
    return z * z


pulled_square.defvjp(lambda z: (z * z, z), lambda z, ct: (ct * xp.conj(2 * z * TURN),))


@multigrad.custom_jvp
def pushed_square(z):
    return z * z


pushed_square.defjvp(lambda p, t: (p[0] * p[0], 2 * p[0] * t[0] * TURN))


@multigrad.custom_vjp
def pulled_pair(a, b):
    return {"product": a["a"] * b, "sum": a["a"] + b}


def _pull_pair(kept, ct):
    a, b = kept
    product, total = ct["product"], ct["sum"]
    return {"a": 5 * (product * b + total)}, 7 * xp.sum(product * a + total)


pulled_pair.defvjp(lambda a, b: (pulled_pair_value(a, b), (a["a"], b)), _pull_pair)


def pulled_pair_value(a, b):
    return {"product": a["a"] * b, "sum": a["a"] + b}


@multigrad.custom_jvp
def pushed_pair(a, b):
    return pulled_pair_value(a, b)


def _push_pair(primals, tangents):
    (a, b), (ta, tb) = primals, tangents
    out = {"product": 5 * b * ta["a"] + 7 * a["a"] * tb, "sum": 5 * ta["a"] + 7 * tb}
    return pulled_pair_value(a, b), out


pushed_pair.defjvp(_push_pair)

# Names say what was written by hand: a pullback or a tangent.
FAMILIES = {
    "custom_vjp": (pulled_sine, pulled_square, pulled_pair),
    "custom_jvp": (pushed_sine, pushed_square, pushed_pair),
}
RTOL = 1e-12
I3 = np.eye(3)


def gradient(family, options):
    sine = FAMILIES[family][0]
    found = multigrad.value_and_gradient(lambda x: xp.sum(sine(x)), **options)(X)
    assert_tree(found, (np.sin(X).sum(), 3 * np.cos(X)), RTOL)


def vjp_of_complex(family, options):
    square = FAMILIES[family][1]
    ct = np.asarray([1.0 - 1.0j, 2.0j, 0.5 + 0.0j])
    value, pullback = multigrad.vjp(square, Z, **options)
    assert_tree(value, Z * Z, RTOL)
    assert_tree(pullback(ct), (ct * np.conj(2 * Z * TURN),), RTOL)


def holomorphic_jacobian(family, options):
    found = multigrad.jacobian(FAMILIES[family][1], mode="reverse", holomorphic=True, **options)(Z)
    assert_tree(found, np.diag(2 * Z * TURN), RTOL)


def jacobian_of_trees(family, options):
    pair = FAMILIES[family][2]
    found = multigrad.jacobian(pair, (0, 1), mode="reverse", **options)({"a": X}, 1.5)
    expected = {
        "product": ({"a": 7.5 * I3}, 7 * X),
        "sum": ({"a": 5 * I3}, np.full(3, 7.0)),
    }
    assert_tree(found, expected, RTOL)


def jacobian_of_more_outputs_than_inputs(family, options):
    sine = FAMILIES[family][0]
    found = multigrad.jacobian(lambda x: sine(xp.stack([x, 2 * x])), **options)(0.5)
    assert_tree(found, np.asarray([3 * np.cos(0.5), 6 * np.cos(1.0)]), RTOL)


def hessian(family, options):
    sine = FAMILIES[family][0]
    found = multigrad.hessian(lambda x: xp.sum(sine(x)), **options)(X)
    assert_tree(found, np.diag(-3 * np.sin(X)), RTOL)


def hvp(family, options):
    sine = FAMILIES[family][0]
    found = multigrad.hvp(lambda x: xp.sum(sine(x)), (X,), (X,), **options)
    assert_tree(found, (-3 * np.sin(X) * X,), RTOL)


def laplacian(family, options):
    sine = FAMILIES[family][0]
    found = multigrad.laplacian(lambda x: xp.sum(sine(x)), **options)(X)
    assert_tree(found, -3 * np.sin(X).sum(), RTOL)


def third_order(family, options):
    sine = FAMILIES[family][0]
    first = multigrad.gradient(sine, **options)
    found = multigrad.gradient(multigrad.gradient(first, **options), **options)(0.7)
    assert_tree(found, np.asarray(-3 * np.cos(0.7)), RTOL)


def mapped_gradient(family, options):
    sine = FAMILIES[family][0]
    found = multigrad.vmap(multigrad.gradient(lambda x: xp.sum(sine(x))), **options)(ROWS)
    assert_tree(found, 3 * np.cos(ROWS), RTOL)


def gradient_of_mapped(family, options):
    sine = FAMILIES[family][0]
    found = multigrad.gradient(lambda rows: xp.sum(multigrad.vmap(sine)(rows)), **options)(ROWS)
    assert_tree(found, 3 * np.cos(ROWS), RTOL)


def hessian_of_mapped(family, options):
    sine = FAMILIES[family][0]
    found = multigrad.hessian(lambda rows: xp.sum(multigrad.vmap(sine)(rows)), **options)(ROWS)
    assert_tree(found, (np.diag(-3 * np.sin(ROWS).reshape(-1))).reshape(2, 3, 2, 3), RTOL)


def inside_an_inner_gradient(family, options):
    # d/dy (s·sin y) by the rule is 3 s·cos y; at y = s its derivative in s is 3 cos s - 3 s·sin s.
    sine = FAMILIES[family][0]
    found = multigrad.gradient(lambda s: multigrad.gradient(lambda y: s * sine(y))(s), **options)(0.7)
    assert_tree(found, np.asarray(3 * np.cos(0.7) - 2.1 * np.sin(0.7)), RTOL)


def jvp(family, options):
    sine = FAMILIES[family][0]
    found = multigrad.jvp(sine, (X,), (X,), **options)
    assert_tree(found, (np.sin(X), 3 * np.cos(X) * X), RTOL)


def jvp_of_complex(family, options):
    found = multigrad.jvp(FAMILIES[family][1], (Z,), (1j * Z,), **options)
    assert_tree(found, (Z * Z, 2j * Z * Z * TURN), RTOL)


def jvp_of_trees(family, options):
    found = multigrad.jvp(FAMILIES[family][2], ({"a": X}, 1.5), ({"a": np.ones(3)}, 2.0), **options)
    expected = {"product": 7.5 + 14 * X, "sum": np.full(3, 19.0)}
    assert_tree(found[1], expected, RTOL)


def forward_jacobian(family, options):
    found = multigrad.jacobian(FAMILIES[family][0], mode="forward", **options)(X)
    assert_tree(found, np.diag(3 * np.cos(X)), RTOL)


def gradient_of_jvp(family, options):
    sine = FAMILIES[family][0]

    def f(x):
        return xp.sum(multigrad.jvp(sine, (x,), (x,))[1])

    found = multigrad.gradient(f, **options)(X)
    assert_tree(found, 3 * np.cos(X) - 3 * X * np.sin(X), RTOL)


REVERSE = (
    gradient, vjp_of_complex, holomorphic_jacobian, jacobian_of_trees, jacobian_of_more_outputs_than_inputs, hessian,
    hvp, laplacian, third_order, mapped_gradient, gradient_of_mapped, hessian_of_mapped, inside_an_inner_gradient,
)  # fmt: skip
FORWARD = (jvp, jvp_of_complex, jvp_of_trees, forward_jacobian, gradient_of_jvp)
# What must hold for each family: forward mode takes a rule for tangents.
RULE_CHECKS = tuple(
    [(family, check) for family in FAMILIES for check in REVERSE] + [("custom_jvp", check) for check in FORWARD]
)
