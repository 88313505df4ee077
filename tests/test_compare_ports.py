"""compare on two ports of one model: agreement in the first one's structure, and each planted error named."""

import json

import numpy as np
import pytest

import multigrad
from multigrad import xp

LAYERS = ("first", "second", "last")


@pytest.fixture
def parameters():
    generator = np.random.default_rng(0)
    sizes = {"first": (3, 4), "second": (4, 4), "last": (4, 1)}
    return {name: {"w": generator.normal(size=s), "b": generator.normal(size=s[1])} for name, s in sizes.items()}


@pytest.fixture
def data():
    generator = np.random.default_rng(1)
    return generator.normal(size=(5, 3)), generator.normal(size=5)


def model(p, x, y):
    h = x
    for name in LAYERS[:-1]:
        h = xp.tanh(h @ p[name]["w"] + p[name]["b"])
    output = h @ p["last"]["w"] + p["last"]["b"]
    return xp.mean((output[:, 0] - y) ** 2)


def to_port(p):
    """The port has a list of pairs, and kernels with outputs first."""
    return [(p[name]["w"].T, p[name]["b"]) for name in LAYERS]


@multigrad.custom_vjp
def wrong_tanh(z):
    return xp.tanh(z)


wrong_tanh.defvjp(lambda z: (xp.tanh(z),) * 2, lambda t, ct: (ct * (1 - t**2) * (1 + 1e-4),))


def ported(activation=xp.tanh, bias=True):
    """Return the port: another order of operations, with something else in its second layer."""

    def port(layers, x, y):
        h = x
        for number, (kernel, shift) in enumerate(layers[:-1]):
            z = xp.matmul(kernel, h.mT).mT
            if bias or number == 0:
                z = z + shift
            h = activation(z) if number == 1 else xp.tanh(z)
        kernel, shift = layers[-1]
        residual = xp.reshape(xp.matmul(h, kernel.mT) + shift, (-1,)) - y
        return xp.sum(residual * residual) / residual.shape[0]

    return port


def compared(backend, port, parameters, data, convert=to_port, **options):
    name = f"{backend}:port"
    return multigrad.compare({"numpy": model, name: port}, parameters, *data, map={name: convert}, **options)


def test_a_right_port_agrees_in_the_first_structure(backend, parameters, data):
    report = compared(backend, ported(), parameters, data)
    assert report.ok, str(report)
    first, port = report.rows
    assert (port.name, port.backend, port.reference) == (f"{backend}:port", backend, "numpy")
    assert [leaf.path for leaf in port.gradient_leaves] == [leaf.path for leaf in first.gradient_leaves]
    assert port.gradient["second"]["w"].shape == (4, 4)
    for name in LAYERS:
        for key in ("w", "b"):
            np.testing.assert_allclose(port.gradient[name][key], first.gradient[name][key], rtol=1e-10, atol=1e-14)
    assert port.divergence is None
    json.dumps(report.to_dict(), allow_nan=False)


def test_float32_ports_agree(backend, parameters, data):
    report = compared(backend, ported(), parameters, data, dtype="float32")
    assert report.ok, str(report)
    assert {leaf.dtype for leaf in report.rows[1].gradient_leaves} == {"float32"}


def test_other_activation_is_named(backend, parameters, data):
    report = compared(backend, ported(xp.sin), parameters, data)
    assert [row.ok for row in report.rows] == [True, False]
    found = report.rows[1].divergence
    assert (found.what, found.step.operation, found.counterpart.operation) == ("value", "sin", "tanh")
    assert found.step.source.startswith("test_compare_ports.py:")
    assert "activation(z)" in found.step.text
    assert "xp.tanh(h @" in found.counterpart.text
    assert "the first operation whose value has no counterpart: u" in str(report)


def test_missing_bias_is_named(backend, parameters, data):
    report = compared(backend, ported(bias=False), parameters, data)
    found = report.rows[1].divergence
    assert (found.what, found.step.operation, found.counterpart.operation) == ("value", "tanh", "add")
    assert "p['second']['b']" in found.counterpart.expression
    assert "the argument layers[1][1] is not used" in str(report)


