"""`multigrad.graph`: nodes, values, derivatives; the listing, the picture, and what stays behind."""

import dataclasses
import inspect
import json
import math
import stat
import sys
import threading
import time
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import multigrad
from multigrad import _computation, _forms, xp
from multigrad._graph import _layout, _picture, _text, record
from multigrad.exercises import _problems


def numbers(graph, what="derivative"):
    """Return each node's value or derivative by the node's name."""
    return {
        node.name: None if getattr(node, what) is None else graph.to_numpy(getattr(node, what)) for node in graph.nodes
    }


def shapes(graph):
    return [(node.name, node.operation, [source.name for source in node.inputs]) for node in graph.nodes]


def check(graph, expected, rtol=1e-12):
    """Compare the derivatives of some nodes with numbers found by hand."""
    found = numbers(graph)
    for name, derivative in expected.items():
        np.testing.assert_allclose(found[name], derivative, rtol=rtol, err_msg=name)


# The exercises


def test_chain_rule_exercise_shows_the_chain(backend):
    graph = multigrad.graph(_problems.chain_rule, 2.0, backend=backend)
    assert shapes(graph) == [
        ("x", "argument", []),
        ("u1", "pow", ["x"]),
        ("u2", "add", ["u1"]),
        ("u3", "sin", ["u2"]),
    ]
    assert [node.expression for node in graph.nodes] == ["", "x ** 2", "u1 + 1", "sin(u2)"]
    assert [node.kind for node in graph.nodes] == ["argument", "operator", "operator", "namespace function"]
    values = numbers(graph, "value")
    assert values == pytest.approx({"x": 2.0, "u1": 4.0, "u2": 5.0, "u3": math.sin(5)}, rel=1e-14)
    check(graph, {"x": 4 * math.cos(5), "u1": math.cos(5), "u2": math.cos(5), "u3": 1})
    assert graph.output is graph.nodes[-1]
    lines, first = inspect.getsourcelines(_problems.chain_rule)
    source = graph.nodes[1].source
    assert (source.file, source.line) == (inspect.getsourcefile(_problems.chain_rule), first + len(lines) - 1)
    assert source.text == lines[-1].strip()
    assert source.function == "chain_rule"
    assert graph.nodes[0].source is None


def test_partials_exercise(backend):
    graph = multigrad.graph(_problems.partials, 1.0, 2.0, 3.0, backend=backend)
    check(graph, {"x": 14, "y": 10, "z": 10})
    assert float(graph.output.to_numpy()) == 26
    squares = [node for node in graph.nodes if node.operation == "pow"]
    assert [node.inputs[0].name for node in squares] == ["x", "y", "z"]
    assert [float(node.to_numpy()) for node in squares] == [1, 4, 9]
    products = [node for node in graph.nodes if node.operation == "multiply"]
    assert [node.expression for node in products] == ["2 * x", "u6 * y", "u7 * z"]
    check(graph, {"u6": 2 * 3, "u7": 3, "u8": 1})  # 2xyz in 2x: yz, in 2xy: z


def test_linear_mse_exercise(backend):
    x, y = np.asarray([1.0, 2.0, 3.0]), np.asarray([2.0, 4.0, 6.0])
    graph = multigrad.graph(_problems.linear_mse, 0.5, 0.1, x, y, backend=backend)
    assert [node.operation for node in graph.nodes[4:]] == ["multiply", "add", "subtract", "pow", "mean"]
    residual = 0.5 * x + 0.1 - y
    in_residual = 2 / 3 * residual
    expected = {"w": -13.6, "b": -5.8, "x": 0.5 * in_residual, "y": -in_residual, "u1": in_residual, "u3": in_residual}
    check(graph, expected | {"u4": [1 / 3] * 3, "u5": 1})
    assert float(graph.output.to_numpy()) == pytest.approx(9.91, rel=1e-14)


# What f does


