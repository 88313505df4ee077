"""The links of the README and the documentation.

Those to files and headings are tested (``tests/test_links.py``), and that the others are well formed. Whether other
hosts still have what they name needs a network, which no test uses:

    python -m tests.links

asks each of them once and prints what is gone.
"""

import re
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`[^`\n]*`")
TARGET = re.compile(
    r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)|^\[[^\]]+\]:\s+<?(\S+?)>?$|<(https?://[^>]+)>", re.MULTILINE
)
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)
EXTERNAL = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def links(text):
    """Return the targets of all links of a page in Markdown, without its code."""
    prose = CODE.sub("", FENCE.sub("", text))
    return [next(filter(None, found)) for found in TARGET.findall(prose)]


def anchors(text):
    """Return the names of a page's places: its headings, ids, and the objects that it documents."""
    headings = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in HEADING.findall(FENCE.sub("", text))]
    slugs = [re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower()) for heading in headings]
    return {*slugs, *re.findall(r"\bid=\"([^\"]+)\"", text), *re.findall(r"^::: (\S+)", text, re.MULTILINE)}


def broken(page):
    """Return the links of a page to files and headings that are not there."""
    found = []
    text = page.read_text(encoding="utf-8")
    for link in links(text):
        if EXTERNAL.match(link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        is_there = target.exists() and target.is_relative_to(ROOT)
        if not is_there or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            found.append(link)
    return found


def malformed(url):
    """Return what is wrong with an external link, None if nothing is."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        return "is not https"
    if not re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", parts.netloc):
        return "has no name of a host"
    if re.search(r"[^\w/.~%:+@=,-]|//|[.,:]$", parts.path):
        return "has a path that no page would have"
    return None


def external():
    """Return the external links of all pages, each with the first page that has it."""
    found = {}
    for page in PAGES:
        for link in filter(EXTERNAL.match, links(page.read_text(encoding="utf-8"))):
            found.setdefault(link, page)
    return found


def answer(url):
    """Ask for a page; return None if it is there, else what came instead."""
    request = urllib.request.Request(url, headers={"User-Agent": "Mozilla/5.0 (a check of links)"})
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            text = reply.read().decode("utf-8", errors="replace")
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.reason}"
    except OSError as error:
        return str(error)
    anchor = urlsplit(url).fragment
    if anchor and not re.search(rf"\b(id|name)=[\"']?{re.escape(anchor)}\b", text):
        return f"no place named {anchor} on the page"
    return None


def main():
    """Print each external link that does not answer; return how many."""
    found = external()
    with ThreadPoolExecutor(8) as pool:
        gone = {url: why for url, why in zip(found, pool.map(answer, found), strict=True) if why is not None}
    for url, why in gone.items():
        print(f"{found[url].relative_to(ROOT)}: {url}: {why}")
    print(f"{len(found) - len(gone)} of {len(found)} links hold")
    return len(gone)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
