"""Functions in array-API code with their derivatives in closed form, up to the third order.

The kinds of functions are those of DifferentiationInterface.jl's default scenarios, as far as they make sense in
Python, and those that only arrays of the standard have: assignment, integer outputs, fixed Python arguments.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from multigrad.array_api._dispatch import xp
from multigrad.testing._scenario import HOLOMORPHIC, TO_COMPLEX, TO_REAL, Scenario


@dataclasses.dataclass
class Point:
    """A container that no framework knows."""

    position: Any
    weight: Any


def array(x: Any) -> np.ndarray:
    return np.asarray(x, dtype=complex if np.iscomplexobj(x) else float)


def delta(*shape: int) -> np.ndarray:
    """Return the derivative of an array of this shape in itself."""
    return np.eye(int(np.prod(shape))).reshape(*shape, *shape)


def diagonal(x: np.ndarray, order: int) -> np.ndarray:
    """Return the derivatives of an elementwise function of a vector: x on the diagonal of a cube of this order."""
    result = np.zeros((len(x),) * (order + 1))
    for i, value in enumerate(x):
        result[(i,) * (order + 1)] = value
    return result


S = 1.3
X = np.asarray([0.7, -1.2, 2.0])
C = np.asarray([0.5, 1.0, -2.0])
A = np.asarray([[0.3, -0.8, 1.1], [1.7, 0.4, -0.6]])
M = np.asarray([[2.0, 0.5, -1.0], [0.0, 1.0, 0.3], [0.7, -0.2, 3.0]])
Z = np.asarray([1.0 + 2.0j, 0.5 - 1.0j, -0.7 + 0.1j])
I3, I2 = np.eye(3), np.eye(2)
ZERO = np.zeros(())


def assigned(x: Any) -> Any:
    y = xp.zeros_like(x)
    y[0] = x[1] ** 3
    y[1:] = x[:2] * x[2]
    y *= 2.0
    return y


def fixed(x: Any, n: int, axis: int, label: str) -> Any:
    # What is not differentiated reaches f as it was given.
    if (type(n), type(axis), label) != (int, int, "text"):
        raise AssertionError(f"Expected Python arguments as they were given, got {n!r}, {axis!r}, {label!r}.")
    return xp.sum(x**n, axis=axis)


def oscillation(x: Any) -> Any:
    z = xp.astype(x, xp.result_type(x, xp.complex64))
    return xp.exp(z * 1j) * z[0]


def branching(x: Any) -> Any:
    if x[0] > 0:
        return xp.sum(x**3)
    return xp.sum(x)


def product_of_sums(a: Any) -> Any:
    return xp.sum(a**2) * xp.sum(a)


def product_of_sums_derivatives(a: np.ndarray) -> Any:
    """Return the first three derivatives of (Σ a²)(Σ a)."""
    n = a.size
    flat, ones, eye = a.reshape(-1), np.ones(n), np.eye(n)
    first = 2 * flat * flat.sum() + (flat**2).sum()
    second = 2 * eye * flat.sum() + 2 * np.outer(flat, ones) + 2 * np.outer(ones, flat)
    third = 2 * (
        np.einsum("ij,k->ijk", eye, ones) + np.einsum("ik,j->ijk", eye, ones) + np.einsum("jk,i->ijk", eye, ones)
    )
    return [part.reshape(a.shape * order) for order, part in enumerate((first, second, third), 1)]


def scaled_squares(x: Any) -> Any:
    return x**2 * xp.sum(x * xp.asarray(C, dtype=x.dtype))


_s = float(X @ C)
_r = np.sqrt(X**2 + 1)
_mixed: dict[str, Any] = {"w": np.asarray([1.0, 2.0, -1.0]), "b": 2.0}
_w = _mixed["w"]
_permutation = np.zeros((3, 3, 3))
for _i, _j, _k in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
    _permutation[_i, _j, _k] = 1.0
_second_of_product = np.asarray([[0, X[2], X[1]], [X[2], 0, X[0]], [X[1], X[0], 0]])

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "scalar to scalar", lambda x: xp.sin(x) * x**2, (array(S),),
        value=array(S**2 * np.sin(S)),
        jacobian=array(2 * S * np.sin(S) + S**2 * np.cos(S)),
        hessian=array((2 - S**2) * np.sin(S) + 4 * S * np.cos(S)),
        third=array(-6 * S * np.sin(S) + (6 - S**2) * np.cos(S)),
    ),
    Scenario(
        "Python number", lambda x: x**3 / 3, (2.0,),
        value=array(8 / 3), jacobian=array(4.0), hessian=array(4.0), third=array(2.0),
    ),
    Scenario(
        "vector to scalar", product_of_sums, (X,),
        array((X**2).sum() * X.sum()), *product_of_sums_derivatives(X),
    ),
    Scenario(
        "matrix to scalar", product_of_sums, (A,),
        array((A**2).sum() * A.sum()), *product_of_sums_derivatives(A)[:2],
    ),
    Scenario(
        "scalar to vector", lambda x: xp.stack([xp.sin(x), x**3, xp.exp(2 * x)]), (array(S),),
        value=array([np.sin(S), S**3, np.exp(2 * S)]),
        jacobian=array([np.cos(S), 3 * S**2, 2 * np.exp(2 * S)]),
        hessian=array([-np.sin(S), 6 * S, 4 * np.exp(2 * S)]),
        third=array([-np.cos(S), 6.0, 8 * np.exp(2 * S)]),
    ),
    Scenario(
        "vector to vector", scaled_squares, (X,),
        value=X**2 * _s,
        jacobian=2 * _s * np.diag(X) + np.outer(X**2, C),
        hessian=diagonal(np.full(3, 2 * _s), 2)
        + np.einsum("i,ij,k->ijk", 2 * X, I3, C) + np.einsum("i,ik,j->ijk", 2 * X, I3, C),
        third=2 * (
            np.einsum("ij,ik,l->ijkl", I3, I3, C) + np.einsum("ij,il,k->ijkl", I3, I3, C)
            + np.einsum("ik,il,j->ijkl", I3, I3, C)
        ),
    ),
    Scenario(
        "elementwise", lambda x: xp.sqrt(x**2 + 1), (X,),
        value=_r, jacobian=diagonal(X / _r, 1), hessian=diagonal(_r**-3, 2),
    ),
    Scenario(
        "vector to matrix", lambda x: xp.expand_dims(x, axis=1) * x[:2], (X,),
        value=np.outer(X, X[:2]),
        jacobian=np.einsum("ac,b->abc", I3, X[:2]) + np.einsum("bc,a->abc", I3[:2], X),
        hessian=np.einsum("ac,bd->abcd", I3, I3[:2]) + np.einsum("bc,ad->abcd", I3[:2], I3),
    ),
    Scenario(
        "matrix to matrix", lambda a: a @ xp.matrix_transpose(a), (A,),
        value=A @ A.T,
        jacobian=np.einsum("ac,bd->abcd", I2, A) + np.einsum("bc,ad->abcd", I2, A),
        hessian=np.einsum("ac,be,df->abcdef", I2, I2, I3) + np.einsum("bc,ae,df->abcdef", I2, I2, I3),
    ),
    Scenario(
        "product", lambda x: xp.prod(x), (X,),
        value=array(X.prod()), jacobian=X.prod() / X, hessian=_second_of_product, third=_permutation,
    ),
    Scenario(
        "constants closed over", lambda x: xp.vecdot(x, xp.matmul(xp.asarray(M, dtype=x.dtype), x)), (X,),
        value=array(X @ M @ X), jacobian=(M + M.T) @ X, hessian=M + M.T,
    ),
    Scenario(
        "views and joins", lambda x: xp.concat([x[1:], x[:1]]) * xp.flip(x), (X,),
        value=np.asarray([X[1] * X[2], X[2] * X[1], X[0] * X[0]]),
        jacobian=np.asarray([[0, X[2], X[1]], [0, X[2], X[1]], [2 * X[0], 0, 0]]),
        hessian=array([[[0, 0, 0], [0, 0, 1], [0, 1, 0]], [[0, 0, 0], [0, 0, 1], [0, 1, 0]], 2 * np.diag([1, 0, 0])]),
    ),
    Scenario(
        "identity, twice", lambda x: (x, x), (X,),
        value=(X, X), jacobian=(I3, I3), hessian=(np.zeros((3, 3, 3)),) * 2,
    ),
    Scenario(
        "several arguments", lambda x, y: xp.sum(x**2) * y, (X, 1.5), argnums=(0, 1),
        value=array(1.5 * X @ X),
        jacobian=(3 * X, array(X @ X)),
        hessian=((3 * I3, 2 * X), (2 * X, ZERO)),
    ),
    Scenario(
        "second argument", lambda x, y: x * y**2, (X, 1.5), argnums=1,
        value=2.25 * X, jacobian=3 * X, hessian=2 * X, third=np.zeros(3),
    ),
    Scenario(
        "unused argument", lambda x, y: xp.sum(x**3), (X, array([1.0, 2.0])), argnums=(0, 1),
        value=array((X**3).sum()),
        jacobian=(3 * X**2, np.zeros(2)),
        hessian=((np.diag(6 * X), np.zeros((3, 2))), (np.zeros((2, 3)), np.zeros((2, 2)))),
    ),
    Scenario(
        "dict of arguments", lambda p: xp.sum(p["w"] ** 2) * p["b"], (_mixed,),
        value=array(2 * _w @ _w),
        jacobian={"w": 4 * _w, "b": array(_w @ _w)},
        hessian={"w": {"w": 4 * I3, "b": 2 * _w}, "b": {"w": 2 * _w, "b": ZERO}},
    ),
    Scenario(
        "dict of results", lambda x: {"y": x**2, "z": [xp.sum(x), x[0] * x[2]]}, (X,),
        value={"y": X**2, "z": [array(X.sum()), array(X[0] * X[2])]},
        jacobian={"y": 2 * np.diag(X), "z": [np.ones(3), array([X[2], 0, X[0]])]},
        hessian={"y": diagonal(np.full(3, 2.0), 2), "z": [np.zeros((3, 3)), array([[0, 0, 1], [0, 0, 0], [1, 0, 0]])]},
    ),
    Scenario(
        "dataclass to dataclass", lambda p: Point(p.position * p.weight, xp.sum(p.position)), (Point(X, array(0.5)),),
        value=Point(0.5 * X, array(X.sum())),
        jacobian=Point(Point(0.5 * I3, X), Point(np.ones(3), ZERO)),
        hessian=Point(
            Point(Point(np.zeros((3, 3, 3)), I3), Point(I3, np.zeros(3))),
            Point(Point(np.zeros((3, 3)), np.zeros(3)), Point(np.zeros(3), ZERO)),
        ),
    ),
    Scenario(
        "fixed Python arguments", fixed, (A, 3, 1, "text"),
        value=(A**3).sum(axis=1),
        jacobian=np.einsum("ab,bc->abc", I2, 3 * A**2),
        hessian=np.einsum("ab,ad,bc,ce->abcde", I2, I2, 6 * A, I3),
    ),
    Scenario(
        "assignment", assigned, (X,), native=False,
        value=2 * array([X[1] ** 3, X[0] * X[2], X[1] * X[2]]),
        jacobian=2 * array([[0, 3 * X[1] ** 2, 0], [X[2], 0, X[0]], [0, X[2], X[1]]]),
        hessian=2 * array([np.diag([0, 6 * X[1], 0]), [[0, 0, 1], [0, 0, 0], [1, 0, 0]],
                           [[0, 0, 0], [0, 0, 1], [0, 1, 0]]]),
    ),
    Scenario(
        "branch on a value", branching, (X,), branches=True,
        value=array((X**3).sum()), jacobian=3 * X**2, hessian=np.diag(6 * X), third=diagonal(np.full(3, 6.0), 2),
    ),
    Scenario(
        "the other branch", branching, (-X,), branches=True,
        value=array(-X.sum()), jacobian=np.ones(3), hessian=np.zeros((3, 3)),
    ),
    Scenario(
        "integer results", lambda x: (xp.sum(x**2), xp.astype(x > 0, xp.int64), x > 0), (X,),
        value=(array(X @ X), np.asarray([1, 0, 1]), np.asarray([True, False, True])),
        jacobian=(2 * X, np.zeros((3, 3)), np.zeros((3, 3))),
        hessian=(2 * I3, np.zeros((3, 3, 3)), np.zeros((3, 3, 3))),
    ),
    Scenario(
        "constant", lambda x: 2.5, (X,),
        value=array(2.5), jacobian=np.zeros(3), hessian=np.zeros((3, 3)), third=np.zeros((3, 3, 3)),
    ),
    Scenario(
        "constant array", lambda x: (xp.ones(3, dtype=x.dtype), x), (array(S),),
        value=(np.ones(3), array(S)), jacobian=(np.zeros(3), array(1.0)), hessian=(np.zeros(3), ZERO),
    ),
    Scenario(
        "linear", lambda x: 3.0 * x, (X,),
        value=3 * X, jacobian=3 * I3, hessian=np.zeros((3, 3, 3)),
    ),
    Scenario(
        "empty vector", lambda x: 2.0 * x, (np.zeros(0),),
        value=np.zeros(0), jacobian=np.zeros((0, 0)), hessian=np.zeros((0, 0, 0)),
    ),
    Scenario(
        "sum of an empty vector", lambda x: xp.sum(x**2), (np.zeros(0),),
        value=ZERO, jacobian=np.zeros(0), hessian=np.zeros((0, 0)),
    ),
    Scenario(
        "empty result", lambda x: x[:0] * 2.0, (X,),
        value=np.zeros(0), jacobian=np.zeros((0, 3)), hessian=np.zeros((0, 3, 3)),
    ),
    Scenario(
        "complex to real scalar", lambda z: xp.sum(xp.real(z * xp.conj(z)) ** 2), (Z,), kind=TO_REAL,
        value=array((np.abs(Z) ** 4).sum()),
        jacobian=4 * np.abs(Z) ** 2 * Z,
        hvp=lambda t: 8 * (np.conj(Z) * t).real * Z + 4 * np.abs(Z) ** 2 * t,
    ),
    Scenario(
        "complex to real vector", lambda z: xp.real(z) * xp.imag(z), (Z,), kind=TO_REAL,
        value=Z.real * Z.imag, jacobian=np.diag(Z.imag + 1j * Z.real),
    ),
    Scenario(
        "holomorphic", lambda z: z**3 * z[0], (Z,), kind=HOLOMORPHIC,
        value=Z**3 * Z[0], jacobian=np.diag(3 * Z**2 * Z[0]) + np.outer(Z**3, [1, 0, 0]),
    ),
    Scenario(
        "real to complex", oscillation, (X,), kind=TO_COMPLEX,
        value=np.exp(1j * X) * X[0],
        jacobian=np.diag(1j * np.exp(1j * X) * X[0]) + np.outer(np.exp(1j * X), [1, 0, 0]),
    ),
    Scenario(
        "real and complex arguments", lambda x, z: xp.sum(x * xp.real(z * xp.conj(z))), (X, Z), argnums=(0, 1),
        kind=TO_REAL, value=array((X * np.abs(Z) ** 2).sum()), jacobian=(np.abs(Z) ** 2, 2 * X * Z),
    ),
)  # fmt: skip