def test_shared_values_are_one_node(backend):
    def f(x):
        u = x * x
        return u * u + u

    graph = multigrad.graph(f, 3.0, backend=backend)
    assert shapes(graph) == [
        ("x", "argument", []),
        ("u1", "multiply", ["x", "x"]),
        ("u2", "multiply", ["u1", "u1"]),
        ("u3", "add", ["u2", "u1"]),
    ]
    assert graph.edges == [(0, 1), (1, 2), (2, 3), (1, 3)]
    check(graph, {"x": 4 * 27 + 2 * 3, "u1": 2 * 9 + 1, "u2": 1})


def test_unused_arguments_and_values_have_zero_derivatives(backend):
    def f(x, unused):
        xp.exp(x)
        return 2 * x

    graph = multigrad.graph(f, 3.0, np.ones(2), backend=backend)
    check(graph, {"x": 2, "unused": [0, 0], "u1": 0, "u2": 1})


def test_several_results_of_one_operation(backend):
    def f(x):
        first, second, third = xp.unstack(x)
        q, r = xp.linalg.qr(xp.reshape(x, (3, 1)))
        del q
        return first * second**2 + third + r[0, 0] ** 2

    graph = multigrad.graph(f, np.asarray([2.0, 3.0, 6.0]), backend=backend)
    parts = [node for node in graph.nodes if node.operation == "unstack"]
    assert [node.expression for node in parts] == ["unstack(x)[0]", "unstack(x)[1]", "unstack(x)[2]"]
    assert [float(node.derivative) for node in parts] == pytest.approx([9, 12, 1])
    q, r = (node for node in graph.nodes if node.operation == "qr")
    assert (q.expression, r.expression) == ("qr(u4).Q", "qr(u4).R")
    check(graph, {"x": [9 + 4, 12 + 6, 1 + 12], q.name: np.zeros((3, 1))})  # r² = Σ x²
    assert abs(float(graph.to_numpy(r.derivative)[0, 0])) == pytest.approx(14)


def test_assignment_makes_new_values(backend):
    def f(x):
        total = xp.zeros(3)
        total += x
        before = total[1]
        total[0] = 5 * before
        other = total
        other *= 2.0
        return total[0] * before

    graph = multigrad.graph(f, np.asarray([1.0, 2.0, 3.0]), backend=backend)
    assert [node.expression for node in graph.nodes] == [
        "",
        "zeros(3)",
        "c1 + x",
        "u1[1]",
        "5 * u2",
        "u1 with [0] = u3",
        "u4 * 2.0",
        "u5[0]",
        "u6 * u2",
    ]
    assert graph.nodes[1].kind == "constant"
    check(graph, {"x": [0, 40, 0], "u1": [0, 40, 0], "u2": 40, "u3": 4, "u4": [4, 0, 0]})  # 10·x₁²


def test_control_flow_is_the_branch_that_was_taken(backend):
    def f(x):
        return x**3 if x > 1 else -x

    above, below = (multigrad.graph(f, x, backend=backend) for x in (2.0, 0.5))
    assert [node.operation for node in above.nodes] == ["argument", "greater", "pow"]
    assert [node.operation for node in below.nodes] == ["argument", "greater", "negative"]
    assert above.nodes[1].derivative is None
    check(above, {"x": 12})
    check(below, {"x": -1})


def test_methods_properties_and_indices(backend):
    def f(x):
        rows = x.T.reshape(2, 3)[..., 1]
        return rows.sum(axis=0) + x[0, 1:].mean() + x.copy().max()

    graph = multigrad.graph(f, np.asarray([[1.0, 2.0, 3.0], [4.0, 5.0, 7.0]]), backend=backend)
    assert [(node.kind, node.expression) for node in graph.nodes[1:]] == [
        ("method", "x.matrix_transpose()"),
        ("method", "u1.reshape((2, 3))"),
        ("operator", "u2[..., 1]"),
        ("method", "u3.sum(axis=0, keepdims=False)"),
        ("operator", "x[0, 1:]"),
        ("method", "u5.mean(keepdims=False)"),
        ("operator", "u4 + u6"),
        ("method", "x.max(keepdims=False)"),
        ("operator", "u7 + u8"),
    ]
    check(graph, {"x": [[0, 0.5, 1.5], [1, 0, 1]]})


