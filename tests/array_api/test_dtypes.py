"""Promotion, dtype functions, constants, inspection."""

import math

import array_api_compat.numpy as reference
import numpy as np
import pytest

from .cases import COMPLEX, FLOATS, INEXACT, INTEGERS
from .inputs import common, some
from .signatures import DTYPES


@pytest.mark.parametrize("first", DTYPES)
def test_promotion_of_every_pair_of_dtypes(backend, ns, first):
    for second in some(backend, DTYPES, 5):
        x, y = ns.ones(2, dtype=getattr(ns, first)), ns.ones(2, dtype=getattr(ns, second))
        expected = common(first, second)
        calls = [lambda x=x, y=y: ns.result_type(x, y), lambda x=x, y=y: ns.concat([x, y]).dtype]
        calls += [lambda x=x, y=y: ns.where(ns.asarray([True, False]), x, y).dtype]
        if (first, second) != ("bool", "bool"):
            calls += [lambda x=x, y=y: (x * y).dtype, lambda x=x, y=y: ns.pow(x, y).dtype]
        for call in calls:
            if expected is None:
                with pytest.raises(TypeError, match="common dtype"):
                    call()
            else:
                assert call() == getattr(ns, expected)


@pytest.mark.parametrize("name", ["sum", "prod", "cumulative_sum", "cumulative_prod", "linalg.trace"])
@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        *(("bool", "int64"), ("int8", "int64"), ("int32", "int64"), ("uint8", "uint64"), ("uint32", "uint64")),
        *(("float32", "float32"), ("complex64", "complex64")),
    ],
)
def test_sums_widen_integers(ns, name, dtype, expected):
    owner, _, function = name.rpartition(".")
    if name == "linalg.trace" and dtype == "bool":
        return
    x = ns.ones((2, 2) if owner else (2,), dtype=getattr(ns, dtype))
    assert getattr(getattr(ns, owner) if owner else ns, function)(x).dtype == getattr(ns, expected)


def test_half_precision_where_the_backend_has_it(ns):
    x = ns.asarray([0.5, 1.5], dtype=ns.float16)
    for result in (x + 1, ns.sqrt(x), ns.sum(x), ns.where(x > 1, x, 0), ns.concat([x, x])):
        assert result.dtype == ns.float16


# Dtypes, inspection, constants


def test_constants(ns):
    assert (ns.e, ns.pi, ns.inf, ns.newaxis) == (math.e, math.pi, math.inf, None)
    assert math.isnan(ns.nan)


KINDS = ["bool", "signed integer", "unsigned integer", "integral", "real floating", "complex floating", "numeric"]


def test_functions_about_dtypes(ns):
    for name in DTYPES:
        dtype, numpy_dtype = getattr(ns, name), np.dtype(name)
        for kind in KINDS:
            assert ns.isdtype(dtype, kind) is reference.isdtype(numpy_dtype, kind)
        assert ns.isdtype(dtype, ("bool", ns.float32)) is (name in ("bool", "float32"))
        assert ns.isdtype(dtype, dtype) is True
        assert ns.result_type(dtype, dtype) == dtype
        for other in DTYPES:
            target = getattr(ns, other)
            assert ns.can_cast(dtype, target) is (common(name, other) == other)
            assert ns.can_cast(ns.ones(1, dtype=dtype), target) is (common(name, other) == other)
    for name in INEXACT:
        found, expected = ns.finfo(getattr(ns, name)), np.finfo(name)
        for field in ("bits", "eps", "max", "min", "smallest_normal"):
            assert getattr(found, field) == float(getattr(expected, field))
            assert type(getattr(found, field)) in (int, float)
        assert found.dtype == getattr(ns, expected.dtype.name)
        assert ns.finfo(ns.ones(1, dtype=getattr(ns, name))).eps == found.eps
    for name in INTEGERS:
        found, expected = ns.iinfo(getattr(ns, name)), np.iinfo(name)
        assert (found.bits, found.max, found.min) == (expected.bits, expected.max, expected.min)
        assert found.dtype == getattr(ns, name)


def test_inspection(ns):
    info = ns.__array_namespace_info__()
    capabilities = info.capabilities()
    assert {type(capabilities[name]) for name in ("boolean indexing", "data-dependent shapes")} == {bool}
    assert "max dimensions" in capabilities
    assert set(info.dtypes()) == set(DTYPES)
    assert info.dtypes(kind="real floating") == {name: getattr(ns, name) for name in FLOATS}
    assert set(info.dtypes(kind=("bool", "complex floating"))) == {"bool", *COMPLEX}
    assert info.default_dtypes()["real floating"] == ns.float64
    assert info.default_dtypes()["integral"] == ns.zeros(1, dtype=ns.int64).dtype
    assert info.default_device() == info.devices()[0] == ns.zeros(1).device
