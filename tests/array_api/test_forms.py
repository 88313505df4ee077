"""Which form results have: `Array` or native arrays, tuples with named parts."""

import numpy as np
import pytest

from multigrad import Array


def test_native_arrays_in_native_arrays_out(ns, adapter):
    native = adapter.asarray(np.ones((2, 2)))
    for result in (
        ns.sin(native),
        ns.linalg.inv(native + adapter.asarray(np.eye(2))),
        ns.fft.fft(native),
        ns.sort(native),
    ):
        assert adapter.is_array(result)
        assert not isinstance(result, Array)
    for part in (*ns.unique_all(native), *ns.linalg.qr(native), *ns.broadcast_arrays(native, native)):
        assert not isinstance(part, Array)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("unique_all", ("values", "indices", "inverse_indices", "counts")),
        ("unique_counts", ("values", "counts")),
        ("unique_inverse", ("values", "inverse_indices")),
        ("linalg.eigh", ("eigenvalues", "eigenvectors")),
        ("linalg.qr", ("Q", "R")),
        ("linalg.slogdet", ("sign", "logabsdet")),
        ("linalg.svd", ("U", "S", "Vh")),
    ],
)
def test_results_with_named_parts(ns, name, fields):
    owner, _, function = name.rpartition(".")
    found = getattr(getattr(ns, owner) if owner else ns, function)(ns.eye(2))
    assert found._fields == fields
    assert all(isinstance(part, Array) for part in found)