def test_numpy_functions_and_arrays_take_part(backend):
    data = np.asarray([1.0, 3.0])

    def f(x):
        return (data * np.sin(x) - np.float64(2.0) + data[0]).sum()

    graph = multigrad.graph(f, np.asarray([0.5, 1.5]), backend=backend)
    constant = next(node for node in graph.nodes if node.kind == "constant")
    assert [node.operation for node in constant_users(graph, constant)] == ["multiply"]
    check(graph, {"x": data * np.cos([0.5, 1.5]), constant.name: np.sin([0.5, 1.5])})


def constant_users(graph, constant):
    return [node for node in graph.nodes if constant in node.inputs]


def test_a_closed_over_array_is_one_constant(backend):
    a = multigrad.asarray(np.asarray([2.0, 5.0]), backend=backend)
    graph = multigrad.graph(lambda x: xp.sum(x * a + a), np.ones(2), backend=backend)
    constants = [node for node in graph.nodes if node.kind == "constant"]
    assert len(constants) == 1
    check(graph, {"x": [2, 5], "c1": [2, 2]})


def test_native_code_is_a_value_of_its_own(backend):
    def f(x):
        return xp.sin(xp.asarray(x.native * 2.0))

    graph = multigrad.graph(f, 0.5, backend=backend)
    opaque = next(node for node in graph.nodes if node.kind == "opaque native call")
    assert opaque.inputs == ()
    check(graph, {"x": 2 * math.cos(1), opaque.name: math.cos(1)})


# Functions of this package inside f


def test_a_nested_operator_is_one_node_with_what_it_reads(backend):
    def f(x, b):
        slope = multigrad.gradient(lambda t: b * t**3)(x)
        return slope * b

    graph = multigrad.graph(f, 2.0, 5.0, backend=backend)
    assert shapes(graph)[2:] == [("u1", "gradient", ["x", "b"]), ("u2", "multiply", ["u1", "b"])]
    assert graph.nodes[2].kind == "transformation"
    assert not graph.nodes[2].can_replay
    check(graph, {"x": 6 * 2 * 25, "b": 2 * 3 * 4 * 5, "u1": 5})  # 3x²b²


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("value_and_gradient", lambda g, x: sum(multigrad.value_and_gradient(g)(x))),
        ("jvp", lambda g, x: multigrad.jvp(g, (x,), (1.0,))[1] + g(x)),
        ("pullback", lambda g, x: multigrad.vjp(g, x)[1](1.0)[0] + g(x)),
        ("hessian", lambda g, x: multigrad.hessian(g)(x) + multigrad.gradient(lambda t: g(t) - g(t))(x)),
        ("compiled", lambda g, x: multigrad.jit(g)(x)),
        ("vmap", lambda g, x: xp.sum(multigrad.vmap(g)(xp.stack([x, 2 * x])))),
    ],
)
def test_every_operator_is_followed(backend, name, call):
    def g(t):
        return xp.exp(2 * t)

    def f(x):
        return call(g, x)

    graph = multigrad.graph(f, 0.3, backend=backend)
    node = next(node for node in graph.nodes if node.operation == name)
    assert node.kind == "transformation"
    assert node.inputs
    step = 1e-5
    low, high = (float(multigrad.graph(f, 0.3 + d, backend=backend).output.to_numpy()) for d in (-step, step))
    check(graph, {"x": (high - low) / (2 * step)}, rtol=1e-7)
    check(graph, {"x": multigrad.to_numpy(multigrad.gradient(f, backend=backend)(0.3))})


def test_functions_with_a_rule_are_one_node(backend):
    scale = []

    @multigrad.custom_vjp
    def tripled(x):
        return x * 1.0

    tripled.defvjp(lambda x: (x * 1.0, None), lambda residuals, cotangent: (3 * cotangent,))

    @multigrad.custom_jvp
    def doubled(x):
        return x * 1.0

    doubled.defjvp(lambda primals, tangents: (primals[0] * 1.0, 2 * tangents[0]))

    def f(x, b):
        scale[:] = [b]
        kept = multigrad.checkpoint(lambda pair: pair["a"] * xp.sin(pair["a"]))({"a": x})
        return tripled(x) + 10 * doubled(b) + kept + multigrad.stop_gradient(x)

    graph = multigrad.graph(f, 0.5, 2.0, backend=backend)
    rules = {node.operation: node for node in graph.nodes if node.kind == "custom rule"}
    assert list(rules) == ["<lambda>", "tripled", "doubled", "stop_gradient"]
    assert [[source.name for source in node.inputs] for node in rules.values()] == [["x"], ["x"], ["b"], ["x"]]
    check(graph, {"x": 3 + math.sin(0.5) + 0.5 * math.cos(0.5), "b": 20, rules["tripled"].name: 1})
    for node in rules.values():
        np.testing.assert_array_equal(graph.to_numpy(node.replay()), node.to_numpy())


