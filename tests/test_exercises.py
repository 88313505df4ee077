"""The three exercises: every input, backend, dtype, form and operator against the formulas, and the command."""

import json
import math

import numpy as np
import pytest

import multigrad
from multigrad import _registry, cli, exercises

CASES = [(exercise, inputs) for exercise in exercises.EXERCISES for inputs in exercise.inputs]
CASE_IDS = [f"{exercise.name}-{exercise.inputs.index(inputs) + 1}" for exercise, inputs in CASES]

every_case = pytest.mark.parametrize(("exercise", "inputs"), CASES, ids=CASE_IDS)


def by_formula(name, inputs):
    """Return value, first derivatives, and the second derivatives with the first variable, worked out on paper."""
    if name == "partials":
        x, y, z = (inputs[key] for key in "xyz")
        value = x**2 + y**2 + z**2 + 2 * x * y * z
        return value, (2 * x + 2 * y * z, 2 * y + 2 * x * z, 2 * z + 2 * x * y), (2, 2 * z, 2 * y)
    if name == "linear_mse":
        x, y = np.asarray(inputs["x"]), np.asarray(inputs["y"])
        r = inputs["w"] * x + inputs["b"] - y
        return np.mean(r**2), (2 * np.mean(r * x), 2 * np.mean(r)), (2 * np.mean(x**2), 2 * np.mean(x))
    x = inputs["x"]
    u = x**2 + 1
    return math.sin(u), (2 * x * math.cos(u),), (2 * math.cos(u) - 4 * x**2 * math.sin(u),)


def arguments(inputs):
    return tuple(np.asarray(value) if isinstance(value, tuple) else value for value in inputs.values())


def numbers(tree):
    return [float(x) for x in multigrad.to_numpy(tree)]


@pytest.fixture
def options(backend, dtype, arrays):
    return {"backend": backend, "dtype": dtype, "arrays": arrays}


@every_case
def test_gradient_equals_the_formula(exercise, inputs, options, rtol):
    _, first, _ = by_formula(exercise.name, inputs)
    found = multigrad.gradient(exercise.function, tuple(range(len(exercise.wrt))), **options)(*arguments(inputs))
    assert [(g.shape, g.dtype.name) for g in multigrad.to_numpy(found)] == [((), options["dtype"])] * len(found)
    np.testing.assert_allclose(numbers(found), first, rtol=rtol)


@every_case
def test_value_and_gradient_equal_the_formula(exercise, inputs, options, rtol):
    value, first, _ = by_formula(exercise.name, inputs)
    solve = multigrad.value_and_gradient(exercise.function, argnames=exercise.wrt, **options)
    found, derivatives = solve(**dict(zip(inputs, arguments(inputs), strict=True)))
    assert list(derivatives) == list(exercise.wrt)
    np.testing.assert_allclose(numbers([found, *derivatives.values()]), [value, *first], rtol=rtol)


@every_case
def test_vjp_equals_the_formula(exercise, inputs, options, rtol):
    value, first, _ = by_formula(exercise.name, inputs)
    found, pullback = multigrad.vjp(exercise.function, *arguments(inputs), **options)
    np.testing.assert_allclose(numbers([found]), [value], rtol=rtol)
    count = len(exercise.wrt)
    np.testing.assert_allclose(numbers(pullback(1.0)[:count]), first, rtol=rtol)
    np.testing.assert_allclose(numbers(pullback(-2.0)[:count]), np.multiply(-2, first), rtol=rtol)


@every_case
def test_second_derivative_by_nesting_equals_the_formula(exercise, inputs, options, rtol):
    *_, second = by_formula(exercise.name, inputs)
    slope = multigrad.gradient(exercise.function, arrays=options["arrays"])
    found = multigrad.gradient(slope, tuple(range(len(exercise.wrt))), **options)(*arguments(inputs))
    np.testing.assert_allclose(numbers(found), second, rtol=rtol)


@every_case
def test_equals_the_native_solution(exercise, inputs, backend, dtype, rtol):
    value, first, _ = by_formula(exercise.name, inputs)
    native_value, native = exercises.native_solution(exercise.name, backend, inputs, dtype=dtype)
    np.testing.assert_allclose([native_value, *native.values()], [value, *first], rtol=rtol)
    assert list(native) == list(exercise.wrt)
    found = multigrad.gradient(exercise.function, tuple(range(len(exercise.wrt))), backend=backend, dtype=dtype)
    np.testing.assert_allclose(numbers(found(*arguments(inputs))), list(native.values()), rtol=rtol)