def test_missing_bias_of_zeros_is_named(backend, parameters, data):
    """All values agree, since the bias is zero; only its gradient is missing."""
    parameters["second"]["b"] = np.zeros(4)
    report = compared(backend, ported(bias=False), parameters, data)
    found = report.rows[1].divergence
    assert (found.what, found.step.name) == ("unused", "layers[1][1]")
    assert [leaf.path for leaf in report.rows[1].gradient_difference.leaves if not leaf.ok] == ["p['second']['b']"]
    assert report.rows[1].value_difference.ok


def test_kernel_that_the_map_forgot_to_transpose_is_named(backend, parameters, data):
    def forgetful(p):
        layers = to_port(p)
        layers[1] = (p["second"]["w"], p["second"]["b"])
        return layers

    report = compared(backend, ported(), parameters, data, forgetful)
    found = report.rows[1].divergence
    assert (found.what, found.step.operation) == ("value", "matmul")
    assert "layers[1][0]" in found.step.expression
    assert found.hints == ("with layers[1][0] transposed it would be the same: see how layers[1][0] is laid out",)


def test_parameter_that_the_map_changed_is_named(backend, parameters, data):
    def scaled(p):
        layers = to_port(p)
        layers[1] = (layers[1][0], 2 * layers[1][1])
        return layers

    report = compared(backend, ported(), parameters, data, scaled)
    found = report.rows[1].divergence
    assert (found.what, found.step.name, found.counterpart.name) == ("value", "layers[1][1]", "p['second']['b']")


def test_wrong_rule_is_named_where_values_agree(backend, parameters, data):
    report = compared(backend, ported(wrong_tanh), parameters, data)
    row = report.rows[1]
    assert (row.verdict, row.value_difference.ok, row.gradient_difference.ok) == ("wrong", True, False)
    assert (row.divergence.what, row.divergence.step.operation) == ("derivative", "wrong_tanh")
    assert row.divergence.counterpart.operation == "tanh"
    assert row.localization.culprits[0].operation == "wrong_tanh"
    wrong = {leaf.path for leaf in row.gradient_difference.leaves if not leaf.ok}
    assert wrong == {f"p['{name}']['{key}']" for name in ("first", "second") for key in ("w", "b")}


def test_detached_layer_is_named(backend, parameters, data):
    def detached(z):
        return xp.tanh(multigrad.stop_gradient(z))

    report = compared(backend, ported(detached), parameters, data)
    row = report.rows[1]
    assert row.verdict == "wrong"
    assert row.divergence.step.operation == "stop_gradient"
    assert row.localization.culprits[0].operation == "stop_gradient"


# Maps


def port_of_pair(w, b, x):
    return xp.sum(xp.sin(w @ x) + b)


def gradient_of_pair(w, x):
    return np.cos(w @ x)[:, None] * x[None, :]


@pytest.mark.parametrize(
    "convert",
    [
        lambda wb: (wb[:, :-1], wb[:, -1]),
        lambda wb: (np.split(wb, [3], axis=1)[0], np.split(wb, [3], axis=1)[1].ravel()),
        lambda wb: (np.array([list(row[:3]) for row in wb]), np.array([row[3] for row in wb])),
    ],
    ids=["indexing", "split", "loop"],
)
def test_one_parameter_may_become_two(backend, convert):
    """Also through NumPy code that cannot be differentiated."""
    joined, x = np.random.default_rng(2).normal(size=(2, 4)), np.asarray([1.0, -2.0, 0.5])

    def first(wb, x):
        return xp.sum(xp.sin(wb[:, :3] @ x) + wb[:, 3])

    def port(pair, x):
        return port_of_pair(*pair, x)

    name = f"{backend}:port"
    report = multigrad.compare({"numpy": first, name: port}, joined, x, map={name: convert})
    assert report.ok, str(report)
    expected = np.concatenate((gradient_of_pair(joined[:, :3], x), np.ones((2, 1))), axis=1)
    np.testing.assert_allclose(report.rows[1].gradient, expected, rtol=1e-13)


