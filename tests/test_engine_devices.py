"""Backends over the engine on namespaces with several devices: array-api-strict's, and one with a current device."""

import sys
from types import SimpleNamespace

import array_api_strict as strict
import numpy as np
import pytest

import multigrad
from multigrad import _registry, xp
from multigrad._engine_devices import device_name
from multigrad.extend import EngineBackend

pytestmark = pytest.mark.needs("numpy")  # once: the other environments have nothing to add

DEVICES = ("cpu", "device1", "device2", "no_float64", "no_x64")
V = np.asarray([0.5, -1.0, 2.0])


def on(device, values=V):
    return multigrad.asarray(values, backend="array_api_strict", device=device)


def place(x):
    return multigrad.get_backend("array_api_strict").device(x)


def check(found, device, expected, dtype="float64"):
    assert place(found) == device
    assert found.dtype == getattr(strict, dtype)
    np.testing.assert_allclose(multigrad.to_numpy(found), expected, rtol=1e-6 if dtype == "float32" else 1e-14)


def cubes(x):
    return xp.sum(x**3)


def test_names_and_objects_of_devices():
    backend = multigrad.get_backend("array_api_strict")
    assert backend.devices() == DEVICES
    assert place(multigrad.asarray(V, backend="array_api_strict", device=strict.Device("device2"))) == "device2"
    assert place(multigrad.asarray(on("device1"), device="cpu:0")) == "cpu"
    assert multigrad.asarray(on("device1"), dtype="float32").device == strict.Device("device1")
    with pytest.raises(multigrad.DeviceError, match=r"No device 'gpu' for array_api_strict; it sees cpu, device1"):
        on("gpu")
    with pytest.raises(multigrad.DeviceError, match="No device"):
        on(object())


@pytest.mark.parametrize(
    ("device", "name"),
    [
        *(("cpu", "cpu"), ("CPU:0", "cpu"), ("cuda", "gpu:0"), ("cuda:1", "gpu:1"), ("gpu:2", "gpu:2")),
        *(("xpu:1", "xpu:1"), (SimpleNamespace(id=3), "gpu:3")),
    ],
)
def test_how_devices_are_called(device, name):
    assert device_name(device) == name


@pytest.mark.parametrize("device", ["device1", "device2"])
def test_results_are_beside_their_arguments(device):
    x, v = on(device), on(device, np.ones(3))
    for found in (multigrad.gradient(cubes)(x), multigrad.gradient(cubes)(multigrad.asarray(x, device=device))):
        check(found, device, 3 * V**2)
    value, gradient = multigrad.value_and_gradient(cubes)(x)
    check(value, device, np.sum(V**3))
    check(gradient, device, 3 * V**2)
    check(multigrad.jacobian(lambda x: x**3)(x), device, np.diag(3 * V**2))
    check(multigrad.hessian(cubes)(x), device, np.diag(6 * V))
    check(multigrad.hvp(cubes, (x,), (np.ones(3),))[0], device, 6 * V)
    check(multigrad.laplacian(cubes)(x), device, np.sum(6 * V))
    for found in multigrad.jvp(lambda x: x**2, (x,), (v,)):
        assert place(found) == device
    _, pullback = multigrad.vjp(lambda x: x**3, x)
    check(pullback(np.ones(3))[0], device, 3 * V**2)
    check(multigrad.vmap(lambda a: a * xp.asarray(2.0))(x), device, 2 * V)


def test_the_device_option_moves_arrays_and_numbers():
    options = {"backend": "array_api_strict", "device": "device2"}
    check(multigrad.gradient(cubes, **options)(V), "device2", 3 * V**2)
    check(multigrad.gradient(cubes, **options)(on("device1")), "device2", 3 * V**2)
    check(multigrad.gradient(lambda x: x**2, **options)(3.0), "device2", 6.0)
    with multigrad.use_backend("array_api_strict", device="device1"):
        check(multigrad.gradient(lambda x: x**2)(3.0), "device1", 6.0)
        assert place(xp.zeros(2)) == "device1"
    assert place(xp.asarray(on("device2"))) == "device2"


def test_numbers_and_numpy_arrays_join_the_arrays_on_a_device():
    def f(w, x, y):
        return xp.sum(w * x * y) + xp.sum(np.ones(3) * x)

    for found, expected in zip(
        multigrad.gradient(f, argnums=(0, 1, 2))(2.0, V, on("device2", np.ones(3))),
        (np.sum(V), 3 * np.ones(3), 2 * V),
        strict=True,
    ):
        check(found, "device2", expected)


