"""The same gradient by the framework's own call and through multigrad, for the suites with their own processes."""

import multigrad
from benchmarks import by_formula, native
from benchmarks.rows import CONTESTANTS


def gradient(backend, contestant, mode, standard, argnums, formula=None):
    """Return a function of the backend's arrays that gives a gradient and waits for it.

    Parameters
    ----------
    backend, contestant
        Names of the backend, and of one of `CONTESTANTS`.
    mode
        ``"eager"`` or ``"compiled"``.
    standard
        The function against the array API standard. `benchmarks.native` has it under the same name in the framework's
        own words, where these differ.
    argnums
        The arguments to differentiate.
    formula
        For NumPy, the gradient by formula; None for that of a workload.
    """
    arrays = CONTESTANTS[contestant]
    if backend == "numpy":
        # NumPy differentiates nothing: the native call is a formula, and f reads the same in both forms.
        own, finished = standard, lambda call: call
        if arrays is None:
            return formula or by_formula.GRADIENTS[standard.__name__]
    else:
        framework = native.of(backend)
        own, finished = getattr(framework, standard.__name__, standard), framework.finished
        if arrays is None:
            return finished(framework.ROUTES["gradient", mode](own, argnums))
    f = own if arrays == "native" else standard
    return finished(multigrad.gradient(f, argnums, backend=backend, arrays=arrays, compile=mode == "compiled"))


def native_arrays(backend, values):
    """Return NumPy arrays as the backend's."""
    return values if backend == "numpy" else native.of(backend).arrays(values)


def ready(backend, arrays):
    """Return arrays that are computed, where a framework computes while Python goes on."""
    return arrays if backend == "numpy" else native.of(backend).finished(lambda *found: found)(*arrays)
