"""What people get wrong in their first hour: the message names the value, what runs, and what to write instead."""

import importlib
import os
import re
import subprocess
import sys
import types
import warnings

import numpy as np
import pytest

import multigrad
from multigrad import xp

MODULES = {"torch": "torch", "jax": "jax.numpy", "tensorflow": "tensorflow"}


def notes_of(f, *args, error=TypeError, **options):
    """Return what multigrad adds to the error that the gradient of f raises."""
    with pytest.raises(error) as caught:
        multigrad.gradient(f, **options)(*args)
    found = [note for note in getattr(caught.value, "__notes__", ()) if note.startswith("multigrad:")]
    assert len(found) <= 1
    return found[0] if found else ""


# Another framework inside f


@pytest.mark.backends("torch", "jax", "tensorflow")
@pytest.mark.parametrize(
    "f",
    [
        lambda w, data: w * data,
        lambda w, data: data * w,
        lambda w, data: xp.multiply(w, data),
        lambda w, data: xp.sum(xp.sin(w) + data),
    ],
    ids=["right", "left", "xp", "sum"],
)
def test_an_array_that_f_closes_over(backend, f):
    data = multigrad.asarray([1.0, 2.0], backend=backend)
    note = notes_of(lambda w: f(w, data), 1.0)
    assert f"f runs on numpy here, and data is an array of {backend}." in note
    assert f"Pass backend={backend!r}" in note
    assert note.endswith("move it with multigrad.asarray(data, backend='numpy').")
    # Each of the three ways works.
    for call in (
        lambda: multigrad.gradient(lambda w: xp.sum(w * data), backend=backend)(1.0),
        lambda: multigrad.gradient(lambda w, x: xp.sum(w * x))(1.0, data),
        lambda: multigrad.gradient(lambda w: xp.sum(w * multigrad.asarray(data, backend="numpy")))(1.0),
    ):
        assert float(call()) == 3.0


@pytest.mark.backends("torch", "jax", "tensorflow")
@pytest.mark.parametrize("where", ["dict", "attribute", "global"])
def test_the_array_is_named_as_code(backend, where, monkeypatch):
    array = multigrad.asarray([1.0, 2.0], backend=backend)
    data = {"x": [0, array]}
    model = types.SimpleNamespace(w=array)
    monkeypatch.setitem(globals(), "SHARED", array)
    f, path = {
        "dict": (lambda w: w * data["x"][1], "data['x'][1]"),
        "attribute": (lambda w: w * model.w, "model.w"),
        "global": (lambda w: w * SHARED, "SHARED"),  # noqa: F821 - set above
    }[where]
    assert f"{path} is an array of {backend}." in notes_of(f, 1.0)


@pytest.mark.backends("torch", "jax", "tensorflow")
@pytest.mark.parametrize("form", ["standard", "native"])
def test_a_function_of_another_framework(backend, form):
    framework = importlib.import_module(MODULES[backend])
    note = notes_of(lambda x: framework.sin(2 * x), 1.0, arrays=form)
    assert f"f runs on numpy here, and framework.sin is a function of {backend}." in note
    assert f"Pass backend={backend!r}" in note
    assert "asarray" not in note
    found = multigrad.gradient(lambda x: framework.sin(x), backend=backend)(0.0)
    assert float(found) == 1.0


@pytest.mark.needs("torch", "jax", "tensorflow")
@pytest.mark.backends("torch", "jax", "tensorflow")
@pytest.mark.parametrize("other", ["torch", "jax", "tensorflow"])
def test_the_backend_that_runs_is_named(backend, other):
    sin = importlib.import_module(MODULES[other]).sin
    if backend == other:
        assert float(multigrad.gradient(lambda x: sin(x), backend=backend)(0.0)) == 1.0
    else:
        note = notes_of(lambda x: sin(x), 1.0, backend=backend)
        assert f"f runs on {backend} here, and sin is a function of {other}. Pass backend={other!r}" in note


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_a_nested_operator_says_it_once(backend):
    data = multigrad.asarray([1.0, 2.0], backend=backend)
    inner = multigrad.gradient(lambda x: xp.sum(x * x * data))
    assert "data is an array of" in notes_of(lambda x: inner(x), 1.0)


