"""Under the frameworks' own compilers every function gives what it gives eagerly, or a clear error of ours.

Functions are compiled in groups, which is much cheaper; where a group fails its functions are tried one by one, so that
the failure names them.
"""

import re

import numpy as np
import pytest

import multigrad

from . import compilers
from .cases import CASES, CREATION, ELEMENTWISE, FFT, INDEXING, LINALG, MANIPULATION, STATISTICAL
from .comparison import as_list
from .inputs import namespace, point

OTHERS = ("matmul", "matrix_transpose", "tensordot", "vecdot")
KNOWN = [name for name, case in CASES.items() if not case.unknown_shape and name not in ("from_dlpack", "asarray")]
FROM_VALUES = [name for name, case in CASES.items() if case.unknown_shape and name != "repeat"]


def _batched(items, size):
    items = list(items)
    return [items[i : i + size] for i in range(0, len(items), size)]


def _groups(size=12):
    found = {}
    sections = {"elementwise": ELEMENTWISE, "creation": CREATION, "manipulation": MANIPULATION, "indexing": INDEXING}
    sections |= {"statistical": STATISTICAL, "products": OTHERS, "linalg": LINALG, "fft": FFT}
    for section, names in sections.items():
        for i, group in enumerate(_batched([name for name in names if name in KNOWN], size)):
            found[f"{section}-{i}"] = group
    return found


GROUPS = _groups()
parametrized = [
    pytest.param(framework, enter, id=name, marks=pytest.mark.needs(framework))
    for name, (framework, enter) in compilers.COMPILERS.items()
]
# XLA has no kernel for these (TensorFlow 2.21), and says so when the whole function is compiled.
WITHOUT_XLA_KERNEL = {"linalg.slogdet"}
# XLA's own eigenvalue and singular value decompositions iterate to 1e-6 in every dtype.
ITERATED = {f"linalg.{name}" for name in ("eigh", "eigvalsh", "matrix_norm", "matrix_rank", "pinv", "svd", "svdvals")}


def arrays_of(adapter, names):
    """Return the native arguments of the cases, in one list."""
    dtypes = {name: "float64" if "float64" in CASES[name].dtypes else CASES[name].dtypes[0] for name in names}
    return [adapter.asarray(x) for name in names for x in point(CASES[name], dtypes[name])]


def results_of(ns, names):
    """Return a function of such a list: a number that depends on all differentiable results, and all results."""

    def f(*arrays):
        total, values = ns.zeros((), dtype=ns.float64), []
        for name, pair in zip(names, _batched(map(ns.asarray, arrays), 2), strict=True):
            case = CASES[name]
            for part in as_list((case.smooth or case.calls)(ns, *pair)):
                values.append(part.native)
                if case.smooth is not None:
                    weights = ns.reshape(ns.cos(ns.arange(1.0, 1.0 + part.size)), part.shape)
                    total = total + ns.sum(ns.real(part) * weights)
                    if ns.isdtype(part.dtype, "complex floating"):
                        total = total + ns.sum(ns.imag(part) * weights)
        return total.native, values

    return f


def compare(adapter, found, expected, unit):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        one = adapter.to_numpy(one)  # noqa: PLW2901
        other = adapter.to_numpy(other) if adapter.is_array(other) else np.asarray(other)  # noqa: PLW2901
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        single = one.dtype.name in ("float32", "complex64")
        np.testing.assert_allclose(one, other, rtol=max(unit, 1e-5 * single), atol=max(unit, 1e-5 * single))


