"""Data types."""

import jax.numpy as jnp
import numpy as np

from multigrad.array_api._data_types import DataTypes
from multigrad.array_api._promotion import Promotion
from multigrad.array_api.jax._object import to_device
from multigrad.array_api.jax._wide import keep_width

# JAX's arrays carry NumPy's dtype objects; bfloat16's is ml_dtypes'.
DTYPES = {
    name: np.dtype(getattr(jnp, name if name != "bool" else "bool_"))
    for name in (
        "bool",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float16",
        "bfloat16",
        "float32",
        "float64",
        "complex64",
        "complex128",
    )
}
globals().update(DTYPES)

__all__ = ["astype", "can_cast", "finfo", "iinfo", "isdtype", "result_type"]
__all__ += list(DTYPES)


@keep_width
def astype(x, dtype, /, *, copy=True, device=None):
    """Cast an array to a dtype."""
    if np.issubdtype(x.dtype, np.complexfloating) and not np.issubdtype(dtype, np.complexfloating):
        x = jnp.real(x)
    x = x.astype(dtype)
    return x if device is None else to_device(x, device)


promotion = Promotion(DTYPES, astype, keep_width(lambda number, array: jnp.asarray(number, dtype=array.dtype)))
floating = promotion.unary(lambda x: x)  # integers become the default real dtype
_functions = DataTypes(DTYPES)
can_cast, finfo, iinfo = _functions.can_cast, _functions.finfo, _functions.iinfo
isdtype, result_type = _functions.isdtype, _functions.result_type
