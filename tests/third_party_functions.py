"""Calls of array-api-extra, scikit-learn and einops, in the tables of `scipy_functions`.

SMOOTH stays in the namespace of its arguments and is differentiable, FLAT stays and is constant around every point,
LEAVING takes the value out of the computation and raises, REFUSING asks for more than the standard has and raises.
scikit-learn stays only under ``sklearn.config_context(array_api_dispatch=True)``.
"""

import array_api_extra as xpx
import einops
import einops.array_api
import numpy as np
import sklearn.calibration as calibration
import sklearn.decomposition as decomposition
import sklearn.linear_model as linear_model
import sklearn.metrics as metrics
import sklearn.metrics.pairwise as pairwise
import sklearn.mixture as mixture
import sklearn.naive_bayes as naive_bayes
import sklearn.preprocessing as preprocessing
import sklearn.utils.extmath as extmath
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.kernel_approximation import Nystroem

from multigrad import xp

from .library_gradients import X, calls, constant, matrix, prefixed, rows

LABELS = np.array([0, 1, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1])


def labels(n):
    return xp.asarray(LABELS[:n])


def two(x):
    """Return two matrices, of targets and predictions or of points."""
    return rows(x)[:3], rows(x)[3:]


def with_nan(x):
    return xp.where(xp.asarray(X > 0.9), xp.asarray(np.nan), x)


EXTRA_SMOOTH = prefixed(
    "array_api_extra",
    {
        "angle": lambda x: xpx.angle(xp.exp(x * 2j) + x),
        "apply_where": lambda x: xpx.apply_where(x > 0.6, (x,), lambda t: t**2, lambda t: t**3),
        "apply_where-fill": lambda x: xpx.apply_where(x > 0.6, (x, x[0]), lambda t, u: t * u, fill_value=2.0),
        "at": lambda x: xpx.at(x, 1).set(5.0, copy=True) * x,
        "at-slice": lambda x: xpx.at(x)[1:].add(5.0, copy=True) * x,
        "at-mask": lambda x: xpx.at(x, x > 0.6).multiply(3.0, copy=True) * x,
        "at-set": lambda x: xpx.at(x)[:3].set(x[6:9] ** 2, copy=True) * x,
        "at-divide": lambda x: xpx.at(x)[2].divide(x[0], copy=True),
        "at-power": lambda x: xpx.at(x)[2].power(x[0], copy=True),
        "at-min": lambda x: xpx.at(x)[:6].min(x[6:], copy=True),
        "atleast_nd": lambda x: xpx.atleast_nd(x, ndim=3),
        "cov": lambda x: xpx.cov(xp.stack([x, x**2])),
        "create_diagonal": xpx.create_diagonal,
        "deg2rad": xpx.deg2rad,
        "expand_dims": lambda x: xpx.expand_dims(x, axis=(0, 2)),
        "isclose": lambda x: xpx.isclose(x, x) * x,
        "isin": lambda x: xpx.isin(x, x[:3]) * x,
        "kron": lambda x: xpx.kron(matrix(x), rows(x)),
        "nan_to_num": lambda x: xpx.nan_to_num(with_nan(x), fill_value=2.0),
        "nanmax": lambda x: xpx.nanmax(with_nan(x) ** 2),
        "nanmin": lambda x: xpx.nanmin(with_nan(x) ** 2),
        "nansum": lambda x: xpx.nansum(with_nan(x) ** 2),
        "one_hot": lambda x: xpx.one_hot(xp.asarray(LABELS[:2]), 12) @ x,
        "pad": lambda x: xpx.pad(x, 2, constant_values=1.0),
        "partition": lambda x: xpx.partition(x, 5)[5],
        "rad2deg": xpx.rad2deg,
        "sinc": xpx.sinc,
        "union1d": lambda x: xpx.union1d(x[:4], x[2:]),
    },
)
EXTRA_FLAT = prefixed(
    "array_api_extra",
    {
        "nunique": lambda x: xpx.nunique(x) * 1.5,
        "searchsorted": lambda x: xpx.searchsorted(constant(np.linspace(0, 1, 5)), x) * 1.5,
    },
)
EXTRA_LEAVING = {"array_api_extra.lazy_apply": lambda x: xpx.lazy_apply(np.sin, x, as_numpy=True)}

