"""A calendar as one self-contained HTML page.

`calendar.html.jinja` is the template, `calendar.css` and `calendar.js` are copied into the page.
Begin reading at `calendar`.
"""