def test_map_of_all_arguments_returns_a_tuple(backend):
    w, b, x = np.eye(2, 3) + 0.1, np.asarray([1.0, 2.0]), np.asarray([1.0, -2.0, 0.5])
    name = f"{backend}:port"

    def port(x, joined):
        return port_of_pair(joined[:, :-1], joined[:, -1], x)

    def everything(*args):
        w, b, x = args
        return x, np.concatenate((w, b[:, None]), axis=1)

    ports = {"numpy": port_of_pair, name: port}
    report = multigrad.compare(ports, w, b, x, map={name: everything}, argnums=(1, 0))
    assert report.ok, str(report)
    np.testing.assert_allclose(report.rows[1].gradient[0], [1.0, 1.0])
    np.testing.assert_allclose(report.rows[1].gradient[1], gradient_of_pair(w, x), rtol=1e-13)
    three = multigrad.compare(ports, w, b, x, map={name: lambda w, b, x: everything(w, b, x)}, argnums=(1, 0))
    assert three.ok, str(three)


def test_leading_arguments_are_mapped_and_the_rest_passed_on(backend):
    w, b, x = np.eye(2, 3) + 0.1, np.asarray([1.0, 2.0]), np.asarray([1.0, -2.0, 0.5])
    name = f"{backend}:port"
    ports = {"numpy": port_of_pair, name: lambda b, w, x: port_of_pair(w.T, b, x)}
    report = multigrad.compare(ports, w, b, x, map={name: lambda w, b: (b, w.T)})
    assert report.ok, str(report)


def test_scaled_parameters_come_back_by_the_transpose(backend):
    """f(w) = sum(w**2) and a port in v = 2 w: dL/dw = 2 dL/dv."""
    name = f"{backend}:port"
    ports = {"numpy": lambda w: xp.sum(w**2), name: lambda v: xp.sum(v**2) / 4}
    report = multigrad.compare(ports, np.asarray([1.0, 3.0]), map={name: lambda w: 2 * w})
    assert report.ok, str(report)
    np.testing.assert_allclose(report.rows[1].gradient, [2.0, 6.0])


def test_complex_and_integer_arguments(backend):
    def first(p, rows):
        return xp.sum(abs(p["z"][rows]) ** 2) + p["s"] ** 2

    def port(p, rows):
        return xp.sum(xp.real(p[0]) ** 2 + xp.imag(p[0]) ** 2) + p[1] ** 2

    name = f"{backend}:port"
    z, rows = np.asarray([1 + 2j, 3 - 1j, 0.5j]), np.asarray([2, 0])
    report = multigrad.compare(
        {"numpy": first, name: port},
        {"z": z, "s": 3.0},
        rows,
        map={name: lambda p, rows: ((p["z"][rows], p["s"]), rows)},
    )
    assert report.ok, str(report)
    np.testing.assert_allclose(report.rows[1].gradient["z"], [2 + 4j, 0, 1j])
    np.testing.assert_allclose(report.rows[1].gradient["s"], 6.0)


def test_map_that_mixes_without_rules_is_refused(backend, parameters, data):
    """It neither moves elements only nor can be differentiated: an error of that row, with what to do."""

    def mixing(p):
        layers = to_port(p)
        return [
            (np.array([[float(v) * 1.0 + 0.0 * float(v) ** 2 + 1.0 for v in row] for row in k]), b) for k, b in layers
        ]

    report = compared(backend, ported(), parameters, data, mixing)
    assert "must be differentiable" in report.rows[1].error
    assert not report.ok


def test_error_in_the_map_says_how_it_was_called(backend, parameters, data):
    with pytest.raises(KeyError) as raised:
        compared(backend, ported(), parameters, data, lambda p: p["absent"])
    assert "the first 1 of the 3 arguments" in raised.value.__notes__[0]


def test_map_of_several_arguments_must_return_a_tuple(backend, parameters, data):
    with pytest.raises(multigrad.StructureError, match="must return a tuple"):
        compared(backend, ported(), parameters, data, lambda p, x: p)


@pytest.mark.parametrize(
    ("ports", "options", "message"),
    [
        ({"numpy": abs}, {}, "at least two ports"),
        ({"numpy": abs, "numpy:b": abs}, {"map": {"numpy": abs}}, "other than the first"),
        ({"numpy": abs, "numpy:b": abs}, {"backends": ["numpy"]}, "each port has its own"),
        (abs, {"map": {"numpy": abs}}, "several ports"),
        ({"numpy": abs, "numpy:b": abs}, {"map": abs}, r"such as \{'numpy:b': to_port\}, got abs"),
        ([abs, abs], {}, "a dict that names the backend of each port"),
    ],
)
def test_bad_usage(ports, options, message):
    with pytest.raises(multigrad.InputError, match=message):
        multigrad.compare(ports, 1.0, **options)