EINOPS_SMOOTH = prefixed(
    "einops.array_api",
    {
        "rearrange": lambda x: einops.array_api.rearrange(matrix(x), "i j -> j i"),
        "rearrange-split": lambda x: einops.array_api.rearrange(matrix(x), "i (j k) -> k (i j)", k=2),
        "rearrange-list": lambda x: einops.array_api.rearrange([x, x**2], "n i -> i n"),
        "reduce": lambda x: einops.array_api.reduce(matrix(x), "i j -> j", "mean"),
        "reduce-sum": lambda x: einops.array_api.reduce(matrix(x), "i (j k) -> i k", "sum", k=2),
        "reduce-max": lambda x: einops.array_api.reduce(matrix(x), "i j -> i", "max"),
        "reduce-min": lambda x: einops.array_api.reduce(matrix(x), "i j -> 1 j", "min"),
        "reduce-prod": lambda x: einops.array_api.reduce(matrix(x), "i j ->", "prod"),
        "repeat": lambda x: einops.array_api.repeat(matrix(x), "i j -> i (j k)", k=3),
        "pack": lambda x: einops.array_api.pack([x[:4], matrix(x)], "* j")[0],
        "unpack": lambda x: einops.array_api.unpack(matrix(x), [(1,), (2,)], "* j")[1],
    },
)
EINOPS_LEAVING = {"einops.array_api.asnumpy": einops.array_api.asnumpy}
# They know frameworks by the class of the array.
EINOPS_REFUSING = prefixed(
    "einops",
    {
        "einsum": lambda x: einops.einsum(matrix(x), matrix(x), "i j, k j -> i k"),
        "pack": lambda x: einops.pack([x[:4], matrix(x)], "* j")[0],
        "rearrange": lambda x: einops.rearrange(matrix(x), "i j -> j i"),
        "reduce": lambda x: einops.reduce(matrix(x), "i j -> j", "mean"),
        "repeat": lambda x: einops.repeat(matrix(x), "i j -> i (j k)", k=3),
        "unpack": lambda x: einops.unpack(matrix(x), [(1,), (2,)], "* j")[1],
    },
)


def pca(x):
    return decomposition.PCA(n_components=1, svd_solver="full").fit(rows(x))


def bayes(x):
    return naive_bayes.GaussianNB().fit(rows(x), labels(6))


def mixed(x, **options):
    found = mixture.GaussianMixture(2, init_params="random", max_iter=3, random_state=0, **options)
    return found.fit(rows(x)).score_samples(rows(x))


def discriminant(x):
    return LinearDiscriminantAnalysis().fit(rows(x), labels(6))


