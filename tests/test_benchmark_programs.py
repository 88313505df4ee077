"""The programs of the benchmarks compute what they say, in array-API code and in every framework's own words.

A ratio of times means something only between calls that do the same: the derivatives are compared with the framework's
own autodiff of its native version, and both with references in NumPy that share no code with either.
"""

import itertools
import subprocess
import sys

import numpy as np
import pytest
import scipy.special
import scipy.stats
from benchmarks.programs import PROGRAMS
from benchmarks.programs.gmm import GAMMA, M

import multigrad
from multigrad import xp

FRAMEWORKS = ("torch", "jax", "tensorflow")


@pytest.fixture(params=PROGRAMS)
def program(request):
    return PROGRAMS[request.param]


@pytest.fixture
def data(program):
    return program.data(program.sizes["quick"])


def assert_same(found, expected, rtol=1e-9):
    """Compare arrays up to a fraction of their largest entry: sums of terms of both signs cancel in the small ones."""
    assert len(found) == len(expected)
    for a, b in zip(map(multigrad.to_numpy, found), expected, strict=True):
        assert a.dtype == np.float64
        assert a.shape == b.shape
        assert np.max(np.abs(b)) > 0
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * np.max(np.abs(b)))


def derivatives(program, backend, compile=False):
    """Return a function of the arguments that gives value and derivatives through multigrad, as one tuple."""
    options = {"backend": backend, "compile": compile}
    both = multigrad.value_and_gradient(program.standard, argnums=program.argnums, **options)

    def call(*args):
        value, gradient = both(*args)
        gradients = gradient if isinstance(gradient, tuple) else (gradient,)
        if program.operator == "gradient":
            return value, *gradients
        first, *rest = args

        def total_slope(x):
            return xp.sum(multigrad.gradient(program.standard)(x, *rest))

        return value, *gradients, multigrad.gradient(total_slope, **options)(first)

    return call


def native_torch(f, args, chosen, second):
    import torch

    args = [torch.tensor(x, requires_grad=i in chosen) for i, x in enumerate(args)]
    leaves = [args[i] for i in chosen]
    value = f(*args)
    gradients = torch.autograd.grad(value, leaves, create_graph=second)
    products = torch.autograd.grad(gradients[0].sum(), leaves) if second else ()
    return [x.detach().numpy() for x in (value, *gradients, *products)]


def native_jax(f, args, chosen, second):
    import jax
    import jax.numpy as jnp

    with jax.enable_x64(True):
        args = [jnp.asarray(x) for x in args]
        value, gradients = jax.value_and_grad(f, chosen)(*args)
        slope = jax.grad(lambda x: jnp.sum(jax.grad(f)(x, *args[1:])))
        return [np.asarray(x) for x in (value, *gradients, *([slope(args[0])] if second else []))]


def native_tensorflow(f, args, chosen, second):
    import tensorflow as tf

    args = [tf.constant(x) for x in args]
    leaves = [args[i] for i in chosen]
    with tf.GradientTape() as outer:
        outer.watch(leaves)
        with tf.GradientTape() as inner:
            inner.watch(leaves)
            value = f(*args)
        gradients = inner.gradient(value, leaves)
    products = outer.gradient(gradients, leaves) if second else []
    return [x.numpy() for x in (value, *gradients, *products)]


NATIVE = {"torch": native_torch, "jax": native_jax, "tensorflow": native_tensorflow}


@pytest.mark.backends(*FRAMEWORKS)
def test_standard_and_native_code_have_the_same_derivatives(program, data, backend):
    chosen = program.argnums if isinstance(program.argnums, tuple) else (program.argnums,)
    native = NATIVE[backend](program.native[backend], data, chosen, program.operator == "gradient_and_hvp")
    assert_same(derivatives(program, backend)(*data), native)


@pytest.mark.backends(*FRAMEWORKS)
def test_compiled_is_eager(program, data, backend):
    eager = [multigrad.to_numpy(x) for x in derivatives(program, backend)(*data)]
    assert_same(derivatives(program, backend, compile=True)(*data), eager)


def test_derivatives_are_the_mathematics(program, data, backend):
    expected = REFERENCES[program.name](*data)
    assert_same(derivatives(program, backend)(*data), expected)


def lse_reference(x):
    return scipy.special.logsumexp(x), scipy.special.softmax(x)


def llsq_reference(coefficients, t):
    powers = np.stack([t**j for j in range(coefficients.size)], axis=1)
    residuals = np.sign(t) - powers @ coefficients
    return residuals @ residuals / 2, -powers.T @ residuals


