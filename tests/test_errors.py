"""Errors: each says what was required, what came and what to do, and names the leaf as code."""

import re
import sys

import numpy as np
import pytest

import multigrad
from multigrad import _registry, xp


def raises(error, *parts):
    """Expect an error whose message has all these parts, in this order."""
    return pytest.raises(error, match="(?s)" + ".*".join(re.escape(part) for part in parts))


@pytest.mark.parametrize(
    ("error", "base"),
    [
        ("UnknownBackendError", ValueError),
        ("BackendNotInstalledError", ImportError),
        ("BackendBrokenError", ImportError),
        ("MixedBackendError", TypeError),
        ("OutputError", TypeError),
        ("InputError", TypeError),
        ("ArgumentSelectionError", ValueError),
        ("StructureError", ValueError),
        ("DeviceError", ValueError),
        ("DtypeError", TypeError),
        ("DetachedValueError", TypeError),
    ],
)
def test_errors_are_also_built_in_ones(error, base):
    assert issubclass(getattr(multigrad, error), base)
    assert issubclass(getattr(multigrad, error), multigrad.MultigradError)


# Backends


@pytest.mark.parametrize(
    ("name", "near"),
    [("pytorch", "torch"), ("Torch", "torch"), ("tf", "tensorflow"), ("tensorflw", "tensorflow"), ("jaxx", "jax")],
)
def test_unknown_backend_names_the_nearest(name, near):
    message = f"Unknown backend {name!r}. Did you mean {near!r}? Known backends: numpy, torch"
    with raises(multigrad.UnknownBackendError, message):
        multigrad.gradient(lambda x: x, backend=name)


def test_unknown_backend_without_a_near_one():
    message = "Unknown backend 'qqqqqq'. Known backends: numpy, torch, jax, tensorflow"
    with raises(multigrad.UnknownBackendError, message):
        multigrad.get_backend("qqqqqq")
    with raises(multigrad.UnknownBackendError, "Unknown backend 'qqqqqq'."):
        multigrad.vjp(lambda x: x, 1.0, backend="qqqqqq")
    with raises(multigrad.UnknownBackendError, "Unknown backend 'qqqqqq'."):
        multigrad.use_backend("qqqqqq")


def test_unknown_backend_in_the_environment(monkeypatch):
    monkeypatch.setenv("MULTIGRAD_BACKEND", "jaxx")
    with raises(multigrad.UnknownBackendError, "Unknown backend 'jaxx'. Did you mean 'jax'?"):
        multigrad.gradient(lambda x: x)(1.0)


def test_missing_framework_gives_the_pip_command(monkeypatch):
    monkeypatch.setitem(_registry._BUILT_IN, "absent_framework", ("absent_framework", "absent-framework"))
    with raises(
        multigrad.BackendNotInstalledError,
        "backend 'absent_framework' needs absent-framework, which is not installed.",
        "pip install absent-framework",
    ):
        multigrad.gradient(lambda x: x, backend="absent_framework")(1.0)
    info = _registry.backend_info("absent_framework")
    assert (info.installed, info.version, info.devices) == (False, None, ())
    assert "pip install absent-framework" in info.reason


