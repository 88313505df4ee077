"""SciPy's minimizers on functions of every backend, against SciPy's own functions and closed forms."""

import builtins
import dataclasses
from typing import Any

import numpy as np
import pytest
import scipy.optimize

import multigrad
from multigrad import optimize, xp

START = np.array([1.3, 0.7, 0.8, 1.9])


def rosenbrock(x):
    return xp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


class Counted:
    """A function that remembers the points at which it was called."""

    def __init__(self, f):
        self.f = f
        self.points = []

    def __call__(self, x, *args):
        self.points.append(tuple(multigrad.to_numpy(multigrad.stop_gradient(x)).tolist()))
        return self.f(x, *args)


@pytest.mark.parametrize("method", [None, "BFGS", "L-BFGS-B", "CG", "SLSQP", "TNC"])
def test_rosenbrock_is_minimized_as_with_scipys_own_derivative(method, backend):
    f = Counted(rosenbrock)
    found = optimize.minimize(f, START, backend=backend, method=method)
    own = scipy.optimize.minimize(scipy.optimize.rosen, START, jac=scipy.optimize.rosen_der, method=method)
    assert found.success == own.success
    assert found.x.dtype == np.float64
    np.testing.assert_allclose(found.x, own.x, rtol=1e-4)
    np.testing.assert_allclose(found.x, np.ones(4), rtol=1e-3)
    np.testing.assert_array_equal(found.x_vector, found.x)
    # Roundings lead a long search (CG's) another way; finite differences would cost five times as much.
    assert found.nfev <= 1.5 * own.nfev + 2
    assert len(f.points) <= found.nfev
    assert all(a != b for a, b in zip(f.points, f.points[1:], strict=False))


@pytest.mark.parametrize("method", ["Newton-CG", "trust-ncg", "trust-krylov", "trust-constr", "trust-exact"])
def test_methods_of_second_order_get_exact_second_derivatives(method, backend):
    own_functions = {"jac": scipy.optimize.rosen_der}
    if method == "trust-exact":
        own_functions["hess"] = scipy.optimize.rosen_hess
    else:
        own_functions["hessp"] = scipy.optimize.rosen_hess_prod
    found = optimize.minimize(rosenbrock, START, backend=backend, method=method)
    own = scipy.optimize.minimize(scipy.optimize.rosen, START, method=method, **own_functions)
    assert found.success
    np.testing.assert_allclose(found.x, own.x, rtol=1e-6)
    assert found.nit == own.nit  # roundings apart the same path


def test_value_and_gradient_come_from_one_evaluation(backend):
    f = Counted(rosenbrock)
    found = optimize.minimize(f, START, backend=backend, method="L-BFGS-B")
    assert found.nfev == found.njev == len(f.points) == len(set(f.points))


@pytest.mark.parametrize("method", ["Nelder-Mead", "Powell", "COBYLA"])
def test_method_without_gradient_gets_values_alone(method, backend):
    recorded = []

    def f(x, scale):
        recorded.append(multigrad.to_numpy(x))  # would raise if x were being differentiated
        return scale * xp.sum((x - 2) ** 2)

    found = optimize.minimize(f, START[:2], (3.0,), backend=backend, method=method, tol=1e-8)
    np.testing.assert_allclose(found.x, [2, 2], atol=1e-3)
    assert found.nfev == len(recorded)
    assert "jac" not in found


def test_linear_model_is_the_least_squares_solution(backend):
    rng = np.random.default_rng(1)
    x, noise = rng.normal(size=(20, 3)), rng.normal(size=20)
    y = x @ [1.0, -2.0, 0.5] + 3 + 0.1 * noise
    design = np.column_stack([x, np.ones(20)])
    expected = np.linalg.lstsq(design, y, rcond=None)[0]

    def mse(params, x, y):
        return xp.mean((x @ params["w"] + params["b"] - y) ** 2)

    data = tuple(multigrad.asarray(array, backend=backend) for array in (x, y))
    found = optimize.minimize(mse, {"w": np.zeros(3), "b": 0.0}, data, tol=1e-10)
    assert list(found.x) == ["w", "b"]
    assert {name: (type(a), a.shape, a.dtype.name) for name, a in found.x.items()} == {
        "w": (np.ndarray, (3,), "float64"),
        "b": (np.ndarray, (), "float64"),
    }
    np.testing.assert_allclose([*found.x["w"], found.x["b"]], expected, rtol=1e-7)
    np.testing.assert_array_equal(found.x_vector, [found.x["b"], *found.x["w"]])  # by sorted keys
    assert found.jac.shape == (4,)
    assert found.fun == pytest.approx(np.mean((design @ expected - y) ** 2), rel=1e-10)


