"""Notices: a short message about a run, to the addresses in `RECONCILER_NOTIFY`.

Begin reading at `notice`; only `sender` imports Apprise.
"""
