"""Libraries written against the array API standard take an `Array` of every backend: SciPy, array-api-extra.

Values are those that the library gives for NumPy's arrays, gradients are finite differences of these. A function whose
implementation leaves the namespace raises: it never gives a silent zero.
"""

import os
import subprocess
import sys

import array_api_compat
import array_api_extra as xpx
import numpy as np
import pytest
import scipy.cluster.vq
import scipy.constants
import scipy.fft
import scipy.integrate
import scipy.linalg
import scipy.ndimage
import scipy.optimize
import scipy.signal
import scipy.spatial.distance
import scipy.special
import scipy.stats

import multigrad
from multigrad import DetachedValueError, xp

X = np.array([0.5, 1.5, 2.5, 0.7])
M = np.array([[4.0, 1.0], [1.0, 3.0]])

# On a vector x of positive numbers; each stays in the namespace of its argument.
STAY = {
    "special.logsumexp": scipy.special.logsumexp,
    "special.softmax": scipy.special.softmax,
    "special.log_softmax": scipy.special.log_softmax,
    "stats.gmean": scipy.stats.gmean,
    "stats.hmean": scipy.stats.hmean,
    "stats.pmean": lambda x: scipy.stats.pmean(x, 2.0),
    "stats.skew": scipy.stats.skew,
    "stats.kurtosis": scipy.stats.kurtosis,
    "stats.moment": lambda x: scipy.stats.moment(x, 3),
    "stats.variation": scipy.stats.variation,
    "stats.sem": scipy.stats.sem,
    "stats.zscore": scipy.stats.zscore,
    "stats.tmean": scipy.stats.tmean,
    "stats.circmean": scipy.stats.circmean,
    "integrate.trapezoid": scipy.integrate.trapezoid,
    "integrate.cumulative_trapezoid": scipy.integrate.cumulative_trapezoid,
    "integrate.cumulative_simpson": lambda x: scipy.integrate.cumulative_simpson(x, dx=1.0),
    "optimize.rosen": scipy.optimize.rosen,
    "optimize.rosen_der": scipy.optimize.rosen_der,
    "optimize.rosen_hess_prod": lambda x: scipy.optimize.rosen_hess_prod(x, x),
    "cluster.whiten": lambda x: scipy.cluster.vq.whiten(x.reshape(2, 2)),
    "constants.convert_temperature": lambda x: scipy.constants.convert_temperature(x, "Celsius", "Kelvin"),
    "fft.fft": lambda x: abs(scipy.fft.fft(x)),
    "extra.at": lambda x: xpx.at(x, 1).set(5.0, copy=True) * x,
    "extra.at-slice": lambda x: xpx.at(x)[1:].add(5.0, copy=True) * x,
    "extra.at-mask": lambda x: xpx.at(x, x > 1).multiply(3.0, copy=True) * x,
    "extra.cov": lambda x: xpx.cov(xp.stack([x, x**2])),
    "extra.pad": lambda x: xpx.pad(x, 2, constant_values=1.0),
    "extra.atleast_nd": lambda x: xpx.atleast_nd(x, ndim=3),
    "extra.create_diagonal": xpx.create_diagonal,
    "extra.kron": lambda x: xpx.kron(x, x),
    "extra.sinc": xpx.sinc,
    "extra.nan_to_num": xpx.nan_to_num,
    "extra.apply_where": lambda x: xpx.apply_where(x > 1, (x,), lambda t: t**2, lambda t: t**3),
    "extra.isclose": lambda x: xpx.isclose(x, x) * x,
    "extra.one_hot": lambda x: xpx.one_hot(xp.asarray([1, 0]), 4) @ x,
}
# Their implementations are compiled code that takes NumPy's arrays only.
LEAVE = {
    "special.gammaln": scipy.special.gammaln,
    "integrate.simpson": scipy.integrate.simpson,
    "signal.detrend": scipy.signal.detrend,
    "spatial.cdist": lambda x: scipy.spatial.distance.cdist(x[:, None], x[:, None]),
    "linalg.inv": lambda x: scipy.linalg.inv(xp.reshape(x, (2, 2))),
    "ndimage.gaussian_filter": lambda x: scipy.ndimage.gaussian_filter(x, 1.0),
}


def weighted(out):
    return xp.sum(out * np.cos(np.arange(out.size, dtype=np.float64)).reshape(out.shape))


def differences(f, x, h=1e-5):
    rows = np.eye(x.size) * h
    values = [[weighted(multigrad.native(f(x + row * sign))) for sign in (1, -1)] for row in rows]
    return np.asarray([(float(up) - float(down)) / (2 * h) for up, down in values])


@pytest.mark.parametrize("name", STAY)
def test_values_and_gradients_of_functions_that_stay(backend, name):
    f = STAY[name]

    def value_and_output(x):
        out = f(x)
        return weighted(out), out

    (_, out), gradient = multigrad.value_and_gradient(value_and_output, has_aux=True, backend=backend)(X)
    expected = np.asarray(multigrad.to_numpy(f(X)))
    np.testing.assert_allclose(multigrad.to_numpy(out), expected, rtol=1e-12)
    np.testing.assert_allclose(multigrad.to_numpy(gradient), differences(f, X), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", LEAVE)
def test_functions_that_leave_raise(backend, name):
    with pytest.raises(DetachedValueError, match="out of the computation"):
        multigrad.gradient(lambda x: weighted(LEAVE[name](x)), backend=backend)(X)


def test_array_api_compat_accepts_arrays(backend):
    seen = []

    def f(x):
        namespace = array_api_compat.array_namespace(x, xp.asarray(2.0))
        seen.append((namespace, array_api_compat.is_array_api_obj(x), array_api_compat.size(x)))
        assert array_api_compat.to_device(x, array_api_compat.device(x)).shape == x.shape
        return namespace.sum(x)

    multigrad.gradient(f, backend=backend)(X)
    assert seen == [(getattr(multigrad.array_api, backend), True, 4)]


@pytest.mark.parametrize("name", ["nunique", "setdiff1d"])
def test_sets_of_array_api_extra(backend, name):
    namespace = getattr(multigrad.array_api, backend)
    x = namespace.asarray(np.asarray([1.0, 2.0, 2.0, 3.0]))
    if name == "nunique":
        assert int(xpx.nunique(x)) == 3
    else:
        assert multigrad.to_numpy(xpx.setdiff1d(x, x[:2])).tolist() == [3.0]


def test_scipy_without_its_flag_raises(backend):
    """Without SCIPY_ARRAY_API SciPy makes NumPy arrays of its arguments."""
    code = (
        "import scipy.special, numpy, multigrad\n"
        "try:\n"
        f"    multigrad.gradient(scipy.special.logsumexp, backend={backend!r})(numpy.ones(3))\n"
        "except multigrad.DetachedValueError:\n"
        "    print('raised')\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "SCIPY_ARRAY_API"}
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert found.stdout.strip() == "raised"
