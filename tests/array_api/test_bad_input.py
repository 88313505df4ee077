"""Bad calls: on every backend the same class of error, in words of this package, never a kernel's."""

import re

import numpy as np
import pytest
from numpy.exceptions import AxisError

import multigrad

# How the frameworks' own errors read.
LEAKS = re.compile(
    r"InvalidArgumentError|INTERNAL|INVALID_ARGUMENT|Op:|\[Op|device:|tensor a|__wrapped__|XlaRuntimeError|TypeError:"
    r"|got incompatible shapes|expected scalar type|mat1|mat2|size of tensor|operands could not be|Dimension out of"
    r"|not implemented for '|ufunc|jaxlib|torch\.|gufunc|input operand|DType|lax\.|jnp\."
)
# An axis out of range is an error of both classes, as in NumPy. One class each: one except clause serves all backends.
DTYPE, SHAPE, AXIS, VALUE, INDEX = TypeError, ValueError, AxisError, ValueError, IndexError


def real(ns):
    return ns.reshape(ns.arange(6.0), (2, 3))


def integer(ns):
    return ns.reshape(ns.arange(6), (2, 3))


def cplx(ns):
    return ns.astype(real(ns), ns.complex128)


def boolean(ns):
    return real(ns) > 2


def _one(name, of):
    return lambda ns: _function(ns, name)(of(ns))


def _two(name, first, second):
    return lambda ns: _function(ns, name)(first(ns), second(ns))


def _function(ns, name):
    owner, _, function = name.rpartition(".")
    return getattr(getattr(ns, owner) if owner else ns, function)


_COMPLEX_REFUSED = "ceil floor trunc signbit max min argmax argmin sort argsort fft.rfft fft.rfftn fft.ihfft"
_COMPLEX_REFUSED_2 = "atan2 copysign hypot logaddexp maximum minimum less less_equal greater greater_equal remainder"
_COMPLEX_REFUSED_2 += " floor_divide nextafter"
_BOOL_REFUSED = "abs sin exp sqrt log sign negative square round max min std var sort fft.fft linalg.vector_norm"
_BOOL_REFUSED += " linalg.det linalg.inv"
_FLOAT_REFUSED_2 = "bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift logical_and logical_or"
_AXIS = "sum prod mean max min std var all any argmax argmin count_nonzero cumulative_sum cumulative_prod sort argsort"
_AXIS += " flip diff linalg.vector_norm unstack"
_AXES = "sum prod mean max min std var all any count_nonzero flip linalg.vector_norm"
_BROADCAST = "add subtract multiply divide pow floor_divide remainder atan2 hypot copysign logaddexp maximum minimum"
_BROADCAST += " equal not_equal less greater_equal nextafter"
_SQUARE = "cholesky det eigh eigvalsh inv slogdet"
_MATRIX = "svd svdvals qr pinv matrix_norm matrix_rank diagonal trace matrix_transpose"

