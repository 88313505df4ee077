"""Which backends are under test, and how the process is set up for them.

``--backend NAME`` (repeatable) or the variable ``MULTIGRAD_TEST_BACKENDS`` (names separated by commas) chooses them;
without either only NumPy is tested, which needs no framework. A backend that was asked for and does not import fails
the run: nothing is skipped.
"""

import os

# Before any framework is imported: the suite runs in two processes on two cores.
for _variable in (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
):
    os.environ.setdefault(_variable, "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# SciPy reads it once: its functions then stay in the namespace of their arguments.
os.environ["SCIPY_ARRAY_API"] = "1"
# The suite chooses backends itself; the user's default would change what it tests.
os.environ.pop("MULTIGRAD_BACKEND", None)
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import hypothesis
import pytest

import multigrad

ALL = ("numpy", "torch", "jax", "tensorflow")

# Derandomized in CI, so that a red run can be repeated; a few examples, since every one runs on every backend.
hypothesis.settings.register_profile("ci", derandomize=True, max_examples=20, deadline=None)
hypothesis.settings.register_profile("dev", max_examples=20, deadline=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_addoption(parser):
    parser.addoption("--backend", action="append", choices=ALL, help="backend to test; may be repeated")


def _chosen(config):
    named = config.getoption("--backend") or os.environ.get("MULTIGRAD_TEST_BACKENDS", "numpy").split(",")
    return [name.strip() for name in named if name.strip()]


def pytest_configure(config):
    for name in _chosen(config):
        try:
            multigrad.get_backend(name)
        except multigrad.MultigradError as error:
            raise pytest.UsageError(f"The backend {name!r} was asked for and cannot be tested: {error}") from error


def pytest_generate_tests(metafunc):
    """Run every test with a ``backend`` argument once per chosen backend that its marks allow."""
    if "backend" not in metafunc.fixturenames:
        return
    only = metafunc.definition.get_closest_marker("backends")
    names = [name for name in _chosen(metafunc.config) if only is None or name in only.args]
    metafunc.parametrize("backend", names)


def pytest_collection_modifyitems(config, items):
    """Leave out what is not for this run: tests of frameworks that were not chosen, of a GPU that is not there."""
    chosen = set(_chosen(config))
    out = []
    for item in list(items):
        needs = item.get_closest_marker("needs")
        no_gpu = item.get_closest_marker("gpu") is not None and not _has_gpu(chosen)
        # A test with a backend argument and no backend left to run on was not generated for this run.
        empty = item.get_closest_marker("backends") is not None and "NOTSET" in item.name
        if (needs is not None and not set(needs.args) <= chosen) or no_gpu or empty:
            out.append(item)
            items.remove(item)
    if out:
        config.hook.pytest_deselected(items=out)


def _has_gpu(chosen):
    return any(device.startswith("gpu") for name in chosen for device in multigrad.get_backend(name).devices())


@pytest.fixture(params=["standard", "native"])
def arrays(request):
    """Both forms of arrays that f may see."""
    return request.param


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    return request.param


@pytest.fixture
def rtol(dtype):
    """Relative tolerance: a few roundings of the dtype."""
    return {"float32": 1e-6, "float64": 1e-12}[dtype]