def test_bounds_hold(backend):
    bounds = [(-2, 0.5), (None, None)]
    found = optimize.minimize(rosenbrock, START[:2], backend=backend, bounds=bounds)
    np.testing.assert_allclose(found.x, [0.5, 0.25], rtol=1e-5)  # on the bound, then x₁ = x₀²


SPLIT = {"a": START[:3], "b": 1.9}


def rosenbrock_of_tree(p):
    return rosenbrock(xp.concat([p["a"], xp.reshape(xp.asarray(p["b"]), (1,))]))


@pytest.mark.parametrize(
    "bounds",
    [
        ({"a": -2, "b": None}, {"a": 0.5, "b": None}),
        ({"a": np.full(3, -2.0), "b": -np.inf}, {"a": np.full(3, 0.5), "b": np.inf}),
        scipy.optimize.Bounds([-2, -2, -2, -np.inf], [0.5, 0.5, 0.5, np.inf]),
        [(-2, 0.5), (-2, 0.5), (-2, 0.5), (None, None)],
        {"b": (None, None), "a": (-2, np.full(3, 0.5))},
    ],
    ids=["numbers", "arrays", "scipy", "per-element", "pairs by name"],
)
def test_bounds_are_trees_or_scipys(bounds, backend):
    found = optimize.minimize(rosenbrock_of_tree, SPLIT, backend=backend, bounds=bounds, options={"maxiter": 30})
    flat = [(-2, 0.5), (-2, 0.5), (-2, 0.5), (None, None)]
    own = scipy.optimize.minimize(
        scipy.optimize.rosen,
        START,
        jac=scipy.optimize.rosen_der,
        bounds=flat,
        method="L-BFGS-B",
        options={"maxiter": 30},
    )
    assert found.x["a"][0] == 0.5
    np.testing.assert_allclose(found.x_vector, own.x, rtol=1e-4)


def test_one_bound_holds_for_all(backend):
    found = optimize.minimize(lambda x: xp.sum((x + 1) ** 2), np.ones(3), backend=backend, bounds=(0, None))
    np.testing.assert_array_equal(found.x, np.zeros(3))
    far = optimize.minimize(lambda x: (1e-6 * x - 2) ** 2, 1.9e6, backend=backend, bounds=(0, None), tol=1e-16)
    np.testing.assert_allclose(far.x, 2e6)  # None is no bound


@pytest.mark.parametrize(
    ("bounds", "error", "message"),
    [
        ((np.zeros(2), 1), multigrad.InputError, r"low bound of x0\['a'\] .* shape \(3,\), got shape \(2,\)"),
        ((None, {"c": 0}), multigrad.StructureError, r"high bounds with the structure of x0, \{'a': \*, 'b': \*\}"),
        (5, ValueError, r"pair of trees \(low, high\), .* got 5"),
        ({"a": (0, 1), "b": 2}, ValueError, r"a dict of pairs for a dict of parameters"),
    ],
)
def test_bounds_must_fit(bounds, error, message):
    with pytest.raises(error, match=message):
        optimize.minimize(rosenbrock_of_tree, SPLIT, bounds=bounds)


def test_pairs_without_names_are_no_bounds_of_a_dict_in_another_order():
    def loss(p):
        return (p["scale"] - 3.0) ** 2 + (p["rate"] - 1.0) ** 2

    start = {"scale": 1.0, "rate": 1.0}
    with pytest.raises(multigrad.InputError, match=r"sorted keys.*bounds=\{'scale': \(0, None\), \.\.\.\}"):
        optimize.minimize(loss, start, bounds=[(0, 2), (0, None)])
    with pytest.raises(multigrad.InputError, match="sorted keys"):
        optimize.minimize(lambda p: loss(p[0]), [start], bounds=[(0, 2), (0, None)])
    found = optimize.minimize(loss, start, bounds={"scale": (0, 2), "rate": (0, None)})
    np.testing.assert_allclose([found.x["scale"], found.x["rate"]], [2.0, 1.0])
    in_order = optimize.minimize(loss, {"rate": 1.0, "scale": 1.0}, bounds=[(0, None), (0, 2)])
    np.testing.assert_allclose(in_order.x["scale"], 2.0)


def test_callback_gets_the_tree(backend):
    trees, results = [], []

    def with_result(intermediate_result):
        results.append(intermediate_result)

    run = {"backend": backend, "method": "BFGS", "options": {"maxiter": 2}}
    found = optimize.minimize(rosenbrock_of_tree, SPLIT, callback=trees.append, **run)
    optimize.minimize(rosenbrock_of_tree, SPLIT, callback=with_result, **run)
    assert len(trees) == len(results) == 2
    for tree in (trees[-1], results[-1].x):
        np.testing.assert_array_equal(tree["a"], found.x["a"])
        np.testing.assert_array_equal(tree["b"], found.x["b"])
    assert results[-1].fun == found.fun


