"""Containers: the gradient has the structure of its argument, whatever that is."""

import dataclasses
import functools
from collections import OrderedDict, defaultdict, namedtuple

import numpy as np
import pytest

import multigrad
from multigrad import xp
from multigrad.testing._trees import assert_tree, transformed

Line = namedtuple("Line", "w b")
Nothing = namedtuple("Nothing", "")


@dataclasses.dataclass
class Layer:
    w: object
    b: object
    name: str = "layer"


@dataclasses.dataclass(frozen=True)
class Frozen:
    w: object
    b: object
    name: str = "frozen"


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    w: object
    b: object
    name: str = "slotted"


@dataclasses.dataclass
class Checked:
    """Refuses anything but a positive w when it is made by hand."""

    w: object
    b: object = dataclasses.field(default=1.0, kw_only=True)
    name: str = dataclasses.field(init=False, default="checked")

    def __post_init__(self):
        if not self.w > 0:
            raise ValueError("w must be positive")


class Registered:
    def __init__(self, w, b, name="registered"):
        self.w, self.b, self.name = w, b, name


multigrad.register_pytree(Registered, lambda r: ((r.w, r.b), r.name), lambda name, ws: Registered(*ws, name))


def plain(tree):
    return multigrad.to_numpy(tree)


def gradient_of_product(make, backend, arrays="standard"):
    """Return the gradient of w²·b at w = 3, b = 5 with both in a container: 30 and 9."""
    return multigrad.gradient(lambda p: p["w"] ** 2 * p["b"], backend=backend, arrays=arrays)(make(w=3.0, b=5.0))


@pytest.mark.parametrize(
    "kind", [dict, OrderedDict, functools.partial(defaultdict, float)], ids=["dict", "ordered", "default"]
)
def test_mappings(kind, backend, arrays):
    found = gradient_of_product(kind, backend, arrays)
    assert type(found) is type(kind())
    assert {key: float(plain(x)) for key, x in found.items()} == {"w": 30.0, "b": 9.0}


@pytest.mark.parametrize("keys", [("b", "w", "a"), ("w", "b", "a"), ("a", 1, None)], ids=str)
@pytest.mark.parametrize("kind", [dict, OrderedDict])
def test_order_of_keys_is_kept(kind, keys, backend):
    seen = []

    def f(p):
        seen.extend(p)
        return sum((i + 1) * x for i, x in enumerate(p.values()))

    found = multigrad.gradient(f, backend=backend)(kind((key, 1.0) for key in keys))
    assert list(found) == seen == list(keys)
    assert [float(plain(x)) for x in found.values()] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((3.0, 5.0), (30.0, 9.0)),
        ([3.0, 5.0], [30.0, 9.0]),
        (Line(3.0, 5.0), Line(30.0, 9.0)),
    ],
    ids=["tuple", "list", "namedtuple"],
)
def test_sequences(given, expected, backend, arrays):
    found = multigrad.gradient(lambda p: p[0] ** 2 * p[1], backend=backend, arrays=arrays)(given)
    assert type(found) is type(given)
    assert [float(plain(x)) for x in found] == list(expected)


@pytest.mark.parametrize("kind", [Layer, Frozen, Slotted, Checked, Registered])
def test_objects_with_fields(kind, backend, arrays):
    given = kind(w=3.0, b=5.0)
    names = []

    def f(p):
        names.append((type(p), p.name))
        return p.w**2 * p.b

    found = multigrad.gradient(f, backend=backend, arrays=arrays)(given)
    assert names == [(kind, given.name)]
    assert type(found) is kind
    assert (float(plain(found.w)), float(plain(found.b))) == (30.0, 9.0)
    assert (given.w, given.b) == (3.0, 5.0)


@pytest.mark.parametrize("kind", [Layer, Frozen, Slotted, Checked])
def test_string_fields_of_dataclasses_have_none(kind, backend):
    assert multigrad.gradient(lambda p: p.w, backend=backend)(kind(w=3.0, b=5.0)).name is None


