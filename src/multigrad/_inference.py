"""Which backend a call would run on."""

from __future__ import annotations

from typing import Any

from multigrad import _computation, _leaves, _registry, _tree
from multigrad._protocol import Backend


def infer_backend(*trees: Any) -> Backend:
    """Return the backend that an operator without ``backend=`` would choose for these arguments.

    Parameters
    ----------
    *trees
        Arrays, numbers and containers of them.

    Returns
    -------
    Backend
        That of the arrays' framework. NumPy arrays and numbers decide nothing: without others it is the backend of the
        running computation, else `use_backend`'s, ``MULTIGRAD_BACKEND``'s, or NumPy.

    Raises
    ------
    MixedBackendError
        If the arrays belong to several frameworks.

    Examples
    --------
    >>> import multigrad
    >>> multigrad.infer_backend({"w": 1.0}).name
    'numpy'
    """
    leaves = [leaf for tree in trees for leaf in _tree.flatten(tree, _leaves.expander(None))[0]]
    name = _registry.framework_of(leaves)
    return _registry.get_backend(name) if name is not None else _computation.default_backend()