def test_a_rule_that_reads_more_than_its_arguments_cannot_be_replayed(backend):
    def f(x, b):
        return multigrad.checkpoint(lambda t: t * xp.exp(b))(x)

    graph = multigrad.graph(f, 2.0, 0.5, backend=backend)
    node = graph.output
    assert [source.name for source in node.inputs] == ["x", "b"]
    check(graph, {"x": math.exp(0.5), "b": 2 * math.exp(0.5)})
    with pytest.raises(ValueError, match="cannot be computed again alone"):
        node.replay()


# Arguments, outputs, dtypes


def test_trees_of_arguments_have_their_paths_as_names(backend):
    @dataclasses.dataclass
    class Layer:
        w: object
        b: object

    def f(params, layer, *, scale):
        return xp.sum(params["w"][0] * layer.w) * scale + params["n"] + layer.b

    params = {"w": [np.asarray([1.0, 2.0])], "n": 1.5}
    graph = multigrad.graph(f, params, Layer(np.asarray([3.0, 4.0]), 0.5), scale=2.0, backend=backend)
    names = [node.name for node in graph.nodes if node.kind == "argument"]
    assert sorted(names) == sorted(["params['w'][0]", "params['n']", "layer.w", "layer.b", "scale"])
    check(graph, {"params['w'][0]": [6, 8], "params['n']": 1, "layer.w": [2, 4], "layer.b": 1, "scale": 11})


def test_argnums_say_which_numbers_become_arrays(backend):
    def f(x, n):
        return x**n

    by_default = multigrad.graph(f, 2, 3, backend=backend)
    assert by_default.output.expression == "x ** 3"
    check(by_default, {"x": 12})
    both = multigrad.graph(f, 2, 3, argnums=(0, 1), backend=backend)
    assert both.output.expression == "x ** n"
    check(both, {"x": 12, "n": 8 * math.log(2)})


def test_options_are_those_of_gradient(backend):
    graph = multigrad.graph(_problems.chain_rule, 2.0, backend=backend, dtype="float32", device="cpu")
    assert {node.dtype for node in graph.nodes} == {"float32"}
    assert all(multigrad.infer_backend(node.value).name in (backend, "numpy") for node in graph.nodes)
    assert graph.to_numpy(graph.nodes[0].derivative).dtype == np.float32


def test_an_array_chooses_the_backend(backend):
    x = multigrad.asarray(2.0, backend=backend)
    graph = multigrad.graph(_problems.chain_rule, x)
    assert graph.title == f"chain_rule on {backend}"
    assert type(graph.nodes[0].derivative) is type(x)


def test_complex_values(backend):
    graph = multigrad.graph(lambda z: xp.abs(z * z) ** 2, 3 + 4j, backend=backend)
    square = (3 + 4j) ** 2
    # dL/dRe + i·dL/dIm: 2u for |u|², 4|z|²z for |z|⁴
    check(graph, {"z": 4 * 25 * (3 + 4j), "u1": 2 * square, "u2": 50})
    assert graph.nodes[0].dtype == "complex128"


def test_outputs_that_are_no_real_scalar_have_no_derivatives(backend):
    def f(x):
        return {"y": 2 * x, "z": [xp.sum(x), 1.0]}

    graph = multigrad.graph(f, np.asarray([1.0, 2.0]), backend=backend)
    assert graph.output["y"].expression == "2 * x"
    assert graph.output["z"][0].expression == "sum(x)"
    assert graph.output["z"][1].kind == "constant"
    assert all(node.derivative is None for node in graph.nodes)
    assert graph.note == "no derivatives: they need one real scalar as output, not (2,), (), ()"
    assert graph.note in str(graph)
    assert "complex128" in multigrad.graph(lambda z: z * z, 1j, backend=backend).note
    assert "no argument is a floating-point" in multigrad.graph(xp.sum, np.arange(3), backend=backend).note


