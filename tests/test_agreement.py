"""The page on the frameworks' differences shows the saved figures, and the figures are counted as they say."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks import agreement
from benchmarks.saved import FOLDER, load

from .convention import cases_edges

PAGE = Path(__file__).parent.parent / "docs" / "differences.md"


@pytest.fixture
def results():
    return load(FOLDER, "agreement")


def test_multigrad_gives_the_convention_in_all_cases(results):
    assert results["all"]["multigrad"] == results["all"]["cases"]
    assert results["census"]["multigrad"] == results["census"]["cases"]


def test_every_case_is_counted_once(results):
    for key, count in results["all"].items():
        assert count == sum(figures[key] for figures in results["groups"].values())
    left_out = results["notes"]["lacking"] + results["notes"]["other value"]
    assert results["all"]["cases"] + left_out == results["census"]["cases"]


def test_the_page_shows_the_figures(results):
    text = PAGE.read_text(encoding="utf-8")
    assert " ".join(agreement.sentence(results).split()) in " ".join(text.split())
    assert agreement.table(results) in text
    assert " ".join(agreement.remarks(results).split()) in " ".join(text.split())


@pytest.fixture
def answers(monkeypatch):
    """Return values, own gradients and multigrad's of a few cases, all of them as the convention says."""
    cases = [case for case in cases_edges.CASES if case.function in ("maximum", "floor") and case.order == 1]
    monkeypatch.setattr(agreement, "CASES", cases)
    right = [[np.asarray(x, dtype=np.float64) for x in case.expected] for case in cases]
    values = {name: [np.asarray(1.0)] * len(cases) for name in agreement.FRAMEWORKS}
    return values, *({name: list(right) for name in names} for names in (agreement.FRAMEWORKS, agreement.BACKENDS))


def test_right_answers_agree(answers):
    figures = agreement.counts(*answers)["all"]
    assert figures["cases"] == len(agreement.CASES) > 10
    assert figures.pop("conjugate") == 0
    assert set(figures.values()) == {figures["cases"]}


def test_what_differs_is_counted(answers):
    values, natively, through = answers
    count = len(agreement.CASES)
    values["torch"][0] = None  # it lacks the function
    values["jax"][1] = np.asarray(2.0)  # another value
    natively["tensorflow"][2] = None  # it raises
    natively["tensorflow"][3] = [x + 1.0 for x in natively["tensorflow"][3]]
    through["numpy"][4] = [x + 1.0 for x in through["numpy"][4]]
    found = agreement.counts(*answers)
    expected = {"cases": count - 2, "agree": count - 4, "torch": count - 2, "jax": count - 2}
    assert found["all"] == {**expected, "conjugate": 0, "tensorflow": count - 4, "multigrad": count - 3}
    assert (found["notes"]["lacking"], found["notes"]["other value"]) == (1, 1)
    assert found["census"] == {"cases": count, "multigrad": count - 1}


def test_a_conjugate_is_counted_apart(answers, monkeypatch):
    case = next(case for case in cases_edges.CASES if case.function == "abs" and case.point == (3e200 + 4e200j,))
    monkeypatch.setattr(agreement, "CASES", [case])
    right = [np.asarray(0.6 + 0.8j)]
    values = {name: [np.asarray(5e200)] for name in agreement.FRAMEWORKS}
    natively = {"torch": [right], "jax": [[np.conj(right[0])]], "tensorflow": [right]}
    found = agreement.counts(values, natively, {name: [right] for name in agreement.BACKENDS})
    assert found["all"] == found["groups"]["complex numbers"]
    assert found["all"] == {
        "cases": 1, "agree": 0, "conjugate": 1, "torch": 1, "jax": 0, "tensorflow": 1, "multigrad": 1
    }  # fmt: skip


def test_none_counts_as_zero(answers):
    natively = answers[1]
    flat = next(k for k, case in enumerate(agreement.CASES) if case.function == "floor")
    natively["tensorflow"][flat] = [None]
    found = agreement.counts(*answers)
    assert found["all"]["agree"] == found["all"]["cases"]
    assert found["notes"]["none"] == 1
