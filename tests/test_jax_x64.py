"""JAX in double precision without its global flag."""

import numpy as np
import pytest

import multigrad
from multigrad import xp

pytestmark = pytest.mark.needs("jax")


@pytest.fixture
def jax():
    import jax

    multigrad.get_backend("jax")
    assert not jax.config.jax_enable_x64  # the flag's default, which this file is about
    yield jax
    assert not jax.config.jax_enable_x64


def f(x):
    return xp.sum(xp.sin(x) * xp.exp(x))


def slope(x):
    return np.exp(x) * (np.sin(x) + np.cos(x))


def test_importing_and_using_the_backend_leaves_the_flag(jax):
    before = jax.config.jax_enable_x64
    seen = []
    multigrad.gradient(lambda x: seen.append(jax.config.jax_enable_x64) or x * x, backend="jax")(1.0)
    assert seen == [True]
    assert jax.config.jax_enable_x64 is before
    assert jax.numpy.asarray(1.0).dtype == np.float32


@pytest.mark.parametrize(
    "point", [0.7, np.float64(0.7), np.asarray(0.7), [0.7]], ids=["number", "scalar", "array", "list"]
)
def test_float64_results_have_double_precision(jax, point):
    value, gradient = multigrad.value_and_gradient(lambda x: f(x[0] if isinstance(x, list) else x), backend="jax")(
        point
    )
    gradient = gradient[0] if isinstance(point, list) else gradient
    assert isinstance(gradient, jax.Array)
    assert gradient.dtype == np.float64
    assert value.dtype == np.float64
    assert not gradient.weak_type
    assert float(gradient) == pytest.approx(slope(0.7), rel=1e-14)
    assert float(value) == pytest.approx(np.sin(0.7) * np.exp(0.7), rel=1e-14)


def test_float32_stays_float32(jax):
    seen = []
    x = jax.numpy.asarray([0.5, 1.5])
    result = multigrad.gradient(lambda x: seen.append(jax.config.jax_enable_x64) or f(x))(x)
    assert seen == [False]
    assert result.dtype == np.float32
    np.testing.assert_allclose(np.asarray(result), slope(np.array([0.5, 1.5])), rtol=1e-6)
    assert multigrad.gradient(f, backend="jax", dtype="float32")(0.5).dtype == np.float32


@pytest.mark.parametrize(("dtype", "wide"), [("float32", False), ("float64", True)])
def test_dtype_decides_before_the_scope(jax, dtype, wide):
    seen = []
    data = np.ones(2, dtype="float32" if wide else "float64")
    result = multigrad.gradient(lambda x: seen.append(jax.config.jax_enable_x64) or f(x), backend="jax", dtype=dtype)(
        data
    )
    assert seen == [wide]
    assert result.dtype == dtype


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_inputs_decide_like_real_ones(jax, dtype):
    seen = []
    data = np.asarray(3 + 4j, dtype=dtype)
    g = multigrad.gradient(lambda z: seen.append(jax.config.jax_enable_x64) or xp.abs(z) ** 2, backend="jax")(data)
    assert seen == [dtype == "complex128"]
    assert g.dtype == dtype
    assert complex(g) == pytest.approx(6 + 8j, rel=1e-6)


def test_integer_arrays_alone_do_not_switch(jax):
    seen = []
    x = jax.numpy.asarray([1.0, 2.0, 3.0])
    index = np.array([2, 0])  # int64

    def g(x, index):
        seen.append((jax.config.jax_enable_x64, str(index.dtype)))
        return xp.sum(x[index] ** 2)

    result = multigrad.gradient(g)(x, index)
    assert seen == [(False, "int64")]
    assert result.dtype == np.float32
    assert result.tolist() == [2.0, 0.0, 6.0]


def test_a_float64_array_that_is_not_differentiated_switches(jax):
    result = multigrad.gradient(lambda x, y: xp.sum(x * y), backend="jax")(np.ones(2, np.float32), np.full(2, 1.5))
    assert result.dtype == np.float32
    value, _ = multigrad.value_and_gradient(lambda x, y: x + y, backend="jax")(np.float32(1.0), np.float64(1e-12))
    assert value.dtype == np.float64
    assert float(value) - 1.0 == pytest.approx(1e-12, rel=1e-3)


def test_python_numbers_follow_the_arrays(jax):
    in_array, in_number = multigrad.gradient(lambda x, c: xp.sum(x) * c, argnums=(0, 1))(jax.numpy.ones(2), 3.0)
    assert (in_array.dtype, in_number.dtype) == (np.float32, np.float32)


def test_pullbacks_reenter_the_scope(jax):
    value, pullback = multigrad.vjp(xp.sin, np.array([0.5, 1.5]), backend="jax")
    assert value.dtype == np.float64
    for cotangent in (np.array([1.0, 1e-9]), multigrad.asarray([2.0, 3.0], backend="jax")):
        (result,) = pullback(cotangent)
        assert result.dtype == np.float64
        np.testing.assert_allclose(np.asarray(result), np.cos([0.5, 1.5]) * np.asarray(cotangent), rtol=1e-15)
        assert not jax.config.jax_enable_x64
    with pytest.raises(multigrad.StructureError, match="float64"):
        pullback(jax.numpy.ones(2))


