"""Topics that attack the readers of a comment, or the page that shows it."""

from __future__ import annotations

TOPICS = (
    # Mentions and references of GitHub
    "@everyone", "@octo-org/security", "ping @root, please", "(@root)", "a@b", "#1", "see #123.", "GH-1",
    "gh-99",
    "octo/repo#7", "octo/repo@0123456789abcdef", "0123456789abcdef0123456789abcdef01234567", "deadbee",
    "Fixes #4", "closes GH-12", "TICKET-42", "octo#1", "https://github.com/octo/repo/issues/1",
    # References and commands of GitLab
    "!1", "$1", "%1", '%"v1 0"', "~bug", '~"needs work"', "&1", "^alert#1", "*iteration:1",
    "[vulnerability:1]",
    "[issue:1]", "group/project!12", "/close", "/assign @root", "\n/merge", "[[wiki]]", "[[_TOC_]]",
    "[TOC]",
    "![[snippet]]", "{+ add +}", "[- del -]", "#ff0000", "`#ff0000`", "@all",
    # Links, addresses, images
    "https://evil.example/x", "http://evil.example", "www.evil.example", "ftp://evil.example",
    "evil@evil.example",
    "mailto:a@evil.example", "xmpp:a@evil.example", "<https://evil.example>", "<a@evil.example>",
    "[click](https://evil.example)", "[click][1]\n\n[1]: https://evil.example",
    "![pixel](https://evil.example/p.png)",
    "[a](javascript:alert(1))", "[^1]", "[^1]: note", "HTTPS://EVIL.EXAMPLE", "//evil.example",
    # HTML
    "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "</summary></details>", "</code></b>",
    "</pre>",
    "<!-- reconciler:plan -->", "<!-- reconciler:drift", "-->", "<details><summary>x</summary>",
    "<a href=//e>x</a>",
    "&lt;b&gt;", "&#64;root", "&commat;root", "<h1>No changes</h1>", "<br><hr>",
    "<style>*{display:none}</style>",
    "<?php ?>", "<![CDATA[x]]>", "<!DOCTYPE x>", "<svg/onload=alert(1)>", "a < b & c > d",
    # Markdown
    "# No changes", "No changes\n==========", "---", "***", "- item", "* item", "+ item", "1. first",
    "2) second",
    "> quote", "> [!NOTE]", "    indented", "\tindented", "**bold**", "__bold__", "*x*", "_x_",
    "~~gone~~", "~gone~",
    "a | b", "| a | b |", "|---|---|", "\\", "\\|", "a\\", "\\`x\\`", "x\\\\|y", "- [x] done", "a\n\nb",
    "a  \nb", "\r\n\r\n# x", "***a**b*", "$x$", "$$x$$", "$`x`$", "\\(x\\)", "\\[x\\]", ":smile:", ":+1:",
    "a:tada:b",
    # Code and fences
    "`", "``", "```", "````", "`x", "x`", "`x`", "``x`y``", " ` ", "```\n</details>", "~~~", "```mermaid",
    "`` ` ``",
    "a`b``c```d", "`a@b``c@d`", "``", "`````````````````````",
    # Invisible characters, and characters that change the direction of writing
    "\u202egnitteem", "\u2066x\u2069", "a\u200bb", "\u200d", "@\u200broot", "\ufeffx", "\u2028x\u2029",
    "\u00a0",
    "\x00", "\x1b[2J", "\x7f", "\x85", "\ue000", "\u3164", "\u2800", "\u034f", "\u00adx", "\U000e0041",
    "a\tb", "\x0b\x0c",
    # Empty, short and long texts
    "", " ", "  a   b  ", ".", "...", ":", "!", "(", '"', "'", "“quoted”", "x" * 5000, "`" * 100,
    "|" * 500, "@" * 500,
    "a@b.c " * 500, "[" * 500, "<" * 500, "*a " * 500, "\u202e" * 300, "会議 @root", "اجتماع #1",
    "Ⓜ️ 🚀 👩‍💻", "é @x",
)  # fmt: skip
"""More than a hundred and fifty."""
