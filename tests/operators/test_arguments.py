"""Arguments of the operators that do not fit: what was required, what came, and the leaf as code."""

import re

import numpy as np
import pytest

import multigrad
from multigrad import hessian, hvp, jacobian, jvp, laplacian, value_and_jacobian, xp

from .trees import assert_tree

X = np.asarray([0.7, -1.2, 2.0])
TREE = {"a": X, "b": [1.5, "text"]}


def total(tree):
    return xp.sum(tree["a"]) * tree["b"][0]


PRODUCTS = {"jvp": jvp, "hvp": hvp}


@pytest.mark.parametrize("operator", PRODUCTS.values(), ids=PRODUCTS)
@pytest.mark.parametrize(
    ("tangent", "message"),
    [
        ({"a": X[:2], "b": [1.0, None]}, "tangents[0]['a'] to have the primal's shape (3,), got shape (2,)."),
        ({"a": 1.0, "b": [1.0, None]}, "tangents[0]['a'] to have the primal's shape (3,), got shape ()."),
        ({"a": X, "b": [X, None]}, "tangents[0]['b'][0] to have the primal's shape (), got shape (3,)."),
        (
            {"a": X.astype("float32"), "b": [1.0, None]},
            "tangents[0]['a'] to have the primal's dtype float64, got dtype float32.",
        ),
        ({"a": X, "b": [1j, None]}, "tangents[0]['b'][0] to have the primal's dtype float64, got a complex number."),
        ({"a": X + 1j, "b": [1.0, None]}, "tangents[0]['a'] to have the primal's dtype float64, got dtype complex128."),
        ({"a": X}, "tangents with the structure of the primal, ({'a': *, 'b': [*, *]},), got ({'a': *},)."),
        ({"a": X, "b": (1.0, None)}, "got ({'a': *, 'b': (*, *)},)."),
        ({"a": None, "b": [1.0, None]}, "an array or a number for tangents[0]['a'], got NoneType."),
    ],
    ids=["shape", "number", "array", "precision", "complex number", "complex", "missing", "kind", "none"],
)
def test_tangents_that_do_not_fit(operator, tangent, message, backend):
    with pytest.raises(multigrad.StructureError, match=re.escape(message)):
        operator(total, (TREE,), (tangent,), backend=backend)


@pytest.mark.parametrize("operator", PRODUCTS.values(), ids=PRODUCTS)
def test_tangents_of_other_forms(operator, backend, arrays):
    native = multigrad.asarray(X, backend=backend)
    array = multigrad.array_namespace(native).asarray(X)
    results = [
        operator(lambda x: xp.sum(x**3), (X,), (tangent,), backend=backend, arrays=arrays)
        for tangent in (X, native, array)
    ]
    expected = {"jvp": ((X**3).sum(), 3 * (X**3).sum()), "hvp": (6 * X**2,)}[operator.__name__]
    for found in results:
        assert_tree(found, expected, 1e-13)


@pytest.mark.parametrize("operator", PRODUCTS.values(), ids=PRODUCTS)
def test_primals_and_tangents_are_tuples(operator, backend):
    with pytest.raises(multigrad.StructureError, match=r"a tuple for primals, .*, got ndarray: write \(x,\)"):
        operator(xp.sum, X, X, backend=backend)
    with pytest.raises(multigrad.StructureError, match=r"a tuple for tangents, .*, got ndarray: write \(x,\)"):
        operator(xp.sum, (X,), X, backend=backend)
    with pytest.raises(multigrad.StructureError, match="Expected one tangent per primal, got 2 for 1"):
        operator(xp.sum, (X,), (X, X), backend=backend)


@pytest.mark.parametrize("mode", ["second", "", None, 1, "Forward"])
@pytest.mark.parametrize("operator", [jacobian, value_and_jacobian], ids=lambda operator: operator.__name__)
def test_modes_that_do_not_exist(operator, mode):
    with pytest.raises(ValueError, match=f"Expected 'auto', 'forward' or 'reverse' for mode=, got {mode!r}"):
        operator(xp.sin, mode=mode)


