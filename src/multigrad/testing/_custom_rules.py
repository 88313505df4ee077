"""Functions with derivatives written by hand, and what every operator must give for them.

Each rule differs from the true derivative by a factor, so that a result tells whether the rule was used. A check
returns what was found and what was expected.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from multigrad import _mapping, _matrices, _products, _rules, _transform
from multigrad.array_api._dispatch import xp

X = np.asarray([0.7, -1.2, 2.0])
Z = np.asarray([1.0 + 2.0j, 0.5 - 1.0j, -0.7 + 0.1j])
ROWS = np.asarray([[0.3, -0.8, 1.1], [1.7, 0.4, -0.6]])
TURN = 2.0 + 1.0j


@_rules.custom_vjp
def pulled_sine(x: Any) -> Any:
    return xp.sin(x)


pulled_sine.defvjp(lambda x: (xp.sin(x), {"x": x}), lambda kept, ct: (3 * xp.cos(kept["x"]) * ct,))


@_rules.custom_jvp
def pushed_sine(x: Any) -> Any:
    return xp.sin(x)


pushed_sine.defjvp(lambda p, t: (pushed_sine(p[0]), 3 * xp.cos(p[0]) * t[0]))


@_rules.custom_vjp
def pulled_square(z: Any) -> Any:
    return z * z


pulled_square.defvjp(lambda z: (z * z, z), lambda z, ct: (ct * xp.conj(2 * z * TURN),))


@_rules.custom_jvp
def pushed_square(z: Any) -> Any:
    return z * z


pushed_square.defjvp(lambda p, t: (p[0] * p[0], 2 * p[0] * t[0] * TURN))


@_rules.custom_vjp
def pulled_pair(a: Any, b: Any) -> Any:
    return {"product": a["a"] * b, "sum": a["a"] + b}


def _pull_pair(kept: Any, ct: Any) -> Any:
    a, b = kept
    product, total = ct["product"], ct["sum"]
    return {"a": 5 * (product * b + total)}, 7 * xp.sum(product * a + total)


pulled_pair.defvjp(lambda a, b: (pulled_pair_value(a, b), (a["a"], b)), _pull_pair)


def pulled_pair_value(a: Any, b: Any) -> Any:
    return {"product": a["a"] * b, "sum": a["a"] + b}


@_rules.custom_jvp
def pushed_pair(a: Any, b: Any) -> Any:
    return pulled_pair_value(a, b)


def _push_pair(primals: Any, tangents: Any) -> Any:
    (a, b), (ta, tb) = primals, tangents
    out = {"product": 5 * b * ta["a"] + 7 * a["a"] * tb, "sum": 5 * ta["a"] + 7 * tb}
    return pulled_pair_value(a, b), out


pushed_pair.defjvp(_push_pair)

# Names say what was written by hand: a pullback or a tangent.
FAMILIES: dict[str, tuple[Any, ...]] = {
    "custom_vjp": (pulled_sine, pulled_square, pulled_pair),
    "custom_jvp": (pushed_sine, pushed_square, pushed_pair),
}
I3 = np.eye(3)


def gradient(family: str, options: dict[str, Any]) -> tuple[Any, Any]:
    sine = FAMILIES[family][0]
    found = _transform.value_and_gradient(lambda x: xp.sum(sine(x)), **options)(X)
    return found, (np.sin(X).sum(), 3 * np.cos(X))


def vjp_of_complex(family: str, options: dict[str, Any]) -> tuple[Any, Any]:
    square = FAMILIES[family][1]
    ct = np.asarray([1.0 - 1.0j, 2.0j, 0.5 + 0.0j])
    value, pullback = _products.vjp(square, Z, **options)
    return (value, pullback(ct)), (Z * Z, (ct * np.conj(2 * Z * TURN),))


def holomorphic_jacobian(family: str, options: dict[str, Any]) -> tuple[Any, Any]:
    found = _matrices.jacobian(FAMILIES[family][1], mode="reverse", holomorphic=True, **options)(Z)
    return found, np.diag(2 * Z * TURN)


def jacobian_of_trees(family: str, options: dict[str, Any]) -> tuple[Any, Any]:
    pair = FAMILIES[family][2]
    found = _matrices.jacobian(pair, (0, 1), mode="reverse", **options)({"a": X}, 1.5)
    expected = {
        "product": ({"a": 7.5 * I3}, 7 * X),
        "sum": ({"a": 5 * I3}, np.full(3, 7.0)),
    }
    return found, expected


def jacobian_of_more_outputs_than_inputs(family: str, options: dict[str, Any]) -> tuple[Any, Any]:
    sine = FAMILIES[family][0]
    found = _matrices.jacobian(lambda x: sine(xp.stack([x, 2 * x])), **options)(0.5)
    return found, np.asarray([3 * np.cos(0.5), 6 * np.cos(1.0)])


def hessian(family: str, options: dict[str, Any]) -> tuple[Any, Any]:
    sine = FAMILIES[family][0]
    found = _matrices.hessian(lambda x: xp.sum(sine(x)), **options)(X)
    return found, np.diag(-3 * np.sin(X))


def hvp(family: str, options: dict[str, Any]) -> tuple[Any, Any]:
    sine = FAMILIES[family][0]
    found = _products.hvp(lambda x: xp.sum(sine(x)), (X,), (X,), **options)
    return found, (-3 * np.sin(X) * X,)


def laplacian(family: str, options: dict[str, Any]) -> tuple[Any, Any]:
    sine = FAMILIES[family][0]
    found = _matrices.laplacian(lambda x: xp.sum(sine(x)), **options)(X)
    return found, -3 * np.sin(X).sum()


def third_order(family: str, options: dict[str, Any]) -> tuple[Any, Any]:
    sine = FAMILIES[family][0]
    first = _transform.gradient(sine, **options)
    found = _transform.gradient(_transform.gradient(first, **options), **options)(0.7)
    return found, np.asarray(-3 * np.cos(0.7))


def mapped_gradient(family: str, options: dict[str, Any]) -> tuple[Any, Any]:
    sine = FAMILIES[family][0]
    found = _mapping.vmap(_transform.gradient(lambda x: xp.sum(sine(x))), **options)(ROWS)
    return found, 3 * np.cos(ROWS)


def gradient_of_mapped(family: str, options: dict[str, Any]) -> tuple[Any, Any]:
    sine = FAMILIES[family][0]
    found = _transform.gradient(lambda rows: xp.sum(_mapping.vmap(sine)(rows)), **options)(ROWS)
    return found, 3 * np.cos(ROWS)


def hessian_of_mapped(family: str, options: dict[str, Any]) -> tuple[Any, Any]:
    sine = FAMILIES[family][0]
    found = _matrices.hessian(lambda rows: xp.sum(_mapping.vmap(sine)(rows)), **options)(ROWS)
    return found, (np.diag(-3 * np.sin(ROWS).reshape(-1))).reshape(2, 3, 2, 3)


def inside_an_inner_gradient(family: str, options: dict[str, Any]) -> tuple[Any, Any]:
    # d/dy (s·sin y) by the rule is 3 s·cos y; at y = s its derivative in s is 3 cos s - 3 s·sin s.
    sine = FAMILIES[family][0]
    found = _transform.gradient(lambda s: _transform.gradient(lambda y: s * sine(y))(s), **options)(0.7)
    return found, np.asarray(3 * np.cos(0.7) - 2.1 * np.sin(0.7))


def jvp(family: str, options: dict[str, Any]) -> tuple[Any, Any]:
    sine = FAMILIES[family][0]
    found = _products.jvp(sine, (X,), (X,), **options)
    return found, (np.sin(X), 3 * np.cos(X) * X)


def jvp_of_complex(family: str, options: dict[str, Any]) -> tuple[Any, Any]:
    found = _products.jvp(FAMILIES[family][1], (Z,), (1j * Z,), **options)
    return found, (Z * Z, 2j * Z * Z * TURN)


def jvp_of_trees(family: str, options: dict[str, Any]) -> tuple[Any, Any]:
    found = _products.jvp(FAMILIES[family][2], ({"a": X}, 1.5), ({"a": np.ones(3)}, 2.0), **options)
    expected = {"product": 7.5 + 14 * X, "sum": np.full(3, 19.0)}
    return found[1], expected


def forward_jacobian(family: str, options: dict[str, Any]) -> tuple[Any, Any]:
    found = _matrices.jacobian(FAMILIES[family][0], mode="forward", **options)(X)
    return found, np.diag(3 * np.cos(X))


def gradient_of_jvp(family: str, options: dict[str, Any]) -> tuple[Any, Any]:
    sine = FAMILIES[family][0]

    def f(x: Any) -> Any:
        return xp.sum(_products.jvp(sine, (x,), (x,))[1])

    found = _transform.gradient(f, **options)(X)
    return found, 3 * np.cos(X) - 3 * X * np.sin(X)


REVERSE = (
    gradient, vjp_of_complex, holomorphic_jacobian, jacobian_of_trees, jacobian_of_more_outputs_than_inputs, hessian,
    hvp, laplacian, third_order, mapped_gradient, gradient_of_mapped, hessian_of_mapped, inside_an_inner_gradient,
)  # fmt: skip
FORWARD = (jvp, jvp_of_complex, jvp_of_trees, forward_jacobian, gradient_of_jvp)
# What must hold for each family: forward mode takes a rule for tangents.
RULE_CHECKS = tuple(
    [(family, check) for family in FAMILIES for check in REVERSE] + [("custom_jvp", check) for check in FORWARD]
)
