"""Combinations that raise by design: they raise where they are said to, and work elsewhere."""

import numpy as np
import pytest

from multigrad import checkpoint, hessian

from .refusals import REFUSALS, X, curved
from .trees import assert_tree

CALLS = [
    pytest.param(refusal, call, id=f"{refusal.what} {i}")
    for refusal in REFUSALS
    for i, call in enumerate(refusal.calls)
]


@pytest.mark.parametrize(("refusal", "call"), CALLS)
def test_refusal(refusal, call, backend):
    if backend in refusal.backends:
        with pytest.raises(refusal.error, match=refusal.match):
            call({"backend": backend})
    elif refusal.elsewhere is not None:
        assert_tree(call({"backend": backend}), refusal.elsewhere, 1e-13)


def test_a_chunk_of_one_is_the_way_out_for_checkpoint(backend):
    found = hessian(checkpoint(curved), chunk_size=1, backend=backend)(X)
    assert_tree(found, 12 * np.eye(3), 1e-12)