def test_scipy_functions_are_for_scipys_own_call(backend):
    f = Counted(rosenbrock)
    functions = optimize.scipy_functions(lambda p: f(p["x"]), {"x": START}, backend=backend)
    np.testing.assert_array_equal(functions.x0, START)
    assert functions.fun(functions.x0) == pytest.approx(scipy.optimize.rosen(START), rel=1e-13)
    np.testing.assert_allclose(functions.jac(functions.x0), scipy.optimize.rosen_der(START), rtol=1e-13)
    assert len(f.points) == 1  # both from one evaluation
    np.testing.assert_allclose(functions.hess(START), scipy.optimize.rosen_hess(START), rtol=1e-13)
    direction = np.array([1.0, -2.0, 0.5, 3.0])
    product = scipy.optimize.rosen_hess_prod(START, direction)
    np.testing.assert_allclose(functions.hessp(START, direction), product, rtol=1e-13)
    tree = functions.unflatten(START)
    np.testing.assert_array_equal(tree["x"], START)
    np.testing.assert_array_equal(functions.flatten(tree), START)
    with pytest.raises(multigrad.StructureError, match="structure and the shapes of x0"):
        functions.flatten({"y": START})

    f.points.clear()
    found = scipy.optimize.minimize(functions.fun, functions.x0, jac=functions.jac, method="L-BFGS-B")
    np.testing.assert_allclose(found.x, np.ones(4), rtol=1e-3)
    assert len(f.points) == len(set(f.points)) == found.nfev - 1  # the start was known


def test_change_of_scipys_vector_is_seen(backend):
    functions = optimize.scipy_functions(lambda x: xp.sum(x**2), np.zeros(2), backend=backend)
    vector = np.array([1.0, 2.0])
    assert functions.fun(vector) == 5
    functions.jac(vector)[:] = 7  # nor does a change of a result reach the next one
    np.testing.assert_array_equal(functions.jac(vector), [2, 4])
    vector[0] = 3.0
    assert functions.fun(vector) == 13


TIMES, MEASURED = np.arange(5.0), np.array([2.0, 1.1, 0.45, 0.27, 0.1])


def decay(p, t, y):
    return {"fit": p["size"] * xp.exp(-p["rate"] * t) - y, "prior": 0.1 * (p["rate"] - 0.5)}


def decay_of_vector(x):
    return np.append(x[1] * np.exp(-x[0] * TIMES) - MEASURED, 0.1 * (x[0] - 0.5))


@pytest.mark.parametrize(
    "options", [{}, {"method": "lm"}, {"loss": "soft_l1"}, {"bounds": (0, {"size": 1.9, "rate": 9})}]
)
def test_least_squares_is_scipys_with_exact_jacobian(options, backend):
    found = optimize.least_squares(
        decay, {"size": 1.0, "rate": 1.0}, (TIMES, MEASURED), backend=backend, xtol=1e-12, **options
    )
    flat = options | ({"bounds": ([0, 0], [9, 1.9])} if "bounds" in options else {})
    own = scipy.optimize.least_squares(decay_of_vector, [1.0, 1.0], jac="3-point", xtol=1e-12, **flat)
    assert found.success
    np.testing.assert_allclose(found.x_vector, own.x, rtol=1e-6)  # rate, size: by sorted keys
    assert {name: (a.shape, a.dtype.name) for name, a in found.x.items()} == dict.fromkeys(
        ("size", "rate"), ((), "float64")
    )
    np.testing.assert_allclose(found.fun, own.fun, atol=1e-7)
    np.testing.assert_allclose(found.jac, own.jac, atol=1e-5)


def test_least_squares_values_are_computed_once_per_point(backend):
    points = []

    def f(x):
        points.append(tuple(multigrad.to_numpy(x)) if not multigrad_records(x) else None)
        return x**2 - 2.0

    found = optimize.least_squares(f, np.array([1.0, 3.0]), backend=backend)
    values = [point for point in points if point is not None]
    np.testing.assert_allclose(found.x, np.sqrt([2, 2]), rtol=1e-7)
    assert len(values) == len(set(values)) == found.nfev


def multigrad_records(x):
    try:
        multigrad.to_numpy(x)
    except multigrad.DetachedValueError:
        return True
    return False


@pytest.mark.parametrize("method", ["hybr", "lm", "krylov"])
def test_root_of_a_tree(method, backend):
    def f(p, total):
        return p["x"] + xp.sum(p["y"]) - total, xp.stack([p["y"][0] ** 2 - 4, p["y"][1] - p["x"]])

    start = {"x": 1.0, "y": np.array([1.5, 0.5])}
    found = optimize.root(f, start, (8.0,), backend=backend, method=method, tol=1e-10)
    assert found.success
    np.testing.assert_allclose(found.x["x"], 3, rtol=1e-8)
    np.testing.assert_allclose(found.x["y"], [2, 3], rtol=1e-8)