# What is called, the error, and what its message must contain (a regular expression).
BAD = {
    **{f"{name}-complex": (_one(name, cplx), DTYPE, name.rpartition(".")[2]) for name in _COMPLEX_REFUSED.split()},
    **{f"{name}-complex": (_two(name, cplx, cplx), DTYPE, name) for name in _COMPLEX_REFUSED_2.split()},
    **{f"{name}-bool": (_one(name, boolean), DTYPE, name.rpartition(".")[2]) for name in _BOOL_REFUSED.split()},
    **{f"{name}-float": (_two(name, real, real), DTYPE, name) for name in _FLOAT_REFUSED_2.split()},
    **{
        f"{name}-bool-bool": (_two(name, boolean, boolean), DTYPE, name)
        for name in ("add", "subtract", "multiply", "pow")
    },
    **{f"{name}-float": (_one(name, real), DTYPE, name) for name in ("bitwise_invert", "logical_not")},
    **{
        f"{name}-axis": (lambda ns, n=name: _function(ns, n)(real(ns), axis=2), AXIS, r"[Aa]xis 2|axes")
        for name in _AXIS.split()
    },
    **{
        f"{name}-negative-axis": (lambda ns, n=name: _function(ns, n)(real(ns), axis=-3), AXIS, r"[Aa]xis -3|axes")
        for name in _AXIS.split()
    },
    **{
        f"{name}-repeated-axes": (lambda ns, n=name: _function(ns, n)(real(ns), axis=(0, 0)), SHAPE, r"\(0, 0\)")
        for name in _AXES.split()
    },
    **{
        f"{name}-same-axis-twice": (lambda ns, n=name: _function(ns, n)(real(ns), axis=(1, -1)), SHAPE, r"\(1, -1\)")
        for name in ("sum", "max", "any", "flip")
    },
    **{
        f"{name}-axis-type": (lambda ns, n=name: _function(ns, n)(real(ns), axis="0"), DTYPE, "axis")
        for name in ("sum", "sort")
    },
    **{
        f"{name}-shapes": (
            lambda ns, n=name: _function(ns, n)(real(ns), ns.ones(4)),
            SHAPE,
            r"\(2, 3\).*\(4,\)",
        )
        for name in _BROADCAST.split()
    },
    **{
        f"linalg.{name}-not-square": (lambda ns, n=name: getattr(ns.linalg, n)(real(ns)), SHAPE, r"square.*\(2, 3\)")
        for name in _SQUARE.split()
    },
    **{
        f"linalg.{name}-vector": (lambda ns, n=name: getattr(ns.linalg, n)(ns.ones(3)), SHAPE, "matri|axes")
        for name in (*_SQUARE.split(), *_MATRIX.split())
    },
    "linalg.matrix_power-not-square": (lambda ns: ns.linalg.matrix_power(real(ns), 2), SHAPE, "square"),
    "linalg.matrix_power-fraction": (lambda ns: ns.linalg.matrix_power(ns.eye(2), 0.5), DTYPE, "integer"),
    "linalg.solve-not-square": (lambda ns: ns.linalg.solve(real(ns), ns.ones(2)), SHAPE, "square"),
    "linalg.solve-sizes": (lambda ns: ns.linalg.solve(ns.eye(2), ns.ones(3)), SHAPE, r"solve|\(3,\)"),
    "linalg.cross-sizes": (lambda ns: ns.linalg.cross(ns.ones(4), ns.ones(4)), SHAPE, "3"),
    "linalg.outer-matrices": (lambda ns: ns.linalg.outer(real(ns), ns.ones(3)), SHAPE, r"vector"),
    "linalg.qr-mode": (lambda ns: ns.linalg.qr(ns.eye(2), mode="raw"), VALUE, "mode|raw"),
    "linalg.matrix_norm-order": (lambda ns: ns.linalg.matrix_norm(ns.eye(2), ord=7), VALUE, "ord|7"),
    "linalg.matrix_norm-word": (lambda ns: ns.linalg.matrix_norm(ns.eye(2), ord="max"), VALUE, "ord|max"),
    "matmul-sizes": (lambda ns: ns.matmul(real(ns), real(ns)), SHAPE, r"\(2, 3\)"),
    "matmul-0d": (lambda ns: ns.matmul(ns.ones(()), real(ns)), SHAPE, "matmul|axes"),
    "matmul-batch": (lambda ns: ns.matmul(ns.ones((2, 3, 3)), ns.ones((4, 3, 3))), SHAPE, r"\(2, 3, 3\)|broadcast"),
    "matmul-operator": (lambda ns: real(ns) @ real(ns), SHAPE, r"\(2, 3\)"),
    "matmul-bool": (lambda ns: ns.matmul(boolean(ns), ns.matrix_transpose(boolean(ns))), DTYPE, "matmul"),
    "tensordot-sizes": (lambda ns: ns.tensordot(real(ns), real(ns), axes=1), SHAPE, r"tensordot|\(2, 3\)|axes"),
    "tensordot-axes": (lambda ns: ns.tensordot(real(ns), real(ns), axes=([2], [0])), AXIS, "xis 2|axes"),
    "vecdot-sizes": (lambda ns: ns.vecdot(ns.ones(3), ns.ones(4)), SHAPE, r"vecdot|\(3,\)"),
    "add-operator": (lambda ns: real(ns) + ns.ones(4), SHAPE, r"\(2, 3\).*\(4,\)"),
    "where-shapes": (lambda ns: ns.where(boolean(ns), ns.ones(4), ns.ones(4)), SHAPE, r"\(2, 3\)"),
    "broadcast_arrays": (lambda ns: ns.broadcast_arrays(real(ns), ns.ones(4)), SHAPE, r"\(2, 3\).*\(4,\)"),
    "broadcast_to": (lambda ns: ns.broadcast_to(real(ns), (2, 4)), SHAPE, r"\(2, 3\).*\(2, 4\)"),
    "broadcast_to-fewer": (lambda ns: ns.broadcast_to(real(ns), (3,)), SHAPE, r"\(2, 3\)"),
    "reshape-size": (lambda ns: ns.reshape(real(ns), (4, 2)), SHAPE, r"\(2, 3\).*\(4, 2\)"),
    "reshape-two-unknown": (lambda ns: ns.reshape(real(ns), (-1, -1)), SHAPE, "-1"),
    "concat-shapes": (lambda ns: ns.concat([real(ns), ns.ones((2, 2))], axis=0), SHAPE, r"concat|\(2, 3\)"),
    "concat-axis": (lambda ns: ns.concat([real(ns), real(ns)], axis=2), AXIS, "xis 2"),
    "stack-shapes": (lambda ns: ns.stack([real(ns), ns.ones((2, 2))]), SHAPE, r"stack|\(2, 3\)"),
    "stack-axis": (lambda ns: ns.stack([real(ns), real(ns)], axis=3), AXIS, "xis 3"),
    "expand_dims-axis": (lambda ns: ns.expand_dims(real(ns), axis=3), AXIS, "xis 3"),
    "squeeze-size": (lambda ns: ns.squeeze(real(ns), axis=0), SHAPE, r"squeeze|size|\(2, 3\)"),
    "squeeze-axis": (lambda ns: ns.squeeze(real(ns), axis=2), AXIS, "xis 2"),
    "permute_dims-count": (lambda ns: ns.permute_dims(real(ns), (0,)), SHAPE, r"\(0,\)"),
    "permute_dims-repeated": (lambda ns: ns.permute_dims(real(ns), (0, 0)), SHAPE, r"\(0, 0\)"),
    "moveaxis-axis": (lambda ns: ns.moveaxis(real(ns), 2, 0), AXIS, "xis 2"),
    "roll-axis": (lambda ns: ns.roll(real(ns), 1, axis=2), AXIS, "xis 2"),
    "repeat-axis": (lambda ns: ns.repeat(real(ns), 2, axis=2), AXIS, "xis 2"),
    "repeat-negative": (lambda ns: ns.repeat(real(ns), -1), VALUE, "repeat|-1"),
    "take-axis": (lambda ns: ns.take(real(ns), ns.asarray([0]), axis=2), AXIS, "xis 2"),
    "take-without-axis": (lambda ns: ns.take(real(ns), ns.asarray([0])), SHAPE, "axis"),
    "take-float-indices": (lambda ns: ns.take(ns.ones(3), ns.asarray([0.5])), DTYPE, "take|ind"),
    "take_along_axis-axis": (lambda ns: ns.take_along_axis(real(ns), integer(ns), axis=2), AXIS, "xis 2"),
    "take_along_axis-ndim": (
        lambda ns: ns.take_along_axis(real(ns), ns.asarray([0])),
        SHAPE,
        "take_along_axis|axes|shape",
    ),
    "searchsorted-matrix": (lambda ns: ns.searchsorted(real(ns), ns.ones(2)), SHAPE, "searchsorted|vector|axes|axis"),
    "searchsorted-side": (lambda ns: ns.searchsorted(ns.ones(2), ns.ones(2), side="middle"), VALUE, "side|middle"),
    "nonzero-0d": (lambda ns: ns.nonzero(ns.ones(())), SHAPE, "nonzero|axes|axis"),
    "cumulative_sum-without-axis": (lambda ns: ns.cumulative_sum(real(ns)), SHAPE, "axis"),
    "cumulative_prod-without-axis": (lambda ns: ns.cumulative_prod(real(ns)), SHAPE, "axis"),
    "diff-negative-n": (lambda ns: ns.diff(real(ns), n=-1), VALUE, "-1"),
    "meshgrid-indexing": (lambda ns: ns.meshgrid(ns.ones(2), indexing="yx"), VALUE, "yx"),
    "max-empty": (lambda ns: ns.max(ns.zeros((0, 3)), axis=0), SHAPE, "max"),
    "min-empty": (lambda ns: ns.min(ns.zeros(0)), SHAPE, "min"),
    "argmax-empty": (lambda ns: ns.argmax(ns.zeros(0)), SHAPE, "argmax"),
    "argmin-empty": (lambda ns: ns.argmin(ns.zeros((2, 0)), axis=1), SHAPE, "argmin"),
    "tril-vector": (lambda ns: ns.tril(ns.ones(3)), SHAPE, "tril|matri"),
    "clip-complex": (lambda ns: ns.clip(cplx(ns), 0, 1), DTYPE, "clip"),
    "fft.fft-axis": (lambda ns: ns.fft.fft(real(ns), axis=2), AXIS, "xis 2"),
    "fft.fft-n": (lambda ns: ns.fft.fft(real(ns), n=0), VALUE, "n|0"),
    "fft.fft-norm": (lambda ns: ns.fft.fft(real(ns), norm="none"), VALUE, "norm|none"),
    "fft.fftn-axes": (lambda ns: ns.fft.fftn(real(ns), axes=(0, 2)), AXIS, "xis 2"),
    "fft.fftshift-axes": (lambda ns: ns.fft.fftshift(real(ns), axes=2), AXIS, "xis 2"),
    "fft.fftfreq-n": (lambda ns: ns.fft.fftfreq(0), VALUE, "0"),
    # Creation
    "zeros-device": (lambda ns: ns.zeros(2, device="tpu:7"), VALUE, "tpu:7"),
    "asarray-device": (lambda ns: ns.asarray([1.0], device="moon"), VALUE, "moon"),
    "to_device": (lambda ns: real(ns).to_device("moon"), VALUE, "moon"),
    "zeros-dtype": (lambda ns: ns.zeros(2, dtype="float12"), DTYPE, "float12"),
    "astype-dtype": (lambda ns: ns.astype(real(ns), "nonsense"), DTYPE, "nonsense"),
    "zeros-negative": (lambda ns: ns.zeros((2, -1)), VALUE, "-1"),
    "linspace-negative": (lambda ns: ns.linspace(0, 1, -2), VALUE, "-2"),
    "arange-step": (lambda ns: ns.arange(0, 3, 0), VALUE, "step|0"),
    "asarray-ragged": (lambda ns: ns.asarray([[1, 2], [3]]), VALUE, "asarray|shape|length"),
    "asarray-text": (lambda ns: ns.asarray(["a"]), DTYPE, "asarray|dtype|numbers"),
    "full-text": (lambda ns: ns.full(2, "a"), DTYPE, "full|dtype|number"),
    "from_dlpack-list": (lambda ns: ns.from_dlpack([1.0]), DTYPE, "dlpack"),
    "isdtype-kind": (lambda ns: ns.isdtype(ns.float32, "floating"), VALUE, "floating"),
    "result_type-int64-uint64": (lambda ns: ns.result_type(ns.int64, ns.uint64), DTYPE, "int64.*uint64"),
    "finfo-int": (lambda ns: ns.finfo(ns.int32), DTYPE, "int32"),
    "iinfo-float": (lambda ns: ns.iinfo(ns.float32), DTYPE, "float32"),
    "info-kind": (lambda ns: ns.__array_namespace_info__().dtypes(kind="floats"), VALUE, "floats"),
    "api_version": (lambda ns: real(ns).__array_namespace__(api_version="1999.12"), VALUE, "1999"),
    # Indexing
    "index-range": (lambda ns: real(ns)[2], INDEX, r"\(2, 3\)|size|bounds|range"),
    "index-range-negative": (lambda ns: real(ns)[0, -4], INDEX, r"-4"),
    "index-too-many": (lambda ns: real(ns)[0, 0, 0], INDEX, r"\(2, 3\)|too many|axes"),
    "index-float": (lambda ns: real(ns)[1.5], INDEX, r"1\.5|float"),
    "index-text": (lambda ns: real(ns)["a"], INDEX, r"a"),
    "index-float-array": (lambda ns: real(ns)[ns.asarray([0.0])], INDEX, r"float64|index|integer"),
    "index-mask-shape": (lambda ns: real(ns)[ns.asarray([True, False, True])], INDEX, r"mask|\(2, 3\)|bool"),
    "index-two-ellipses": (lambda ns: real(ns)[..., ...], INDEX, r"llips|\.\.\."),
    "index-arrays-broadcast": (
        lambda ns: real(ns)[ns.asarray([0, 1]), ns.asarray([0, 1, 2])],
        INDEX,
        r"broadcast|\(2,\)",
    ),
    "index-zero-step": (lambda ns: real(ns)[::0], VALUE, "step|zero"),
    "assign-range": (lambda ns: real(ns).__setitem__(2, 0.0), INDEX, r"\(2, 3\)|size|bounds|range"),
    "assign-shape": (lambda ns: real(ns).__setitem__(0, ns.ones(2)), SHAPE, r"\(2,\)"),
    "assign-mask-shape": (
        lambda ns: real(ns).__setitem__(ns.asarray([True, False, True]), 0.0),
        INDEX,
        r"mask|\(2, 3\)|bool",
    ),
    "in-place-shape": (lambda ns: ns.ones(3).__iadd__(real(ns)), SHAPE, "in-place"),
    "bool-of-many": (lambda ns: bool(real(ns)), VALUE, r"one element|\(2, 3\)|truth|ambiguous|single"),
    "T-of-vector": (lambda ns: ns.ones(3).T, VALUE, "permute_dims"),
}


