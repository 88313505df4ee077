"""Calls are independent: results share no memory, arguments stay, exceptions leave no state, threads do not mix."""

import contextlib
import threading

import numpy as np
import pytest

import multigrad
from multigrad import checkpoint, gradient, hessian, hvp, jacobian, jvp, laplacian, value_and_jacobian, vjp, vmap, xp

from .trees import assert_tree, leaves

X = np.asarray([0.7, -1.2, 2.0])


def cubes(x):
    return xp.sum(x**3)


# Functions of the options and an array; the last entry of what they return holds derivatives, the rest values.
CALLS = {
    "jvp of the identity": lambda o, x: jvp(lambda y: y, (x,), (x,), **o),
    "jvp of the identity, twice": lambda o, x: jvp(lambda y: (y, y), (x,), (x,), **o),
    "jvp of a constant": lambda o, x: jvp(lambda y: (xp.zeros_like(y), xp.zeros_like(y)), (x,), (x,), **o),
    "hvp of a linear function": lambda o, x: [hvp(lambda y, z: xp.sum(y) + xp.sum(z), (x, x), (x, x), **o)],
    "hvp of a square": lambda o, x: [hvp(lambda y, z: xp.sum(y * z), (x, x), (x, x), **o)],
    "jacobian of the identity": lambda o, x: [jacobian(lambda y: (y, y), **o)(x)],
    "jacobian of unused arguments": lambda o, x: [jacobian(lambda y, z: (1.0, 1.0), (0, 1), **o)(x, x)],
    "value_and_jacobian": lambda o, x: value_and_jacobian(lambda y: (y, y), **o)(x),
    "hessian of a linear function": lambda o, x: [hessian(lambda y, z: xp.sum(y + z), (0, 1), **o)(x, x)],
    "laplacian of the identity": lambda o, x: [laplacian(lambda y: (y, y), **o)(x)],
    "gradient of checkpoint": lambda o, x: [gradient(checkpoint(lambda y, z: xp.sum(y + z)), (0, 1), **o)(x, x)],
}


@pytest.mark.backends("numpy", "torch")
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_derivatives_share_no_memory(call, backend):
    # The other frameworks' arrays cannot be written to. A value may be the argument itself, where f returns it.
    given = multigrad.asarray(X.copy(), backend=backend)
    *values, derivatives = call({"backend": backend}, given)
    parts = [np.asarray(part) for part in leaves(derivatives)]
    others = [np.asarray(part) for part in (given, *leaves(values))]
    for i, part in enumerate(parts):
        assert not any(np.shares_memory(part, other) for other in (*parts[:i], *others))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_arguments_do_not_change(call, backend):
    x = X.copy()
    first = multigrad.to_numpy(call({"backend": backend}, x))
    second = multigrad.to_numpy(call({"backend": backend}, x))
    assert x.tolist() == X.tolist()
    assert_tree(first, second, 0.0)


@pytest.mark.parametrize("operator", ["vjp", "jacobian", "hessian", "vmap"])
def test_assignment_in_f_stays_in_f(operator, backend):
    def f(x):
        x[0] = 5.0 * x[1]
        x *= 2.0
        return x

    x = multigrad.array_namespace(multigrad.asarray(X, backend=backend)).asarray(X.copy())
    expected = 2 * np.asarray([[0, 5.0, 0], [0, 1, 0], [0, 0, 1]])
    if operator == "vjp":
        assert_tree(vjp(f, x)[1](np.ones(3)), (expected.sum(axis=0),), 1e-14)
    elif operator == "vmap":
        rows = multigrad.array_namespace(x).stack([x, x])
        assert_tree(vmap(f)(rows), np.stack([expected @ X] * 2), 1e-14)
    elif operator == "hessian":
        assert_tree(hessian(lambda y: xp.sum(f(y) ** 2))(x), 2 * expected.T @ expected, 1e-13)
    else:
        for mode in ("forward", "reverse"):
            assert_tree(jacobian(f, mode=mode)(x), expected, 1e-14)
    assert multigrad.to_numpy(x).tolist() == X.tolist()


class OnPurposeError(Exception):
    pass


