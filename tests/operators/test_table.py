"""README's table of operators and docs/operators.md are what the checks give."""

import pytest

import multigrad

from . import table


def test_column_of_this_backend(backend):
    expected = table.column(backend)
    for path in (table.README, table.PAGE):
        assert table.parsed(path.read_text(encoding="utf-8"))[backend] == expected, "python -m tests.operators.table"


@pytest.mark.parametrize("make", [table.section, table.page], ids=["README", "page"])
def test_the_texts_are_the_generators(make):
    text = {table.section: table.README, table.page: table.PAGE}[make].read_text(encoding="utf-8")
    generated = make(table.parsed(text))
    assert generated in text if make is table.section else generated == text


def test_every_operator_has_a_row():
    exported = {
        name
        for name in ("gradient", "value_and_gradient", "vjp", "jvp", "jacobian", "value_and_jacobian", "hessian", "hvp",
                     "laplacian", "vmap", "stop_gradient", "checkpoint", "custom_vjp", "custom_jvp")
        if hasattr(multigrad, name)
    }  # fmt: skip
    assert set(table.OPERATORS) == exported
    assert len(exported) == 14
