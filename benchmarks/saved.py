"""Results as JSON files in a folder, from which `benchmarks.page` makes the documentation's page."""

import json
from pathlib import Path

FOLDER = Path(__file__).parent / "results"  # those that the page shows


def save(folder, name, results):
    """Write results to ``<folder>/<name>.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def load(folder, name):
    """Return what was saved, or None."""
    path = folder / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