_REGRESSION = (
    "explained_variance_score mean_absolute_error mean_absolute_percentage_error mean_pinball_loss mean_squared_error "
    "mean_squared_log_error r2_score root_mean_squared_error root_mean_squared_log_error"
)
SKLEARN_SMOOTH = {
    **calls(
        "metrics.pairwise",
        pairwise,
        "additive_chi2_kernel chi2_kernel cosine_distances cosine_similarity euclidean_distances laplacian_kernel "
        "linear_kernel manhattan_distances paired_cosine_distances paired_distances paired_euclidean_distances "
        "paired_manhattan_distances pairwise_distances pairwise_distances_argmin_min pairwise_kernels "
        "polynomial_kernel rbf_kernel sigmoid_kernel",
        lambda f, x: f(*two(x)),
    ),
    "metrics.pairwise.euclidean_distances-itself": lambda x: pairwise.euclidean_distances(rows(x)),
    # Averages are Python floats: the raw values stay arrays.
    **calls("metrics", metrics, _REGRESSION, lambda f, x: f(*two(x), multioutput="raw_values")),
    **calls(
        "preprocessing",
        preprocessing,
        "add_dummy_feature maxabs_scale minmax_scale normalize",
        lambda f, x: f(matrix(x)),
    ),
    **calls(
        "preprocessing",
        preprocessing,
        "MaxAbsScaler MinMaxScaler Normalizer PolynomialFeatures",
        lambda f, x: f().fit_transform(matrix(x)),
    ),
    "preprocessing.normalize-l1": lambda x: preprocessing.normalize(matrix(x), norm="l1"),
    "preprocessing.KernelCenterer": lambda x: preprocessing.KernelCenterer().fit_transform(
        pairwise.rbf_kernel(rows(x))
    ),
    "decomposition.PCA": lambda x: pca(x).explained_variance_,
    "decomposition.PCA-inverse": lambda x: pca(x).inverse_transform(pca(x).transform(rows(x))),
    "decomposition.PCA-score": lambda x: pca(x).score_samples(rows(x)),
    "discriminant_analysis.LinearDiscriminantAnalysis": lambda x: discriminant(x).decision_function(rows(x)),
    "kernel_approximation.Nystroem": lambda x: Nystroem(n_components=3, random_state=0).fit_transform(rows(x)),
    "linear_model.Ridge": lambda x: linear_model.Ridge(alpha=0.3, solver="svd").fit(rows(x)[:4], x[8:]).coef_,
    "linear_model.Ridge-predict": lambda x: (
        linear_model.Ridge(alpha=0.3, solver="svd").fit(rows(x)[:4], x[8:]).predict(rows(x)[4:])
    ),
    "linear_model.RidgeClassifier": lambda x: (
        linear_model.RidgeClassifier(alpha=0.3, solver="svd").fit(rows(x), labels(6)).decision_function(rows(x))
    ),
    "linear_model.RidgeCV": lambda x: linear_model.RidgeCV(alphas=[0.1, 1.0]).fit(rows(x)[:4], x[8:]).coef_,
    "linear_model.ridge_regression": lambda x: linear_model.ridge_regression(
        rows(x)[:4], x[8:], alpha=0.3, solver="svd"
    ),
    # Without the term that is written through a view, which the standard does not promise.
    "mixture.GaussianMixture": lambda x: mixed(x, reg_covar=0.0),
    "mixture.GaussianMixture-diag": lambda x: mixed(x, covariance_type="diag"),
    "naive_bayes.GaussianNB": lambda x: bayes(x).predict_log_proba(rows(x)),
    "naive_bayes.GaussianNB-proba": lambda x: bayes(x).predict_proba(rows(x)),
    **calls("utils.extmath", extmath, "row_norms softmax", lambda f, x: f(matrix(x))),
    "utils.extmath.fast_logdet": lambda x: extmath.fast_logdet(rows(x)[:2]),
    "utils.extmath.randomized_svd": lambda x: extmath.randomized_svd(matrix(x), 2, random_state=0)[1],
    "utils.extmath.safe_sparse_dot": lambda x: extmath.safe_sparse_dot(matrix(x), matrix(x).T),
}
SKLEARN_FLAT = {
    "metrics.average_precision_score": lambda x: metrics.average_precision_score(labels(12), x),
    "preprocessing.binarize": lambda x: preprocessing.binarize(matrix(x), threshold=0.5),
    "preprocessing.Binarizer": lambda x: preprocessing.Binarizer(threshold=0.5).fit_transform(matrix(x)),
}
SKLEARN_LEAVING = {
    **{
        f"{name}-average": call
        for name, call in calls("metrics", metrics, _REGRESSION, lambda f, x: f(*two(x))).items()
    },
    **calls(
        "metrics",
        metrics,
        "d2_absolute_error_score d2_pinball_score d2_tweedie_score max_error mean_gamma_deviance "
        "mean_poisson_deviance mean_tweedie_deviance median_absolute_error",
        lambda f, x: f(x[:6], x[6:]),
    ),
    **calls(
        "metrics",
        metrics,
        "brier_score_loss d2_brier_score d2_log_loss_score log_loss",
        lambda f, x: f(labels(12), x),
    ),
    **calls(
        "metrics",
        metrics,
        "calinski_harabasz_score davies_bouldin_score",
        lambda f, x: f(rows(x), labels(6)),
    ),
    "metrics.accuracy_score": lambda x: metrics.accuracy_score(labels(12), 1 - labels(12), sample_weight=x),
    "metrics.confusion_matrix": lambda x: metrics.confusion_matrix(labels(12), labels(12), sample_weight=x),
    "metrics.pairwise.haversine_distances": lambda x: pairwise.haversine_distances(*two(x)),
    # The distances that SciPy's compiled code computes.
    "metrics.pairwise.pairwise_distances-chebyshev": lambda x: metrics.pairwise_distances(rows(x), metric="chebyshev"),
    "calibration.calibration_curve": lambda x: calibration.calibration_curve(labels(12), x),
    **calls(
        "preprocessing",
        preprocessing,
        "robust_scale scale",
        lambda f, x: f(matrix(x)),
    ),
    "linear_model.LinearRegression": lambda x: linear_model.LinearRegression().fit(rows(x)[:4], x[8:]).coef_,
    "linear_model.LogisticRegression": lambda x: linear_model.LogisticRegression().fit(rows(x), labels(6)).coef_,
    "linear_model.PoissonRegressor": lambda x: linear_model.PoissonRegressor().fit(rows(x)[:4], x[8:]).coef_,
}
# A spelling of NumPy: a positional argument, out=, an attribute of its arrays.
SKLEARN_REFUSING = {
    "metrics.hinge_loss": lambda x: metrics.hinge_loss(labels(12), x),
    "metrics.roc_auc_score": lambda x: metrics.roc_auc_score(labels(12), x),
    "metrics.roc_curve": lambda x: metrics.roc_curve(labels(12), x),
    "metrics.silhouette_samples": lambda x: metrics.silhouette_samples(rows(x), labels(6)),
    "preprocessing.power_transform": lambda x: preprocessing.power_transform(rows(x)),
}