@pytest.mark.parametrize("chunk_size", [0, -1, 1.5, "2", True])
@pytest.mark.parametrize(
    "operator", [jacobian, value_and_jacobian, hessian, laplacian], ids=lambda operator: operator.__name__
)
def test_chunk_sizes_that_do_not_exist(operator, chunk_size):
    with pytest.raises(ValueError, match=f"a positive integer or None for chunk_size=, got {chunk_size!r}"):
        operator(xp.sin, chunk_size=chunk_size)


@pytest.mark.parametrize("operator", [hessian, laplacian], ids=lambda operator: operator.__name__)
@pytest.mark.parametrize("z", [X + 1j, 1.0 + 2.0j], ids=["array", "number"])
def test_second_derivatives_of_complex_arguments_name_hvp(operator, z, backend):
    message = rf"Expected real arguments for {operator.__name__}, got a complex one: .* multigrad\.hvp"
    with pytest.raises(multigrad.InputError, match=message):
        operator(lambda w: xp.sum(xp.real(w) ** 2), backend=backend)(z)


def test_second_derivatives_of_complex_values(backend, arrays):
    found = hessian(lambda x: x**2 * (1 + 2j), backend=backend)(1.5)
    assert_tree(found, np.asarray(2 + 4j), 1e-13)


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
def test_complex_to_complex_wants_holomorphic(mode, backend):
    with pytest.raises(multigrad.OutputError, match=r"a complex f of a complex argument\. Pass holomorphic=True"):
        jacobian(lambda z: z * z, mode=mode, backend=backend)(X + 1j)


OPERATORS = {
    "jacobian": lambda f, x, **options: jacobian(f, **options)(x),
    "forward jacobian": lambda f, x, **options: jacobian(f, mode="forward", **options)(x),
    "value_and_jacobian": lambda f, x, **options: value_and_jacobian(f, **options)(x),
    "hessian": lambda f, x, **options: hessian(f, **options)(x),
    "laplacian": lambda f, x, **options: laplacian(f, **options)(x),
    "jvp": lambda f, x, **options: jvp(f, (x,), (x,), **options),
    "hvp": lambda f, x, **options: hvp(f, (x,), (x,), **options),
}


@pytest.mark.parametrize("run", OPERATORS.values(), ids=OPERATORS)
def test_integer_arrays(run, backend):
    with pytest.raises(
        multigrad.InputError, match=r"a floating or complex array to differentiate, got x\['n'\] of dtype"
    ):
        run(lambda x: xp.sum(x["n"]), {"n": np.arange(3)}, backend=backend)


@pytest.mark.parametrize("run", OPERATORS.values(), ids=OPERATORS)
def test_f_that_returns_no_array(run, backend):
    with pytest.raises(multigrad.OutputError, match="got an object of type str"):
        run(lambda x: "text", X, backend=backend)


@pytest.mark.parametrize("run", OPERATORS.values(), ids=OPERATORS)
def test_f_that_is_no_function(run, backend):
    with pytest.raises(TypeError, match="Expected a function to differentiate, got float"):
        run(2.0, X, backend=backend)


@pytest.mark.parametrize("f", [lambda x: x, lambda x: (x, x), lambda x: 1j * x[0]], ids=["vector", "tuple", "complex"])
def test_hvp_wants_a_real_scalar(f, backend):
    with pytest.raises(multigrad.OutputError, match="Expected f to return a real scalar, got a"):
        hvp(f, (X,), (X,), backend=backend)


def test_unknown_arguments_are_named(backend):
    for operator in (jacobian, hessian, laplacian):
        with pytest.raises(multigrad.ArgumentSelectionError, match="5"):
            operator(lambda x: xp.sum(x), 5, backend=backend)(X)
        with pytest.raises(multigrad.ArgumentSelectionError, match="'y'"):
            operator(lambda x: xp.sum(x), argnames="y", backend=backend)(X)