# Each makes an array of ones with three elements.
CREATION = {
    "ones": lambda: xp.ones(3),
    "zeros": lambda: xp.zeros((3,)) + 1,
    "empty": lambda: xp.empty(3) * 0 + 1,
    "full": lambda: xp.full(3, 1.0),
    "full-of-array": lambda: xp.full(3, xp.asarray(1.0)),
    "arange": lambda: xp.arange(1.0, 4.0) ** 0,
    "linspace": lambda: xp.linspace(1, 1, num=3),
    "eye": lambda: xp.sum(xp.eye(3), axis=0),
    "asarray": lambda: xp.asarray([1.0, 1, 1]),
    "number": lambda: xp.asarray(1.0) * xp.ones(3),
    "fftfreq": lambda: xp.fft.fftfreq(3) * 0 + 1,
    "like": lambda: xp.ones_like(xp.empty(3)),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CREATION)
def test_new_arrays_have_the_dtype_and_the_device_of_the_computation(name, dtype):
    seen = []

    def f(x):
        new = CREATION[name]()
        seen.append((new.dtype, new.device))
        return xp.sum(new * x)

    found = multigrad.gradient(f)(on("device1", V.astype(dtype)))
    assert seen == [(getattr(strict, dtype), "device1")]
    check(found, "device1", np.ones(3), dtype)


def test_a_device_may_be_said_where_an_array_is_made():
    def f(x):
        places = [xp.zeros(2, device="device2"), xp.ones_like(x, device="cpu"), xp.arange(2, device="cpu")]
        assert [new.device for new in places] == ["device2", "cpu", "cpu"]
        info = xp.__array_namespace_info__()
        assert (info.default_device(), tuple(info.devices())) == ("cpu", DEVICES)
        return xp.sum(x)

    check(multigrad.gradient(f)(on("device1")), "device1", np.ones(3))


# Ways to another device inside f; the cotangent must find its way back.
MOVES = {
    "to_device": lambda x: x.to_device("device2"),
    "asarray": lambda x: xp.asarray(x, device="device2"),
    "astype": lambda x: xp.astype(x, xp.float64, device="device2"),
    "via-cpu": lambda x: x.to_device("cpu").to_device("device2"),
}


@pytest.mark.parametrize("name", MOVES)
def test_derivatives_pass_from_device_to_device(name):
    def f(x):
        moved = MOVES[name](x)
        assert moved.device == "device2"
        return xp.sum(moved**3 * xp.asarray([1.0, 2.0, 3.0], device="device2"))

    x, weights = on("device1"), np.asarray([1.0, 2.0, 3.0])
    value, found = multigrad.value_and_gradient(f)(x)
    assert place(value) == "device2"
    check(found, "device1", 3 * V**2 * weights)
    check(multigrad.hvp(f, (x,), (on("device1", np.ones(3)),))[0], "device1", 6 * V * weights)


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: xp.multiply(x, y),
        lambda x, y: x * y,
        lambda x, y: x @ y,
        lambda x, y: xp.concat([x, y]),
        lambda x, y: xp.where(x > 0, x, y),
    ],
    ids=["multiply", "operator", "matmul", "concat", "where"],
)
def test_arrays_of_two_devices_do_not_meet(f):
    with pytest.raises(ValueError, match=r"several devices, .*device1.* and .*CPU_DEVICE.*to_device"):
        multigrad.gradient(lambda x, y: xp.sum(f(x, y)))(on("device1"), on("cpu"))


def test_a_dtype_that_a_device_lacks_is_named():
    message = "array_api_strict has no float64 on the device no_float64"
    options = {"backend": "array_api_strict", "device": "no_float64"}
    with pytest.raises(multigrad.DtypeError, match=message):
        multigrad.gradient(lambda x: x**2, **options)(3.0)
    with pytest.raises(multigrad.DtypeError, match=message):
        multigrad.gradient(cubes, **options)(on("cpu"))
    check(multigrad.gradient(lambda x: x**2, dtype="float32", **options)(3.0), "no_float64", 6.0, "float32")
    with pytest.raises(multigrad.DtypeError, match="array_api_strict has no bfloat16"):
        multigrad.asarray(1.0, backend="array_api_strict", dtype="bfloat16")


def test_rules_by_hand_stay_on_the_device():
    @multigrad.custom_vjp
    def tripled(x):
        return x * 1.0

    tripled.defvjp(lambda x: (x * 1.0, None), lambda residuals, cotangent: (3 * cotangent,))
    found = multigrad.gradient(lambda x: xp.sum(multigrad.checkpoint(xp.exp)(tripled(x))))(on("device2"))
    check(found, "device2", 3 * np.exp(V))
    found = multigrad.gradient(
        lambda x: xp.sum(multigrad.apply_where(x > 0, x, xp.sqrt, fill_value=0.0)),
    )(on("device1"))
    check(found, "device1", np.where(V > 0, 0.5 / np.sqrt(np.abs(V)), 0.0))


