"""History of an apply: the facts that its writes carry, and the count of what is still open."""