def test_static_data_of_registered_classes_is_kept(backend):
    found = multigrad.gradient(lambda p: p.w, backend=backend)(Registered(1.0, 2.0, "mine"))
    assert found.name == "mine"


def test_containers_in_containers(backend, arrays):
    layers = [Frozen(np.ones(2), (2.0, [3.0])), Slotted(Layer(1.0, 4.0), Line(5.0, None))]
    given = {"layers": layers, "x": Registered(6.0, 7.0)}

    def f(p):
        first, second = p["layers"]
        return xp.sum(first.w) * first.b[1][0] * second.w.b * second.b.w * p["x"].w

    found = multigrad.gradient(f, backend=backend, arrays=arrays)(given)
    first, second = found["layers"]
    assert plain(first.w).tolist() == [360.0, 360.0]  # 3·4·5·6
    assert [float(plain(first.b[0])), float(plain(first.b[1][0]))] == [0.0, 240.0]
    assert [float(plain(second.w.w)), float(plain(second.w.b)), float(plain(second.b.w))] == [0.0, 180.0, 144.0]
    assert second.b.b is None
    assert [float(plain(found["x"].w)), float(plain(found["x"].b))] == [120.0, 0.0]


def test_leaves_that_are_no_numbers_have_none(backend, arrays):
    given = {"x": 2.0, "none": None, "text": "a", "flag": True, "bytes": b"b", "f": abs, "kind": int}
    found = multigrad.gradient(lambda p: p["x"] ** 2, backend=backend, arrays=arrays)(given)
    assert float(plain(found.pop("x"))) == 4.0
    assert found == dict.fromkeys(given.keys() - {"x"})


def described_cubes(p):
    return xp.sum(p["w"] ** 3)


W = np.asarray([0.7, -1.2])
DESCRIBED = {"w": W, "rate": None, "name": "layer"}


def assert_same(found, expected):
    """Compare trees of which some leaves are None."""
    shown = [transformed(lambda x: np.bool_(1) if x is None else x, t) for t in (plain(found), expected)]
    assert_tree(*shown, 1e-12)


def beside_nothing(w):
    return {"w": w, "rate": None, "name": None}


# Name: (function of the options that applies an operator to the gradient, whose tree has None; the result).
OVER_NONE = {
    "vmap": (
        lambda o: multigrad.vmap(multigrad.gradient(described_cubes), **o)({**DESCRIBED, "w": np.stack([W, 2 * W])}),
        beside_nothing(np.stack([3 * W**2, 12 * W**2]))),
    "vmap with axes": (
        lambda o: multigrad.vmap(
            multigrad.gradient(described_cubes), ({"w": 1, "rate": None, "name": None},),
            {"w": 1, "rate": None, "name": None}, **o)({**DESCRIBED, "w": np.stack([W, 2 * W, W], axis=1)}),
        beside_nothing(np.stack([3 * W**2, 12 * W**2, 3 * W**2], axis=1))),
    "jvp": (
        lambda o: multigrad.jvp(multigrad.gradient(described_cubes), (DESCRIBED,), (DESCRIBED,), **o),
        (beside_nothing(3 * W**2), beside_nothing(6 * W**2))),
    "vjp": (
        lambda o: multigrad.vjp(multigrad.gradient(described_cubes), DESCRIBED, **o)[1](beside_nothing(W)),
        (beside_nothing(6 * W**2),)),
    "jacobian": (
        lambda o: multigrad.jacobian(multigrad.gradient(described_cubes), **o)(DESCRIBED),
        beside_nothing(beside_nothing(np.diag(6 * W)))),
    "forward jacobian": (
        lambda o: multigrad.jacobian(multigrad.gradient(described_cubes), mode="forward", **o)(DESCRIBED),
        beside_nothing(beside_nothing(np.diag(6 * W)))),
    "hessian": (
        lambda o: multigrad.hessian(multigrad.gradient(described_cubes), **o)(DESCRIBED)["w"]["w"]["w"],
        6 * np.einsum("ij,jk->ijk", np.eye(2), np.eye(2))),
    "laplacian": (
        lambda o: multigrad.laplacian(multigrad.gradient(described_cubes), **o)(DESCRIBED),
        beside_nothing(np.full(2, 6.0))),
    "checkpoint": (
        lambda o: multigrad.gradient(
            lambda p: xp.sum(multigrad.checkpoint(multigrad.gradient(described_cubes))(p)["w"]), **o)(DESCRIBED),
        beside_nothing(6 * W)),
}  # fmt: skip


