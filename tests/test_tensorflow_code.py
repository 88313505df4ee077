"""TensorFlow: functions that trace to the same graph share its compiled code, and only those."""

import gc
import warnings
import weakref

import numpy as np
import pytest

import multigrad
from multigrad import RecompileWarning, xp
from multigrad._recent import Recent

from .compilations import compilations_of, gradient_of_new

pytestmark = pytest.mark.needs("tensorflow")
X = np.asarray([0.5, -1.5, 2.0])
DATA = np.asarray([1.0, 2.0, 3.0])


@pytest.fixture
def compilations(monkeypatch):
    return compilations_of("tensorflow", monkeypatch)


def tensor(x):
    return multigrad.asarray(x, backend="tensorflow")


def differentiated(f, x=X, **options):
    return gradient_of_new(f, x, "tensorflow", **options)


def registered():
    from tensorflow.python.framework.ops import gradient_registry

    return len(gradient_registry.list())


def shared(f, *specs):
    """Return what stands for a function of tensors of these dtypes and shapes."""
    import tensorflow as tf

    from multigrad.adapters.tensorflow import _code

    specs = [tf.TensorSpec(shape, dtype) for shape, dtype in specs or [((3,), tf.float64)]]

    def results(*xs):
        found = f(*xs)
        return tuple(found) if isinstance(found, tuple) else (found,)

    return _code.shared(tf.function(results, autograph=False).get_concrete_function(*specs))


@pytest.mark.parametrize("size", [3, 100, 1000])  # TensorFlow turns up to 128 elements into constants
@pytest.mark.parametrize("convert", [tensor, np.asarray], ids=["tensor", "numpy"])
def test_new_closures_on_other_data_share_their_code(compilations, size, convert):
    def closure(data):
        return lambda x: xp.sum(x**2 * data)

    x = np.linspace(-1.0, 1.0, size)
    for k in range(5):
        data = np.arange(float(size)) + k
        np.testing.assert_allclose(differentiated(closure(convert(data)), x), 2 * x * data)
    assert len(compilations) == 1


def test_tensors_and_numpy_arrays_keep_their_places(compilations):
    for k in range(3):
        tensors, arrays = (tensor(DATA + k), tensor(DATA * k)), (DATA - k, DATA / (k + 1))

        def f(x, tensors=tensors, arrays=arrays):
            return xp.sum(x**2 * tensors[0] * arrays[0] + x * (tensors[1] - arrays[1]))

        expected = 2 * X * (DATA + k) * (DATA - k) + DATA * k - DATA / (k + 1)
        np.testing.assert_allclose(differentiated(f), expected)
    assert len(compilations) == 1


def test_code_runs_once_for_one_compilation_by_xla():
    from tensorflow.python.eager import context

    def functions():
        return {name for name in context.context().list_function_names() if "rebuilt" in str(name)}

    before = functions()
    for k in range(3):
        differentiated(lambda x, k=k: xp.sum(xp.cos(x) * tensor(DATA + k)))
    assert len(functions() - before) == 1


def test_integers_that_are_data_share_their_code(compilations):
    x = np.linspace(0.0, 1.0, 40)
    for k in range(3):
        places = np.roll(np.arange(40), k)
        found = differentiated(lambda x, places=places: xp.sum(xp.take(x, tensor(places)) * xp.asarray(x)), x)
        np.testing.assert_allclose(found, np.roll(x, -k) + np.roll(x, k))
    assert len(compilations) == 1


def test_what_is_given_as_integers_to_close_over_may_be_an_axis(compilations):
    import tensorflow as tf

    x = np.asarray([[1.0, 2.0, 3.0], [4.0, 5.0, 7.0]])
    for axis in (0, 1):
        closed_over = tf.constant(axis)
        found = differentiated(lambda x, axis=closed_over: tf.reduce_sum(tf.reduce_prod(x, axis)), x, arrays="native")
        np.testing.assert_allclose(found, np.prod(x, axis, keepdims=True) / x)
    assert len(compilations) == 2  # the sum is of another shape


