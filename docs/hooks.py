"""What MkDocs changes in the pages as it builds them; named in mkdocs.yml."""

import re


def on_page_markdown(markdown, **_):
    """Mark sessions as such: their prompts and output are then left out of what the copy button copies."""
    return re.sub(r"^```python\n(?=>>>)", "```pycon\n", markdown, flags=re.MULTILINE)


def on_page_content(html, **_):
    """Show an alias of the source as what it stands for."""
    return html.replace(">_Function<", ">Callable<")