@pytest.mark.parametrize("name", OVER_NONE)
def test_operators_over_a_gradient_that_has_none(name, backend, arrays):
    apply, expected = OVER_NONE[name]
    assert_same(apply({"backend": backend, "arrays": arrays}), expected)


def test_rules_of_a_function_that_returns_none_beside_arrays(backend):
    def f(x):
        return {"y": x**2, "rate": None}

    forward = multigrad.custom_jvp(f)
    forward.defjvp(lambda primals, tangents: (f(*primals), {"y": 7 * tangents[0], "rate": None}))
    backward = multigrad.custom_vjp(f)
    backward.defvjp(lambda x: (f(x), None), lambda residuals, cotangent: (7 * cotangent["y"],))
    for function in (forward, backward):
        found = multigrad.gradient(lambda x, function=function: xp.sum(function(x)["y"]), backend=backend)(W)
        assert_same(found, np.full(2, 7.0))
    assert_same(multigrad.jvp(forward, (W,), (W,), backend=backend)[1], {"y": 7 * W, "rate": None})


@pytest.mark.parametrize("nothing", [None, (None, None), {"a": [None]}], ids=repr)
def test_nothing_but_none_is_refused(nothing, backend):
    for run in (
        lambda: multigrad.jvp(lambda x: nothing, (W,), (W,), backend=backend),
        lambda: multigrad.vmap(lambda x: nothing, backend=backend)(W),
        lambda: multigrad.jacobian(lambda x: nothing, backend=backend)(W),
    ):
        with pytest.raises(multigrad.OutputError, match=r"arrays and numbers, got None at output.*return statement"):
            run()


@pytest.mark.parametrize("empty", [(), [], {}, OrderedDict(), Nothing()], ids=repr)
def test_empty_containers_stay(empty, backend):
    assert multigrad.gradient(lambda p: 1.0, backend=backend)(empty) == empty
    found = multigrad.gradient(lambda p: p["x"], backend=backend)({"x": 2.0, "nothing": empty})
    assert found["nothing"] == empty
    assert type(found["nothing"]) is type(empty)
    assert float(plain(found["x"])) == 1.0


def test_arguments_that_are_not_differentiated_keep_their_structure(backend):
    seen = []

    def f(x, p):
        seen.append(p)
        return x * p.w[0]

    assert float(plain(multigrad.gradient(f, backend=backend)(2.0, Frozen([4.0, "s"], None)))) == 4.0
    assert seen == [Frozen([4.0, "s"], None)]


def test_aux_of_any_structure(backend, arrays):
    def f(x):
        return x**2, Frozen({"x": 2 * x}, (x, None), "seen")

    _, aux = multigrad.gradient(f, has_aux=True, backend=backend, arrays=arrays)(3.0)
    assert type(aux) is Frozen
    assert (float(plain(aux.w["x"])), float(plain(aux.b[0])), aux.b[1], aux.name) == (6.0, 3.0, None, "seen")
    assert multigrad.get_backend(backend).is_array(aux.w["x"])
    assert not isinstance(aux.w["x"], multigrad.Array)


def test_conversions_map_over_containers(backend):
    tree = {"a": [multigrad.asarray([1.0], backend=backend)], "b": Frozen("text", 2)}
    found = multigrad.to_numpy(tree)
    assert isinstance(found["a"][0], np.ndarray)
    assert found["b"] == Frozen("text", 2)
    wrapped = {"a": multigrad.array_namespace(tree["a"][0]).asarray([1.0])}
    assert not isinstance(multigrad.native(wrapped)["a"], multigrad.Array)