def test_root_wants_as_many_equations_as_unknowns(backend):
    with pytest.raises(multigrad.OutputError, match=r"as many elements as x0 has, 2, got 1\. .*least_squares"):
        optimize.root(lambda x: x[:1], np.zeros(2), backend=backend)


def test_number_and_nested_start(backend):
    found = optimize.minimize(lambda x: (x - 3) ** 2, 0, backend=backend)
    assert type(found.x) is np.ndarray
    assert found.x.shape == ()
    assert found.x == pytest.approx(3, rel=1e-6)

    @dataclasses.dataclass
    class Line:
        slope: Any
        points: Any

    def f(line):
        return (line.slope - 1) ** 2 + xp.sum((line.points[0] - xp.asarray([[1.0, 2.0], [3.0, 4.0]])) ** 2)

    found = optimize.minimize(f, Line(0.0, (np.zeros((2, 2), dtype=np.int64),)), backend=backend)
    assert isinstance(found.x, Line)
    np.testing.assert_allclose(found.x.points[0], [[1, 2], [3, 4]], atol=1e-6)
    np.testing.assert_allclose(found.x_vector, [1, 1, 2, 3, 4], atol=1e-6)


def test_smaller_dtype_computes_in_it_and_gives_scipy_float64(backend):
    seen = set()

    def f(x):
        seen.add(multigrad.to_numpy(multigrad.stop_gradient(x)).dtype.name)
        return xp.sum((x - 2) ** 2)

    x0 = multigrad.asarray(np.zeros(2, dtype=np.float32), backend=backend)
    for found in (optimize.minimize(f, x0), optimize.minimize(f, np.zeros(2), backend=backend, dtype="float32")):
        assert found.x.dtype == found.jac.dtype == np.float64
        np.testing.assert_allclose(found.x, [2, 2], rtol=1e-5)
    assert seen == {"float32"}


def test_backend_is_that_of_the_arrays(backend):
    seen = set()

    def f(x, shift):
        seen.add(x.backend)
        return xp.sum((x - shift) ** 2)

    one = multigrad.asarray(1.0, backend=backend)
    optimize.minimize(f, np.zeros(2), one)
    optimize.minimize(f, multigrad.asarray(np.zeros(2), backend=backend), 1.0)
    optimize.minimize(f, np.zeros(2), 1.0, backend=backend, method="Nelder-Mead")
    with multigrad.use_backend(backend):
        optimize.minimize(f, np.zeros(2), 1.0)
    assert seen == {backend}


def test_options_and_callback_are_scipys(backend):
    points = []
    found = optimize.minimize(rosenbrock, START, backend=backend, options={"maxiter": 3}, callback=points.append)
    assert found.nit == len(points) == 3
    assert not found.success
    assert points[0].shape == (4,)


@pytest.mark.parametrize("method", ["BFGS", "Nelder-Mead"])
def test_error_of_f_passes_through(method, backend):
    error = KeyError("mine")

    def f(x):
        raise error

    with pytest.raises(KeyError) as caught:
        optimize.minimize(f, START, backend=backend, method=method)
    assert caught.value is error


@pytest.mark.parametrize("method", ["BFGS", "Nelder-Mead"])
def test_vector_valued_f_is_refused(method, backend):
    with pytest.raises(multigrad.OutputError, match=r"real scalar, got an array of shape \(4,\)"):
        optimize.minimize(lambda x: x * 2, START, backend=backend, method=method)


@pytest.mark.parametrize(
    ("x0", "message"),
    [
        ({"a": 1.0, "name": "text"}, r"got x0\['name'\] of type str"),
        ([1.0, None], r"got x0\[1\] of type NoneType"),
        (np.ones(2, dtype=complex), "got x0 of dtype complex128"),
        (1j, "got x0 of type complex"),
        (np.array([True]), "got x0 of dtype bool"),
        ((), "at least one number or array in x0, got none"),
    ],
)
def test_start_must_be_real(x0, message):
    with pytest.raises(multigrad.InputError, match=message):
        optimize.minimize(rosenbrock, x0)


def test_missing_scipy_says_how_to_install_it(monkeypatch):
    real_import = builtins.__import__

    def without_scipy(name, *args, **kwargs):
        if name.partition(".")[0] == "scipy":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_scipy)
    with pytest.raises(ImportError, match=r"pip install multigrad-xp\[scipy\]") as caught:
        optimize.minimize(rosenbrock, START)
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)