def test_broken_framework_keeps_the_cause(monkeypatch, tmp_path):
    (tmp_path / "broken_framework.py").write_text("raise OSError('libfoo.so.7: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(_registry._BUILT_IN, "broken_framework", ("broken_framework", "broken_framework"))
    with raises(
        multigrad.BackendBrokenError,
        "broken_framework is installed but does not import: OSError: libfoo.so.7",
        "Reinstall it",
        "multigrad.backends()",
    ) as caught:
        multigrad.get_backend("broken_framework")
    assert isinstance(caught.value.__cause__, OSError)
    assert "broken_framework" not in sys.modules


def test_incomplete_backend():
    class Half:
        name = "half"
        xp = np

    message = "backend 'half' (Half) must have the members name, xp,"
    with raises(multigrad.BackendBrokenError, message, "it lacks is_array,"):
        multigrad.gradient(lambda x: x, backend=Half())(1.0)


@pytest.mark.needs("torch", "jax")
def test_arrays_of_two_frameworks():
    import jax
    import torch

    x, y = torch.ones(2), jax.numpy.ones(2)
    with raises(multigrad.MixedBackendError, "arrays of one framework, got those of torch and jax.", "backend="):
        multigrad.gradient(lambda x, y: xp.sum(x * y))(x, y)
    with raises(multigrad.MixedBackendError, "got those of torch and jax"):
        multigrad.infer_backend({"a": x}, [y])
    found = multigrad.gradient(lambda x, y: xp.sum(x * y), backend="torch")(x, y)
    assert found.tolist() == [1.0, 1.0]
    with raises(multigrad.MixedBackendError, "array of torch, on which it was called, got one of jax", "backend='jax'"):
        multigrad.gradient(lambda x: y[0])(x)


@pytest.mark.needs("torch")
def test_a_tensor_that_would_be_cut_off_from_its_graph():
    import torch

    parameters = {"w": [torch.ones(2, requires_grad=True)]}
    message = "outside any torch graph for p['w'][0], since backend='numpy' moves it"
    with raises(multigrad.DetachedValueError, message, "Detach it first"):
        multigrad.gradient(lambda p: xp.sum(p["w"][0]), backend="numpy")(parameters)


# Outputs


@pytest.mark.parametrize(
    ("f", "parts"),
    [
        (lambda x: x, ["got an array of shape (2,).", "xp.sum", "jacobian"]),
        (lambda x: x[None, :1], ["got an array of shape (1, 1)."]),
        (lambda x: xp.astype(x[0], xp.complex128), ["got a complex one (complex128).", "xp.abs(y)**2 or xp.real(y)"]),
        (lambda x: 1j, ["got a complex one (complex128)."]),
        (lambda x: (x[0], x), ["got a tuple of length 2.", "has_aux=True", "return (value, aux)"]),
        (lambda x: [x[0]], ["got a list of length 1.", "has_aux=True"]),
        (lambda x: {"loss": x[0]}, ["got an object of type dict."]),
        (lambda x: None, ["got None.", "lack a return statement?"]),
        (lambda x: "text", ["got an object of type str."]),
    ],
    ids=["vector", "matrix", "complex", "complex-number", "tuple", "list", "dict", "none", "string"],
)
def test_outputs_that_are_no_real_scalar(f, parts, backend):
    with raises(multigrad.OutputError, "Expected f to return a real scalar, ", *parts):
        multigrad.gradient(f, backend=backend)(np.ones(2))
    with raises(multigrad.OutputError, *parts):
        multigrad.value_and_gradient(lambda x: (f(x), None), has_aux=True, backend=backend)(np.ones(2))


@pytest.mark.parametrize(
    ("f", "came"),
    [(lambda x: (x, x, x), "a tuple of length 3"), (lambda x: [x, x], "a list of length 2"), (lambda x: None, "None")],
    ids=["three", "list", "none"],
)
def test_has_aux_needs_a_pair(f, came, backend):
    with raises(multigrad.OutputError, f"(value, aux) because of has_aux=True, got {came}."):
        multigrad.gradient(f, has_aux=True, backend=backend)(1.0)
    with raises(multigrad.OutputError, f"(value, aux) because of has_aux=True, got {came}."):
        multigrad.vjp(f, 1.0, has_aux=True, backend=backend)


# Inputs


@pytest.mark.parametrize(
    ("given", "leaf", "dtype"),
    [
        (np.arange(3), "params", "int64"),
        ({"w": [1.0, np.arange(3, dtype=np.int32)]}, "params['w'][1]", "int32"),
        ((np.float64(1.0), {0: np.asarray(True)}), "params[1][0]", "bool"),
        (np.int64(3), "params", "int64"),
    ],
    ids=["array", "nested", "bool", "scalar"],
)
def test_integer_arrays_cannot_be_differentiated(given, leaf, dtype, backend):
    message = f"floating or complex array to differentiate, got {leaf} of dtype {dtype}."
    with raises(multigrad.InputError, message, f"multigrad.asarray({leaf}, dtype='float64')", "argnums"):
        multigrad.gradient(lambda params: 1.0, backend=backend)(given)
    assert multigrad.to_numpy(multigrad.gradient(lambda x, params: x, backend=backend)(1.0, given)) == 1.0


class Box:
    def __init__(self, content):
        self.content = content


def test_unknown_containers(backend):
    message = f"got p['box'][0] of type {Box.__module__}.Box,"
    with raises(multigrad.InputError, message, "multigrad.register_pytree", "dataclass"):
        multigrad.gradient(lambda p: 1.0, backend=backend)({"box": [Box(1.0)], "x": 1.0})
    with raises(multigrad.InputError, "got x of type builtins.set"):
        multigrad.vjp(lambda x: 1.0, {1.0, 2.0}, backend=backend)


def test_an_unknown_container_that_is_not_differentiated_reaches_f(backend):
    found = multigrad.gradient(lambda x, box: x * box.content, backend=backend)(2.0, Box(5.0))
    assert multigrad.to_numpy(found) == 5.0


@pytest.mark.parametrize("nothing", ["text", None, True, {"a": None}], ids=repr)
def test_nothing_to_differentiate(nothing, backend):
    with raises(multigrad.InputError, "at least one number or floating array in mode, got", "argnums or argnames"):
        multigrad.gradient(lambda mode, x: x, backend=backend)(nothing, 1.0)


@pytest.mark.parametrize("f", [3.0, np.ones(2), "sin", None], ids=repr)
def test_f_must_be_a_function(f):
    with raises(TypeError, f"a function to differentiate, got {type(f).__name__}: pass f itself, not f(x)."):
        multigrad.gradient(f)
    with raises(TypeError, "pass f itself, not f(x)."):
        multigrad.vjp(f, 1.0)


# argnums and argnames


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"argnums": 2}, "argnums=2 is out of range: the function was called with 2 positional arguments; its param"),
        ({"argnums": -3}, "argnums=-3 is out of range"),
        ({"argnums": (0, 5)}, "argnums=(0, 5) is out of range"),
        ({"argnums": (0, 0)}, "argnums=(0, 0), one of them repeated."),
        ({"argnums": (1, -1)}, "argnums=(1, -1) and argnames=None, which select one argument twice: it is repeated."),
        (
            {"argnums": 0, "argnames": "x"},
            "argnums=0 and argnames='x', which select one argument twice: it is repeated.",
        ),
        ({"argnames": ("x", "x")}, "argnames=('x', 'x'), one of them repeated."),
        ({"argnames": "z"}, "argnames='z' names no argument of this call; the function's parameters are x, y."),
        ({"argnums": 1.0}, "an integer or a tuple of integers for argnums, got argnums=1.0."),
        ({"argnums": "x"}, "an integer or a tuple of integers for argnums, got argnums='x'."),
        ({"argnums": True}, "got argnums=True."),
        ({"argnums": ()}, "at least one argument, got argnums=(); nothing to differentiate."),
        ({"argnames": 0}, "a name or a tuple of names for argnames, got argnames=0."),
    ],
    ids=str,
)
def test_selections_that_do_not_fit(options, message):
    with raises(multigrad.ArgumentSelectionError, message):
        multigrad.gradient(lambda x, y: x * y, **options)(1.0, 2.0)


