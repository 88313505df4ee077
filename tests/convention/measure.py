"""Write the rows' measured native behavior, as the module ``_measured.py`` of the convention, to standard output.

``python -m tests.convention.measure`` needs all three frameworks.
"""

import importlib

from multigrad.convention import ROWS

from .native import FRAMEWORKS, measured

_HEAD = '''"""What the frameworks' own functions give at the rows, float64 on the CPU, in the versions named here.

Written by ``python -m tests.convention.measure``; a test of every row says when a framework has moved.
"""
'''


def main():
    """Print the module."""
    versions = {name: importlib.import_module(name).__version__.partition("+")[0] for name in FRAMEWORKS}
    print(_HEAD)
    print(f"MEASURED = {versions!r}\n")
    print("NATIVE: dict[str, tuple[str, ...]] = {")
    for row in ROWS:
        print(f"    {row.name!r}: {tuple(measured(row, name) for name in FRAMEWORKS)!r},")
    print("}")


if __name__ == "__main__":
    main()