@every_case
def test_calling_again_gives_exactly_the_same(exercise, inputs, options):
    solve = multigrad.gradient(exercise.function, tuple(range(len(exercise.wrt))), **options)
    given = arguments(inputs)
    first, *others = [numbers(solve(*given)) for _ in range(4)]
    assert others == [first] * 3


@every_case
def test_the_answers_by_formula_are_right(exercise, inputs):
    value, first, _ = by_formula(exercise.name, inputs)
    found, derivatives = exercise.answer(**inputs)
    np.testing.assert_allclose([found, *derivatives.values()], [value, *first], rtol=1e-14)


def test_the_published_figures():
    figures = [
        [26, 14, 10, 10],
        [77, 28, 22, 20],
        [9.91, -13.6, -5.8],
        [14.184375, 48.6375, 6.775],
        [-0.9589, 1.1346],
        [-0.54402, -5.03443],
    ]
    for (exercise, inputs), expected in zip(CASES, figures, strict=True):
        value, derivatives = exercise.answer(**inputs)
        np.testing.assert_allclose([value, *derivatives.values()], expected, atol=5e-5)


@pytest.mark.needs("torch")
def test_linear_mse_is_torchs_own_loss():
    import torch

    w, b = torch.tensor(1.5, dtype=torch.float64), torch.tensor(0.5, dtype=torch.float64)
    x, y = torch.tensor([2.5, 4.8, 6.9, 9.5], dtype=torch.float64), torch.tensor([3.0, 5, 7, 9], dtype=torch.float64)
    found = multigrad.value_and_gradient(exercises.linear_mse, (0, 1))(w, b, x, y)
    w.requires_grad_(), b.requires_grad_()
    loss = torch.nn.functional.mse_loss(w * x + b, y)
    slopes = torch.autograd.grad(loss, (w, b))
    np.testing.assert_allclose(numbers([found[0], *found[1]]), [loss.item(), *map(float, slopes)], rtol=1e-14)


def test_run_verifies_three_ways(backend, dtype):
    results = exercises.run([backend], dtype=dtype)
    assert [(r.exercise, r.inputs) for r in results] == [(exercise.name, inputs) for exercise, inputs in CASES]
    for result in results:
        assert result.checks == {"formula": True, "finite_differences": True, "native": True}
        assert (result.backend, result.dtype) == (backend, dtype)
        assert result.max_abs_error <= {"float32": 1e-4, "float64": 1e-12}[dtype]


# The command


def solved(capsys, *options):
    status = cli.main(["exercises", *options])
    return status, capsys.readouterr()


def test_json_has_one_object_per_result(backend, dtype, capsys):
    status, printed = solved(capsys, "--backend", backend, "--dtype", dtype, "--json")
    found = json.loads(printed.out)
    assert status == 0
    keys = {"exercise", "inputs", "backend", "version", "device", "dtype", "value", "gradient", "expected"}
    keys |= {"max_abs_error", "ok"}
    for one, (exercise, inputs) in zip(found, CASES, strict=True):
        value, first, _ = by_formula(exercise.name, inputs)
        assert keys <= set(one)
        assert one["exercise"] == exercise.name
        assert one["inputs"] == {k: list(v) if isinstance(v, tuple) else v for k, v in inputs.items()}
        assert (one["backend"], one["dtype"], one["ok"]) == (backend, dtype, True)
        assert one["device"] == "cpu" or one["device"].startswith("gpu")
        assert one["version"] == {info.name: info for info in [_registry.backend_info(backend)]}[backend].version
        assert set(one["expected"]) == {"value", "gradient"}
        np.testing.assert_allclose(one["expected"]["value"], value, rtol=1e-14)
        np.testing.assert_allclose([one["expected"]["gradient"][name] for name in exercise.wrt], first, rtol=1e-14)
        errors = [one["value"] - value, *(one["gradient"][n] - g for n, g in zip(exercise.wrt, first, strict=True))]
        np.testing.assert_allclose(one["max_abs_error"], np.max(np.abs(errors)), atol=1e-13)
        np.testing.assert_allclose(one["value"], value, rtol=1e-5)