def nan(payload):
    return np.asarray(0x7FF8000000000000 + payload, np.uint64).view(np.float64)


@pytest.mark.parametrize(
    ("one", "other"),
    [(0.0, -0.0), (1.0, 1.0 + 2**-52), (2.0, np.float32(2)), (nan(1), nan(2)), (0.0, 5e-324), (1, 2), (True, 1)],
)
def test_numbers_are_told_apart_by_their_bits(one, other):
    import tensorflow as tf

    def code(number):
        return shared(lambda x: (x, tf.constant(np.asarray(number)))).code

    assert code(one) is code(one)
    assert code(one) is not code(other)


def test_operations_are_told_apart_by_all_that_they_are_given():
    import tensorflow as tf

    vector, matrix = ((3,), tf.float64), ((3, 3), tf.float64)
    found = [
        shared(lambda x, y: x - y, vector, vector),
        shared(lambda x, y: y - x, vector, vector),
        shared(lambda x, y: x + y, vector, vector),
        shared(lambda x, y: x - x, vector, vector),
        shared(lambda x, y: x, vector, vector),
        shared(lambda x, y: y, vector, vector),
        shared(lambda x: x - x, vector),
        shared(lambda x, y: x - y, matrix, matrix),
        shared(lambda x, y: x - y, vector, matrix),
        shared(lambda x, y: x - y, ((3,), tf.float32), ((3,), tf.float32)),
        shared(lambda x: tf.reduce_sum(x, 0), matrix),
        shared(lambda x: tf.reduce_sum(x, 1), matrix),
        shared(lambda x: tf.reduce_sum(x, 0, keepdims=True), matrix),
        shared(lambda x: tf.cumsum(x, exclusive=True), matrix),
        shared(lambda x: tf.cumsum(x, reverse=True), matrix),
        shared(lambda x: tf.unstack(x)[0], matrix),
        shared(lambda x: tf.unstack(x)[1], matrix),
        shared(tf.linalg.qr, matrix),
        shared(lambda x: tf.linalg.qr(x)[::-1], matrix),
    ]
    assert len({id(one.code) for one in found}) == len(found)


def test_the_order_of_what_is_closed_over_counts():
    one, other = tensor(DATA), tensor(DATA + 5)
    differences = [lambda x: xp.sum(x**2 * (one - other)), lambda x: xp.sum(x**2 * (other - one))]
    found = [differentiated(f) for f in (*differences, *differences)]
    np.testing.assert_allclose(found, [-10 * X, 10 * X] * 2)


@pytest.mark.parametrize("other", [X[:2], X.astype(np.float32), X[:, None]], ids=["shape", "dtype", "axes"])
def test_signatures_have_code_of_their_own(compilations, other):
    for x in (X, other):
        np.testing.assert_allclose(differentiated(lambda x: xp.sum(xp.sin(x)), x), np.cos(x), rtol=1e-6)
    assert len(compilations) == 2


def test_the_shape_of_what_is_closed_over_counts(compilations):
    for shape in ((3,), (1, 3), (3, 1), (1,)):
        data = tensor(np.full(shape, 2.0))
        times = 3 if shape == (3, 1) else 1
        np.testing.assert_allclose(differentiated(lambda x, data=data: xp.sum(x * data)), np.full(3, 2.0 * times))
    assert len(compilations) == 4


def test_the_order_of_the_results_counts():
    import tensorflow as tf

    from multigrad.adapters.tensorflow._code import _Graph

    spec = tf.TensorSpec((3,), tf.float64)
    traced = tf.function(lambda x: (tf.sin(x), tf.cos(x)), autograph=False).get_concrete_function(spec)
    names = [x.name for x in traced.outputs]
    found = [_Graph(traced.graph.as_graph_def(), {"x": spec}, order) for order in (names, names[::-1], names)]
    assert found[0].digest() == found[2].digest() != found[1].digest()
    for graph, expected in zip(found, [np.sin(X), np.cos(X), np.sin(X)], strict=True):
        np.testing.assert_allclose(graph.compile()(tf.constant(X))[0], expected)


