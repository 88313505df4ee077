"""How often the frameworks agree on a derivative natively, and how often through multigrad.

Run ``python -m benchmarks.agreement``; it needs all three frameworks and takes half an hour, most of it JAX compiling
small operations. The cases are those of the census in ``tests/convention``: a function at a point, with the derivative
that the convention gives there. A case counts if all three frameworks have the function, its derivative and the same
value; None counts as zero. With ``--draw`` the picture alone is drawn, from the figures that were saved.
"""

import argparse
import itertools
import warnings
from pathlib import Path

import numpy as np
from rich.console import Console

from benchmarks import machine
from benchmarks.own_functions import own
from benchmarks.saved import FOLDER, load, save
from tests.convention.case import agree, array, disagreements, is_complex
from tests.convention.census import CASES, gradients

FRAMEWORKS = ("torch", "jax", "tensorflow")
BACKENDS = ("numpy", *FRAMEWORKS)
GROUPS = ("smooth points", "kinks, ties, borders, NaN", "second derivatives", "complex numbers")
PICTURE = Path(__file__).parent.parent / "docs" / "agreement.png"
EPS = np.finfo(np.float64).eps
_COARSE = 1e-8 / EPS  # beyond any rounding


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draw", action="store_true", help="draw the picture alone, from the saved figures")
    parser.add_argument("--output", type=Path, default=FOLDER, help="folder for agreement.json")
    parsed = parser.parse_args()
    if not parsed.draw:
        warnings.simplefilter("ignore")
        values, natively, through = {}, {}, {}
        for name in BACKENDS:
            with Console(stderr=True).status(f"differentiating on {name}"), np.errstate(all="ignore"):
                through[name] = [gradients(case, name) for case in CASES]
                if name in FRAMEWORKS:
                    values[name], natively[name] = zip(*(own(case, name) for case in CASES), strict=True)
        save(parsed.output, "agreement", counts(values, natively, through))
    results = load(parsed.output, "agreement")
    Console().print(sentence(results))
    draw(results, PICTURE)


def group(case):
    """Return the kind of a case."""
    if is_complex(list(case.point)):
        return GROUPS[3]
    if case.order == 2:
        return GROUPS[2]
    return GROUPS[1] if case.edge else GROUPS[0]


def counts(values, natively, through):
    """Return the figures that are saved.

    Parameters
    ----------
    values, natively
        Per framework, one for each case: what `own` gives.
    through
        Per backend, one for each case: multigrad's gradients.
    """
    groups = {name: dict.fromkeys(("cases", "agree", *FRAMEWORKS, "multigrad"), 0) for name in GROUPS}
    notes = dict.fromkeys(("lacking", "other value", "rounding", "conjugate", "none"), 0)
    for k, case in enumerate(CASES):
        if any(values[name][k] is None for name in FRAMEWORKS):
            notes["lacking"] += 1
            continue
        if not _same_value(*(values[name][k] for name in FRAMEWORKS)):
            notes["other value"] += 1
            continue
        own_ones = {name: filled(case, natively[name][k]) for name in FRAMEWORKS}
        figures = groups[group(case)]
        figures["cases"] += 1
        figures["agree"] += _agree(case, own_ones)
        for name in FRAMEWORKS:
            figures[name] += own_ones[name] is not None and disagreements(case, own_ones[name]) == []
        figures["multigrad"] += all(disagreements(case, through[name][k]) == [] for name in BACKENDS)
        if not _agree(case, own_ones):
            notes["rounding"] += _agree(case, own_ones, _COARSE)
            conjugated = own_ones["jax"] and [np.conj(x) for x in own_ones["jax"]]
            notes["conjugate"] += _agree(case, {**own_ones, "jax": conjugated}, _COARSE)
        notes["none"] += any(x is None for name in FRAMEWORKS for x in natively[name][k] or ())
    right = sum(all(disagreements(case, through[name][k]) == [] for name in BACKENDS) for k, case in enumerate(CASES))
    everything = {key: sum(figures[key] for figures in groups.values()) for key in groups[GROUPS[0]]}
    return {
        "machine": machine.describe(),
        "census": {"cases": len(CASES), "multigrad": right},
        "all": everything,
        "groups": groups,
        "notes": notes,
    }


def filled(case, found):
    """Return gradients with zeros where a framework gives None, or None where it raised."""
    if found is None:
        return None
    return [np.zeros_like(array(x)) if g is None else g for g, x in zip(found, case.point, strict=True)]


def _same_value(*values):
    return all(np.all(agree(a, b, 1e-12)) for a, b in itertools.combinations(values, 2))


def _agree(case, found, eps=None):
    """Tell whether all frameworks give the same, up to the tolerance of the case, where the convention says a value."""
    if any(x is None for x in found.values()):
        return False
    tolerance = (eps or case.eps) * EPS
    return all(
        a[i].shape == b[i].shape and bool(np.all(agree(a[i], b[i], tolerance)))
        for a, b in itertools.combinations(found.values(), 2)
        for i, derivative in enumerate(case.expected)
        if derivative is not None
    )


def share(figures, key):
    """Return a count as a percentage; 100 only if it is all of them."""
    percent = 100 * figures[key] / figures["cases"]
    return f"{percent:.1f}%" if figures[key] < figures["cases"] else "100%"


def sentence(results):
    """Return the figures in one sentence."""
    figures = results["all"]
    return (
        f"Of {figures['cases']} derivatives that torch, JAX and TensorFlow can all compute, their own gradients agree "
        f"in {figures['agree']} ({share(figures, 'agree')}); through multigrad they agree in {figures['multigrad']} "
        f"({share(figures, 'multigrad')})."
    )


def draw(results, path):
    """Draw both shares, of all cases and by group, as horizontal bars."""
    import matplotlib

    matplotlib.use("Agg")  # a file, not a window
    from matplotlib import pyplot

    rows = [("all cases", results["all"]), *results["groups"].items()]
    figure, axes = pyplot.subplots(figsize=(8.4, 3.7), facecolor="white")  # its own ground, for pages light and dark
    for key, label, color, offset in (
        ("agree", "the three frameworks agree natively", "#b35806", -0.19),
        ("multigrad", "through multigrad, NumPy included", "#2166ac", 0.19),
    ):
        heights = [place + offset for place in range(len(rows))]
        bars = axes.barh(heights, [100 * x[key] / x["cases"] for _, x in rows], 0.34, color=color, label=label)
        axes.bar_label(bars, [share(x, key) for _, x in rows], padding=4, fontsize=10, color="#222222")
    axes.set_yticks(range(len(rows)), [f"{name} ({x['cases']})" for name, x in rows], fontsize=10)
    axes.get_yticklabels()[0].set_fontweight("bold")
    axes.invert_yaxis()
    axes.set_xlim(0, 112)
    axes.set_xticks([])
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.tick_params(length=0)
    figure.legend(loc="upper center", ncols=2, frameon=False, fontsize=10)
    figure.tight_layout(rect=(0, 0, 1, 0.92))
    figure.savefig(path, dpi=100, metadata={"Software": None})
    pyplot.close(figure)


if __name__ == "__main__":
    main()