def check(framework, enter, names, of=compilers.with_gradients):
    """Compare compiled with eager results of a group; name the functions that differ."""
    adapter, ns = multigrad.get_backend(framework), namespace(framework)

    def attempt(names):
        with enter() as compiler:
            arrays, f = arrays_of(adapter, names), results_of(ns, names)
            found = of(framework, f, compiler)(*arrays)
            if of is compilers.values_of:
                # NumPy's, since JAX would compile every function once more to run it eagerly.
                expected = results_of(namespace("numpy"), names)(*map(adapter.to_numpy, arrays))[1]
            else:
                expected = of(framework, f)(*arrays)
            unit = 1e-4 if enter is compilers.xla and ITERATED.intersection(names) else 1e-11
            compare(adapter, found, expected, unit)

    try:
        attempt(names)
    except Exception:
        wrong = {}
        for name in names:
            try:
                attempt((name,))
            except Exception as error:
                wrong[name] = f"{type(error).__name__}: {str(error).strip()[-600:]}"
        if not wrong:
            raise
        pytest.fail("\n".join(f"{name}: {fault}" for name, fault in wrong.items()), pytrace=False)


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize(("framework", "enter"), parametrized)
def test_values_and_gradients(framework, enter, group):
    # On JAX `test_gradients` compiles the gradient of every function; XLA takes minutes for all of TensorFlow's.
    values = enter in (compilers.jax, compilers.xla)
    names = [name for name in GROUPS[group] if enter is not compilers.xla or name not in WITHOUT_XLA_KERNEL]
    check(framework, enter, names, compilers.values_of if values else compilers.with_gradients)


@pytest.mark.needs("tensorflow")
def test_autograph():
    check("tensorflow", compilers.autograph, ("sin", "where", "sort", "take", "linalg.inv", "cumulative_sum", "clip"))


@pytest.mark.needs("tensorflow")
@pytest.mark.parametrize(
    "names",
    [
        ("sin", "pow", "divide", "atan2", "abs", "maximum", "clip", "where", "sort", "take", "std", "max"),
        (
            "prod",
            "cumulative_prod",
            "matmul",
            "tensordot",
            "linalg.det",
            "linalg.inv",
            "linalg.vector_norm",
            "fft.rfft",
        ),
    ],
)
def test_gradients_under_xla(names):
    check("tensorflow", compilers.xla, names)


@pytest.mark.needs("torch")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own, while inductor is imported
def test_inductor():
    check("torch", compilers.inductor, ("sin", "where", "linalg.vector_norm", "cumulative_sum", "clip"))


@pytest.mark.parametrize("name", FROM_VALUES)
@pytest.mark.parametrize(("framework", "enter"), parametrized)
def test_shapes_that_depend_on_values(framework, enter, name):
    """Where a compiler can have such a shape the values are right, else the error says what cannot be."""
    adapter, ns = multigrad.get_backend(framework), namespace(framework)
    f = results_of(ns, (name,))
    works_or_explains(adapter, enter, lambda *arrays: f(*arrays)[1], arrays_of(adapter, (name,)), "depend")


@pytest.mark.parametrize(("framework", "enter"), parametrized)
def test_reading_by_a_mask(framework, enter):
    adapter, ns = multigrad.get_backend(framework), namespace(framework)

    def masked(x):
        x = ns.asarray(x)
        return [x[x > 0].native]

    works_or_explains(adapter, enter, masked, [adapter.asarray(np.array([0.5, -1.0, 2.0]))], "depend")


def works_or_explains(adapter, enter, f, arrays, word):
    expected = f(*arrays)
    with enter() as compiler:
        try:
            found = compiler(f)(*arrays)
        except Exception as error:
            refused = error
        else:
            refused = None
    if refused is not None:
        assert word in str(refused), refused
        return
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(adapter.to_numpy(one), adapter.to_numpy(other))


@pytest.mark.needs("tensorflow")
@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].family != "none"])
def test_unknown_static_shapes(name):
    """Under tf.function with sizes that are not known every function works or says that it needs them."""
    import tensorflow as tf

    adapter, ns = multigrad.get_backend("tensorflow"), namespace("tensorflow")
    arrays, case = arrays_of(adapter, (name,)), CASES[name]

    def f(*arrays):
        return [part.native for part in as_list(case.calls(ns, *map(ns.asarray, arrays)))]

    signature = [tf.TensorSpec([None] * len(x.shape), x.dtype) for x in arrays]
    try:
        found = tf.function(f, input_signature=signature, autograph=False)(*arrays)
    except (TypeError, ValueError, IndexError, NotImplementedError) as error:
        message = str(error).strip().rpartition("\n\n")[2]
    else:
        message = None
    if message is not None:
        assert re.search(r"known|None|static|depend", message), message
        return
    for one, other in zip(found, f(*arrays), strict=True):
        assert one.shape.rank == other.shape.rank
        np.testing.assert_allclose(adapter.to_numpy(one), adapter.to_numpy(other), rtol=1e-5, atol=1e-12)