SMOOTH = EXTRA_SMOOTH | prefixed("sklearn", SKLEARN_SMOOTH) | EINOPS_SMOOTH
FLAT = EXTRA_FLAT | prefixed("sklearn", SKLEARN_FLAT)
LEAVING = EXTRA_LEAVING | prefixed("sklearn", SKLEARN_LEAVING) | EINOPS_LEAVING
REFUSING = prefixed("sklearn", SKLEARN_REFUSING) | EINOPS_REFUSING
# Hundreds of small operations, which JAX compiles one by one for each shape: many seconds each.
LONG = frozenset(
    f"sklearn.{name}"
    for name in (
        "decomposition.PCA-inverse",
        "decomposition.PCA-score",
        "discriminant_analysis.LinearDiscriminantAnalysis",
        "kernel_approximation.Nystroem",
        "linear_model.LogisticRegression",
        "linear_model.Ridge-predict",
        "linear_model.RidgeCV",
        "linear_model.RidgeClassifier",
        "linear_model.ridge_regression",
        "metrics.accuracy_score",
        "metrics.average_precision_score",
        "metrics.brier_score_loss",
        "metrics.calinski_harabasz_score",
        "metrics.d2_absolute_error_score",
        "metrics.d2_brier_score",
        "metrics.d2_log_loss_score",
        "metrics.d2_pinball_score",
        "metrics.davies_bouldin_score",
        "metrics.explained_variance_score-average",
        "metrics.log_loss",
        "metrics.mean_gamma_deviance",
        "metrics.pairwise.additive_chi2_kernel",
        "metrics.pairwise.euclidean_distances-itself",
        "mixture.GaussianMixture",
        "mixture.GaussianMixture-diag",
        "naive_bayes.GaussianNB",
        "naive_bayes.GaussianNB-proba",
        "preprocessing.KernelCenterer",
        "preprocessing.PolynomialFeatures",
        "utils.extmath.randomized_svd",
    )
)
