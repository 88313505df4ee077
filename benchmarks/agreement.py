"""How often the frameworks agree on a derivative natively, and how often through multigrad.

Run ``python -m benchmarks.agreement``; it needs all three frameworks and takes a quarter of an hour, most of it JAX
compiling small operations. The cases are those of the census in ``tests/convention``: a function at a point, with the
derivative that the convention gives there. A case counts if all three frameworks have the function, its derivative and
the same value; None counts as zero. With ``--draw`` the picture alone is drawn, from the figures that were saved.
"""

import argparse
import itertools
import warnings
from pathlib import Path

import numpy as np
from rich.console import Console
from tests.convention.case import agree, array, disagreements, is_complex
from tests.convention.census import CASES, gradients

from benchmarks import machine
from benchmarks.own_functions import own
from benchmarks.saved import FOLDER, load, save

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
    Console().print(sentence(results), remarks(results), table(results), sep="\n\n", markup=False, soft_wrap=True)
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
    groups = {name: dict.fromkeys(("cases", "agree", "conjugate", *FRAMEWORKS, "multigrad"), 0) for name in GROUPS}
    notes = dict.fromkeys(("lacking", "other value", "rounding", "none"), 0)
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
            figures["conjugate"] += _agree(case, _conjugated(own_ones)) and is_complex(list(case.point))
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


def _conjugated(found):
    return {**found, "jax": found["jax"] and [np.conj(x) for x in found["jax"]]}


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


def share(count, figures):
    """Return a count as a percentage of a group's cases; 100% only if it is all of them."""
    return f"{100 * count / figures['cases']:.1f}%" if count < figures["cases"] else "100%"


def sentence(results):
    """Return the figures in one sentence."""
    figures = results["all"]
    cases, agree_, forgiven = figures["cases"], figures["agree"], figures["agree"] + figures["conjugate"]
    through = "all" if figures["multigrad"] == cases else f"{figures['multigrad']}"
    return (
        f"Of {cases} derivatives that torch, JAX and TensorFlow can all compute, their own gradients agree in {agree_} "
        f"({share(agree_, figures)}), in {forgiven} ({share(forgiven, figures)}) if JAX's complex gradients are "
        f"conjugated; through multigrad they agree in {through}."
    )


def table(results):
    """Return the figures by group, as a table in Markdown."""
    head = ("cases", "counted", "agree natively", *FRAMEWORKS, "through multigrad")
    keys = ("cases", "agree", *FRAMEWORKS, "multigrad")
    rows = [*results["groups"].items(), ("**all**", results["all"])]
    lines = [(name, *(str(figures[key]) for key in keys)) for name, figures in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *lines))


def remarks(results):
    """Return what was left out of the figures, and what lies behind them, in sentences."""
    notes, census = results["notes"], results["census"]
    disagree = results["all"]["cases"] - results["all"]["agree"]
    return (
        f"Of the {census['cases']} cases that the census had then {notes['lacking']} are not counted because a "
        f"framework lacks the function, an option or the derivative, or does not evaluate it at the point, and "
        f"{notes['other value']} "
        f"because the values differ already; through multigrad all {census['multigrad']} are right on NumPy, torch, "
        f"JAX and TensorFlow. None counts as zero ({notes['none']} cases). Of the {disagree} disagreements "
        f"{notes['rounding']} are smaller than 1e-8, and {results['all']['conjugate']} are JAX's conjugate alone."
    )


def draw(results, path):
    """Draw both shares, of all cases and by group, as horizontal bars."""
    import matplotlib

    matplotlib.use("Agg")  # a file, not a window
    from matplotlib import pyplot

    rows = [("all cases", results["all"]), *results["groups"].items()]
    shares = {key: [100 * x[key] / x["cases"] for _, x in rows] for key in ("agree", "conjugate", "multigrad")}
    figure, axes = pyplot.subplots(figsize=(8.4, 3.8), facecolor="white")  # its own ground, for pages light and dark
    above, below = ([place + offset for place in range(len(rows))] for offset in (-0.19, 0.19))
    style = {"height": 0.34, "color": "#b35806"}
    label = {"fontsize": 10, "fontweight": "bold", "padding": -42}
    bars = axes.barh(above, shares["agree"], label="torch, JAX and TensorFlow agree natively", **style)
    axes.bar_label(bars, [share(x["agree"], x) for _, x in rows], color="white", **label)
    light = {"left": shares["agree"], "alpha": 0.35, "label": "with JAX's conjugate forgiven"}
    bars = axes.barh(above, shares["conjugate"], **light, **style)
    forgiven = [share(x["agree"] + x["conjugate"], x) if x["conjugate"] else "" for _, x in rows]
    axes.bar_label(bars, forgiven, color="#7f3b08", **label)
    bars = axes.barh(below, shares["multigrad"], 0.34, color="#2166ac", label="through multigrad")
    axes.bar_label(bars, [share(x["multigrad"], x) for _, x in rows], color="white", **label)
    axes.set_yticks(range(len(rows)), [f"{name} ({x['cases']})" for name, x in rows], fontsize=10)
    axes.get_yticklabels()[0].set_fontweight("bold")
    axes.invert_yaxis()
    axes.set_xlim(0, 101)
    axes.set_xticks([])
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.tick_params(length=0)
    figure.legend(loc="upper center", ncols=3, frameon=False, fontsize=10)
    figure.tight_layout(rect=(0, 0, 1, 0.92))
    figure.savefig(path, dpi=100, metadata={"Software": None})
    pyplot.close(figure)


if __name__ == "__main__":
    main()