@pytest.mark.parametrize("setting", ["tensor_float_32", "determinism"])
def test_settings_of_the_compiler_count(monkeypatch, setting):
    import tensorflow as tf

    from multigrad.adapters.tensorflow import _code

    def code():
        return shared(lambda x: x @ x, ((3, 3), tf.float32)).code

    before = code()
    assert code() is before
    if setting == "determinism":  # which no process can take back
        monkeypatch.setattr(_code, "is_op_determinism_enabled", lambda: True)
    else:
        monkeypatch.setattr(tf.config.experimental, "tensor_float_32_execution_enabled", lambda: False)
    assert code() is not before


def test_a_variable_is_read_at_each_call(compilations):
    import tensorflow as tf

    weights = tf.Variable(DATA)
    f = multigrad.gradient(lambda x: xp.sum(x**2 * weights), backend="tensorflow", compile=True)
    np.testing.assert_allclose(f(X), 2 * X * DATA)
    weights.assign(DATA + 1)
    np.testing.assert_allclose(f(X), 2 * X * (DATA + 1))
    assert not compilations


def test_a_value_that_is_asked_for_at_each_call_is(compilations):
    import tensorflow as tf

    current = [1.0]

    def scaled(x):
        graph = tf.compat.v1.get_default_graph()
        factor = graph.capture_call_time_value(
            lambda: tf.constant(current[0], tf.float64), tf.TensorSpec((), tf.float64)
        )
        return tf.reduce_sum(x * factor)

    f = multigrad.jit(scaled, backend="tensorflow", arrays="native")
    assert float(f(tf.constant(X))) == 1.0
    current[0] = 3.0
    assert float(f(tf.constant(X))) == 3.0
    assert not compilations


def test_random_numbers_are_drawn_by_each_function_for_itself(compilations):
    import tensorflow as tf

    def noisy():
        return multigrad.jit(lambda x: x + tf.random.uniform((3,), dtype=x.dtype, seed=3), arrays="native")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RecompileWarning)
        found = [noisy()(tf.constant(X)).numpy() for _ in range(2)]
    assert not compilations
    assert ((found - X >= 0) & (found - X < 1)).all()


def test_loops_are_not_shared(compilations):
    import tensorflow as tf

    def powers(factor):
        def f(x):
            step = lambda i, y: (i + 1, y * factor)  # noqa: E731 - a loop takes functions
            return tf.reduce_sum(tf.while_loop(lambda i, _: i < 3, step, (0, x), maximum_iterations=3)[1])

        return f

    for factor in (2.0, 3.0):
        np.testing.assert_allclose(differentiated(powers(factor), arrays="native"), np.full(3, factor**3))
    assert not compilations


def test_what_waits_for_an_input_is_shared():
    import tensorflow as tf

    def f(x, other):
        with tf.control_dependencies([other]):
            return tf.square(x)

    specs = ((3,), tf.float64), ((), tf.float32)
    found = shared(f, *specs)
    assert found.code is shared(f, *specs).code
    np.testing.assert_allclose(found.code(tf.constant(X), tf.constant(1.0))[0], X**2)


def test_what_is_placed_with_an_input_is_shared():
    import tensorflow as tf

    def f(x):
        with tf.compat.v1.colocate_with(x):
            return tf.square(x)

    found = shared(f)
    assert found.code is shared(f).code
    np.testing.assert_allclose(found.code(tf.constant(X))[0], X**2)