def test_two_functions_in_a_row_are_told_how_to_be_ports():
    with pytest.raises(multigrad.InputError, match="a dict that names the backend of each port"):
        multigrad.compare(lambda x: x, lambda x: x, 1.0)


def test_two_versions_on_one_backend():
    report = multigrad.compare({"numpy": lambda w: w**2, "numpy:new": lambda w: w**3}, 2.0)
    assert [row.name for row in report.rows] == ["numpy", "numpy:new"]
    assert [row.verdict for row in report.rows] == ["right", "right"]
    assert report.rows[1].divergence.step.expression == "w ** 3"
    assert report.rows[1].divergence.counterpart.expression == "w ** 2"
    assert "2 ports: not ok on numpy:new" in str(report)


def test_leaves_are_matched_by_position_and_named_after_the_first_port(backend):
    def first(params, x):
        return xp.sum(xp.tanh(params["w"] * x))

    def port(tree, data):
        return xp.sum(xp.tanh(data * tree["w"]))

    point = {"w": np.asarray([0.5, -1.0])}, np.asarray([2.0, 3.0])
    slope = 1 - np.tanh(point[0]["w"] * point[1]) ** 2
    report = multigrad.compare({"numpy": first, f"{backend}:port": port}, *point, argnums=(1, 0))
    assert report.ok, str(report)
    assert [leaf.path for leaf in report.rows[1].gradient_leaves] == ["x", "params['w']"]
    np.testing.assert_allclose(report.rows[1].gradient[0], slope * point[0]["w"], rtol=1e-12)

    def planted(tree, data):
        return port(tree, data) + 1e-3 * xp.sum(data)

    report = multigrad.compare({"numpy": first, f"{backend}:port": planted}, *point, argnums=(1, 0))
    assert [leaf.path for leaf in report.rows[1].gradient_difference.leaves if not leaf.ok] == ["x"]


def test_names_of_the_first_port_choose_arguments_of_all(backend):
    ports = {"numpy": lambda a, b: xp.sum(a * b), f"{backend}:port": lambda u, v: xp.sum(u * v)}
    report = multigrad.compare(ports, np.asarray([1.0, 2.0]), np.asarray([3.0, 4.0]), argnames=("b", "a"))
    assert report.ok, str(report)
    for row in report.rows:
        assert {name: x.tolist() for name, x in row.gradient.items()} == {"b": [1.0, 2.0], "a": [3.0, 4.0]}


def test_dictionaries_must_have_the_same_keys(backend):
    ports = {"numpy": lambda p: p["a"] ** 2, f"{backend}:port": lambda q: q["b"] ** 2}
    report = multigrad.compare(ports, {"a": 3.0})
    assert not report.ok
    assert "KeyError: 'b'" in report.rows[1].error
    assert f"a map={{'{backend}:port': ...}} would make its own" in str(report)


def test_one_operation_for_several_gives_the_lines_between(backend):
    @multigrad.checkpoint  # one operation of the recorded computation
    def normalized(x):
        center = x - xp.mean(x, axis=-1, keepdims=True)
        return center / xp.sqrt(xp.mean(center**2, axis=-1, keepdims=True) + 1e-5)

    def port(x, w):
        center = x - xp.mean(x, axis=-1, keepdims=True)  # first line
        variance = xp.mean(center**2, axis=-1, keepdims=True)
        h = center / xp.sqrt(variance + 1e-2)  # last line
        return xp.sum(xp.tanh(h @ w))

    generator = np.random.default_rng(5)
    x, w = generator.normal(size=(5, 3)), generator.normal(size=(3, 4))
    ports = {"numpy": lambda x, w: xp.sum(xp.tanh(normalized(x) @ w)), f"{backend}:port": port}
    report = multigrad.compare(ports, x, w)
    found = report.rows[1].divergence
    assert found.counterpart.operation == "normalized"
    assert found.step.text.endswith("# first line")
    assert found.end.text.endswith("# last line")
    assert "the error is somewhere from there to" in str(report)
    assert report.to_dict()["rows"][1]["divergence"]["end"]["text"] == found.end.text