def missing_argument(first, second):
    return first * second


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_errors_about_something_else_get_no_note(backend):
    data = multigrad.asarray([1.0, 2.0], backend=backend)
    numbers = [1.0, 2.0]

    def raises(w):
        if data is not None and numbers:
            raise TypeError("Tensor, list, Array: mine", data, numbers)
        return w

    assert notes_of(raises, 1.0) == ""
    assert notes_of(lambda w: w * missing_argument(data), 1.0) == ""
    assert notes_of(lambda w: w * missing_argument(numbers), 1.0) == ""
    assert notes_of(lambda w: w * data.nothing, 1.0, error=AttributeError) == ""


@pytest.mark.backends("torch")
def test_a_numpy_array_that_met_a_native_one(backend):
    weights = np.ones((2, 2))
    note = notes_of(lambda x: xp.sum(weights @ x), np.ones(2), backend=backend, arrays="native")
    assert "weights is an array of numpy, which met one of torch. Wrap it: xp.asarray(weights)." in note
    wrapped = multigrad.gradient(lambda x: xp.sum(xp.asarray(weights) @ x), backend=backend, arrays="native")
    assert multigrad.to_numpy(wrapped(np.ones(2))).tolist() == [2.0, 2.0]


def into_an_element(x):
    z = np.zeros(3)
    z[0] = x[0]
    return xp.sum(xp.asarray(z))


def into_a_matrix(x):
    z = np.zeros((2, 3))
    z[1, 2] += x[0]
    return xp.sum(xp.asarray(z))


def into_a_slice(x):
    z = np.zeros(3)
    z[:2] = x[:2]
    return xp.sum(xp.asarray(z))


@pytest.mark.parametrize("f", [into_an_element, into_a_matrix, into_a_slice])
def test_an_assignment_into_an_array_of_numpy(backend, f):
    note = notes_of(f, np.ones(3), error=multigrad.DetachedValueError, backend=backend)
    assert "z is an array of numpy, which cannot hold a value that is being differentiated." in note
    assert note.endswith("one made with xp.zeros, or xp.asarray(z, copy=True).")

    def right(x):
        z = xp.zeros(3)
        z[0] = x[0]
        y = xp.asarray(np.zeros(3), copy=True)
        y[1:] = x[:2]
        return xp.sum(z) + xp.sum(y)

    assert multigrad.to_numpy(multigrad.gradient(right, backend=backend)(np.ones(3))).tolist() == [2.0, 1.0, 0.0]


def test_an_assignment_that_fails_for_another_reason(backend):
    def f(x):
        z = np.zeros(3)
        z[0] = [1.0, 2.0]
        return x

    with pytest.raises(ValueError, match="sequence") as caught:
        multigrad.gradient(f, backend=backend)(1.0)
    assert type(caught.value) is ValueError


@pytest.mark.backends("torch", "jax")
def test_a_function_of_numpy_on_native_arrays(backend):
    error = (TypeError, RuntimeError)
    note = notes_of(lambda x: xp.sum(np.sin(x)), np.ones(2), error=error, backend=backend, arrays="native")
    assert f"f runs on {backend} here, and np.sin is a function of numpy. Call a function of xp." in note


def test_an_installed_function_is_as_good_as_ones_own(backend):
    package = {"__name__": "package", "xp": xp}
    exec(compile("def f(x):\n    return xp.sum(x ** 2)", "/lib/site-packages/package.py", "exec"), package)
    assert "x is a list" in notes_of(package["f"], [1.0, 2.0], backend=backend)


# Lists and tables

LISTS = {
    "power": (lambda x: xp.sum(x**2), [1.0, 2.0, 3.0]),
    "sum": (lambda x: xp.sum(x), [1.0, 2.0, 3.0]),
    "nested": (lambda x: xp.mean(x), [[1.0, 2.0], [3.0, 4.0]]),
    "method": (lambda x: x.sum(), [1.0, 2.0]),
}


@pytest.mark.parametrize("case", LISTS)
def test_a_list_is_no_array(backend, case):
    f, value = LISTS[case]
    note = notes_of(f, value, error=(TypeError, AttributeError), backend=backend)
    assert "x is a list, a container of separate values and no array." in note
    assert "np.asarray(x)" in note
    assert multigrad.gradient(f, backend=backend)(np.asarray(value)).shape == np.shape(value)


def test_a_list_as_data(backend):
    def loss(w, x):
        return xp.mean((w * x - 1) ** 2)

    assert "x is a list" in notes_of(loss, 1.0, [1.0, 2.0], backend=backend)
    # d/dw of ((w - 1)² + (2w - 1)²) / 2 at w = 1.
    found = multigrad.gradient(lambda w, x: loss(w, xp.asarray(x)), backend=backend)(1.0, [1.0, 2.0])
    assert float(found) == 2.0


