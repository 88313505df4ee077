"""`Array` over JAX's arrays."""

import jax

from multigrad._array import Array
from multigrad._dtypes import dtype_name
from multigrad.array_api.jax import _dtypes, _indexing, _native, _object


class JaxArray(Array):
    """`multigrad.Array` over `jax.Array`.

    `jax.numpy`, `jax.nn` and functions under ``jax.jit`` or ``jax.vmap`` take it for JAX's own array, and give that.
    """

    __slots__ = ()
    backend = "jax"
    _xp = _native
    _is_native = staticmethod(_object.is_native)
    _is_recorded = staticmethod(_object.is_recorded)
    _is_symbolic = staticmethod(_object.is_symbolic)
    _to_numpy = staticmethod(_object.to_numpy)
    _peek = staticmethod(_object.peek)
    _device = staticmethod(_object.device_name)
    _to_device = staticmethod(_object.to_device)
    _dlpack = staticmethod(_object.dlpack)
    _getitem = staticmethod(_indexing.getitem)
    _setitem = staticmethod(_indexing.setitem)

    @staticmethod
    def _asarray(obj, dtype=None, device=None):
        return _native.asarray(obj, dtype=_dtypes.DTYPES[dtype_name(dtype)] if dtype else None, device=device)

    def __jax_array__(self):
        return self.native

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        _register(cls)  # JAX finds a node's kind by its exact type


def _register(cls):
    """Let a transformed function see JAX's own array.

    jax.nn's functions are jitted, and the primitives in them refuse any other.
    """
    jax.tree_util.register_pytree_node(cls, lambda array: ((array.native,), None), lambda _, leaves: leaves[0])


_register(JaxArray)
