# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Logistic regression on real data
#
# ## The problem
#
# A laboratory measures 30 features of the cell nuclei in a sample of breast tissue. Is the tumor malignant? The data
# are those of 569 patients in Wisconsin, with the diagnosis; scikit-learn brings them along.
#
# A **logistic regression** adds up the features with weights, $m = w \cdot x + b$, and reads the sum as evidence: the
# probability of a malignant tumor is $1 / (1 + e^{-m})$. With $t = 1$ for malignant and $t = -1$ for benign, a patient
# with the diagnosis $t$ has the probability $1 / (1 + e^{-t m})$. The best weights make what was seen most probable, so
# they minimize
#
# $$
# L(w, b) = -\frac{1}{n} \sum_{i=1}^{n} \log \frac{1}{1 + e^{-t_i m_i}} + \frac{\lambda}{2} \lVert w \rVert^2 .
# $$
#
# The last term keeps the weights small: features that say the same share the credit.

# %% [markdown]
# ## The backend
#
# The environment variable `MULTIGRAD_BACKEND` chooses the framework that does the work: `numpy` (the default), `torch`,
# `jax` or `tensorflow`. Nothing else in this notebook depends on it.

# %%
import matplotlib.pyplot as plt
import numpy as np
import scipy.special
from IPython.display import display
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

import multigrad
from multigrad import optimize, special, xp

backend = multigrad.infer_backend().name
print(f"This notebook runs on {backend}.")

# %% [markdown]
# ## The data
#
# We shuffle the patients (seed 5), learn from 400 of them and keep 169 to be asked at the end. Each feature is shifted
# and scaled to mean 0 and standard deviation 1 among those 400, so that the weights can be compared with each other.

# %%
data = load_breast_cancer()
order = np.random.default_rng(5).permutation(len(data.target))
learn, test = order[:400], order[400:]

x = (data.data - data.data[learn].mean(axis=0)) / data.data[learn].std(axis=0)
t = np.where(data.target == 0, 1.0, -1.0)  # in the file 0 stands for malignant

print(f"{len(t)} patients, {x.shape[1]} features, {np.sum(t == 1)} tumors malignant")

# %% [markdown]
# ## The loss
#
# The formula has a trap. With $t m = -800$ the exponential overflows, and what is left is the logarithm of zero, though
# the answer is an ordinary number. `multigrad.special` has the logarithm of the logistic function as one operation,
# `log_expit`, which is accurate everywhere, and so is its derivative.

# %%
value, slope = multigrad.to_numpy(multigrad.value_and_gradient(special.log_expit)(-800.0))

assert (value, slope) == (-800.0, 1.0)
print(f"log_expit(-800) = {value}, its derivative {slope}")

# %% [markdown]
# Weights and offset live together in a dict. Gradients come as dicts with the same keys.

# %%
strength = 0.01


def loss(p, x, t, strength):
    evidence = x @ p["w"] + p["b"]
    return -xp.mean(special.log_expit(t * evidence)) + 0.5 * strength * xp.sum(p["w"] ** 2)


random = np.random.default_rng(5)
somewhere = {"w": random.normal(size=30), "b": 0.3}
value, slope = multigrad.to_numpy(multigrad.value_and_gradient(loss)(somewhere, x[learn], t[learn], strength))

print(f"loss {value:.6f}, slope in b {slope['b']:.6f}, slopes in w {slope['w'][:3].round(6)} ...")

# %% [markdown]
# ## Verification
#
# **1. The formula.** The derivative of $\log \frac{1}{1 + e^{-m}}$ is $\frac{1}{1 + e^{m}}$. So each patient pulls with
# the probability that the model gives to the **wrong** diagnosis:
#
# $$
# \frac{\partial L}{\partial w} = -\frac{1}{n} \sum_i \frac{t_i\, x_i}{1 + e^{t_i m_i}} + \lambda w ,
# \qquad
# \frac{\partial L}{\partial b} = -\frac{1}{n} \sum_i \frac{t_i}{1 + e^{t_i m_i}} .
# $$

# %%
margins = t[learn] * (x[learn] @ somewhere["w"] + somewhere["b"])
pulls = t[learn] * scipy.special.expit(-margins)

assert np.allclose(slope["w"], -(pulls @ x[learn]) / len(learn) + strength * somewhere["w"], rtol=1e-10, atol=1e-14)
assert np.isclose(slope["b"], -np.mean(pulls), rtol=1e-10)
print(f"by the formula: slope in b {-np.mean(pulls):.6f}")

# %% [markdown]
# **2. All backends.** `compare` evaluates the loss and its gradient on every installed backend. It also checks each
# gradient on its own, against differences of values, so that agreement in error would be found.

# %%
report = multigrad.compare(loss, somewhere, x[learn], t[learn], strength)
display(report)

assert report.ok