def test_an_output_that_is_no_array_raises(backend):
    with pytest.raises(multigrad.OutputError, match=r"got str at output\['name'\]"):
        multigrad.graph(lambda x: {"name": "text"}, 1.0, backend=backend)


def test_an_argument_or_a_constant_may_be_the_output(backend):
    graph = multigrad.graph(lambda x: x, 2.0, backend=backend)
    assert graph.output is graph.nodes[0]
    check(graph, {"x": 1})
    check(multigrad.graph(lambda x: 3.0, 2.0, backend=backend), {"x": 0, "c1": 1})


def test_the_derivative_pass_changes_no_value(backend):
    # The derivative of u**-2 has the sign of u: it shows whether a zero has kept its own.
    graph = multigrad.graph(lambda x: (x * 1.0) ** -2, -0.0, backend=backend)
    assert math.copysign(1, float(graph.nodes[1].to_numpy())) == -1
    assert float(graph.nodes[1].derivative) == math.inf
    for special in (math.inf, -math.inf, math.nan):
        graph = multigrad.graph(lambda x: xp.sum(x * x), np.asarray([special, 1.0]), backend=backend)
        np.testing.assert_array_equal(graph.to_numpy(graph.nodes[0].derivative), [2 * special, 2])


def test_another_path_the_second_time_is_said(backend):
    calls = []

    def f(x):
        calls.append(1)
        return x * 2 if len(calls) % 2 else xp.sin(x) + x

    graph = multigrad.graph(f, 1.0, backend=backend)
    assert "another path" in graph.note
    assert [node.expression for node in graph.nodes] == ["", "x * 2"]
    assert graph.nodes[0].derivative is None


# What stays behind


def test_an_exception_leaves_no_state(backend):
    error = ValueError("mine")
    kept = []

    def f(x):
        kept.append(x * 2)
        raise error

    with pytest.raises(ValueError, match="mine") as caught:
        multigrad.graph(f, 2.0, backend=backend)
    assert caught.value is error
    assert _computation.current() is None
    assert multigrad.to_numpy(multigrad.gradient(lambda x: x**2, backend=backend)(3.0)) == 6


def test_values_that_leave_the_computation_raise(backend):
    with pytest.raises(multigrad.DetachedValueError):
        multigrad.graph(lambda x: x * float(x), 2.0, backend=backend)


def test_nothing_is_recorded_afterwards(backend):
    plain = _forms.array_type(multigrad.get_backend(backend))
    namespace = dict(vars(plain._namespace))
    operators = {name: getattr(plain, name) for name in dir(plain)}
    kept, seen = [], []

    def f(x):
        kept.append(x)
        return xp.sin(x)

    multigrad.graph(f, 2.0, backend=backend)
    assert type(kept[0]) is not plain
    multigrad.gradient(lambda x: seen.append(x) or xp.sin(x), backend=backend)(2.0)
    assert type(seen[0]) is plain
    assert dict(vars(plain._namespace)) == namespace
    assert {name: getattr(plain, name) for name in dir(plain)} == operators