# Libraries with a current device, like CuPy: it decides where new arrays are, whatever device= says, unless they are
# made of an array by asarray.
_ENTERED = []


class Numbered(strict.Device):
    @property
    def id(self):
        return int(self._device[-1]) - 1

    def __enter__(self):
        _ENTERED.append(self)

    def __exit__(self, *exception):
        _ENTERED.pop()


GPUS = (Numbered("device1"), Numbered("device2"))


class WithCurrentDevice:
    """array-api-strict on two devices, of which one is current."""

    creation = ("arange", "empty", "eye", "full", "linspace", "ones", "zeros")

    def __getattr__(self, name):
        member = getattr(strict, name)
        return self.creating(member) if name in self.creation else member

    @staticmethod
    def creating(function):
        def create(*args, dtype=None, device=None, **options):
            return function(*args, dtype=dtype, device=(_ENTERED or GPUS)[-1], **options)

        create.__name__ = function.__name__
        return create

    def __dir__(self):
        return dir(strict)

    def asarray(self, obj, /, *, dtype=None, device=None, copy=None):
        return strict.asarray(obj, dtype=dtype, device=device or (_ENTERED or GPUS)[-1], copy=copy)

    def __array_namespace_info__(self):
        own = strict.__array_namespace_info__()
        return SimpleNamespace(
            devices=lambda: GPUS, default_device=lambda: GPUS[0], dtypes=own.dtypes, capabilities=own.capabilities
        )


@pytest.fixture
def gpus(monkeypatch):
    """A backend whose namespace has a current device."""
    monkeypatch.setattr(_registry, "_loaded", dict(_registry._loaded))
    monkeypatch.setattr(_registry, "_factories", dict(_registry._factories))
    array_class = type(strict.asarray(0.0))
    multigrad.register_backend("gpus", lambda: EngineBackend("gpus", WithCurrentDevice(), array_class))
    assert _ENTERED == []
    return multigrad.get_backend("gpus")


def values(x):
    return np.asarray(x.to_device(strict.Device("CPU_DEVICE")))


@pytest.mark.parametrize("device", ["gpu:0", "cuda:1"])
def test_a_computation_makes_its_device_the_current_one(gpus, device):
    name = device.replace("cuda", "gpu")

    def f(x):
        # irfft and det make constants on the way back.
        wave = xp.fft.irfft(xp.astype(x, xp.complex128), n=4)
        return xp.sum(wave[:3] * xp.arange(3.0)) + xp.linalg.det(xp.reshape(x, (1, 3)) * xp.eye(3)) + xp.sum(xp.ones(3))

    x = gpus.asarray(V, device=device)
    assert gpus.device(x) == name
    value, pullback = multigrad.vjp(f, x, backend=gpus)
    assert _ENTERED == []
    (found,) = pullback(gpus.asarray(1.0, device=device))
    assert [gpus.device(value), gpus.device(found)] == [name, name]
    expected = multigrad.gradient(f, backend="array_api_strict")(V)
    np.testing.assert_allclose(values(found), np.asarray(expected), rtol=1e-13)
    found = multigrad.gradient(f, backend=gpus, device=device)(V)
    assert gpus.device(found) == name
    np.testing.assert_allclose(values(found), np.asarray(expected), rtol=1e-13)
    assert _ENTERED == []


def test_another_device_than_the_current_one_may_be_said(gpus):
    def f(x):
        assert [xp.zeros(2).device, xp.zeros(2, device="gpu:0").device] == ["gpu:1", "gpu:0"]
        raise KeyError("after")

    with pytest.raises(KeyError, match="after"):
        multigrad.gradient(f, backend=gpus, device="gpu:1")(V)
    assert _ENTERED == []
    assert gpus.devices() == ("gpu:0", "gpu:1")
    x = gpus.asarray(V, device="gpu:1")
    assert gpus.device(gpus.asarray(x, dtype="float32")) == gpus.device(gpus.xp.asarray(x, copy=True)) == "gpu:1"


def test_arrays_that_numpy_may_not_read_are_fetched(monkeypatch):
    """CuPy's arrays refuse ``np.asarray`` and list no CPU; array-api-compat knows their own way."""

    class OnGpu:
        device = GPUS[0]

        def __array__(self, dtype=None, copy=None):
            raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()`.")

        def get(self):
            return V

    monkeypatch.setitem(sys.modules, "cupy", SimpleNamespace(ndarray=OnGpu))
    backend = EngineBackend("cupy", WithCurrentDevice(), OnGpu)
    assert backend.is_array(OnGpu())
    assert backend.to_numpy(OnGpu()) is V