def test_what_xla_lacks_runs_as_a_graph(compilations):
    import tensorflow as tf

    for k in range(2):
        f = multigrad.jit(lambda x, k=k: tf.raw_ops.NthElement(input=x, n=k), arrays="native")
        for _ in range(2):
            assert float(f(tf.constant(X))) == sorted(X)[k]
    assert len(compilations) == 2


def test_a_function_without_arrays_as_results():
    assert multigrad.jit(lambda x: (1, "one"), backend="tensorflow")(X) == (1, "one")


def test_code_that_was_forgotten_still_runs(monkeypatch):
    from multigrad.adapters.tensorflow import _code

    monkeypatch.setattr(_code, "_CODES", Recent(1))
    first = multigrad.gradient(lambda x: xp.sum(xp.sin(x)), backend="tensorflow", compile=True)
    second = multigrad.gradient(lambda x: xp.sum(xp.cos(x)), backend="tensorflow", compile=True)
    for _ in range(2):
        np.testing.assert_allclose(first(X), np.cos(X))
        np.testing.assert_allclose(second(X), -np.sin(X))
        gc.collect()


def test_functions_with_rules_share_their_code(compilations):
    for k in range(3):
        data = DATA + k
        np.testing.assert_allclose(
            differentiated(lambda x, data=data: xp.sum(xp.sqrt(x * x * data))), np.sign(X) * data**0.5
        )
    assert len(compilations) == 1


def with_rule(scale):
    @multigrad.custom_vjp
    def scaled(x):
        return x**2 * scale

    scaled.defvjp(lambda x: (x**2 * scale, (x,)), lambda kept, cotangent: (10 * cotangent * kept[0] * scale,))
    return scaled


def test_rules_go_with_the_function():
    def once():
        scale = tensor(np.full(1000, 2.0))
        rule = with_rule(scale)

        def f(x):
            return xp.sum(xp.sqrt(rule(x) / xp.max(scale)))

        x = np.full(1000, 3.0)
        np.testing.assert_allclose(differentiated(f, x), np.full(1000, 5.0))
        return weakref.ref(scale), weakref.ref(f)

    once()
    gc.collect()
    before = registered()
    kept = once()
    gc.collect()
    assert [one() for one in kept] == [None, None]
    assert registered() == before


def norm(scale):
    return lambda x: xp.sum(xp.sqrt(x * x * scale))


def test_rules_stay_for_a_graph_of_the_caller():
    import tensorflow as tf

    @tf.function(autograph=False)
    def outer(x):
        return multigrad.jit(norm(4.0))(x)

    x = tf.constant(X)
    outer.get_concrete_function(x)
    gc.collect()
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = outer(x)
    np.testing.assert_allclose(value, 2 * np.sum(np.abs(X)))
    np.testing.assert_allclose(tape.gradient(value, x), 2 * np.sign(X))


def test_a_compiled_function_becomes_part_of_a_graph_with_its_rules():
    import tensorflow as tf

    data = tf.constant(X)
    # Without arguments, which would tell a program for a graph from one that runs at once.
    compiled = multigrad.jit(lambda: xp.sum(xp.sqrt(data * data)), backend="tensorflow", arrays="native")
    assert float(compiled()) == np.sum(np.abs(X))
    outer = tf.function(compiled, autograph=False).get_concrete_function()
    del compiled
    gc.collect()
    with tf.GradientTape() as tape:
        tape.watch(data)
        value = outer()
    np.testing.assert_allclose(tape.gradient(value, data), np.sign(X))


def test_a_function_that_was_compiled_in_a_graph_runs_outside_of_it():
    import tensorflow as tf

    compiled = multigrad.jit(lambda: xp.sum(xp.asarray(DATA)), backend="tensorflow")
    for _ in range(2):
        assert float(tf.function(compiled, autograph=False)()) == np.sum(DATA)
        assert float(compiled()) == np.sum(DATA)


