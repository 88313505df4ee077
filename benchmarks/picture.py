"""The ratios as a picture: one panel per framework, one dot per contestant, the native call as a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.report import contests, spread

_COLORS = {"native": "#1b7837", "standard": "#2166ac"}


def save(results: dict[str, Any], path: Path) -> None:
    """Draw the ratios of the workloads and programs.

    Parameters
    ----------
    results
        As in ``results.json``.
    path
        Where the picture goes.
    """
    import matplotlib

    matplotlib.use("Agg")  # a file, not a window
    from matplotlib import pyplot

    found = [(key, rows) for key, rows in contests(results["rows"]) if key[0] in ("workloads", "programs")]
    frameworks = list(dict.fromkeys(key[1] for key, _ in found))
    if not frameworks:
        return
    deepest = max(sum(key[1] == name for key, _ in found) for name in frameworks)
    figure, panels = pyplot.subplots(
        1, len(frameworks), figsize=(5 * len(frameworks), 1.5 + 0.28 * deepest), squeeze=False
    )
    for panel, name in zip(panels[0], frameworks, strict=True):
        own = [(key, rows) for key, rows in found if key[1] == name]
        for height, (_, rows) in enumerate(reversed(own)):
            noise = spread(rows)
            panel.plot([1 - noise, 1 + noise], [height, height], color="0.8", linewidth=6, solid_capstyle="butt")
            for row in rows.values():
                if row["arrays"]:
                    panel.plot(row["ratio"], height, "o", markersize=5, color=_COLORS[row["arrays"]])
        panel.axvline(1.0, color="0.4", linewidth=0.8)
        panel.set_yticks(range(len(own)), [f"{key[2]} {key[3]}" for key, _ in reversed(own)])
        panel.set_xscale("log")
        panel.set_xticks([0.25, 0.5, 1, 2, 4], ["¼", "½", "1", "2", "4"])
        panel.minorticks_off()
        panel.set_title(name)
        panel.set_xlabel("CPU time, ratio to the native call")
    for arrays, color in _COLORS.items():
        panels[0][0].plot([], [], "o", color=color, label=f"multigrad, {arrays} arrays")
    panels[0][0].plot([], [], color="0.8", linewidth=6, label="native against itself")
    figure.legend(loc="upper center", ncols=3, frameon=False)
    figure.tight_layout(rect=(0, 0, 1, 0.95))
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
