"""``python -m multigrad.convention``: print the documentation's page."""

import sys

from multigrad.convention import markdown

if __name__ == "__main__":
    # The page is UTF-8 wherever it is made.
    sys.stdout.buffer.write(markdown().encode())
