"""A comment as GitHub shows it: rendered by GitHub's own parser, then split into its parts."""

from __future__ import annotations

from html.parser import HTMLParser

import cmarkgfm  # type: ignore[import-untyped]  # - it has no types
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]  # - the same

VOID = {"br", "hr", "img", "input"}
CODE = {"code", "pre"}


class Page(HTMLParser):
    """The parts of a rendered comment.

    `tags` counts elements by name, `rows` has for each table the number of cells of each row, `plain` the
    text outside of code, which GitHub and GitLab search for mentions and references, `fences` the
    text of each block of code, `unclosed` what was never closed or closed by another's tag.
    """

    def __init__(self, markdown: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: dict[str, int] = {}
        self.attributes: set[str] = set()
        self.rows: list[list[int]] = []
        self.comments: list[str] = []
        self.fences: list[str] = []
        self.summaries: list[str] = []
        self.items: list[str] = []
        self.text = self.plain = ""
        self.unclosed: list[str] = []
        self._open: list[str] = []
        options = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_HARDBREAKS
        self.feed(cmarkgfm.github_flavored_markdown_to_html(markdown, options=options))
        self.close()
        self.unclosed += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an opening tag."""
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.attributes |= {name for name, _ in attrs}
        self.plain += " \n" if tag in CODE else ""
        if tag not in VOID:
            self._open.append(tag)
        if tag == "table":
            self.rows.append([])
        elif tag == "tr":
            self.rows[-1].append(0)
        elif tag in {"td", "th"}:
            self.rows[-1][-1] += 1
        texts = {"pre": self.fences, "summary": self.summaries, "li": self.items}.get(tag)
        if texts is not None:
            texts.append("")

    def handle_endtag(self, tag: str) -> None:
        """Take a closing tag."""
        if tag in VOID:
            return
        if not self._open or self._open.pop() != tag:
            self.unclosed.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        """Take text; `plain` leaves out code."""
        self.text += data
        if not CODE.intersection(self._open):
            self.plain += data
        for tag, texts in (("pre", self.fences), ("summary", self.summaries), ("li", self.items)):
            if tag in self._open:
                texts[-1] += data

    def handle_comment(self, data: str) -> None:
        """Take a comment."""
        self.comments.append(data)