def test_argnames(backend, arrays):
    options = {"backend": backend, "arrays": arrays}

    def f(x, *, y):
        return xp.sum(x**2) * y**2

    assert_tree(jacobian(f, argnames="y", **options)(X, y=2.0), np.asarray(4 * X @ X), 1e-13)
    assert_tree(hessian(f, argnames=("y",), **options)(X, y=2.0), {"y": {"y": np.asarray(2 * X @ X)}}, 1e-13)
    assert_tree(laplacian(f, 0, argnames="y", **options)(X, y=2.0), np.asarray(24.0 + 2 * X @ X), 1e-13)
    by_position, by_name = jacobian(f, 0, argnames="y", **options)(X, y=2.0)
    assert_tree(by_position, 8 * X, 1e-13)
    assert_tree(by_name, np.asarray(4 * X @ X), 1e-13)


def with_aux(x):
    return xp.concat([x, x**2]), {"sum": xp.sum(x), "label": "text", "n": 2}


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
def test_aux_of_jacobian(mode, backend, arrays):
    expected = np.concatenate([np.eye(3), 2 * np.diag(X)])
    options = {"mode": mode, "has_aux": True, "backend": backend, "arrays": arrays}
    found, aux = jacobian(with_aux, **options)(X)
    assert_tree(found, expected, 1e-13)
    (value, again), found = value_and_jacobian(with_aux, **options)(X)
    assert_tree((value, found), (np.concatenate([X, X**2]), expected), 1e-13)
    for one in (aux, again):
        assert_tree(one["sum"], X.sum(), 1e-13)
        assert (one["label"], one["n"]) == ("text", 2)


def test_aux_of_jvp(backend, arrays):
    value, tangent, aux = jvp(with_aux, (X,), (X,), has_aux=True, backend=backend, arrays=arrays)
    assert_tree((value, tangent), (np.concatenate([X, X**2]), np.concatenate([X, 2 * X**2])), 1e-13)
    assert_tree(aux["sum"], X.sum(), 1e-13)
    assert (aux["label"], aux["n"]) == ("text", 2)


def test_aux_wants_a_pair(backend):
    for run in (
        lambda: jacobian(xp.sin, has_aux=True, backend=backend)(X),
        lambda: jvp(xp.sin, (X,), (X,), has_aux=True, backend=backend),
    ):
        with pytest.raises(multigrad.OutputError, match=r"return \(value, aux\) because of has_aux=True"):
            run()


@pytest.mark.parametrize("operator", ["jacobian", "hessian", "laplacian"])
def test_dtype_and_forms_of_results(operator, backend):
    f = getattr(multigrad, operator)(lambda x: xp.sum(x**3), backend=backend, dtype="float32")
    found = f(X)
    assert multigrad.to_numpy(found).dtype == np.float32
    assert not isinstance(found, multigrad.Array)
    given = multigrad.array_namespace(multigrad.asarray(X, backend=backend)).asarray(X)
    assert isinstance(f(given), multigrad.Array)


def test_tangents_are_cast_as_their_primals_are(backend):
    def f(p):
        return xp.sum(p["a"] ** 3) + xp.sum(p["b"] ** 2)

    point = {"a": np.asarray([1.0, 2.0]), "b": np.ones(1, "float32")}
    direction = {"a": np.asarray([1.0, 0.5]), "b": np.ones(1, "float32")}
    _, tangent = multigrad.jvp(f, (point,), (direction,), backend=backend, dtype="float32")
    assert multigrad.to_numpy(tangent) == np.float32(3 + 6 + 2)
    assert multigrad.to_numpy(tangent).dtype == np.float32
    (product,) = multigrad.to_numpy(multigrad.hvp(f, (point,), (direction,), backend=backend, dtype="float32"))
    assert product["a"].tolist() == [6.0, 6.0]
    with multigrad.use_backend(backend, dtype="float32"):
        assert multigrad.to_numpy(multigrad.jvp(f, (point,), (direction,))[1]) == np.float32(11)
    with pytest.raises(multigrad.StructureError, match=r"tangents\[0\]\['b'\] to have the primal's dtype float32"):
        multigrad.jvp(f, (point,), ({**direction, "b": np.ones(1)},), backend=backend)
