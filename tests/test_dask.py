"""Dask: the same gradients, lazy and chunked, for data larger than memory."""

import subprocess
import sys

import array_api_compat.dask.array as dask_namespace
import dask
import dask.array as da
import numpy as np
import pytest

import multigrad
from multigrad import _registry, engine, xp
from multigrad.testing import check_backend

pytestmark = pytest.mark.needs("numpy")  # once: the other environments have nothing to add


def refuse(*args, **kwargs):
    raise AssertionError("a Dask array was computed")


@pytest.fixture
def lazy():
    """Open a block in which nothing may be computed."""
    return lambda: dask.config.set(scheduler=refuse)


@pytest.fixture(autouse=True)
def one_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


def mse(w, x, y):
    return xp.mean((x @ w - y) ** 2)


def chunked(array, *chunks):
    return da.from_array(array, chunks=chunks)


def test_least_squares_is_lazy_and_right(lazy):
    rng = np.random.default_rng(1)
    x, y, w = rng.normal(size=(60, 3)), rng.normal(size=60), rng.normal(size=3)
    with lazy():
        value, gradients = multigrad.value_and_gradient(mse, argnums=(0, 1, 2))(
            da.from_array(w), chunked(x, 20, 3), chunked(y, 20)
        )
    in_w, in_x, in_y = gradients
    assert all(isinstance(found, da.Array) for found in (value, *gradients))
    assert in_x.chunks == ((20, 20, 20), (3,))
    assert in_y.chunks == ((20, 20, 20),)
    residual = x @ w - y
    np.testing.assert_allclose(value.compute(), np.mean(residual**2), rtol=1e-13)
    np.testing.assert_allclose(in_w.compute(), 2 / 60 * x.T @ residual, rtol=1e-12)
    np.testing.assert_allclose(in_x.compute(), 2 / 60 * residual[:, None] * w, rtol=1e-12)
    np.testing.assert_allclose(in_y.compute(), -2 / 60 * residual, rtol=1e-12)


def assigned(x):
    total = xp.zeros(6)
    total[0] = 3 * x[1]
    total += x
    return xp.sum(total * total)


FUNCTIONS = {
    "sin": lambda x: xp.sum(xp.sin(x)),
    "logsumexp": lambda x: xp.log(xp.sum(xp.exp(x - xp.max(x)))) + xp.max(x),
    "where": lambda x: xp.sum(xp.where(x > 0.5, x * x, 0.0)),
    "maximum": lambda x: xp.sum(xp.maximum(x, 0.5) * xp.abs(x)),
    "clip": lambda x: xp.sum(xp.clip(x, 0.2, 0.7) * x),
    "slices": lambda x: xp.sum(x[1:] * x[:-1]),
    "outer": lambda x: xp.sum(x[:, None] * x[None, :] ** 2),
    "reshape": lambda x: xp.sum(xp.reshape(x, (2, 3))[0] ** 2),
    "concat": lambda x: xp.sum(xp.concat([x, 2 * x]) ** 2),
    "stack": lambda x: xp.sum(xp.stack([x, x * x])),
    "std": lambda x: xp.std(x),
    "prod": lambda x: xp.prod(x),
    "norm": lambda x: xp.linalg.vector_norm(x),
    "cumulative_sum": lambda x: xp.sum(xp.cumulative_sum(x) ** 2),
    "fft": lambda x: xp.sum(xp.abs(xp.fft.fft(x)) ** 2),
    "assignment": assigned,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_stay_lazy_and_agree_with_numpy(name, lazy):
    f, point = FUNCTIONS[name], np.asarray([0.3, 0.9, 0.1, 0.6, 0.4, 0.8])
    x = chunked(point, 6 if name == "fft" else 2)  # Dask's fft wants one chunk along its axis
    with lazy():
        found = multigrad.gradient(f)(x)
        second = multigrad.hvp(f, (x,), (da.ones(6, chunks=x.chunks),))[0]
    assert isinstance(found, da.Array)
    expected = multigrad.gradient(f, backend="numpy")(point)
    curvature = multigrad.hvp(f, (point,), (np.ones(6),), backend="numpy")[0]
    np.testing.assert_allclose(found.compute(), expected, rtol=1e-12)
    np.testing.assert_allclose(second.compute(), curvature, rtol=1e-10, atol=1e-12)
    step = 1e-6
    moved = [float(multigrad.to_numpy(f(multigrad.asarray(point + d, backend="numpy")))) for d in (step, -step)]
    np.testing.assert_allclose(np.sum(found.compute()), (moved[0] - moved[1]) / (2 * step), rtol=1e-7, atol=1e-8)


def test_the_engine_itself_takes_dask_arrays(lazy):
    traced = engine.TracedNamespace(dask_namespace)
    x = chunked(np.linspace(0.0, 1.0, 12), 4)
    with lazy():
        outputs, pullback, _ = engine.vjp(traced, lambda x: ((traced.sum(traced.exp(traced.sin(x))),), ()), (x,))
        (found,) = pullback((da.ones(()),))
    assert found.chunks == x.chunks
    np.testing.assert_allclose(found.compute(), (da.exp(da.sin(x)) * da.cos(x)).compute(), rtol=1e-14)
    np.testing.assert_allclose(outputs[0].compute(), da.exp(da.sin(x)).sum().compute(), rtol=1e-14)


def test_the_backend_keeps_the_laws():
    # Operators and convention are the engine's, which tests/operators and tests/convention run on NumPy; Dask's graphs
    # take minutes for them.
    engine = dict.fromkeys(("operators", "convention"), "the engine's, tested on NumPy")
    check_backend("dask", exclude=engine).raise_if_failed()


def test_dask_arrays_choose_the_backend_and_take_numpy_s_along(lazy):
    w, x, y = np.ones(3), da.ones((6, 3), chunks=(2, 3)), np.zeros(6)
    with lazy():
        found = multigrad.gradient(mse)(w, x, y)
    assert isinstance(found, da.Array)
    np.testing.assert_allclose(found.compute(), [6, 6, 6], rtol=1e-14)
    assert multigrad.infer_backend(x).name == "dask"
    assert isinstance(multigrad.asarray([1.0], backend="dask"), da.Array)


def test_new_arrays_have_the_dtype_of_the_computation():
    x = da.ones(4, chunks=2, dtype="float32")
    found = multigrad.gradient(lambda x: xp.sum((xp.zeros(4) + xp.linspace(0, 3, 4) + xp.full(4, 2.0)) * x))(x)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found.compute(), [2, 3, 4, 5])
    seen = []
    multigrad.gradient(lambda x: seen.append(xp.ones(2).dtype) or xp.sum(x))(x)
    assert seen == [np.float32]


