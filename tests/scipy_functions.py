"""SciPy's array-API list (its capability table, SciPy 1.17): one call of every function on a vector of twelve numbers.

Each function stands in one of five tables: SMOOTH (computed in the namespace of its argument and differentiable), FLAT
(computed there, and constant around every point: ranks, counts, thresholds), LEAVING (compiled code that takes NumPy's
arrays only; it raises), REFUSING (it asks for more than there is, and raises) or UNTESTED, with the reason. Several
calls of one function differ in what is differentiated: ``romb-dx``.
"""

import numpy as np
import scipy.cluster.hierarchy as hierarchy
import scipy.cluster.vq as vq
import scipy.constants as constants
import scipy.differentiate as differentiate
import scipy.fft as fft
import scipy.integrate as integrate
import scipy.interpolate as interpolate
import scipy.linalg as linalg
import scipy.ndimage as ndimage
import scipy.optimize as optimize
import scipy.signal as signal
import scipy.spatial as spatial
import scipy.special as special
import scipy.stats as stats
from scipy.optimize import elementwise
from scipy.signal import windows

from multigrad import xp

from .library_gradients import calls, constant, matrix, prefixed, rows


def grid():
    return constant(np.linspace(0.0, 1.0, 12))


def inside():
    return constant([0.11, 0.52, 0.93])


def numerator(x):
    return x[:3]


def denominator(x):
    return xp.concat([xp.ones_like(x[:1]), x[3:5] * 0.3])


def sections(x):
    return xp.reshape(xp.concat([x[:3], denominator(x)]), (1, 6))


def state_space(x):
    return rows(x[:4]) * 0.3, rows(x[:2], 1), rows(x[:2]), rows(x[:1], 1)


def linkage(x):
    tree = constant(hierarchy.linkage(np.random.default_rng(0).random((6, 2))))
    return xp.stack([tree[:, 0], tree[:, 1], xp.sort(x[:5]), tree[:, 3]], axis=1)


def tested(test):
    """Return a function with the statistic and p-value of a statistical test."""

    def statistic_and_pvalue(*args):
        found = test(*args)
        return found.statistic, found.pvalue

    return statistic_and_pvalue


def called(module, names, call):
    return calls(module.__name__.split(".")[1], module, names, call)


def reasons(prefix, names, reason):
    return {f"{prefix}.{name}": reason for name in names.split()}


