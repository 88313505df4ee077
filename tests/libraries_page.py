"""The lists of docs/libraries.md, made from the tables that are tested.

``python -m tests.libraries_page`` writes them between the page's markers.
"""

import os
import re
from pathlib import Path

os.environ["SCIPY_ARRAY_API"] = "1"  # SciPy reads it when it is imported

from . import scipy_functions, third_party_functions
from .library_gradients import functions

PAGE = Path(__file__).parent.parent / "docs" / "libraries.md"
OTHERS = ("array_api_extra.", "einops.", "sklearn.")
BLOCK = re.compile(r"(<!-- begin: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def listed(calls, options=False):
    """Return lines of a table: for each module its functions, with or without the option after the hyphen."""
    modules = {}
    for name in sorted(calls if options else functions(calls), key=str.lower):
        path, _, option = name.partition("-")
        if not path.startswith(OTHERS):
            path = f"scipy.{path}"
        module, function = re.fullmatch(r"(scipy\.\w+|.*)\.(.*)", path).groups()
        modules.setdefault(module, []).append(f"`{function}`" + f" ({option})" * bool(option))
    lines = [f"| `{module}` | {len(names)} | {', '.join(names)} |" for module, names in modules.items()]
    return "\n".join(["", "| module | | functions |", "|---|---|---|", *lines, "", ""])


def blocks():
    """Return the text of every block of the page by its name."""
    scipy, others = scipy_functions, third_party_functions
    return {
        "scipy": listed(scipy.SMOOTH | scipy.FLAT),
        "others": listed(others.SMOOTH | others.FLAT),
        "scipy_raises": listed(scipy.LEAVING | scipy.REFUSING, options=True),
        "others_raise": listed(others.LEAVING | others.REFUSING, options=True),
    }


def page(text):
    """Return the page with the lists of today."""
    made = blocks()
    return BLOCK.sub(lambda found: found[1] + made[found[2]] + found[3], text)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