def det_reference(matrix):
    determinant = np.linalg.det(matrix)
    return determinant, determinant * np.linalg.inv(matrix).T


def kmeans_reference(centroids, points):
    distances = np.sum((points[:, None, :] - centroids) ** 2, axis=2)
    members = np.arange(len(centroids)) == np.argmin(distances, axis=1)[:, None]
    counts = np.sum(members, axis=0)[:, None]
    curvature = np.broadcast_to(2.0 * counts, centroids.shape)
    return np.sum(np.min(distances, axis=1)), 2 * (counts * centroids - members.T @ points), curvature


def ode_reference(x, times):
    # A step multiplies the generating function of y in the nilpotent matrix of the problem by exp's Taylor polynomial.
    steps = len(times) - 1
    one_step = np.polynomial.Polynomial([1, 1, 1 / 2, 1 / 6, 1 / 24])
    last = np.prod(x) * (2.0 / steps) ** x.size * (one_step**steps).coef[x.size]
    return last, last / x


def gmm_reference(alpha, mu, q, lower, x):
    arguments = alpha, mu, q, lower
    precisions = [_precision(*parameters) for parameters in zip(q, lower, strict=True)]
    covariances = map(np.linalg.inv, precisions)
    densities = [scipy.stats.multivariate_normal.pdf(x, *both) for both in zip(mu, covariances, strict=True)]
    d = x.shape[1]
    priors = [scipy.stats.wishart.logpdf(matrix, d + M + 1, np.eye(d) / GAMMA**2) for matrix in precisions]
    value = np.sum(np.log(scipy.special.softmax(alpha) @ densities)) + np.sum(priors)
    return value, *(_complex_step(lambda *moved: _log_posterior(*moved, x), arguments, i) for i in range(4))


def _precision(log_diagonal, below):
    factor, entries = np.diag(np.exp(log_diagonal)), iter(below)
    for column, row in itertools.combinations(range(len(factor)), 2):
        factor[row, column] = next(entries)
    return factor.T @ factor


def _log_posterior(alpha, mu, q, lower, x):
    """Return the log posterior up to a constant, by the definitions, for complex parameters too."""
    densities, prior = 0.0, 0.0
    for weight, mean, *parameters in zip(np.exp(alpha) / np.sum(np.exp(alpha)), mu, q, lower, strict=True):
        precision = _precision(*parameters)
        determinant = np.linalg.det(precision)
        exponents = np.einsum("ni,ij,nj->n", x - mean, precision, x - mean) / 2
        densities = densities + weight * np.sqrt(determinant) * np.exp(-exponents)
        prior += M / 2 * np.log(determinant) - GAMMA**2 / 2 * np.trace(precision)
    return np.sum(np.log(densities)) + prior


def _complex_step(f, arguments, i):
    """Return the derivative in argument i of an analytic function, to rounding (Squire and Trapp, 1998)."""
    slopes, step = np.zeros_like(arguments[i]), 1e-30
    for place in np.ndindex(slopes.shape):
        moved = [x.astype(np.complex128) for x in arguments]
        moved[i][place] += 1j * step
        slopes[place] = f(*moved).imag / step
    return slopes


REFERENCES = {
    "gmm": gmm_reference,
    "kmeans": kmeans_reference,
    "lse": lse_reference,
    "llsq": llsq_reference,
    "det": det_reference,
    "ode": ode_reference,
}


def test_data_are_the_same_at_every_call(program, data):
    again = program.data(program.sizes["quick"])
    for a, b in zip(data, again, strict=True):
        assert a.dtype == np.float64
        np.testing.assert_array_equal(a, b)


def test_logsumexp_of_large_numbers_does_not_overflow(backend):
    x = 1000.0 + PROGRAMS["lse"].data({"n": 20})[0]
    assert_same(derivatives(PROGRAMS["lse"], backend)(x), lse_reference(x))


def test_last_component_of_the_ode_is_zero_where_the_docstring_says_so(backend):
    program = PROGRAMS["ode"]
    for n, is_zero in ((12, False), (13, True)):
        value = multigrad.value_and_gradient(program.standard, backend=backend)(*program.data({"n": n, "s": 3}))[0]
        assert (float(multigrad.to_numpy(value)) == 0.0) is is_zero


def test_importing_the_programs_imports_no_framework():
    code = "import sys, benchmarks.programs; print(sorted({'torch', 'jax', 'tensorflow'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