# What a pandas Series is to f: no array, from a library that takes NumPy's values out of what it meets.
LIBRARY = """
import numpy as np


class Series:
    def __init__(self, values):
        self.values = values

    def to_numpy(self):
        return self.values

    def __rmul__(self, other):
        return np.asarray(other) * self.values
"""


@pytest.fixture
def series():
    tables = {"__name__": "tables.core"}
    exec(compile(LIBRARY, "/lib/site-packages/tables/core.py", "exec"), tables)
    return tables["Series"](np.asarray([1.0, 2.0]))


def test_a_table_as_an_argument(backend, series):
    message = "got the tables.Series p['x']. Pass p['x'].to_numpy()."
    with pytest.raises(multigrad.InputError, match=re.escape(message)):
        multigrad.gradient(lambda p: xp.sum(p["x"]), backend=backend)({"x": series})


def test_a_table_that_f_computes_with(backend, series):
    note = notes_of(lambda w: w * series, 1.0, backend=backend)
    assert "series is a tables.Series, no array. Use series.to_numpy() in its place." in note
    found = multigrad.gradient(lambda w: xp.sum(w * series.to_numpy()), backend=backend)(1.0)
    assert float(found) == 3.0


def test_a_table_as_data(backend, series):
    note = notes_of(lambda w, x: w * x, 1.0, series, backend=backend)
    assert "x is a tables.Series, no array. Use x.to_numpy() in its place." in note


def test_integers(backend):
    x = multigrad.asarray([1, 2], backend=backend)
    with pytest.raises(multigrad.InputError, match=re.escape("multigrad.asarray(p['n'], dtype='float64')")):
        multigrad.gradient(lambda p: xp.sum(p["n"]))({"n": x})
    p = {"n": multigrad.asarray(x, dtype="float64")}
    assert multigrad.to_numpy(multigrad.gradient(lambda p: xp.sum(p["n"]))(p))["n"].tolist() == [1.0, 1.0]


# NumPy's functions inside f

MATRIX = np.asarray([[1.0, 2.0, 4.0], [0.5, 3.0, -1.0], [2.0, -2.0, 5.0]])
CUBE = np.sin(np.arange(24.0) ** 1.5).reshape(2, 3, 4)
# Compared with NumPy's own answer, and with differences of it.
MEANT = {
    "dot": (lambda x: np.dot(x, x[0]), MATRIX),
    "dot-of-cubes": (lambda x: np.dot(x, np.swapaxes(x, 1, 2)), CUBE),
    "dot-of-number": (lambda x: np.dot(2.0, x), MATRIX),
    "inner": (lambda x: np.inner(x, x), CUBE),
    "vdot": (lambda x: np.vdot(x, x * 2), MATRIX),
    "outer": (lambda x: np.outer(x, x[0]), MATRIX),
    "trace": (lambda x: np.trace(x, 1), CUBE),
    "diagonal": (lambda x: np.diagonal(x, axis1=1, axis2=2), CUBE),
    "norm": (lambda x: np.linalg.norm(x), CUBE),
    "norm-1": (lambda x: np.linalg.norm(x, 1), MATRIX),
    "norm-inf": (lambda x: np.linalg.norm(x[0], np.inf), MATRIX),
    "norm-axis": (lambda x: np.linalg.norm(x, 3, axis=1, keepdims=True), MATRIX),
    "norm-planes": (lambda x: np.linalg.norm(x, axis=(0, 2)), CUBE),
    "ravel": (lambda x: np.ravel(x)[3:7], MATRIX),
    "cross": (lambda x: np.cross(x, x[::-1] + 1.0), MATRIX),
    "fft": (lambda x: np.abs(np.fft.fft(x, 4, 0)), MATRIX),
    "rfft": (lambda x: np.real(np.fft.rfft(x, axis=0)), MATRIX),
    "fft2": (lambda x: np.abs(np.fft.fft2(x)), CUBE),
    "fftshift": (lambda x: np.fft.fftshift(x, 0) * x, MATRIX),
    "sum-axis": (lambda x: np.sum(x**2, 0), MATRIX),
    "max-axis": (lambda x: np.max(x, 1), MATRIX),
    "std-ddof": (lambda x: np.std(x, 0, ddof=1), MATRIX),
    "cumsum": (lambda x: np.cumsum(x) * np.ravel(x), MATRIX),
    "cumsum-axis": (lambda x: np.cumsum(x, 1) * x, MATRIX),
    "concatenate": (lambda x: np.concatenate([x, x**2], 1), MATRIX),
    "hstack": (lambda x: np.hstack([x[0], x[1] ** 2]), MATRIX),
    "vstack": (lambda x: np.vstack([x[0], x**2]), MATRIX),
    "squeeze": (lambda x: np.squeeze(x[:1]), MATRIX),
    "swapaxes": (lambda x: np.swapaxes(x, 0, 2) ** 2, CUBE),
    "tile": (lambda x: np.tile(x, 2) ** 2, MATRIX),
    "take": (lambda x: np.take(x, [1, 5]), MATRIX),
    "take-axis": (lambda x: np.take(x, [1, 0], 1), MATRIX),
    "tensordot": (lambda x: np.tensordot(x, x, 1), MATRIX),
    "tril": (lambda x: np.tril(x, -1), MATRIX),
    "roll": (lambda x: np.roll(x, 1, 0) * x, MATRIX),
    "diff": (lambda x: np.diff(x, 1, 0) ** 2, MATRIX),
    "clip": (lambda x: np.clip(x, a_min=-0.7, a_max=2.5), MATRIX),
    "svd": (lambda x: np.linalg.svd(x, compute_uv=False), MATRIX),
    "ptp": (lambda x: np.ptp(x, 0), MATRIX),
    "average": (lambda x: np.average(x, 0), MATRIX),
    "copy": (lambda x: np.copy(x) ** 2, MATRIX),
    "exp2": (lambda x: np.exp2(x), MATRIX),
    "deg2rad": (lambda x: np.sin(np.deg2rad(x)), MATRIX),
    "degrees": (lambda x: np.degrees(x), MATRIX),
}