@pytest.mark.needs("torch")
def test_detached_value_is_said_once():
    """The check of the port alone finds it; that the values tell nothing need not be said then."""
    import torch

    ports = {"torch": lambda w: torch.sum(w * torch.tanh(w)), "numpy": detaching}
    report = multigrad.compare(ports, np.asarray([1.0, 2.0]))
    assert "multigrad.stop_gradient(xp.tanh(w))" in str(report)
    assert "not localized" not in str(report)


def detaching(w):
    return xp.sum(w * multigrad.stop_gradient(xp.tanh(w)))


# Ports in the frameworks' own functions


@pytest.mark.needs("torch")
def test_a_module_wants_native_arrays_and_gives_its_parameters():
    import torch

    torch.manual_seed(0)
    net = torch.nn.Linear(2, 3).double()

    def loss(parameters, x):
        return torch.sum(torch.tanh(torch.func.functional_call(net, parameters, (x,))))

    def port(parameters, x):
        return xp.sum(xp.tanh(x @ parameters["weight"].mT + parameters["bias"]))

    point = dict(net.named_parameters()), np.asarray([[0.5, -1.0]])
    report = multigrad.compare({"torch": loss, "numpy": port}, *point)
    assert 'arrays="native"' in str(report)
    assert "0.5" not in report.rows[0].error
    report = multigrad.compare({"torch": loss, "torch:port": port_in_torch}, *point, arrays="native")
    assert report.ok, str(report)


def port_in_torch(parameters, x):
    import torch

    return torch.sum(torch.tanh(x @ parameters["weight"].mT + parameters["bias"]))


def native_loss(name, planted=False):
    """Return sum(relu(tanh(x @ w1) @ w2)), or with a square for relu, in a framework's own functions."""
    if name == "torch":
        import torch

        last = torch.square if planted else torch.relu
        return lambda p, x: torch.sum(last(torch.tanh(x @ p["w1"]) @ p["w2"]))
    if name == "jax":
        import jax
        import jax.numpy as jnp

        last = jnp.square if planted else jax.nn.relu
        return lambda p, x: jnp.sum(last(jnp.tanh(x @ p["w1"]) @ p["w2"]))
    import tensorflow as tf

    last = tf.square if planted else tf.nn.relu
    return lambda p, x: tf.reduce_sum(last(tf.tanh(x @ p["w1"]) @ p["w2"]))


def standard_loss(p, x):
    return xp.sum(xp.maximum(xp.tanh(x @ p["w1"]) @ p["w2"], 0.0))


@pytest.mark.backends("torch", "jax", "tensorflow")
@pytest.mark.parametrize("planted", [False, True], ids=["right", "planted"])
def test_native_ports_are_followed(backend, planted):
    generator = np.random.default_rng(3)
    p = {"w1": generator.normal(size=(3, 4)), "w2": generator.normal(size=(4, 5))}
    ports = {"numpy": standard_loss, backend: native_loss(backend, planted)}
    report = multigrad.compare(ports, p, generator.normal(size=(6, 3)), arrays="native")
    assert report.ok is not planted, str(report)
    if planted:
        found = report.rows[1].divergence
        assert found.what == "value"
        assert found.step.operation.lower() in ("square", "pow", "integer_pow", "mul")
        assert "last(" in found.step.text
        assert "maximum" in found.counterpart.operation
    else:
        assert report.rows[1].divergence is None


@pytest.mark.needs("jax")
def test_functions_that_take_arrays_by_jit_alone_are_followed():
    # Inside, jax.nn.sigmoid takes JAX's arrays only (JAX 0.10).
    import jax

    doubled = jax.jit(lambda x: 2 * x)
    first = {"jax": lambda x: doubled(jax.nn.sigmoid(x)).sum(), "numpy": lambda x: xp.sum(2 / (1 + xp.exp(-x)))}
    x = np.asarray([0.3, -1.0, 2.0])
    assert multigrad.compare(first, x).ok
    other = {**first, "numpy": lambda x: xp.sum(2.001 / (1 + xp.exp(-x)))}
    text = str(multigrad.compare(other, x))
    assert "not localized" not in text
    assert "2.001" in text
