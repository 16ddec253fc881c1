"""Lays the text of a spec out anew: order, indentation and blank lines, never a value or a comment.

It must never change what a file declares: `layout` compares, and refuses what it cannot keep. Begin reading
there.
"""