@pytest.mark.parametrize("case", MEANT)
def test_numpy_functions_of_the_same_meaning(backend, case):
    f, x = MEANT[case]
    weights = np.cos(np.arange(f(x).size, dtype=float)).reshape(f(x).shape)
    value, found = multigrad.value_and_gradient(lambda x: xp.sum(f(x) * weights), backend=backend)(x)
    np.testing.assert_allclose(multigrad.to_numpy(value), np.sum(f(x) * weights), rtol=1e-12)
    step = np.cos(3.0 * np.arange(x.size)).reshape(x.shape)  # a direction without symmetry
    slope = np.sum((f(x + 1e-6 * step) - f(x - 1e-6 * step)) * weights) / 2e-6
    np.testing.assert_allclose(np.sum(multigrad.to_numpy(found) * step), slope, rtol=1e-7)


def test_a_mask_gives_places(backend):
    def f(x):
        rows, columns = np.where(x > 2.5)
        return xp.sum(x[rows, columns])

    found = multigrad.to_numpy(multigrad.gradient(f, backend=backend)(MATRIX))
    np.testing.assert_array_equal(found, MATRIX > 2.5)


@pytest.mark.parametrize(
    ("f", "name", "instead"),
    [
        (lambda x: np.add.reduce(x), "numpy.add.reduce", "xp.sum"),
        (lambda x: np.full_like(np.ones(3), x[0, 0]), "numpy.full_like", "xp.full(shape, value)"),
        (lambda x: np.linalg.norm(x, 2, axis=(0, 1)), "numpy.linalg.norm", "xp.linalg.matrix_norm"),
        (lambda x: np.einsum("ij->", x), "numpy.einsum", "xp.tensordot"),
        (lambda x: np.average(x, weights=np.ones((3, 3))), "numpy.average", "xp.sum(w * x) / xp.sum(w)"),
    ],
    ids=["reduce", "full_like", "norm", "einsum", "average"],
)
def test_numpy_functions_of_no_such_meaning_are_named_in_full(backend, f, name, instead):
    with pytest.raises(multigrad.DetachedValueError) as caught:
        multigrad.gradient(lambda x: xp.sum(f(x)), backend=backend)(MATRIX)
    assert str(caught.value).startswith(f"{name}, which has no counterpart in the array API standard (use ")
    assert instead in str(caught.value).partition(")")[0] + ")" + str(caught.value).partition(")")[2]


def test_an_array_made_of_differentiated_values(backend):
    def f(x):
        return xp.sum(np.array([x, 2 * x]))

    assert "np.array makes an array of numpy. xp.stack([a, b])" in notes_of(f, 1.0, backend=backend)
    assert float(multigrad.gradient(lambda x: xp.sum(xp.stack([x, 2 * x])), backend=backend)(1.0)) == 3.0


