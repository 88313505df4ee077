"""All links of the documentation to its own files and headings hold; those to other hosts are well formed."""

import http.server
import threading

import pytest

from . import links


@pytest.mark.parametrize("page", [pytest.param(page, id=str(page.relative_to(links.ROOT))) for page in links.PAGES])
def test_files_and_headings_are_there(page):
    assert links.broken(page) == []


def test_external_links_are_well_formed():
    assert {url: why for url in links.external() if (why := links.malformed(url)) is not None} == {}
    assert len(links.external()) >= 20  # they are found at all


def test_links_are_found_in_prose_and_not_in_code():
    text = '[a](b.md#c) ![d](e.png "f") <https://g.h>\n[i]: j.md\n`[k](l)`\n```python\nx[m](n)\n# o\n```\n[p](<q.md>)'
    assert links.links(text) == ["b.md#c", "e.png", "https://g.h", "j.md", "q.md"]


def test_a_broken_link_is_caught(tmp_path, monkeypatch):
    monkeypatch.setattr(links, "ROOT", tmp_path)
    (tmp_path / "there.md").write_text("# One `two`, [three](x.md)!\n\n::: multigrad.gradient\n```\n# four\n```\n")
    page = tmp_path / "page.md"
    good = "[a](there.md) [b](there.md#one-two-three) [c](there.md#multigrad.gradient) [d](#here) [e](https://gone.org)"
    bad = ["gone.md", "there.md#gone", "there.md#four", "../other/away.md", "#nowhere"]
    page.write_text(f"## Here\n{good} " + " ".join(f"[f]({link})" for link in bad))
    assert links.broken(page) == bad


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://docs.dask.org/en/stable/array.html#a", None),
        ("http://docs.dask.org/en/", "https"),
        ("https:/docs.dask.org", "host"),
        ("https://localhost/x", "host"),
        ("https://docs.dask.org/en/array.html.", "path"),
        ("https://docs.dask.org//en", "path"),
        ("https://docs.dask.org/a|b", "path"),
    ],
)
def test_malformed_links_are_caught(url, why):
    found = links.malformed(url)
    assert found is None if why is None else why in found


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/there" else 404)
        self.end_headers()
        self.wfile.write(b'<h1 id="place">')

    def log_message(self, *_):
        """Say nothing."""


def test_the_command_names_what_is_gone(tmp_path, monkeypatch, capsys):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host = f"http://127.0.0.1:{server.server_port}"
    page = tmp_path / "page.md"
    page.write_text(" ".join(f"[a]({host}/{path})" for path in ("there", "there#place", "there#else", "gone")))
    monkeypatch.setattr(links, "ROOT", tmp_path)
    monkeypatch.setattr(links, "PAGES", [page])
    try:
        assert links.main() == 2
    finally:
        server.shutdown()
        server.server_close()
    printed = capsys.readouterr().out
    assert "there#else: no place named else" in printed
    assert "gone: 404" in printed
    assert "2 of 4 links hold" in printed