SMOOTH = {
    **called(
        special,
        "digamma entr erf erfc erfinv expit gammaln i0 i0e i1 i1e log_ndtr log_softmax logit logsumexp ndtr ndtri psi "
        "softmax",
        lambda f, x: f(x),
    ),
    **called(special, "betaln rel_entr xlog1py xlogy", lambda f, x: f(x, 0.9 - x / 2)),
    **called(special, "chdtr chdtrc gammainc gammaincc", lambda f, x: f(constant(2.5), x)),
    "special.polygamma": lambda x: special.polygamma(2, x),
    "cluster.whiten": lambda x: vq.whiten(rows(x)),
    "cluster.to_mlab_linkage": lambda x: hierarchy.to_mlab_linkage(linkage(x)),
    **called(constants, "lambda2nu nu2lambda", lambda f, x: f(x)),
    "constants.convert_temperature": lambda x: constants.convert_temperature(x, "Celsius", "Kelvin"),
    "differentiate.derivative": lambda x: differentiate.derivative(lambda t: xp.sin(t) * t, x).df,
    "differentiate.jacobian": lambda x: differentiate.jacobian(xp.sin, x[:3]).df,
    **called(fft, "fft hfft ifft ihfft irfft rfft", lambda f, x: f(x)),
    **called(
        fft,
        "fft2 fftn fftshift hfft2 hfftn ifft2 ifftn ifftshift ihfft2 ihfftn irfft2 irfftn rfft2 rfftn",
        lambda f, x: f(matrix(x)),
    ),
    **called(fft, "fht ifht", lambda f, x: f(x, 0.1, 0.5)),
    **called(fft, "fftfreq rfftfreq", lambda f, x: f(4, d=x[0])),
    **prefixed(
        "integrate",
        {
            "cubature": lambda x: (
                integrate.cubature(lambda t: xp.sin(t[:, 0] * x[0]) + x[1], constant([0.0]), x[:1]).estimate
            ),
            "cumulative_simpson": lambda x: integrate.cumulative_simpson(x, dx=0.5),
            "cumulative_simpson-x": lambda x: integrate.cumulative_simpson(x, x=xp.cumulative_sum(x)),
            "cumulative_trapezoid": integrate.cumulative_trapezoid,
            "cumulative_trapezoid-x": lambda x: integrate.cumulative_trapezoid(x, x=x**2),
            "qmc_quad": lambda x: (
                integrate.qmc_quad(
                    lambda t: xp.sin(t[0] * x[0]),
                    constant([0.0]),
                    x[:1],
                    n_points=64,
                    qrng=stats.qmc.Halton(1, rng=np.random.default_rng(0)),
                ).integral
            ),
            "romb": lambda x: integrate.romb(x[:9], dx=0.5),
            "romb-dx": lambda x: integrate.romb(x[:9], dx=x[0]),
            "tanhsinh": lambda x: integrate.tanhsinh(xp.sin, x, x + 1.0).integral,
            "tanhsinh-args": lambda x: (
                integrate.tanhsinh(lambda t, a: xp.sin(a * t), xp.zeros_like(x), xp.ones_like(x), args=(x,)).integral
            ),
            "trapezoid": integrate.trapezoid,
            "trapezoid-x": lambda x: integrate.trapezoid(x, x=x**2),
        },
    ),
    "linalg.block_diag": lambda x: linalg.block_diag(matrix(x), rows(x)),
    "linalg.fiedler": linalg.fiedler,
    "linalg.orthogonal_procrustes": lambda x: linalg.orthogonal_procrustes(rows(x, 3), rows(x, 3) ** 2)[0],
    **called(optimize, "rosen rosen_der rosen_hess", lambda f, x: f(x)),
    "optimize.rosen_hess_prod": lambda x: optimize.rosen_hess_prod(x, x * x),
    "optimize.find_minimum": lambda x: (
        elementwise.find_minimum(lambda t, a: (t - a) ** 2, (x * 0 - 1, x * 0 + 0.05, x * 0 + 3), args=(x,)).x
    ),
    "optimize.find_root": lambda x: elementwise.find_root(lambda t, a: t * t - a, (x * 0, x * 0 + 2), args=(x,)).x,
    "signal.windows.exponential": lambda x: windows.exponential(5, tau=x[0]),
    "signal.windows.gaussian": lambda x: windows.gaussian(5, std=x[0]),
    "signal.windows.general_cosine": lambda x: windows.general_cosine(5, x[:3]),
    "signal.windows.general_gaussian": lambda x: windows.general_gaussian(5, p=x[0], sig=x[1]),
    **called(signal, "envelope hilbert", lambda f, x: f(x)),
    **called(signal, "lp2bp lp2bs lp2hp lp2lp", lambda f, x: f(numerator(x), denominator(x), 2.0)),
    **called(signal, "lp2bp_zpk lp2bs_zpk lp2hp_zpk lp2lp_zpk", lambda f, x: f(x[:2], x[2:4] * 0.7, x[4], 2.0)),
    **called(signal, "freqz_sos sosfreqz", lambda f, x: f(sections(x), worN=8)[1]),
    **prefixed(
        "signal",
        {
            "abcd_normalize": lambda x: signal.abcd_normalize(*state_space(x)),
            "bilinear_zpk": lambda x: signal.bilinear_zpk(x[:2], x[2:4] * 0.7, x[4], 1.0),
            "fftconvolve": lambda x: signal.fftconvolve(x, x[:3]),
            "firwin": lambda x: signal.firwin(5, x[0]),
            "freqs": lambda x: signal.freqs(numerator(x), denominator(x), worN=constant([0.5, 1.0]))[1],
            "freqs_zpk": lambda x: signal.freqs_zpk(x[:2], x[2:4], x[4], worN=constant([0.5, 1.0]))[1],
            "freqz": lambda x: signal.freqz(numerator(x), denominator(x), worN=8)[1],
            "freqz_zpk": lambda x: signal.freqz_zpk(x[:2], x[2:4], x[4], worN=8)[1],
            "gauss_spline": lambda x: signal.gauss_spline(x, 3),
            "hilbert2": lambda x: signal.hilbert2(matrix(x)),
            "lfiltic": lambda x: signal.lfiltic(numerator(x), denominator(x), x[:2]),
            "minimum_phase": lambda x: signal.minimum_phase(x[:5]),
            "normalize": lambda x: signal.normalize(numerator(x), x[3:6]),
            "resample": lambda x: signal.resample(x, 8),
            "vectorstrength": lambda x: signal.vectorstrength(x, 2.0),
            "vectorstrength-period": lambda x: signal.vectorstrength(x, x[0] + 1),
        },
    ),
    **called(
        stats,
        "circmean circstd circvar differential_entropy false_discovery_control gmean gstd gzscore hmean iqr kstat "
        "kstatvar kurtosis lmoment sem skew tmax tmean tmin tsem tstd tvar variation zscore",
        lambda f, x: f(x),
    ),
    **called(stats, "alexandergovern bartlett epps_singleton_2samp", lambda f, x: tested(f)(x[:6], x[6:] * 1.2)),
    **called(
        stats,
        "jarque_bera kurtosistest normaltest skewtest",
        lambda f, x: tested(f)(xp.concat([x, x * x, x * 3])),
    ),
    **called(stats, "chisquare combine_pvalues power_divergence", lambda f, x: tested(f)(x)),
    **prefixed(
        "stats",
        {
            "boxcox_llf": lambda x: stats.boxcox_llf(0.5, x),
            "bootstrap": lambda x: (
                stats.bootstrap(
                    (x,),
                    lambda t, axis: xp.mean(t, axis=axis),
                    n_resamples=9,
                    rng=np.random.default_rng(0),
                    method="basic",
                ).standard_error
            ),
            "describe": lambda x: tuple(stats.describe(x))[2:],
            "directional_stats": lambda x: tuple(vars(stats.directional_stats(rows(x, 3))).values()),
            "entropy": stats.entropy,
            "entropy-qk": lambda x: stats.entropy(x, x**2),
            # An odd number of elements: the median of an even number of distances is a tie.
            "median_abs_deviation": lambda x: stats.median_abs_deviation(x[:11]),
            "mode": lambda x: stats.mode(x).mode,
            "moment": lambda x: stats.moment(x, 3),
            "permutation_test": lambda x: (
                stats.permutation_test(
                    (x[:6], x[6:]),
                    lambda a, b, axis: xp.mean(a, axis=axis) - xp.mean(b, axis=axis),
                    n_resamples=9,
                    vectorized=True,
                    rng=np.random.default_rng(0),
                ).statistic
            ),
            "pmean": lambda x: stats.pmean(x, 2.0),
            "quantile": lambda x: stats.quantile(x, constant([0.3, 0.6])),
            "quantile-p": lambda x: stats.quantile(x, x[:2]),
            "sigmaclip": lambda x: stats.sigmaclip(x).clipped,
            "trim_mean": lambda x: stats.trim_mean(x, 0.1),
            "yeojohnson_llf": lambda x: stats.yeojohnson_llf(0.5, x),
            "yeojohnson_llf-lmb": lambda x: stats.yeojohnson_llf(x[0], x),
            "zmap": lambda x: stats.zmap(x[:4], x),
        },
    ),
    **prefixed(
        "spatial",
        {
            "Rotation.apply": lambda x: spatial.transform.Rotation.from_rotvec(x[:3]).apply(x[3:6]),
            "Rotation.as_euler": lambda x: spatial.transform.Rotation.from_quat(matrix(x)).as_euler("zyx"),
            "Rotation.as_matrix": lambda x: spatial.transform.Rotation.from_quat(x[:4]).as_matrix(),
            "Rotation.from_euler": lambda x: spatial.transform.Rotation.from_euler("xyz", x[:3]).as_quat(),
            "Rotation.from_rotvec": lambda x: spatial.transform.Rotation.from_rotvec(x[:3]).as_matrix(),
            "Rotation.inv": lambda x: spatial.transform.Rotation.from_quat(x[:4]).inv().as_mrp(),
            "Rotation.magnitude": lambda x: spatial.transform.Rotation.from_quat(matrix(x)).magnitude(),
            "Rotation.mean": lambda x: spatial.transform.Rotation.from_quat(matrix(x)).mean().as_matrix(),
            "Rotation.mul": lambda x: (
                spatial.transform.Rotation.from_quat(x[:4]) * spatial.transform.Rotation.from_quat(x[4:8])
            ).as_rotvec(),
            "RigidTransform.as_matrix": lambda x: spatial.transform.RigidTransform.from_components(
                x[:3], spatial.transform.Rotation.from_quat(x[3:7])
            ).as_matrix(),
            "RigidTransform.apply": lambda x: spatial.transform.RigidTransform.from_translation(x[:3]).apply(x[3:6]),
            "RigidTransform.from_exp_coords": lambda x: spatial.transform.RigidTransform.from_exp_coords(
                x[:6]
            ).as_matrix(),
        },
    ),
}
# Hundreds of small operations, which JAX compiles one by one for each shape: two to thirty seconds each. Their
# arithmetic is that of the functions around them; the other backends stand for JAX.
LONG = frozenset(
    (
        "cluster.cophenet",
        "cluster.kmeans2",
        "cluster.to_mlab_linkage",
        "differentiate.derivative",
        "differentiate.jacobian",
        "integrate.cubature",
        "integrate.cumulative_simpson",
        "integrate.cumulative_simpson-x",
        "integrate.qmc_quad",
        "integrate.tanhsinh",
        "integrate.tanhsinh-args",
        "interpolate.Akima1DInterpolator",
        "interpolate.PchipInterpolator",
        "interpolate.make_splprep",
        "optimize.bracket_minimum",
        "optimize.bracket_root",
        "optimize.find_minimum",
        "optimize.find_root",
        "optimize.rosen_hess",
        "signal.abcd_normalize",
        "signal.envelope",
        "signal.firwin",
        "signal.freqz",
        "signal.freqz_sos",
        "signal.hilbert2",
        "signal.lfiltic",
        "signal.lp2bp",
        "signal.lp2bp_zpk",
        "signal.lp2bs",
        "signal.lp2bs_zpk",
        "signal.lp2hp",
        "signal.medfilt",
        "signal.minimum_phase",
        "signal.savgol_filter",
        "signal.sosfreqz",
        "signal.vectorstrength",
        "signal.vectorstrength-period",
        "spatial.RigidTransform.apply",
        "spatial.RigidTransform.as_matrix",
        "spatial.RigidTransform.from_exp_coords",
        "spatial.Rotation.as_euler",
        "spatial.Rotation.from_euler",
        "spatial.Rotation.inv",
        "spatial.Rotation.mean",
        "spatial.Rotation.mul",
        "special.chdtr",
        "special.chdtrc",
        "stats.alexandergovern",
        "stats.ansari",
        "stats.bartlett",
        "stats.bootstrap",
        "stats.boxcox_llf",
        "stats.boxcox_llf-lmb",
        "stats.brunnermunzel",
        "stats.chatterjeexi",
        "stats.chisquare",
        "stats.circmean",
        "stats.circstd",
        "stats.cramervonmises",
        "stats.cramervonmises_2samp",
        "stats.differential_entropy",
        "stats.directional_stats",
        "stats.epps_singleton_2samp",
        "stats.f_oneway",
        "stats.false_discovery_control",
        "stats.fligner",
        "stats.friedmanchisquare",
        "stats.gstd",
        "stats.iqr",
        "stats.jarque_bera",
        "stats.kruskal",
        "stats.ks_1samp",
        "stats.kurtosistest",
        "stats.levene",
        "stats.lmoment",
        "stats.mannwhitneyu",
        "stats.median_abs_deviation",
        "stats.mode",
        "stats.monte_carlo_test",
        "stats.mood",
        "stats.normaltest",
        "stats.pearsonr",
        "stats.permutation_test",
        "stats.power_divergence",
        "stats.quantile",
        "stats.quantile-p",
        "stats.sigmaclip",
        "stats.skewtest",
        "stats.spearmanrho",
        "stats.tsem",
        "stats.ttest_ind",
        "stats.variation",
        "stats.wilcoxon",
        "stats.yeojohnson_llf",
        "stats.yeojohnson_llf-lmb",
    )
)
FLAT = {
    "interpolate.generate_knots": lambda x: list(interpolate.generate_knots(grid(), x)),
    "optimize.bracket_minimum": lambda x: (
        elementwise.bracket_minimum(lambda t, a: (t - a) ** 2, x * 0 + 0.1, args=(x,)).bracket
    ),
    "optimize.bracket_root": lambda x: (
        elementwise.bracket_root(lambda t, a: t * t - a, x * 0 + 0.1, x * 0 + 2, args=(x,)).bracket
    ),
    **called(
        stats,
        "ansari brunnermunzel chatterjeexi cramervonmises_2samp kruskal mannwhitneyu mood spearmanrho wilcoxon",
        lambda f, x: tested(f)(x[:6], x[6:] * 1.2),
    ),
    # Odd numbers: the two neighbors of the median of an even number are equally far from it.
    "stats.fligner": lambda x: tested(stats.fligner)(x[:5], x[5:] * 1.2),
    "stats.friedmanchisquare": lambda x: tested(stats.friedmanchisquare)(x[:4], x[4:8], x[8:]),
    "stats.monte_carlo_test": lambda x: (
        stats.monte_carlo_test(
            x,
            lambda size: constant(np.random.default_rng(0).random(size)),
            lambda t, axis: xp.mean(t, axis=axis),
            n_resamples=9,
        ).pvalue
    ),
    "stats.rankdata": stats.rankdata,
}
LEAVING = {
    **called(
        special,
        "cbrt cosdg cosm1 cotdg ellipk ellipkm1 erfcx exp1 exp10 exp2 expi exprel gamma gammasgn j0 j1 k0 k0e k1 k1e "
        "loggamma rgamma sinc sindg spence tandg y0 y1 zetac",
        lambda f, x: f(x),
    ),
    **called(
        special,
        "binom boxcox boxcox1p chdtri gammainccinv gammaincinv huber inv_boxcox inv_boxcox1p kl_div pdtr pdtrc poch "
        "pseudo_huber stdtr stdtrit zeta",
        lambda f, x: f(x + 1, 0.9 - x / 2),
    ),
    **called(
        special,
        "betainc betaincc betaincinv fdtr fdtrc fdtri gdtr gdtrc hyp1f1 radian",
        lambda f, x: f(x, x + 0.5, 0.9 - x / 2),
    ),
    **called(special, "bdtr bdtrc bdtri nbdtr nbdtrc nbdtri", lambda f, x: f(2, 5, x)),
    **called(special, "expn pdtri yn", lambda f, x: f(2, x)),
    "special.lpmv": lambda x: special.lpmv(1, 1, x),
    "special.multigammaln": lambda x: special.multigammaln(x + 2, 2),
    **called(
        hierarchy,
        "average centroid complete linkage median single ward weighted",
        lambda f, x: f(rows(x)),
    ),
    **called(hierarchy, "cophenet inconsistent leaves_list maxdists", lambda f, x: f(linkage(x))),
    "cluster.fcluster": lambda x: hierarchy.fcluster(linkage(x), 0.5),
    "cluster.fclusterdata": lambda x: hierarchy.fclusterdata(rows(x), 0.5),
    "cluster.leaders": lambda x: hierarchy.leaders(linkage(x), xp.ones(6, dtype=xp.int32)),
    "cluster.maxRstat": lambda x: hierarchy.maxRstat(linkage(x), linkage(x), 1),
    "cluster.maxinconsts": lambda x: hierarchy.maxinconsts(linkage(x), linkage(x)),
    "cluster.optimal_leaf_ordering": lambda x: hierarchy.optimal_leaf_ordering(linkage(x), rows(x)),
    "cluster.kmeans": lambda x: vq.kmeans(rows(x), 2, rng=np.random.default_rng(0)),
    "cluster.kmeans2": lambda x: vq.kmeans2(rows(x), 2, rng=np.random.default_rng(0)),
    "cluster.vq": lambda x: vq.vq(rows(x), rows(x)[:2]),
    **called(fft, "dct dst idct idst", lambda f, x: f(x)),
    **called(fft, "dctn dstn idctn idstn", lambda f, x: f(matrix(x))),
    "integrate.nsum": lambda x: integrate.nsum(lambda k: 1 / (k + x[0]) ** 2, 1, np.inf).sum,
    "integrate.simpson": integrate.simpson,
    **called(
        interpolate,
        "Akima1DInterpolator CubicSpline PchipInterpolator make_interp_spline make_smoothing_spline make_splrep",
        lambda f, x: f(grid(), x)(inside()),
    ),
    **called(interpolate, "BPoly PPoly", lambda f, x: f(rows(x, 3), constant([0.0, 0.3, 0.6, 1.0]))(inside())),
    "interpolate.BSpline": lambda x: interpolate.BSpline(constant(np.linspace(0, 1, 16)), x, 3)(inside()),
    "interpolate.CubicHermiteSpline": lambda x: interpolate.CubicHermiteSpline(grid(), x, x)(inside()),
    "interpolate.NdBSpline": lambda x: interpolate.NdBSpline((constant(np.linspace(0, 1, 16)),), x, 3)(
        inside()[:, None]
    ),
    "interpolate.RegularGridInterpolator": lambda x: interpolate.RegularGridInterpolator((grid(),), x)(
        inside()[:, None]
    ),
    "interpolate.make_lsq_spline": lambda x: interpolate.make_lsq_spline(
        grid(), x, constant([0, 0, 0, 0, 0.5, 1, 1, 1, 1])
    )(inside()),
    "interpolate.make_splprep": lambda x: interpolate.make_splprep([grid(), x])[1],
    "linalg.inv": lambda x: linalg.inv(rows(x[:9], 3)),
    **called(
        ndimage,
        "binary_closing binary_dilation binary_erosion binary_fill_holes binary_hit_or_miss binary_opening "
        "binary_propagation center_of_mass distance_transform_bf distance_transform_cdt extrema label laplace maximum "
        "maximum_position mean median minimum minimum_position prewitt sobel spline_filter spline_filter1d "
        "standard_deviation sum sum_labels variance",
        lambda f, x: f(matrix(x)),
    ),
    **called(
        ndimage,
        "black_tophat grey_closing grey_dilation grey_erosion grey_opening maximum_filter maximum_filter1d "
        "median_filter minimum_filter minimum_filter1d morphological_gradient morphological_laplace uniform_filter "
        "uniform_filter1d white_tophat",
        lambda f, x: f(x, 3),
    ),
    **called(
        ndimage,
        "fourier_ellipsoid fourier_gaussian fourier_shift fourier_uniform gaussian_filter gaussian_filter1d "
        "gaussian_gradient_magnitude gaussian_laplace rotate shift zoom",
        lambda f, x: f(matrix(x), 2.0),
    ),
    **called(ndimage, "convolve correlate", lambda f, x: f(matrix(x), matrix(x))),
    **called(ndimage, "convolve1d correlate1d", lambda f, x: f(x, x[:3])),
    **prefixed(
        "ndimage",
        {
            "affine_transform": lambda x: ndimage.affine_transform(matrix(x), xp.eye(2)),
            "generic_filter": lambda x: ndimage.generic_filter(x, np.sum, 3),
            "generic_filter1d": lambda x: ndimage.generic_filter1d(x, np.copyto, 3),
            "generic_gradient_magnitude": lambda x: ndimage.generic_gradient_magnitude(x, ndimage.sobel),
            "generic_laplace": lambda x: ndimage.generic_laplace(x, ndimage.sobel),
            "geometric_transform": lambda x: ndimage.geometric_transform(x, lambda i: i),
            "histogram": lambda x: ndimage.histogram(x, 0, 1, 3),
            "labeled_comprehension": lambda x: ndimage.labeled_comprehension(x, None, None, np.mean, float, 0),
            "map_coordinates": lambda x: ndimage.map_coordinates(x, x[None, :] * 9),
            "percentile_filter": lambda x: ndimage.percentile_filter(x, 50, 3),
            "rank_filter": lambda x: ndimage.rank_filter(x, 1, 3),
            "vectorized_filter": lambda x: ndimage.vectorized_filter(x, xp.mean, size=3),
            "watershed_ift": lambda x: ndimage.watershed_ift(matrix(x), xp.ones((3, 4), dtype=xp.int64)),
        },
    ),
    "spatial.cdist": lambda x: spatial.distance.cdist(x[:, None], x[:, None]),
    "signal.windows.chebwin": lambda x: windows.chebwin(5, at=50 * x[0]),
    "signal.windows.general_hamming": lambda x: windows.general_hamming(5, x[0]),
    "signal.windows.kaiser": lambda x: windows.kaiser(5, x[0]),
    "signal.windows.kaiser_bessel_derived": lambda x: windows.kaiser_bessel_derived(4, x[0]),
    "signal.windows.taylor": lambda x: windows.taylor(5, sll=30 * x[0]),
    "signal.windows.tukey": lambda x: windows.tukey(5, x[0]),
    "signal.windows.get_window": lambda x: windows.get_window(("kaiser", x[0]), 5),
    **called(
        signal,
        "cspline1d czt detrend qspline1d",
        lambda f, x: f(x),
    ),
    "signal.symiirorder1": lambda x: signal.symiirorder1(x, x[0], x[1] * 0.5),
    **called(signal, "cspline2d spline_filter", lambda f, x: f(matrix(x))),
    **called(signal, "convolve2d correlate2d", lambda f, x: f(matrix(x), matrix(x))),
    **called(signal, "convolve correlate deconvolve", lambda f, x: f(x, x[:3])),
    **called(signal, "cspline1d_eval qspline1d_eval", lambda f, x: f(x, constant([0.5, 1.5]))),
    **called(signal, "butter bessel", lambda f, x: f(2, x[0])),
    **called(signal, "buttord ellipord iirdesign", lambda f, x: f(0.2, 0.3 + 0.1 * x[0], 3, 40)),
    **called(
        signal, "bilinear lfilter_zi residue residuez tf2sos tf2zpk", lambda f, x: f(numerator(x), denominator(x))
    ),
    **called(signal, "invres invresz", lambda f, x: f(x[:2], x[2:4], x[5:6])),
    **called(signal, "bode impulse", lambda f, x: f((numerator(x), denominator(x)))),
    **called(signal, "filtfilt lfilter", lambda f, x: f(numerator(x), denominator(x), x)),
    **called(signal, "iirnotch iirpeak", lambda f, x: f(x[0], 30.0)),
    **called(signal, "sos2tf sos2zpk sosfilt_zi", lambda f, x: f(sections(x))),
    **called(signal, "sosfilt sosfiltfilt", lambda f, x: f(sections(x), x)),
    **called(signal, "zpk2sos zpk2tf", lambda f, x: f(x[:2], x[2:4], x[4])),
    **prefixed(
        "signal",
        {
            "cheb1ap": lambda x: signal.cheb1ap(3, x[0]),
            "cheb2ap": lambda x: signal.cheb2ap(3, 20 * x[0]),
            "cheby1": lambda x: signal.cheby1(2, 1, x[0]),
            "cheby2": lambda x: signal.cheby2(2, 20, x[0]),
            "choose_conv_method": lambda x: signal.choose_conv_method(x, x),
            "cont2discrete": lambda x: signal.cont2discrete(state_space(x), 0.1)[:4],
            "decimate": lambda x: signal.decimate(xp.concat([x, x, x]), 2),
            "dimpulse": lambda x: signal.dimpulse((numerator(x), denominator(x), 1.0))[1],
            "ellip": lambda x: signal.ellip(2, 1, 20, x[0]),
            "ellipap": lambda x: signal.ellipap(3, x[0], 30.0),
            "firls": lambda x: signal.firls(5, constant([0, 0.4, 0.6, 1]), x[:4]),
            "firwin2": lambda x: signal.firwin2(5, constant([0, 0.5, 1]), xp.concat([x[:2], x[:1] * 0])),
            "gammatone": lambda x: signal.gammatone(x[0], "iir"),
            "get_window": lambda x: signal.get_window(("kaiser", x[0]), 5),
            "group_delay": lambda x: signal.group_delay((numerator(x), denominator(x)), w=8)[1],
            "iircomb": lambda x: signal.iircomb(0.25, 30 * x[0]),
            "iirfilter": lambda x: signal.iirfilter(2, x[0], btype="lowpass"),
            "medfilt": lambda x: signal.medfilt(x, 3),
            "medfilt2d": lambda x: signal.medfilt2d(matrix(x), 3),
            "order_filter": lambda x: signal.order_filter(x, xp.ones(3), 1),
            "place_poles": lambda x: signal.place_poles(rows(x[:4]), rows(x[:2], 1), x[4:6]).gain_matrix,
            "remez": lambda x: signal.remez(5, constant([0, 0.1, 0.2, 0.5]), x[:2]),
            "resample_poly": lambda x: signal.resample_poly(x, 2, 3),
            "savgol_filter": lambda x: signal.savgol_filter(x, 5, 2),
            "unique_roots": lambda x: signal.unique_roots(x),
            "upfirdn": lambda x: signal.upfirdn(x[:3], x),
            "wiener": lambda x: signal.wiener(x, 3),
        },
    ),
    **called(
        stats,
        "f_oneway levene pearsonr ttest_ind ttest_rel",
        lambda f, x: tested(f)(x[:6], x[6:] * 1.2),
    ),
    **called(stats, "cramervonmises ks_1samp", lambda f, x: tested(f)(x, lambda t: t)),
    "stats.boxcox_llf-lmb": lambda x: stats.boxcox_llf(x[0], x),
    "stats.ttest_1samp": lambda x: tested(stats.ttest_1samp)(x, 0.4),
    "stats.ttest_ind_from_stats": lambda x: stats.ttest_ind_from_stats(x[0], x[1], 9, x[2], x[3], 7).statistic,
}
# Those that fail before they leave. The incomplete gamma function has no derivative in its first argument.
REFUSING = {
    **{
        f"{name}-order": call
        for name, call in called(special, "chdtr chdtrc gammainc gammaincc", lambda f, x: f(x + 1, x)).items()
    },
    "interpolate.RBFInterpolator": lambda x: interpolate.RBFInterpolator(grid()[:, None], x)(inside()[:, None]),
    "signal.lp2hp-wo": lambda x: signal.lp2hp(numerator(x), denominator(x), x[6]),
    "signal.lp2lp-wo": lambda x: signal.lp2lp(numerator(x), denominator(x), x[6]),
    "signal.qspline2d": lambda x: signal.qspline2d(matrix(x)),
    "signal.savgol_coeffs": lambda x: signal.savgol_coeffs(5, 2, delta=x[0]),
}
_INTEGERS = "its result holds integers, bools or index tuples only"
_NO_ARRAY = "no argument is an array of numbers: an order, a length"
UNTESTED = {
    "cluster.correspond": _INTEGERS,
    "cluster.dendrogram": "it draws, with a package that is not installed",
    "cluster.from_mlab_linkage": "its argument holds indices",
    "cluster.is_isomorphic": _INTEGERS,
    "cluster.is_monotonic": _INTEGERS,
    "cluster.is_valid_im": _INTEGERS,
    "cluster.is_valid_linkage": _INTEGERS,
    "cluster.num_obs_linkage": _INTEGERS,
    "cluster.to_tree": "its result is a tree of objects",
    "differentiate.hessian": "finite differences of finite differences: accurate to 1e-5 only",
    "ndimage.distance_transform_edt": "its argument is a mask",
    "ndimage.find_objects": _INTEGERS,
    "ndimage.iterate_structure": _INTEGERS,
    "ndimage.value_indices": _INTEGERS,
    "signal.cheb1ord": "an order, and a frequency that is one of the arguments",
    "signal.cheb2ord": "an order, and a frequency that is one of the arguments",
    "signal.oaconvolve": "writes through a view, which the standard does not promise; SciPy excludes it on JAX",
    "stats.power": "random numbers",
    **reasons("signal", "besselap buttap", _NO_ARRAY),
    **reasons(
        "signal.windows",
        "barthann bartlett blackman blackmanharris bohman boxcar cosine flattop hamming hann lanczos nuttall parzen "
        "triang",
        _NO_ARRAY,
    ),
}
