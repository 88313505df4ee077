"""compare: backends that agree and are right pass, and one that differs is named with the reason."""

import json

import numpy as np
import pytest

import multigrad
from multigrad import _compare, cli, exercises, xp


def test_right_functions_agree(backend, arrays):
    report = multigrad.compare(exercises.chain_rule, 2.0, backends=["numpy", backend], arrays=arrays)
    assert report.ok, str(report)
    report.raise_if_failed()
    assert [row.backend for row in report.rows] == ["numpy", backend]
    for row in report.rows:
        np.testing.assert_allclose([row.value, row.gradient], [np.sin(5.0), 4 * np.cos(5.0)], rtol=1e-14)
        assert row.seconds > 0
        assert row.verdict == "right"


def test_trees_float32_and_complex(backend):
    def f(p):
        return xp.sum(xp.exp(p["w"])) * abs(p["z"]) ** 2

    p = {"w": np.linspace(0, 1, 40, dtype=np.float32), "z": 1 + 2j}
    report = multigrad.compare(f, p, backends=["numpy", backend])
    assert report.ok, str(report)
    assert report.rows[1].check.dtype in ("float32", "complex64")
    assert report.rows[1].gradient["z"].dtype == np.complex64


def test_a_backend_with_another_derivative_is_named(backend):
    def f(x):
        return x * multigrad.stop_gradient(x) if x.backend == backend else x * x

    double = multigrad.compare(f, 3.0, backends=[backend])
    assert (double.ok, double.rows[0].verdict) == (False, "wrong")
    assert f"not ok on {backend}" in str(double)
    assert f"{backend}: gradient is wrong at x: found 3, expected 6" in str(double)
    with pytest.raises(AssertionError, match=f"not ok on {backend}"):
        double.raise_if_failed()


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_a_backend_with_another_value_is_named(backend):
    report = multigrad.compare(lambda x: x**3 * (1 + 1e-9 * (x.backend == backend)), 2.0, backends=["numpy", backend])
    assert [row.ok for row in report.rows] == [True, False]
    row = report.rows[1]
    assert row.value_difference.absolute == pytest.approx(8e-9, rel=1e-6)
    assert row.value_difference.relative == pytest.approx(1e-9, rel=1e-6)
    assert row.value_difference.ulps == pytest.approx(1e-9 * 2**52, rel=1e-6)
    assert row.gradient_difference.relative == pytest.approx(1e-9, rel=1e-6)
    assert f"{backend}: value differs" in str(report)
    assert "right, but differs" in str(report)


def test_a_backend_that_raises_is_a_row(backend):
    def f(x):
        if x.backend == backend:
            raise ValueError("no such luck")
        return x**2

    report = multigrad.compare(f, 2.0, backends=[backend])
    assert (report.ok, report.rows[0].verdict) == (False, "error")
    assert report.rows[0].error == "ValueError: no such luck"
    assert f"{backend}: ValueError: no such luck" in str(report)


def test_nan_on_every_backend_is_not_ok(backend):
    report = multigrad.compare(xp.log, -1.0, backends=["numpy", backend])
    assert not report.ok
    assert report.rows[1].value_difference.not_finite == 0
    assert report.rows[1].verdict == "not finite"
    json.dumps(report.to_dict(), allow_nan=False)


def test_differences_of_trees():
    first = {"a": np.array([1.0, 2.0]), "b": np.array([np.nan, 4.0])}
    assert _compare._difference(first, first, "g") == _compare.Difference()
    second = {"a": np.array([1.0, 2.5], dtype=np.float32), "b": np.array([[0.0, 4.0]])}
    found = _compare._difference(second, first, "g")
    assert found.absolute == 0.5
    assert found.mismatches == (
        "g['a'] has dtype float32 instead of float64",
        "g['b'] has shape (1, 2) instead of (2,)",
    )
    third = {"a": np.array([np.inf, 2.0]), "b": np.array([np.nan, np.nan])}
    assert _compare._difference(third, first, "g").not_finite == 2
    assert not _compare._difference(first["a"], first, "g").ok


def test_default_is_every_installed_backend(monkeypatch):
    monkeypatch.setattr(_compare._registry, "known_names", lambda: ["numpy"])
    assert [row.backend for row in multigrad.compare(lambda x: x**2, 2.0).rows] == ["numpy"]


def test_unknown_backend_is_bad_usage():
    with pytest.raises(multigrad.UnknownBackendError, match="Did you mean 'torch'"):
        multigrad.compare(lambda x: x, 1.0, backends=["pytorch"])


def test_html_shows_every_backend(backend):
    page = multigrad.compare(exercises.chain_rule, 2.0, backends=["numpy", backend])._repr_html_()
    assert page.count("<tr>") == 3
    assert f"<td>{backend}</td>" in page
    assert "1.1346487" in page


def test_command(backend, capsys):
    words = ["compare", "multigrad.exercises:chain_rule", "2.0", "--backend", "numpy", "--backend", backend]
    assert cli.main(words) == 0
    assert "all agree" in capsys.readouterr().out
    assert cli.main([*words, "--dtype", "float32", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [row["backend"] for row in report["rows"]] == ["numpy", backend]
    assert report["rows"][1]["gradient"] == pytest.approx(4 * np.cos(5.0), rel=1e-6)


def test_command_fails_where_it_is_not_ok(backend, capsys):
    assert cli.main(["compare", "multigrad:xp.log", "-1.0", "--backend", backend]) == 1
    assert f"not ok on {backend}" in capsys.readouterr().out
