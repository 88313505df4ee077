"""What to say about a name that ``xp`` does not have: how the standard, or this package, spells what is meant."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from multigrad import _numpy_spellings

# What the frameworks call the functions of `multigrad.special`, where that is another name.
_SPECIAL = {
    "sigmoid": "expit",
    "logsigmoid": "log_expit",
    "log_sigmoid": "log_expit",
    "lgamma": "gammaln",
    "psi": "digamma",
    "binary_entropy": "entr",
}
# An expression in the words of the standard.
_EXPRESSIONS = {
    **{name: f"multigrad.special.{name}" for name in ("softmax", "log_softmax", "logsumexp")},
    "reduce_logsumexp": "multigrad.special.logsumexp",
    "fft2": "xp.fft.fftn(x, axes=(-2, -1))",
    "ifft2": "xp.fft.ifftn(x, axes=(-2, -1))",
    "relu": "xp.maximum(x, 0.0)",
    "softplus": "xp.logaddexp(x, 0.0)",
    "silu": "x * multigrad.special.expit(x)",
    "gelu": "x * multigrad.special.ndtr(x)",
    "rsqrt": "1 / xp.sqrt(x)",
    "array": "xp.asarray",
    "tensor": "xp.asarray",
    "constant": "xp.asarray",
    "as_tensor": "xp.asarray",
    "convert_to_tensor": "xp.asarray",
    "cat": "xp.concat",
    "cast": "xp.astype(x, dtype)",
    "gather": "xp.take or xp.take_along_axis",
    "mm": "xp.matmul or x @ y",
    "bmm": "xp.matmul or x @ y",
    "dot": "x @ y, or xp.vecdot(x, y) for vectors",
    "inner": "xp.vecdot(x, y)",
    "einsum": "xp.tensordot, xp.matmul or xp.vecdot",
    "flatten": "xp.reshape(x, (-1,))",
    "ravel": "xp.reshape(x, (-1,))",
    "view": "xp.reshape",
    "permute": "xp.permute_dims(x, axes)",
    "unsqueeze": "xp.expand_dims(x, axis=...)",
    "swapaxes": "xp.moveaxis or xp.permute_dims",
    "norm": "xp.linalg.vector_norm or xp.linalg.matrix_norm",
    "random": "NumPy's or the framework's generator outside f, with the numbers as an argument",
    "rand": "NumPy's or the framework's generator outside f, with the numbers as an argument",
    "randn": "NumPy's or the framework's generator outside f, with the numbers as an argument",
    "exp2": "xp.pow(2.0, x)",
    "cbrt": "xp.pow(x, 1 / 3) for x > 0",
    "identity": "xp.eye(n)",
    "diag": "xp.linalg.diagonal(x), or xp.eye(n) * x for a matrix",
    "vstack": "xp.concat",
    "hstack": "xp.concat",
    "float": "xp.float64 or xp.float32",
    "double": "xp.float64",
    "stop_gradient": "multigrad.stop_gradient(x)",
    "detach": "multigrad.stop_gradient(x)",
}
_REDUCTION = "reduce_"  # TensorFlow's prefix


def hint(name: str, where: str, places: Mapping[str, Sequence[str]]) -> str:
    """Return a sentence on what to write instead, after a space, or nothing.

    Parameters
    ----------
    name
        The name that is not there.
    where
        Where it was looked for, such as ``"xp.linalg"``.
    places
        All places, ``where`` among them, and the names that are there.
    """
    standard = _SPECIAL.get(name) or _numpy_spellings.RENAMED.get(name) or name.removeprefix(_REDUCTION)
    place = next((place for place, names in places.items() if standard in names), None)
    if place is not None:
        return f" Use {place}.{standard}."
    if name in _EXPRESSIONS:
        return f" Use {_EXPRESSIONS[name]}."
    near = difflib.get_close_matches(name, places[where], 1)
    return f" Did you mean {where}.{near[0]}?" if near else ""
