"""docs/operators.md is what the checks give."""

import multigrad

from . import table


def test_column_of_this_backend(backend):
    expected = table.column(backend)
    text = table.PAGE.read_text(encoding="utf-8")
    assert table.parsed(text)[backend] == expected, "python -m tests.operators.table"


def test_the_text_is_the_generators():
    text = table.PAGE.read_text(encoding="utf-8")
    assert table.page(table.parsed(text)) == text


def test_every_operator_has_a_row():
    exported = {
        name
        for name in ("gradient", "value_and_gradient", "vjp", "jvp", "jacobian", "value_and_jacobian", "hessian", "hvp",
                     "laplacian", "vmap", "stop_gradient", "checkpoint", "custom_vjp", "custom_jvp")
        if hasattr(multigrad, name)
    }  # fmt: skip
    assert set(table.OPERATORS) == exported
    assert len(exported) == 14