# Names and options


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("relu", "xp.maximum(x, 0.0)"),
        ("sigmoid", "multigrad.special.expit"),
        ("erf", "multigrad.special.erf"),
        ("softmax", "multigrad.special.softmax"),
        ("concatenate", "xp.concat"),
        ("reduce_mean", "xp.mean"),
        ("inv", "xp.linalg.inv"),
        ("norm", "xp.linalg.vector_norm or xp.linalg.matrix_norm"),
        ("dot", "x @ y, or xp.vecdot(x, y) for vectors"),
    ],
)
def test_names_of_frameworks(name, instead):
    with pytest.raises(AttributeError, match=f"xp has no '{name}': .* Use {re.escape(instead)}\\.$"):
        getattr(xp, name)


def test_a_slip_of_the_pen():
    with pytest.raises(AttributeError, match=r"Did you mean xp\.hypot\?$"):
        xp.hypott  # noqa: B018
    with pytest.raises(AttributeError, match=r"xp\.linalg has no 'qqqqqq': .* namespace\.$"):
        xp.linalg.qqqqqq  # noqa: B018


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: xp.sum(x, dim=0), "xp.sum takes no option dim=: the standard's word is axis=."),
        (lambda x: xp.sum(x, keepdim=True), "xp.sum takes no option keepdim=: the standard's word is keepdims=."),
        (lambda x: xp.sum(x, colour=1), "xp.sum takes no option colour=: the array API standard has none"),
        (lambda x: xp.sum(x, 0), "xp.sum takes 1 argument by position, got 2: give options by name, such as axis=0."),
    ],
    ids=["dim", "keepdim", "unknown", "position"],
)
def test_options_of_frameworks(backend, f, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        multigrad.gradient(f, backend=backend)(np.ones(3))


# Choosing a backend


def test_a_module_in_place_of_a_name(backend):
    module = importlib.import_module(MODULES.get(backend, backend))
    for given in (module, importlib.import_module(f"multigrad.array_api.{backend}")):
        with pytest.raises(multigrad.UnknownBackendError, match=f"got the module .*Pass backend='{backend}'"):
            multigrad.gradient(lambda x: x, backend=given)(1.0)


def test_something_in_place_of_a_name():
    with pytest.raises(multigrad.UnknownBackendError, match=r"got 3 of type int\. Known backends: numpy, torch, jax"):
        multigrad.gradient(lambda x: x, backend=3)(1.0)


def test_use_backend_without_with(backend):
    with pytest.warns(UserWarning, match=f"as a statement of its own does nothing. Write `with .*'{backend}'") as seen:
        multigrad.use_backend(backend)
    assert [warning.filename for warning in seen] == [__file__]
    first = test_use_backend_without_with.__code__.co_firstlineno
    assert seen[0].lineno == first + 2


def test_use_backend_for_later_does_not_warn(backend):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        stored = multigrad.use_backend(backend)
        chosen = [multigrad.use_backend(name) for name in (backend, "numpy")]
        with stored, chosen[0]:
            inside = multigrad.gradient(lambda x: x**2)(3.0)
        unused = multigrad.use_backend(backend)
        del unused, chosen, stored
        with pytest.raises(multigrad.UnknownBackendError):
            multigrad.use_backend("nonsense")
    assert float(inside) == 6.0
    assert not seen


def test_use_backend_at_the_prompt():
    assert repr(multigrad.use_backend("numpy")).endswith("in force inside `with multigrad.use_backend('numpy'):`>")


def test_the_warning_is_seen_by_default():
    script = "import multigrad\nmultigrad.use_backend('numpy')\n"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ)
    assert "<string>:2: UserWarning: multigrad.use_backend('numpy') as a statement" in ran.stderr


@pytest.mark.backends("torch")
def test_a_function_of_the_framework_that_takes_its_own_arrays_only(backend):
    import torch

    net = torch.nn.Linear(2, 1)
    weights = {name: value.detach() for name, value in net.named_parameters()}

    def f(p, x):
        return torch.func.functional_call(net, p, (x,)).sum()

    with pytest.raises(TypeError) as caught:
        multigrad.gradient(f, backend=backend)(weights, torch.ones(2))
    (note,) = caught.value.__notes__
    assert "torch.func.functional_call is a function of torch that takes no standard arrays" in note
    assert 'arrays="native"' in note
    found = multigrad.gradient(f, backend=backend, arrays="native")(weights, torch.ones(2))
    assert found["weight"].tolist() == [[1.0, 1.0]]
