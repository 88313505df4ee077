"""Finding backends: names, what is missing or broken, plug-ins, and the ways to choose one."""

import importlib.metadata
import re
import subprocess
import sys
import textwrap
import types

import numpy as np
import pytest

import multigrad
from multigrad import _registry
from multigrad._protocol import CAPABILITIES, CONSEQUENCES
from multigrad.extend import FiniteDifferenceBackend

FRAMEWORKS = ("torch", "jax", "tensorflow")


def square(x):
    return x**2


@pytest.fixture
def registry(monkeypatch):
    """A registry that forgets what a test adds to it."""
    monkeypatch.setattr(_registry, "_loaded", dict(_registry._loaded))
    monkeypatch.setattr(_registry, "_factories", dict(_registry._factories))


@pytest.fixture
def provide(registry, monkeypatch):
    """Make packages provide backends: ``provide(name, value)`` adds an entry point."""
    points = []
    installed = importlib.metadata.entry_points

    def entry_points(**chosen):
        if chosen.get("group") != "multigrad.backends":
            return installed(**chosen)
        return importlib.metadata.EntryPoints(points).select(**chosen)

    def add(name, value):
        points.append(importlib.metadata.EntryPoint(name, value, "multigrad.backends"))

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    return add


@pytest.fixture
def plugin(monkeypatch):
    """An importable module ``multigrad_plugin`` to put backends into."""
    module = types.ModuleType("multigrad_plugin")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def python(code, path=None):
    """Run code in a new process in which the frameworks at ``path`` hide the installed ones; return its output."""
    hidden = f"import sys; sys.path.insert(0, {str(path)!r})\n" if path is not None else ""
    command = [sys.executable, "-W", "error", "-c", hidden + textwrap.dedent(code)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert found.returncode == 0, found.stderr
    return found.stdout


# Names


def test_backend_has_its_name(backend):
    found = multigrad.get_backend(backend)
    assert found.name == backend
    assert multigrad.get_backend(backend) is found
    assert multigrad.get_backend(found) is found


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("torhc", "torch"),
        ("Torch", "torch"),
        ("pytorch", "torch"),
        ("PyTorch", "torch"),
        ("tf", "tensorflow"),
        ("TF", "tensorflow"),
        ("tensorflw", "tensorflow"),
        ("jaxx", "jax"),
        ("jnp", "jax"),
        ("np", "numpy"),
        ("numpi", "numpy"),
    ],
)
def test_unknown_name_gets_the_nearest(name, near):
    with pytest.raises(multigrad.UnknownBackendError) as caught:
        multigrad.get_backend(name)
    assert str(caught.value).startswith(f"Unknown backend {name!r}. Did you mean {near!r}?")
    assert "Known backends: numpy, torch, jax, tensorflow" in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_unknown_name_without_a_near_one():
    with pytest.raises(multigrad.UnknownBackendError) as caught:
        multigrad.get_backend("zzzzzz")
    assert "Did you mean" not in str(caught.value)


@pytest.mark.parametrize("make", [multigrad.gradient, multigrad.value_and_gradient])
def test_operator_refuses_an_unknown_name_before_it_is_called(make):
    with pytest.raises(multigrad.UnknownBackendError, match="Did you mean 'torch'"):
        make(square, backend="troch")


def test_other_doors_refuse_an_unknown_name():
    for door in (
        lambda: multigrad.vjp(square, 1.0, backend="troch"),
        lambda: multigrad.asarray(1.0, backend="troch"),
        lambda: multigrad.use_backend("troch"),
    ):
        with pytest.raises(multigrad.UnknownBackendError, match="Did you mean 'torch'"):
            door()


@pytest.mark.parametrize("value", [None, 3, ["torch"]])
def test_object_that_is_no_backend_is_refused(value):
    with pytest.raises(multigrad.UnknownBackendError, match="Expected the name of a backend, such as 'torch', got "):
        multigrad.get_backend(value)


# Missing and broken frameworks

