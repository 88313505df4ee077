"""Every code block of the README and the documentation runs, and shows what it prints.

A block of Python runs as it stands; lines after ``>>>`` are checked like a docstring's. The blocks of a page share
their names, like a reader's session. A page that uses frameworks names them in a comment,
``<!-- needs: torch, jax -->``, and is tested where all of them are.
"""

import doctest
import re
import sys
from pathlib import Path

import pytest
from sybil import Document
from sybil.parsers.markdown import PythonCodeBlockParser

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PARSER = PythonCodeBlockParser(doctest_optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)


def frameworks(page):
    named = re.search(r"<!-- needs: (.*?) -->", page.read_text(encoding="utf-8"))
    return re.split(r",\s*", named[1]) if named else ["numpy"]


def has_code(page):
    return re.search(r"^```(python|pycon)", page.read_text(encoding="utf-8"), flags=re.MULTILINE) is not None


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.needs(*frameworks(page)), id=str(page.relative_to(ROOT)))
        for page in PAGES
        if has_code(page)
    ],
)
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # what a page writes
    monkeypatch.syspath_prepend(tmp_path)  # and imports again
    before = set(sys.modules)
    document = Document.parse(str(page), PARSER, encoding="utf-8")
    for example in document.examples():
        example.evaluate()
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def test_the_readme_and_the_start_page_have_examples():
    assert has_code(ROOT / "README.md")
    assert has_code(ROOT / "docs" / "index.md")


def test_every_page_is_in_the_navigation():
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    missing = [name for page in PAGES[1:] if (name := page.relative_to(ROOT / "docs").as_posix()) not in navigation]
    assert missing == []


@pytest.mark.needs("numpy")
def test_the_page_on_graphs_shows_what_is_drawn(tmp_path, monkeypatch):
    text = (ROOT / "docs" / "graph.md").read_text(encoding="utf-8")
    (tmp_path / "chain.py").write_text(re.search(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)[1])
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PATH", "")  # the built-in layout
    import chain

    listing = re.search(r"^```text\n(.*?)^```", text, re.DOTALL | re.MULTILINE)[1]
    assert str(chain.found).strip() == listing.strip()
    assert chain.found.to_svg().replace(str(tmp_path / "chain.py"), "chain.py") == (
        ROOT / "docs" / "graph.svg"
    ).read_text(encoding="utf-8")