def test_nested_derivatives_keep_double_precision(jax):
    third = multigrad.gradient(multigrad.gradient(multigrad.gradient(xp.sin)), backend="jax")(0.7)
    assert third.dtype == np.float64
    assert float(third) == pytest.approx(-np.cos(0.7), rel=1e-15)


def test_gradient_descent_inside_use_backend_stays_float64(jax):
    gradient = multigrad.gradient(lambda x: xp.sum((x - 1 / 3) ** 2))
    x = expected = np.array([1.0, 2.0])
    with multigrad.use_backend("jax", dtype="float64"):
        for _ in range(3):
            x = x - 0.1 * gradient(x)  # the user's own arithmetic
            expected = expected - 0.1 * 2 * (expected - 1 / 3)
            assert isinstance(x, jax.Array)
            assert x.dtype == np.float64
        x = x * 1.0
        assert x.dtype == np.float64
    np.testing.assert_allclose(np.asarray(x), expected, rtol=1e-15)
    # Outside, the user's flag rules the user's arithmetic again.
    assert jax.numpy.asarray(1.0).dtype == np.float32


def test_use_backend_restores_after_an_error(jax):
    def fail():
        with multigrad.use_backend("jax", dtype="float64"):
            assert jax.config.jax_enable_x64
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not jax.config.jax_enable_x64


def test_an_error_in_f_leaves_the_scope(jax):
    def failing(x):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        multigrad.gradient(failing, backend="jax")(1.0)
    assert not jax.config.jax_enable_x64


def test_arrays_outside_any_computation_keep_their_width(jax):
    x = multigrad.asarray([0.5, 1.5], backend="jax")
    assert x.dtype == np.float64
    np.testing.assert_allclose(np.asarray(xp.sin(x)), np.sin([0.5, 1.5]), rtol=1e-15)
    assert xp.sin(x).dtype == np.float64
    wrapped = multigrad.array_api.jax.asarray(x)
    assert (wrapped * 2 + 1).dtype == np.float64
    assert multigrad.asarray(2**40, backend="jax").dtype == np.int64
    assert int(multigrad.asarray(2**40, backend="jax")) == 2**40


def test_inside_jit(jax):
    single = jax.numpy.asarray([0.5, 1.5])
    compiled = jax.jit(multigrad.gradient(f))
    assert compiled(single).dtype == np.float32
    np.testing.assert_allclose(np.asarray(compiled(single)), slope(np.asarray(single)), rtol=1e-6)
    with multigrad.use_backend("jax", dtype="float64"):
        double = jax.jit(multigrad.gradient(f))(np.array([0.5, 1.5]))
    assert double.dtype == np.float64
    np.testing.assert_allclose(np.asarray(double), slope(np.array([0.5, 1.5])), rtol=1e-14)


def test_a_pullback_may_be_compiled(jax):
    _, pullback = multigrad.vjp(lambda x: x**3, jax.numpy.asarray([1.0, 2.0]))
    assert jax.jit(lambda ct: pullback(ct)[0])(jax.numpy.ones(2)).tolist() == [3.0, 12.0]


def test_a_user_who_set_the_flag_keeps_it(jax):
    jax.config.update("jax_enable_x64", True)
    try:
        assert multigrad.gradient(f)(jax.numpy.asarray(0.5)).dtype == np.float64
        assert multigrad.gradient(f, backend="jax")(np.float32(0.5)).dtype == np.float32
        assert jax.config.jax_enable_x64
    finally:
        jax.config.update("jax_enable_x64", False)


@pytest.mark.parametrize("compile", [False, True])
def test_a_float64_constant_in_a_float32_computation(compile):
    constant = np.asarray([[1.0, 2.0], [3.0, 4.0]])

    def f(x):
        return xp.sum((xp.asarray(constant) @ x) ** 2)

    x = np.ones(2, dtype=np.float32)
    value, gradient = multigrad.value_and_gradient(f, backend="jax", compile=compile)(x)
    assert (str(value.dtype), str(gradient.dtype)) == ("float64", "float32")
    np.testing.assert_allclose(gradient, 2 * constant.T @ constant @ x, rtol=1e-6)
    hessian = multigrad.hessian(f, backend="jax", compile=compile)(x)
    np.testing.assert_allclose(hessian, 2 * constant.T @ constant, rtol=1e-6)


def test_positions_are_found_in_a_compiled_program_of_float32(jax):
    options = [{}, {"axis": 1}, {"axis": -2, "keepdims": True}, {"keepdims": True}]
    x = np.asarray([[0.5, 2.0, -1.0], [3.0, np.nan, -1.0]], np.float32)
    compiled = multigrad.jit(lambda x: [[f(x, **kwargs) for kwargs in options] for f in (xp.argmax, xp.argmin)])
    for found, find in zip(compiled(jax.numpy.asarray(x)), (np.argmax, np.argmin), strict=True):
        for position, kwargs in zip(found, options, strict=True):
            assert position.dtype == np.int64
            np.testing.assert_array_equal(position, find(x, **kwargs))


def test_apply_where_compiles_in_float32(jax):
    def f(x):
        return xp.sum(multigrad.apply_where(x > 0, x, xp.sqrt, fill_value=0.0))

    found = multigrad.gradient(f, compile=True)(jax.numpy.asarray([0.25, 4.0, -1.0]))
    assert found.tolist() == [1.0, 0.25, 0.0]