def error_of(call, ns):
    """Return the error of a call, of whatever class."""
    try:
        result = call(ns)
    except Exception as error:
        return error
    pytest.fail(f"nothing was raised, but {result!r} returned")


@pytest.mark.parametrize(("call", "error", "words"), BAD.values(), ids=BAD)
def test_bad_call(ns, call, error, words):
    caught = error_of(call, ns)
    message = str(caught)
    assert isinstance(caught, error), f"{type(caught).__mro__}: {message}"
    assert re.search(words, message, re.DOTALL), message
    assert not LEAKS.search(message), message
    assert "\n" not in message, message


def test_an_array_of_another_framework(ns, backend):
    class Foreign:
        shape, dtype = (2,), "float64"

    with pytest.raises(TypeError):
        ns.add(ns.ones(2), Foreign())
    with pytest.raises(TypeError):
        ns.sin(None)


def test_a_bad_call_leaves_arrays_as_they_were(ns):
    x = ns.ones(3)
    native = x.native
    for bad in (
        lambda: x.__iadd__(ns.ones((2, 3))),
        lambda: x.__setitem__(7, 1.0),
        lambda: x.__setitem__(0, ns.ones(2)),
    ):
        with pytest.raises((ValueError, IndexError)):
            bad()
    assert x.native is native
    np.testing.assert_array_equal(multigrad.to_numpy(x), np.ones(3))
