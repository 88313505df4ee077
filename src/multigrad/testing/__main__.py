"""``python -m multigrad.testing`` prints the table of planted bugs that docs/testing.md has."""

from multigrad.testing._mutants import MUTANTS
from multigrad.testing._mutants._table import table

if __name__ == "__main__":
    print(table(MUTANTS))
