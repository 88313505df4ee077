"""Derivatives of the engine against differences: full gradients, and cheap checks along one direction."""

import math

import array_api_compat.numpy
import array_api_strict
import numpy as np

from multigrad.engine import TracedNamespace, Tracer, jvp, vjp

NUMPY = TracedNamespace(array_api_compat.numpy)
STRICT = TracedNamespace(array_api_strict)


def value_and_pullback(xp, f, *primals):
    (out,), pull, _ = vjp(xp, lambda *p: ((f(*p),), ()), primals)
    return out, lambda g: pull((g,))


def gradient(xp, f, *primals):
    """Return the gradients of Σ weights · f, with weights that differ from element to element."""
    out, pull = value_and_pullback(xp, f, *primals)
    return pull(xp.asarray(weights(out)))


def weights(out):
    return 1.0 + 0.1 * np.arange(math.prod(out.shape)).reshape(out.shape)


def differences(f, primals):
    """Return the gradients of Σ weights · f by central differences, extrapolated twice: about eleven digits."""

    def total(*arrays):
        out = np.asarray(f(*arrays))
        return np.sum(weights(out) * out)

    def slope(i, at):
        def moved(shift):
            arrays = [np.array(p, dtype=np.float64) for p in primals]
            arrays[i][at] += shift
            return total(*arrays)

        d = [(moved(h) - moved(-h)) / (2 * h) for h in (4e-3, 2e-3, 1e-3)]
        d = [(4 * d[1] - d[0]) / 3, (4 * d[2] - d[1]) / 3]
        return (16 * d[1] - d[0]) / 15

    grads = [np.zeros(np.shape(p)) for p in primals]
    for i, grad in enumerate(grads):
        for at in np.ndindex(grad.shape):
            grad[at] = slope(i, at)
    return grads


def check(xp, f, primals):
    """Compare first and second derivatives of ``f(xp, *arrays)`` with finite differences."""
    arrays = [xp.asarray(p) for p in primals]
    first = gradient(xp, lambda *p: f(xp, *p), *arrays)
    for found, expected in zip(first, differences(lambda *p: f(xp, *map(xp.asarray, p)), primals), strict=True):
        assert found.shape == expected.shape
        assert found.dtype == xp.float64
        np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-8, atol=1e-9)

    def along(*p):
        """Sum the gradient against fixed directions: a function of the primals again."""
        parts = gradient(xp, lambda *q: f(xp, *q), *p)
        directions = [xp.asarray(np.cos(1.0 + np.arange(g.size)).reshape(g.shape)) for g in parts]
        total = 0.0
        for part, direction in zip(parts, directions, strict=True):
            total = xp.add(xp.sum(xp.multiply(part, direction)), total)
        return total

    second = gradient(xp, along, *arrays)
    for found, expected in zip(second, differences(lambda *p: along(*map(xp.asarray, p)), primals), strict=True):
        np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-7, atol=1e-8)


def random_like(generator, x):
    """Return normal numbers like an array, complex ones like a complex one."""
    values = generator.normal(size=x.shape) + 1j * generator.normal(size=x.shape)
    return values if np.iscomplexobj(x) else values.real


def paired(first, second):
    """Return Re⟨first, second⟩."""
    return np.real(np.sum(np.conj(np.asarray(first)) * np.asarray(second)))


def check_along(xp, f, primals, rtol=1e-7, atol=1e-8):
    """Check Re⟨ct, J t⟩ = Re⟨pullback(ct), t⟩ with J t by central differences, and the same of the gradient along t."""
    generator = np.random.default_rng(11)
    tangents = [random_like(generator, np.asarray(p)) for p in primals]

    def check_pairing(f):
        arrays = [xp.asarray(p) for p in primals]
        out, pull = value_and_pullback(xp, f, *arrays)
        cotangent = random_like(generator, np.asarray(out))

        def moved(h):
            return np.asarray(f(*(xp.asarray(p + h * t) for p, t in zip(primals, tangents, strict=True))))

        steps = [(moved(h) - moved(-h)) / (2 * h) for h in (4e-3, 2e-3, 1e-3)]
        steps = [(4 * steps[1] - steps[0]) / 3, (4 * steps[2] - steps[1]) / 3]
        along = (16 * steps[1] - steps[0]) / 15
        grads = pull(xp.asarray(cotangent))
        assert [g.dtype for g in grads] == [x.dtype for x in arrays]
        pulled = sum(paired(g, t) for g, t in zip(grads, tangents, strict=True))
        np.testing.assert_allclose(pulled, paired(cotangent, along), rtol=rtol, atol=atol)

    check_pairing(f)
    arrays = [xp.asarray(p) for p in primals]
    cotangent = xp.asarray(random_like(generator, np.asarray(f(*arrays))))

    def gradient_along(*p):
        grads = value_and_pullback(xp, f, *p)[1](cotangent)
        parts = []
        for grad, t in zip(grads, tangents, strict=True):
            parts.append(xp.sum(xp.multiply(grad, xp.asarray(np.conj(t)))))
        parts = [xp.real(part) if xp.is_complex(part) else part for part in parts]
        return xp.stack(parts)

    check_pairing(gradient_along)


def check_forward(xp, f, primals):
    """Compare a push forward with the pullback."""
    generator = np.random.default_rng(5)
    arrays = tuple(xp.asarray(p) for p in primals)
    tangents = tuple(random_like(generator, np.asarray(p)) for p in primals)
    (out,), pull, _ = vjp(xp, lambda *p: ((f(*p),), ()), arrays)
    (value,), (pushed,), _ = jvp(xp, lambda *p: ((f(*p),), ()), arrays, tuple(xp.asarray(t) for t in tangents))
    np.testing.assert_array_equal(np.asarray(value), np.asarray(out))
    assert (pushed.shape, pushed.dtype) == (out.shape, out.dtype)
    cotangent = random_like(generator, np.asarray(out))
    pulled = sum(paired(g, t) for g, t in zip(pull((xp.asarray(cotangent),)), tangents, strict=True))
    np.testing.assert_allclose(pulled, paired(cotangent, pushed), rtol=1e-9, atol=1e-10)


def stripped(x):
    """Return the plain array under all traces."""
    while isinstance(x, Tracer):
        x = x.value
    return x
