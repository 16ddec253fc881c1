"""The command `calendar`: what is declared, as an agenda, a document, a feed or a page."""