# %% [markdown]
# ## The answer
#
# `multigrad.optimize.minimize` hands loss, gradient and exact products of the Hessian with vectors to SciPy, in the
# structure of the starting point. The method `trust-ncg` is a Newton method, and needs a few steps only.

# %%
start = {"w": np.zeros(30), "b": 0.0}
found = optimize.minimize(loss, start, (x[learn], t[learn], strength), method="trust-ncg", options={"gtol": 1e-9})

assert found.success
print(f"{found.nit} steps, {found.nfev} values with gradient, {found.nhev} products with the Hessian")
print(f"loss {found.fun:.8f}, largest slope {np.max(np.abs(found.jac)):.1e}")

# %% [markdown]
# **3. scikit-learn's answer.** Its `LogisticRegression` minimizes the same function, multiplied by $n C$ with
# $C = 1 / (n \lambda)$, with an algorithm and derivatives of its own. The weights must be the same.

# %%
model = LogisticRegression(C=1 / (len(learn) * strength), solver="newton-cholesky", tol=1e-12, max_iter=1000)
model.fit(x[learn], t[learn])

assert np.allclose(found.x["w"], model.coef_[0], rtol=0, atol=1e-7)
assert np.isclose(found.x["b"], model.intercept_[0], rtol=0, atol=1e-7)
print(f"largest difference among the weights: {np.max(np.abs(found.x['w'] - model.coef_[0])):.1e}")

# %% [markdown]
# ## How good is it?
#
# Now the 169 patients that the model has never seen.

# %%
evidence = x[test] @ found.x["w"] + found.x["b"]
diagnosis = np.where(evidence > 0, 1.0, -1.0)
accuracy = np.mean(diagnosis == t[test])

assert accuracy == model.score(x[test], t[test])
assert accuracy > 0.95
print(f"right for {np.sum(diagnosis == t[test])} of {len(test)} patients, {accuracy:.1%}")
print(f"malignant, but called benign: {np.sum((diagnosis == -1) & (t[test] == 1))}")
print(f"benign, but called malignant: {np.sum((diagnosis == 1) & (t[test] == -1))}")

# %% [markdown]
# ## The picture
#
# Left, the weights: red features speak for a malignant tumor, blue ones against it. Right, the evidence for each of
# the 169 patients: the model says "malignant" to the right of the dashed line.

# %%
malignant, benign = "#d62828", "#22577a"
rank = np.argsort(found.x["w"])
weights = found.x["w"][rank]

figure, (left, right) = plt.subplots(1, 2, figsize=(13, 6.6), dpi=110, layout="constrained", width_ratios=(5, 6))
left.barh(data.feature_names[rank], weights, color=np.where(weights > 0, malignant, benign))
left.axvline(0.0, color="#1f2933", linewidth=0.8)
left.set(xlabel="weight", title="What the model looks at")
left.margins(y=0.01)
left.grid(axis="x", alpha=0.25)

bins = np.arange(np.floor(evidence.min()), np.ceil(evidence.max()) + 1)
right.hist(evidence[t[test] == -1], bins=bins, color=benign, alpha=0.75, label="benign")
right.hist(evidence[t[test] == 1], bins=bins, color=malignant, alpha=0.75, label="malignant")
wrong = diagnosis != t[test]
assert np.sum(wrong) == 2
assert np.all(t[test][wrong] == 1)
right.plot(evidence[wrong], np.full(np.sum(wrong), 0.5), "kx", markersize=8, markeredgewidth=2, label="called wrongly")
right.axvline(0.0, color="#1f2933", linestyle="--")
right.set(xlabel="evidence $w \\cdot x + b$", ylabel="patients", title="What it says about unseen patients")
right.set_yticks(range(0, 25, 5))
right.legend()
plt.show()

# %% [markdown]
# Of the two wrong calls, one lies near the line, where the model itself is in doubt. The other one lies far from it: to
# this model that tumor looks benign. Both are malignant tumors called benign, which is the dangerous mistake. Moving
# the line to the left would catch more of them, at the price of false alarms.
#
# ## Your turn
#
# What happens to the weights if the last term of the loss gets a hundred times stronger? Will the model be worse?
# Guess, then run the cell.

# %%
strong = optimize.minimize(
    loss, start, (x[learn], t[learn], 100 * strength), method="trust-ncg", options={"gtol": 1e-9}
)
model = LogisticRegression(C=1 / (len(learn) * 100 * strength), solver="newton-cholesky", tol=1e-12).fit(
    x[learn], t[learn]
)
sizes = [np.linalg.norm(result.x["w"]) for result in (found, strong)]
right = np.sign(x[test] @ strong.x["w"] + strong.x["b"]) == t[test]

assert np.allclose(strong.x["w"], model.coef_[0], rtol=0, atol=1e-7)
assert sizes[1] < 0.3 * sizes[0]
print(f"length of the weights {sizes[0]:.2f} -> {sizes[1]:.2f}, right for {accuracy:.1%} -> {np.mean(right):.1%}")