# Options


def test_devices_that_are_not_there(backend):
    with raises(multigrad.DeviceError, "'nonsense' for", "it sees", "cpu"):
        multigrad.gradient(lambda x: x, backend=backend, device="nonsense")(1.0)
    with raises(multigrad.DeviceError, "'cuda:99' for", "it sees", "cpu"):
        multigrad.gradient(xp.sum, backend=backend, device="cuda:99")(np.ones(2))
    own = multigrad.asarray([1.0, 2.0], backend=backend)
    with raises(multigrad.DeviceError, "'cuda:99' for"), multigrad.use_backend(backend, device="cuda:99"):
        multigrad.gradient(xp.sum)(own)


@pytest.mark.parametrize("dtype", ["int32", "complex64", "bool", np.int64], ids=str)
def test_dtype_option_must_be_floating(dtype):
    with raises(multigrad.DtypeError, "a real floating dtype such as 'float32' for dtype=, got"):
        multigrad.gradient(lambda x: x, dtype=dtype)


def test_unknown_dtype():
    with raises(multigrad.DtypeError, "a dtype of the array API standard such as 'float32', got 'float23'."):
        multigrad.gradient(lambda x: x, dtype="float23")


def test_dtype_that_the_backend_lacks():
    with raises(multigrad.DtypeError, "NumPy has no bfloat16; use one of bool,", "float32"):
        multigrad.gradient(lambda x: x, backend="numpy", dtype="bfloat16")(1.0)


def test_form_of_arrays():
    with raises(ValueError, "arrays='standard' or arrays='native', got arrays='raw'."):
        multigrad.gradient(lambda x: x, arrays="raw")


# Errors of f


@pytest.mark.parametrize("kind", [ValueError, KeyError, TypeError, ZeroDivisionError])
def test_errors_of_f_pass_through_as_the_same_object(kind, backend, arrays):
    error = kind("mine")

    def f(x):
        raise error

    with pytest.raises(kind) as caught:
        multigrad.gradient(f, backend=backend, arrays=arrays)(1.0)
    assert caught.value is error
    assert not any("multigrad" in note for note in getattr(error, "__notes__", ()))