BROKEN = {
    "gradient in vmap": lambda f, o: vmap(gradient(f), **o)(np.stack([X, X])),
    "hessian": lambda f, o: hessian(f, **o)(X),
    "forward jacobian": lambda f, o: jacobian(f, mode="forward", **o)(X),
    "hvp": lambda f, o: hvp(f, (X,), (X,), **o),
    "laplacian": lambda f, o: laplacian(f, **o)(X),
    "jvp": lambda f, o: jvp(f, (X,), (X,), **o),
    "checkpoint": lambda f, o: gradient(checkpoint(f), **o)(X),
    "gradient in a gradient": lambda f, o: gradient(lambda x: xp.sum(gradient(f)(x)), **o)(X),
}


@pytest.mark.parametrize("call", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("evaluation", [1, 2])
def test_exceptions_pass_through_and_leave_no_state(call, evaluation, backend, arrays):
    error = OnPurposeError()
    options = {"backend": backend, "arrays": arrays}
    count = 0

    def f(x):
        nonlocal count
        count += 1
        if count == evaluation:
            raise error
        return cubes(x)

    # Where f runs only once, the second evaluation does not come.
    with contextlib.ExitStack() as stack:
        caught = stack.enter_context(pytest.raises(OnPurposeError)) if evaluation == 1 else None
        stack.enter_context(contextlib.nullcontext() if caught else contextlib.suppress(OnPurposeError))
        call(f, options)
    assert count >= 1
    assert caught is None or caught.value is error
    assert isinstance(multigrad.asarray(1.0), np.ndarray)
    assert_tree(hessian(cubes, **options)(X), np.diag(6 * X), 1e-13)
    assert_tree(gradient(gradient(lambda x: x**3), **options)(2.0), np.asarray(12.0), 1e-13)


def test_an_exception_that_f_catches_leaves_the_outer_derivative_right(backend):
    def f(x):
        def broken(y):
            raise OnPurposeError

        for operator in (gradient, hessian, jacobian, laplacian, vmap):
            with pytest.raises(OnPurposeError):
                operator(broken)(x)
        return cubes(x)

    assert_tree(hessian(f, backend=backend)(X), np.diag(6 * X), 1e-13)


def test_threads_do_not_mix(backend):
    expected = {
        "hessian": np.diag(6 * X),
        "laplacian": np.asarray(6 * X.sum()),
        "jacobian": np.diag(3 * X**2),
        "vmap": 3 * np.stack([X, X]) ** 2,
    }
    runs = {
        "hessian": lambda: hessian(cubes, backend=backend)(X),
        "laplacian": lambda: laplacian(cubes, backend=backend)(X),
        "jacobian": lambda: jacobian(lambda x: x**3, mode="forward", backend=backend)(X),
        "vmap": lambda: vmap(gradient(cubes), backend=backend)(np.stack([X, X])),
    }
    results = {name: [] for name in runs}
    start = threading.Barrier(len(runs))

    def work(name):
        start.wait()
        results[name].extend(multigrad.to_numpy(runs[name]()) for _ in range(5))

    threads = [threading.Thread(target=work, args=(name,)) for name in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, found in results.items():
        assert len(found) == 5
        for one in found:
            assert_tree(one, expected[name], 1e-13)


def test_closures_over_arrays_of_any_form(backend):
    native = multigrad.asarray(X, backend=backend)
    array = multigrad.array_namespace(native).asarray(X)
    for constant in (xp.asarray(X), array):
        found = hessian(lambda x, c=constant: xp.sum(xp.asarray(c) * x**2), backend=backend)(X)
        assert_tree(found, np.diag(2 * X), 1e-13)
    assert_tree(hessian(lambda x: xp.sum(xp.asarray(native) * x**2), backend=backend)(X), np.diag(2 * X), 1e-13)


def test_the_same_operator_may_be_called_with_other_shapes_and_dtypes(backend):
    operator = hessian(cubes, backend=backend)
    assert_tree(operator(X), np.diag(6 * X), 1e-13)
    assert_tree(operator(X[:2].astype("float32")), np.diag(6 * X[:2]).astype("float32"), 1e-6)
    assert_tree(operator(2.0), np.asarray(12.0), 1e-13)


WIDER = {"float64": [1.0, 2.0], "complex128": [1.0 + 2j, 2.0]}


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize(("wide", "entries"), [("float64", "float32"), ("complex128", "complex64")])
def test_a_jacobian_has_the_precision_of_the_argument(mode, wide, entries, backend):
    weights = np.asarray(WIDER[wide])
    found = jacobian(lambda x: x * xp.asarray(weights), mode=mode, backend=backend)(np.ones(2, np.float32))
    assert_tree(found, np.diag(weights).astype(entries), 1e-6)