def test_rules_of_others_stay():
    import tensorflow as tf

    @tf.custom_gradient
    def tripled(x):
        return x * 3, lambda cotangent: cotangent * 30

    x = tf.constant(X)
    theirs = tf.function(lambda x: tripled(x), autograph=False)
    traced = theirs.get_concrete_function(x)
    definition, result = traced.graph.as_graph_def(), traced.outputs[0].name
    del definition.node[0]  # the placeholder, which XLA does not compile

    def imported(x):
        return tf.reduce_sum(tf.graph_util.import_graph_def(definition, {"x": x}, [result])[0])

    np.testing.assert_allclose(multigrad.jit(imported, arrays="native")(x), 3 * np.sum(X))
    del imported
    gc.collect()
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = theirs(x)
    np.testing.assert_allclose(tape.gradient(value, x), np.full(3, 30.0))


def test_a_tape_of_the_caller_gets_the_derivatives_of_the_function():
    import tensorflow as tf

    x = tf.constant(X)
    results = {}
    for watched in (False, True, False):
        compiled = multigrad.jit(norm(tf.constant(4.0, tf.float64)))
        with tf.GradientTape(persistent=True) as tape:
            if watched:
                tape.watch(x)
            value = compiled(x)
        del compiled
        gc.collect()
        results[watched] = tape.gradient(value, x)
    assert results[False] is None
    np.testing.assert_allclose(results[True], 2 * np.sign(X))


def test_one_program_runs_with_and_without_a_tape(compilations):
    import tensorflow as tf

    compiled = multigrad.gradient(lambda x: xp.sum(x**3), backend="tensorflow", compile=True)
    x = tf.constant(X)
    for _ in range(2):
        np.testing.assert_allclose(compiled(x), 3 * X**2)
        with tf.GradientTape() as tape:
            tape.watch(x)
            slopes = compiled(x)
        np.testing.assert_allclose(tape.gradient(slopes, x), 6 * X)
        with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as accumulator:
            slopes = compiled(x)
        np.testing.assert_allclose(accumulator.jvp(slopes), 6 * X)
    assert len(compilations) == 1


def test_a_shape_of_many_axes_counts_as_data_and_still_compiles():
    import tensorflow as tf

    from multigrad.adapters.tensorflow._program import Program

    shape = np.ones(20, dtype=np.int64)
    program = Program(lambda x: (tf.broadcast_to(x, tf.constant(shape)) * 2.0,), (tf.constant(3.0),))
    (result,) = program(tf.constant(3.0))
    assert result.shape == tuple(shape)
    assert float(tf.reduce_sum(result)) == 6.0
    assert program._is_compiled


def test_what_xla_refuses_with_data_as_inputs_is_compiled_with_the_data(monkeypatch):
    import tensorflow as tf

    from multigrad.adapters.tensorflow import _code
    from multigrad.adapters.tensorflow._program import Program

    def refuse(code, *inputs):
        raise tf.errors.InvalidArgumentError(None, None, "must be a compile-time constant")

    monkeypatch.setattr(_code._Code, "__call__", refuse)
    program = Program(lambda x: (x * tf.constant(DATA),), (tf.constant(3.0, tf.float64),))
    for _ in range(2):
        np.testing.assert_array_equal(program(tf.constant(3.0, tf.float64))[0], 3.0 * DATA)
    assert program._is_compiled
    assert program._shared is None


def test_what_xla_has_no_kernel_for_runs_as_a_graph_also_under_a_tape():
    import tensorflow as tf

    from multigrad.adapters.tensorflow._program import Program

    matrices = tf.constant(np.eye(4) + 0.1)
    program = Program(lambda x: (tf.linalg.det(x),), (matrices,))
    with tf.GradientTape() as tape:
        tape.watch(matrices)
        (value,) = program(matrices)
    np.testing.assert_allclose(tape.gradient(value, matrices), np.linalg.inv(matrices.numpy()).T * value, rtol=1e-12)
    np.testing.assert_allclose(program(matrices)[0], value, rtol=1e-14)
    assert not program._is_compiled