BLOCK = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Block())
"""


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_missing_framework_names_the_pip_command(name):
    code = f"""
    import multigrad
    for door in (
        lambda: multigrad.get_backend({name!r}),
        lambda: multigrad.gradient(lambda x: x**2, backend={name!r})(1.0),
        lambda: multigrad.use_backend({name!r}),
    ):
        try:
            door()
        except ImportError as error:
            print(type(error).__name__, error, "| cause:", type(error.__cause__).__name__)
    print(multigrad.gradient(lambda x: x**2)(3.0))
    """
    *errors, value = python(BLOCK.format(blocked=(name,)) + textwrap.dedent(code)).splitlines()
    expected = f"BackendNotInstalledError The backend '{name}' needs {name}, which is not installed. "
    assert errors == [f"{expected}Install it with: pip install {name} | cause: ModuleNotFoundError"] * 3
    assert value == "6.0"


def test_list_of_backends_gives_reasons():
    code = """
    import multigrad
    for info in multigrad.backends():
        print(info.name, info.installed, info.devices, info.reason)
    """
    numpy, *others = python(BLOCK.format(blocked=FRAMEWORKS) + textwrap.dedent(code)).splitlines()
    assert numpy == "numpy True ('cpu',) None"
    for name, line in zip(FRAMEWORKS, others, strict=True):
        assert line.startswith(f"{name} False () The backend {name!r} needs {name}, which is not installed.")


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("raise RuntimeError('libmissing.so: cannot open')", "RuntimeError"),
        ("raise ImportError('libmissing.so: cannot open')", "ImportError"),
        ("import libmissing", "ModuleNotFoundError"),
        ("__version__ = '0.0'", ""),
    ],
    ids=["raises", "import-error", "lacks-a-dependency", "hollow"],
)
def test_broken_framework_keeps_the_cause(tmp_path, name, source, kind):
    (tmp_path / f"{name}.py").write_text(source)
    code = f"""
    import multigrad
    for _ in range(2):
        try:
            multigrad.get_backend({name!r})
        except multigrad.BackendBrokenError as error:
            print(type(error.__cause__).__name__, "|", error)
    print(multigrad.gradient(lambda x: x**2)(3.0))
    """
    first, second, value = python(code, tmp_path).splitlines()
    assert first == second
    assert first.startswith(kind)
    assert f"| {name} is installed but does not import: " in first
    assert "libmissing" in first or not kind
    assert value == "6.0"


def test_broken_framework_in_the_process_disturbs_no_other(tmp_path):
    (tmp_path / "torch.py").write_text("__version__ = '0.0'")
    code = """
    import numpy as np
    import torch
    import multigrad
    class Unknown: pass
    print(multigrad.infer_backend(np.ones(2), Unknown()).name)
    print(multigrad.gradient(lambda x, other: (x * x).sum(), backend=None)(np.ones(2), Unknown()))
    """
    assert python(code, tmp_path).split("\n")[:2] == ["numpy", "[2. 2.]"]


def test_installed_backends_are_listed(backend):
    infos = {info.name: info for info in multigrad.backends()}
    assert list(infos)[:4] == ["numpy", *FRAMEWORKS]
    info = infos[backend]
    assert info.installed
    assert info.reason is None
    assert re.match(r"\d+\.\d+", info.version)
    assert info.devices == multigrad.get_backend(backend).devices()
    assert {"array_type", "recording", "stop_gradient"} <= set(info.capabilities)


# Plug-ins


@pytest.mark.parametrize("what", ["class", "instance", "factory"])
def test_entry_point_provides_a_backend(provide, plugin, what):
    class Plugged(FiniteDifferenceBackend):
        def __init__(self):
            super().__init__("plugged")

    def factory():
        return Plugged()

    plugin.thing = {"class": Plugged, "instance": Plugged(), "factory": factory}[what]
    provide("plugged", "multigrad_plugin:thing")
    assert multigrad.get_backend("plugged").name == "plugged"
    assert multigrad.get_backend("plugged") is multigrad.get_backend("plugged")
    np.testing.assert_allclose(multigrad.gradient(square, backend="plugged")(3.0), 6.0, rtol=1e-9)
    (info,) = [info for info in multigrad.backends() if info.name == "plugged"]
    assert info.installed
    assert info.capabilities == ()


def test_entry_point_is_loaded_only_when_asked_for(provide):
    provide("lazy", "multigrad_plugin_that_does_not_exist:backend")
    assert multigrad.gradient(square)(3.0) == 6.0
    with pytest.raises(multigrad.BackendNotInstalledError, match="needs multigrad_plugin_that_does_not_exist, which"):
        multigrad.get_backend("lazy")
    with pytest.raises(multigrad.UnknownBackendError, match="Did you mean 'lazy'"):
        multigrad.get_backend("lasy")


def test_two_packages_with_one_name_raise(provide):
    provide("twice", "first:backend")
    provide("twice", "second:backend")
    with pytest.raises(multigrad.BackendBrokenError, match=r"'twice' \(first:backend, second:backend\); uninstall all"):
        multigrad.get_backend("twice")
    with pytest.raises(multigrad.BackendBrokenError, match="uninstall all"):
        multigrad.gradient(square, backend="twice")
    (info,) = [info for info in multigrad.backends() if info.name == "twice"]
    assert not info.installed
    assert "uninstall all but one" in info.reason


def test_entry_point_cannot_replace_a_built_in_backend(provide, plugin, backend):
    plugin.impostor = FiniteDifferenceBackend(backend)
    provide(backend, "multigrad_plugin:impostor")
    assert multigrad.get_backend(backend) is not plugin.impostor
    assert [info.name for info in multigrad.backends()].count(backend) == 1


@pytest.mark.parametrize(
    ("value", "message"),
    [("multigrad_plugin:absent", "AttributeError"), ("multigrad_plugin:fails", "ZeroDivisionError: division by zero")],
)
def test_entry_point_that_fails_is_broken(provide, plugin, value, message):
    plugin.fails = lambda: 1 / 0
    provide("failing", value)
    with pytest.raises(multigrad.BackendBrokenError, match=message) as caught:
        multigrad.get_backend("failing")
    assert type(caught.value.__cause__).__name__ in message
    assert "failing" in [info.name for info in multigrad.backends()]


class Half:
    """Half a backend."""

    name = "half"
    xp = np
    vjp = None


def test_missing_members_are_named_at_the_first_use(provide, plugin):
    plugin.Half = Half
    provide("half", "multigrad_plugin:Half")
    (info,) = [info for info in multigrad.backends() if info.name == "half"]
    missing = "it lacks is_array, device, to_device, devices, asarray, to_numpy."
    assert missing in info.reason
    with pytest.raises(multigrad.BackendBrokenError, match=re.escape(missing)):
        multigrad.gradient(square, backend="half")(1.0)


def test_registered_backend_is_made_at_the_first_use(registry):
    made = []

    def factory():
        made.append(1)
        return FiniteDifferenceBackend("registered")

    multigrad.register_backend("registered", factory)
    assert made == []
    gradient = multigrad.gradient(square, backend="registered")
    np.testing.assert_allclose([gradient(3.0), gradient(4.0)], [6.0, 8.0], rtol=1e-9)
    assert made == [1]
    with multigrad.use_backend("registered"):
        assert multigrad.infer_backend(1.0).name == "registered"


@pytest.mark.parametrize("name", ["numpy", *FRAMEWORKS, "taken", "plugged"])
def test_taken_name_cannot_be_registered(provide, name):
    multigrad.register_backend("taken", FiniteDifferenceBackend)
    provide("plugged", "multigrad_plugin:backend")
    with pytest.raises(ValueError, match=f"'{name}' is already registered; choose another name"):
        multigrad.register_backend(name, FiniteDifferenceBackend)


def test_factory_must_be_callable(registry):
    with pytest.raises(TypeError, match="Expected a callable that returns the backend, got FiniteDifferenceBackend"):
        multigrad.register_backend("object", FiniteDifferenceBackend())
    with pytest.raises(multigrad.UnknownBackendError):
        multigrad.get_backend("object")


@pytest.mark.parametrize(
    ("factory", "error", "message"),
    [
        (lambda: 1 / 0, multigrad.BackendBrokenError, "ZeroDivisionError: division by zero"),
        (lambda: __import__("absent_framework"), multigrad.BackendNotInstalledError, "pip install absent_framework"),
        (Half, multigrad.BackendBrokenError, "it lacks is_array"),
        (lambda: FiniteDifferenceBackend("other"), multigrad.BackendBrokenError, "'other'"),
    ],
    ids=["fails", "lacks-its-framework", "half", "other-name"],
)
def test_factory_that_fails_is_reported(registry, factory, error, message):
    multigrad.register_backend("failing", factory)
    with pytest.raises(error, match=message):
        multigrad.get_backend("failing")
    (info,) = [info for info in multigrad.backends() if info.name == "failing"]
    assert not info.installed
    assert message in info.reason


def test_backends_say_what_is_missing_and_what_follows(backend):
    info = next(info for info in multigrad.backends() if info.name == backend)
    assert set(info.missing).isdisjoint(info.capabilities)
    assert {*info.missing, *info.capabilities} == set(CAPABILITIES) == set(CONSEQUENCES)
    assert ("compile" in info.missing) == (backend == "numpy")