def test_threads_do_not_see_each_other(backend):
    found = {}

    def work(power):
        found[power] = multigrad.graph(lambda x: x**power * 2, 3.0, backend=backend)

    threads = [threading.Thread(target=work, args=(power,)) for power in (2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for power, graph in found.items():
        assert [node.expression for node in graph.nodes] == ["", f"x ** {power}", "u1 * 2"]
        check(graph, {"x": 2 * power * 3 ** (power - 1)})


def test_the_caller_s_arrays_stay_as_they_are(backend):
    x = multigrad.asarray(np.asarray([1.0, 2.0]), backend=backend)

    def f(x):
        x[0] = 7.0
        return xp.sum(x * x)

    check(multigrad.graph(f, x), {"x": [0, 4]})
    np.testing.assert_array_equal(multigrad.to_numpy(x), [1, 2])


# Nodes alone


def test_every_node_is_replayed_alone(backend):
    def f(w, x):
        h = xp.tanh(xp.matmul(w, x))
        h[0] = h[1] * 2
        a, b = xp.unstack(h)
        return xp.sum(xp.concat([h, xp.stack([a, b])])) + 1 - xp.linalg.det(w) + xp.where(a > b, a, b)

    w, x = np.asarray([[0.5, -0.2], [0.3, 0.8]]), np.asarray([1.0, -2.0])
    recording = record(f, (w, x), backend=backend)
    replayed = [node for node in recording.nodes if node.can_replay]
    assert len(replayed) == len(recording.nodes) - 2
    for node in replayed:
        np.testing.assert_array_equal(recording.to_numpy(node.replay()), node.to_numpy(), err_msg=node.expression)


def test_local_derivatives_chain_to_the_whole(backend):
    recording = record(_problems.chain_rule, (2.0,), backend=backend)
    framework = multigrad.get_backend(backend)
    slope = 1.0
    for node in recording.nodes[1:]:
        inputs = tuple(source.value for source in node.inputs)
        with _computation.opened(recording.call.computation):
            outputs, pullback, _ = framework.vjp(lambda *xs: ((node.replay(*xs),), ()), inputs, reusable=False)  # noqa: B023
            slope *= float(recording.to_numpy(pullback((framework.xp.ones_like(outputs[0]),))[0]))
    assert slope == pytest.approx(4 * math.cos(5), rel=1e-14)


# The listing


def test_listing_of_the_chain(backend):
    lines = str(multigrad.graph(_problems.chain_rule, 2.0, backend=backend)).splitlines()
    assert lines[0] == f"chain_rule on {backend}"
    assert [line.split("_problems.py")[0].rstrip() for line in lines[2:]] == [
        "x             = 2.0         d/dx = 1.134649",
        "u1 = x ** 2   = 4.0         d/du1 = 0.2836622",
        "u2 = u1 + 1   = 5.0         d/du2 = 0.2836622",
        "u3 = sin(u2)  = -0.9589243  d/du3 = 1.0",
    ]
    assert all("_problems.py:" in line for line in lines[3:])


def test_large_arrays_are_summarized():
    graph = multigrad.graph(lambda x: xp.sum(xp.where(x > 0, x, 0 * x)), np.linspace(-1, 2, 400).reshape(20, 20))
    listing = str(graph)
    assert "= shape (20, 20), -1.0 to 2.0 " in listing
    assert "shape (20, 20), 266 true" in listing
    assert max(map(len, listing.splitlines())) < 150
    assert graph.to_dict()["nodes"][0]["value"] is not None
    assert multigrad.graph(xp.sum, np.ones(1001)).to_dict()["nodes"][0]["value"] is None


def test_a_long_listing_is_cut_in_the_middle():
    def f(x):
        for _ in range(199):
            x = x * 1.0
        return x

    graph = multigrad.graph(f, 1.0)
    lines = graph.text(limit=11).splitlines()[2:]
    assert len(lines) == 12
    assert lines[5] == "... 189 more values ..."
    assert lines[0].startswith("x ")
    assert lines[4].startswith("u4 = u3 * 1.0")
    assert lines[6].startswith("u194 = u193 * 1.0")
    assert lines[-1].startswith("u199 ")
    assert "more values" in str(graph)
    assert "more values" not in graph.text(limit=200)


@pytest.mark.parametrize(
    ("text", "size", "expected"), [("abc", 3, "abc"), ("abcdef", 5, "ab..."), ("日本語", 5, "日...")]
)
def test_shortened_counts_columns(text, size, expected):
    assert _text.shortened(text, size) == expected


def test_to_dict_is_json(backend):
    graph = multigrad.graph(lambda z: xp.abs(z) * math.nan, 3 + 4j, backend=backend)
    found = json.loads(json.dumps(graph.to_dict(), allow_nan=False))
    assert found["nodes"][0]["value"] == [3, 4]
    assert found["nodes"][-1] == {
        "id": 2,
        "name": "u2",
        "operation": "multiply",
        "kind": "operator",
        "expression": "u1 * nan",
        "inputs": [1],
        "shape": [],
        "dtype": "float64",
        "value": "nan",
        "derivative": 1.0,
        "source": found["nodes"][-1]["source"],
    }
    assert found["nodes"][-1]["source"]["file"] == __file__
    assert found["outputs"] == [2]


# The picture


@pytest.fixture
def no_graphviz(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))


SVG = "{http://www.w3.org/2000/svg}"


def test_svg_has_every_box_and_line(backend, no_graphviz):
    graph = multigrad.graph(_problems.linear_mse, 0.5, 0.1, np.ones(3), np.zeros(3), backend=backend)
    root = ET.fromstring(graph._repr_svg_())
    boxes = root.findall(f".//{SVG}rect")
    texts = [text.text for text in root.findall(f".//{SVG}text")]
    assert len(boxes) == len(graph.nodes)
    assert len([path for path in root.findall(f"{SVG}path") if path.get("fill") == "none"]) == len(graph.edges)
    assert "u4 = u3 ** 2" in texts
    assert any(text.startswith("d/dw = ") for text in texts)
    assert {box.get("fill") for box in boxes} >= {"#d6e8fa", "#d5f0d5"}
    # Readable on white and on black: every text has a dark color of its own on a light box.
    assert all(text.get("fill") in ("#1a1a1a", "#5a5a5a") for text in root.findall(f".//{SVG}text"))


def test_texts_fit_their_boxes(no_graphviz):
    graph = multigrad.graph(lambda params: xp.sum(params["変数"] * np.pi), {"変数": np.full(6, 1 / 3)})
    for group in ET.fromstring(graph.to_svg()).findall(f"{SVG}g"):
        box = group.find(f"{SVG}rect")
        for text in group.findall(f"{SVG}text"):
            # 0.62 of the size is more than any usual monospaced font needs.
            assert _text.width(text.text) * 0.62 * 12 <= float(box.get("width")) - 12
            assert float(box.get("y")) < float(text.get("y")) < float(box.get("y")) + float(box.get("height"))


def test_labels_are_escaped(no_graphviz):
    name = 'a<b>&"c\\'

    def f(params):
        return params[name] * 2

    f.__name__ = "f<\x01>"
    graph = multigrad.graph(f, {name: 1.0})
    root = ET.fromstring(graph.to_svg())
    assert any("<b>&" in text.text for text in root.iter(f"{SVG}text"))
    assert root.find(f"{SVG}title").text == "f<\N{REPLACEMENT CHARACTER}> on numpy"  # XML has no control characters
    assert r"a<b>&\"c\\" in graph.to_dot()


def overlaps(boxes, sizes):
    placed = [(x, y, x + w, y + h) for (x, y), (w, h) in zip(boxes, sizes, strict=True)]
    return [
        (i, j)
        for i, one in enumerate(placed)
        for j, other in enumerate(placed[:i])
        if one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
    ]


@given(st.data())
def test_layout_has_no_overlap_and_goes_down(data):
    count = data.draw(st.integers(1, 14))
    pairs = [(i, j) for j in range(count) for i in range(j)]
    edges = sorted(data.draw(st.sets(st.sampled_from(pairs)))) if pairs else []
    sizes = [(data.draw(st.floats(20, 300)), data.draw(st.floats(20, 90))) for _ in range(count)]
    found = _layout.layout(sizes, edges)
    assert overlaps(found.boxes, sizes) == []
    assert min(x for x, _ in found.boxes) >= 0
    assert max(x + w for (x, _), (w, _) in zip(found.boxes, sizes, strict=True)) <= found.width
    assert max(y + h for (_, y), (_, h) in zip(found.boxes, sizes, strict=True)) <= found.height
    for (above, below), points in zip(edges, found.lines, strict=True):
        heights = [y for _, y in points]
        assert heights == sorted(heights)
        (x, y), (w, h) = found.boxes[above], sizes[above]
        assert points[0] == pytest.approx((x + w / 2, y + h))
        assert points[-1] == pytest.approx((found.boxes[below][0] + sizes[below][0] / 2, found.boxes[below][1]))
        for (x0, y0), (x1, y1) in zip(points[1:-1:2], points[2:-1:2], strict=True):  # straight down across a layer
            assert x0 == x1
            crossed = [
                i
                for i, ((x, y), (w, h)) in enumerate(zip(found.boxes, sizes, strict=True))
                if x < x0 < x + w and y < y1 and y0 < y + h
            ]
            assert crossed == []


def test_barycenters_untangle_two_chains():
    # Two chains that begin in one order and would cross if each layer kept the order of its numbers.
    edges = [(0, 3), (1, 2), (2, 5), (3, 4)]
    boxes = _layout.layout([(50.0, 20.0)] * 6, edges).boxes
    assert (boxes[0][0] < boxes[1][0]) == (boxes[3][0] < boxes[2][0]) == (boxes[4][0] < boxes[5][0])


def test_layout_takes_near_linear_time():
    def seconds(count):
        # Every value also uses the first one: the long lines would be quadratic.
        edges = [(i, i + 1) for i in range(count - 1)] + [(0, i) for i in range(2, count)]
        times = []
        for _ in range(3):
            started = time.process_time()
            _layout.layout([(100.0, 60.0)] * count, edges)
            times.append(time.process_time() - started)
        return min(times)

    assert seconds(10_000) < 10 * seconds(2_500) + 0.05


def test_ten_thousand_values(no_graphviz):
    def f(x):
        for _ in range(5_000):
            x = x * 0.999 + 0.001
        return x

    graph = multigrad.graph(f, 2.0)
    assert len(graph) == 10_001
    check(graph, {"x": 0.999**5000})
    assert len(str(graph).splitlines()) < 70
    assert graph._repr_svg_() is None
    assert len(ET.fromstring(graph.to_svg()).findall(f".//{SVG}rect")) == 10_001


FAKE_DOT = """#!{python}
import pathlib, sys
assert sys.argv[1:] == ["-Tsvg"]
pathlib.Path({seen!r}).write_text(sys.stdin.read(), encoding="utf-8")
print('<?xml version="1.0"?>\\n<!DOCTYPE svg>\\n<svg xmlns="http://www.w3.org/2000/svg"><title>graphviz</title></svg>')
sys.exit({status})
"""


@pytest.fixture
def graphviz(monkeypatch, tmp_path):
    """A program called dot on the path, which writes down what it gets."""

    def install(status=0):
        program, seen = tmp_path / "dot", tmp_path / "seen.gv"
        program.write_text(FAKE_DOT.format(python=sys.executable, seen=str(seen), status=status), encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(tmp_path))
        return seen

    return install


def test_graphviz_draws_where_it_is_installed(graphviz):
    seen = graphviz()
    graph = multigrad.graph(_problems.chain_rule, 2.0)
    assert graph.to_svg().startswith("<svg")
    assert "<title>graphviz</title>" in graph.to_svg()
    drawn = seen.read_text(encoding="utf-8")
    assert drawn == graph.to_dot()
    assert "n0 -> n1;" in drawn
    assert r'label="u3 = sin(u2)\l' in drawn


def test_a_graphviz_that_fails_is_replaced(graphviz):
    graphviz(status=1)
    assert "sin(u2)" in multigrad.graph(_problems.chain_rule, 2.0).to_svg()


def test_graphviz_is_not_asked_for_a_large_graph(graphviz, monkeypatch):
    seen = graphviz()
    monkeypatch.setattr(_picture, "_LARGEST_FOR_GRAPHVIZ", 3)
    assert "sin(u2)" in multigrad.graph(_problems.chain_rule, 2.0).to_svg()
    assert not seen.exists()


def test_save_writes_what_the_ending_says(tmp_path, no_graphviz):
    graph = multigrad.graph(_problems.chain_rule, 2.0)
    for name, expected in (("a.svg", graph.to_svg()), ("a.dot", graph.to_dot()), ("a.txt", f"{graph}\n")):
        graph.save(tmp_path / name)
        assert (tmp_path / name).read_text(encoding="utf-8") == expected
    with pytest.raises(ValueError, match=r"ends in .svg, .dot, .gv, .txt, got 'a.png'"):
        graph.save(tmp_path / "a.png")
