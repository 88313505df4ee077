"""Whether the values of an eager call keep away from every point at which torch's own derivative breaks the convention.

Then torch's own function is taken: on a CPU, looking at the values costs less than the masks that make a derivative
right everywhere. Under a transform or a compiler, or on a device that would have to wait, there are no values to look
at, and the masks, which cost little there, stay.
"""

import math

import torch
from torch.compiler import is_dynamo_compiling

from multigrad.array_api.torch._object import is_recorded

_functorch = torch._C._functorch  # no public question "is this tensor being transformed?" (torch 2.13)
_count_modes = torch._C._len_torch_dispatch_stack
_PLAIN = (torch.Tensor, torch.nn.Parameter)
_FEW = 1000  # elements: a pass over them costs less than asking how it can be done


def is_constant(*arrays):
    """Tell whether no derivative can be asked for: nothing records, maps or compiles, and no dual number is about."""
    if arrays[0].requires_grad:
        return False  # the usual case of a gradient, at once
    # The compiler first: it looks no further.
    if torch.compiler.is_compiling() or torch.autograd.forward_ad._current_level >= 0:
        return False
    return not any([is_recorded(x) for x in arrays])


def is_unrecorded(x):
    """Tell whether nothing records an array, which a map or gradient around may have wrapped when it was made."""
    if torch.compiler.is_compiling() or torch.autograd.forward_ad._current_level >= 0:
        return False
    while not x.requires_grad:
        if not _functorch.is_functorch_wrapped_tensor(x):
            return True
        x = _functorch.get_unwrapped(x)
    return False


def is_traced():
    """Tell whether a compiler takes down the operations."""
    # Dynamo first: it looks no further. Whatever else traces does it by a mode.
    return torch.compiler.is_compiling() or bool(_count_modes())


def is_readable(*arrays):
    """Tell whether values are there to be looked at, at once."""
    for x in arrays:
        if not x.is_cpu:
            return False
    return is_plain(*arrays)


def is_plain(*arrays):
    """Tell whether what is done to these tensors is done at once, and to them alone: no map, no compiler."""
    if is_dynamo_compiling() or _count_modes():  # as `is_traced`, without its call
        return False
    for x in arrays:
        if type(x) not in _PLAIN or _functorch.is_functorch_wrapped_tensor(x):
            return False
        if _functorch.is_legacy_batchedtensor(x):
            return False
    return True


def are_few_and_positive(x):
    """Tell of a tensor that requires grad whether it has few elements, all known to be positive, in one step."""
    # What `is_readable` asks, as far as it can be about such a tensor.
    if not x.is_cpu or is_dynamo_compiling() or _count_modes() or _functorch.is_functorch_wrapped_tensor(x):
        return False
    try:
        return 0 < x.numel() <= _FEW and x.detach().min().item() > 0
    except RuntimeError:
        return False  # in a vmap of autograd's own


def smallest(x):
    """Return the smallest element as a number: NaN if one is NaN, if there is none, or if nobody can know."""
    return x.detach().min().item() if is_readable(x) and x.numel() else math.nan


def largest(x):
    """Return the largest element as a number, or NaN as `smallest` does."""
    return x.detach().max().item() if is_readable(x) and x.numel() else math.nan


def has_no_zero(x):
    """Tell whether no element is known to be zero; NaN is none."""
    return is_readable(x) and torch.count_nonzero(x.detach()).item() == x.numel()


def is_normal(x):
    """Tell whether every element is known to be a number far from overflow and underflow."""
    if not is_readable(x):
        return False
    size = torch.abs(x.detach())
    return smallest(size) > torch.finfo(size.dtype).tiny and largest(size) < math.inf
