"""What a page says that a server sends in place of an answer."""

from __future__ import annotations

import pytest

from reconciler.errors.pages import page_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<!DOCTYPE html>\n<html><head><title>\n Sign in · GitLab</title>", 'a web page, "Sign in · GitLab"'),
        ("\ufeff <HTML><body><h1>Blocked</h1> by &lt;policy&gt;", 'a web page, "Blocked by <policy>"'),
        ("<html><script>var a = 1;</script></html>", "a web page"),
        (f"<html><title>{'long ' * 99}</title>", f'a web page, "{("long " * 24)}"'),
        (
            '<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code><Message>Expired</Message></Error>',
            'an XML error, "AccessDenied: Expired"',
        ),
        ("<Error><Code>SlowDown</Code></Error>", 'an XML error, "SlowDown"'),
        ("<feed/>", "an XML document"),
        ('{"html": "<html>"}', None),
        ("", None),
    ],
)
def test_a_page_is_told_by_its_words(text: str, words: str | None) -> None:
    assert page_words(text, str) == words