def test_a_class_is_registered_once():
    with pytest.raises(ValueError, match="Registered"):
        multigrad.register_pytree(Registered, lambda r: ((), None), lambda _, __: None)
    with pytest.raises(TypeError, match="Expected a class, got int"):
        multigrad.register_pytree(3, None, None)


class Framework:
    """A container that only a framework's registry knows; a layer is often callable."""

    def __init__(self, w, name):
        self.w, self.name = w, name

    def __call__(self, x):
        return self.w["k"] * x


@pytest.fixture(scope="module")
def framework_class():
    """Register one class for each framework, as its users do."""

    @functools.cache
    def make(backend):
        cls = type(f"{backend.title()}Container", (Framework,), {})
        if backend == "jax":
            import jax

            jax.tree_util.register_pytree_node(cls, lambda c: ((c.w,), c.name), lambda name, ws: cls(ws[0], name))
        else:
            from torch.utils import _pytree

            _pytree.register_pytree_node(cls, lambda c: ([c.w], c.name), lambda ws, name: cls(next(iter(ws)), name))
        return cls

    return make


@pytest.mark.backends("torch", "jax")
def test_containers_of_the_frameworks_registry(backend, arrays, framework_class):
    cls = framework_class(backend)
    f = lambda p: p["layer"](3.0) ** 2  # noqa: E731
    found = multigrad.gradient(f, backend=backend, arrays=arrays)({"layer": cls({"k": 2.0}, "mine")})
    assert (type(found["layer"]), found["layer"].name) == (cls, "mine")
    assert float(plain(found["layer"].w["k"])) == 36.0
    array = multigrad.asarray(2.0, backend=backend)
    found = multigrad.gradient(f, arrays=arrays)({"layer": cls({"k": array}, "mine")})
    assert float(plain(found["layer"].w["k"])) == 36.0


@pytest.mark.backends("torch", "jax")
def test_outputs_aux_and_cotangents_of_the_frameworks_registry(backend, arrays, framework_class):
    cls = framework_class(backend)

    def f(x):
        return cls({"k": x**2}, "value"), cls(3 * x, "aux")

    value, pullback, aux = multigrad.vjp(f, 5.0, has_aux=True, backend=backend, arrays=arrays)
    assert (value.name, float(plain(value.w["k"])), aux.name, float(plain(aux.w))) == ("value", 25.0, "aux", 15.0)
    assert not isinstance(aux.w, multigrad.Array)
    assert float(plain(pullback(cls({"k": 2.0}, "cotangent"))[0])) == 20.0


@pytest.mark.needs("jax")
def test_static_fields_of_a_jax_dataclass_are_kept():
    import jax

    @jax.tree_util.register_dataclass
    @dataclasses.dataclass
    class Model:
        w: object
        name: str = dataclasses.field(default="m", metadata={"static": True})

    found = multigrad.gradient(lambda m: m.w**2, backend="jax")(Model(3.0))
    assert (float(found.w), found.name) == (6.0, "m")


class Stateful:
    """A callable that nobody registered: not to be taken for an activation function."""

    def __init__(self, weight):
        self.weight = weight

    def __call__(self, x):
        return self.weight * x


def test_a_callable_that_holds_arrays_raises(backend):
    params = {"layer": Stateful(np.asarray(2.0)), "scale": 3.0}
    with pytest.raises(multigrad.InputError, match=r"params\['layer'\] of type .*Stateful.*register_pytree"):
        multigrad.gradient(lambda params: params["scale"] * params["layer"](1.0), backend=backend)(params)


def test_a_function_among_the_parameters_gets_none(backend):
    result = multigrad.gradient(lambda p: p["activation"](p["w"]), backend=backend)({"activation": abs, "w": -2.0})
    assert result["activation"] is None
    assert float(multigrad.to_numpy(result["w"])) == -1.0
