"""Results as Markdown for pull requests and job summaries.

Every value is escaped by `escape` for the place where it is written. Begin reading at `plan`.
"""