def test_values_leave_only_on_purpose(lazy):
    with pytest.raises(multigrad.DetachedValueError):
        multigrad.gradient(lambda x: x * float(x))(da.asarray(2.0))
    stopped = multigrad.gradient(lambda x: x * multigrad.stop_gradient(x))(da.asarray(3.0))
    assert float(stopped.compute()) == 3
    with lazy():
        shown = []
        multigrad.gradient(lambda x: shown.append(repr(x)) or xp.sum(x))(da.ones(4, chunks=2))
    assert "dask.array<ones" in shown[0]


def test_rules_by_hand_stay_lazy(lazy):
    @multigrad.custom_vjp
    def tripled(x):
        return x * 1.0

    tripled.defvjp(lambda x: (x * 1.0, None), lambda residuals, cotangent: (3 * cotangent,))
    with lazy():
        found = multigrad.gradient(lambda x: xp.sum(multigrad.checkpoint(xp.exp)(tripled(x))))(da.zeros(4, chunks=2))
    np.testing.assert_array_equal(found.compute(), [3, 3, 3, 3])


def test_numpy_s_traced_arrays_stay_numpy_s():
    # One type of traced array serves both backends.
    multigrad.gradient(lambda x: xp.sum(xp.sin(x.native)))(da.ones(2))
    found = multigrad.gradient(lambda x: xp.sum(xp.sin(x.native)))(np.zeros(2))
    np.testing.assert_array_equal(found, [1, 1])


def test_dask_is_known_but_not_among_those_that_are_compared():
    assert "dask" not in _registry.known_names()
    with pytest.raises(ValueError, match="already registered"):
        multigrad.register_backend("dask", lambda: None)


NO_DASK = """
import sys


class Missing:
    def find_spec(self, name, path=None, target=None):
        if name == "dask":
            raise ModuleNotFoundError("No module named 'dask'", name="dask")


sys.meta_path.insert(0, Missing())
import multigrad

multigrad.get_backend("dask")
"""


def test_import_without_dask():
    done = subprocess.run([sys.executable, "-c", NO_DASK], capture_output=True, encoding="utf-8", check=False)
    assert "BackendNotInstalledError" in done.stderr
    assert 'pip install "dask[array]"' in done.stderr


FOUR_GIGABYTES = """
import resource

import dask
import dask.array as da
import numpy as np

import multigrad
from multigrad import xp

columns = 16
x = da.random.default_rng(0).random((31_250_000, columns), chunks=(500_000, columns))
truth = np.arange(columns) / columns
y = x @ truth
assert x.nbytes == 4e9


def f(w, x, y):
    return xp.mean((x @ w - y) ** 2)


value, slope = multigrad.value_and_gradient(f)(da.zeros(columns), x, y)
with dask.config.set(scheduler="threads", num_workers=2):
    value, slope = dask.compute(value, slope)
# For independent uniform numbers E[x xᵀ] = 1/4 + I/12; the mean of 3e7 rows is near it.
moments = np.full((columns, columns), 0.25) + np.eye(columns) / 12
np.testing.assert_allclose(value, truth @ moments @ truth, rtol=1e-3)
np.testing.assert_allclose(slope, -2 * moments @ truth, rtol=1e-3)
try:  # Linux counts in ru_maxrss what the parent had when it forked
    (kilobytes,) = [int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")]
except OSError:
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1)
print(kilobytes)
"""


def test_four_gigabytes_in_less_than_one():
    done = subprocess.run(
        [sys.executable, "-c", FOUR_GIGABYTES], capture_output=True, encoding="utf-8", timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 1_000_000
