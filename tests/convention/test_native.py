"""The detector: what each framework's own functions give at the rows, against what was measured.

A failure means that a framework's new version has moved. Where it is right now, an override may go; where it was right
and no longer is, one is needed. `measure` writes the data anew.
"""

import pytest

from multigrad.convention import ROWS

from .native import measured


@pytest.mark.backends("torch", "jax", "tensorflow")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("row", [row for row in ROWS if row.native], ids=lambda row: row.name)
def test_a_framework_has_not_moved(row, backend):
    found, recorded = measured(row, backend), row.native[backend]
    moved = f"{backend} moved from {recorded} to {found} at {row.name}; the convention is {row.derivative}"
    assert found == recorded, moved
