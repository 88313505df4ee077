"""What ``torch.compile`` may not look into: the running computation.

Dynamo cannot trace the context variable that holds it. What is read from it is fixed when f is compiled, as the shapes
are.
"""

from multigrad._computation import default_dtype
from multigrad.array_api import _defaults

for _function in (default_dtype, _defaults.device):
    # What torch.compiler.assume_constant_result does, without importing the compiler, which takes a second.
    _function._dynamo_marked_constant = True  # type: ignore[union-attr]