def test_table_shows_every_exercise_and_the_verdict(backend, capsys):
    status, printed = solved(capsys, "--backend", backend)
    assert status == 0
    for exercise in exercises.EXERCISES:
        assert exercise.name in printed.out
    assert "all agree" in printed.out
    assert "DISAGREE" not in printed.out


def test_without_backend_every_installed_one_is_solved(backend, capsys, monkeypatch):
    monkeypatch.setattr(_registry, "known_names", lambda: [backend])
    status, printed = solved(capsys, "--json")
    assert (status, {one["backend"] for one in json.loads(printed.out)}) == (0, {backend})


def wrong_formula(exercise):
    def answer(**inputs):
        value, derivatives = exercise.answer(**inputs)
        return value, {name: g + 1e-6 for name, g in derivatives.items()}

    return exercise._replace(answer=answer)


def wrong_function(exercise):
    # The value is right and the gradient is zero.
    return exercise._replace(function=lambda **inputs: multigrad.stop_gradient(exercise.function(**inputs)))


@pytest.mark.parametrize("plant", [wrong_formula, wrong_function])
def test_a_wrong_answer_gives_status_1(plant, backend, capsys, monkeypatch):
    planted = tuple(plant(e) if e.name == "partials" else e for e in exercises.EXERCISES)
    monkeypatch.setattr("multigrad.exercises._run.EXERCISES", planted)
    status, printed = solved(capsys, "--backend", backend, "--json")
    assert status == 1
    assert [one["ok"] for one in json.loads(printed.out)] == [False, False, True, True, True, True]
    status, printed = solved(capsys, "--backend", backend)
    assert status == 1
    assert "2 DISAGREE" in printed.out


@pytest.mark.parametrize("wrong", [1.0, math.nan], ids=["off", "nan"])
def test_a_wrong_native_solution_gives_status_1(wrong, backend, capsys, monkeypatch):
    monkeypatch.setattr(
        f"multigrad.exercises.native.{backend}.chain_rule", lambda x, *, dtype, device: (wrong, {"x": wrong})
    )
    status, printed = solved(capsys, "--backend", backend, "--json")
    assert status == 1
    bad = [one for one in json.loads(printed.out) if not one["ok"]]
    assert [one["exercise"] for one in bad] == ["chain_rule", "chain_rule"]
    assert all(one["checks"] == {"formula": True, "finite_differences": True, "native": False} for one in bad)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--backend", "pytorch"], "Unknown backend 'pytorch'. Did you mean 'torch'?"),
        (["--backend", "numpy", "--dtype", "float23"], "got 'float23'"),
        (["--backend", "numpy", "--dtype", "int64"], "got 'int64'"),
        (["--backend", "numpy", "--device", "gpu:9"], "No device 'gpu:9'"),
    ],
    ids=["backend", "dtype", "integer-dtype", "device"],
)
def test_what_is_not_there_gives_status_2(options, message, capsys):
    status, printed = solved(capsys, *options, "--json")
    assert (status, printed.out) == (2, "")
    assert printed.err.startswith("multigrad: ")
    assert message in printed.err
    assert "Traceback" not in printed.err


def test_bad_usage_gives_status_2(capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["excercises"])
    assert stopped.value.code == 2
    assert "excercises" in capsys.readouterr().err


def test_backends_command_lists_versions_and_reasons(backend, capsys, monkeypatch):
    missing = multigrad.BackendInfo("absent", None, False, (), (), "not installed. Install it with: pip install absent")
    monkeypatch.setattr(multigrad, "backends", lambda: (_registry.backend_info(backend), missing))
    assert cli.main(["backends", "--json"]) == 0
    here, absent = json.loads(capsys.readouterr().out)
    assert set(here) == {"name", "version", "installed", "devices", "capabilities", "reason", "missing"}
    assert (here["name"], here["installed"], here["reason"]) == (backend, True, None)
    assert here["version"]
    assert "cpu" in here["devices"]
    assert absent == {**missing._asdict(), "devices": [], "capabilities": [], "missing": {}}
    assert cli.main(["backends"]) == 0
    table = capsys.readouterr().out
    assert backend in table
    assert "absent" in table
