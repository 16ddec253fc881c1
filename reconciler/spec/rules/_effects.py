"""Rules for values that Zoom accepts and ignores: by type, by other fields, and the host named once more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.errors.diagnostic import Severity, UnlocatedDiagnostic
from reconciler.meeting.meeting import INSTANT, kind
from reconciler.meeting.names import fold_host
from reconciler.ports import Json
from reconciler.spec import effect

NO_EFFECT = "meeting.no-effect"
"""The code of every finding of this module."""

_ALTERNATIVES, _FOR = ("settings", "alternative_hosts"), ("schedule_for",)


def check(attributes: Mapping[str, Json], host: str) -> tuple[UnlocatedDiagnostic, ...]:
    """Return the findings about declared values without effect."""
    if kind(attributes) == INSTANT:  # an error already, and another type has other limits
        return ()
    ineffective = tuple(
        _no_effect(found.path, found.reason, found.remedy) for found in effect.without_effect(attributes)
    )
    other, settings = attributes.get("schedule_for"), attributes.get("settings")
    alternatives = settings.get("alternative_hosts") if settings else None
    if not (other or alternatives):
        return ineffective
    return (*ineffective, *_host_again(host, other, alternatives))


def _host_again(host: str, other: str | None, alternatives: str | None) -> Iterator[UnlocatedDiagnostic]:
    if other and fold_host(other) == fold_host(host):
        yield _no_effect(_FOR, f"`{host}` is the host already.", "Remove `schedule_for`.")
    if alternatives and (other or host).lower() in alternatives.lower():  # most names end here
        owner = fold_host(other or host)
        if owner in {fold_host(name.strip()) for name in alternatives.replace(",", ";").split(";")}:
            remedy = "Remove it from `alternative_hosts`, or name somebody else."
            reason = f"`{other or host}` is the host, who needs no alternative."
            yield _no_effect(_ALTERNATIVES, reason, remedy)


def _no_effect(path: tuple[str, ...], reason: str, remedy: str) -> UnlocatedDiagnostic:
    return UnlocatedDiagnostic(path, NO_EFFECT, reason, remedy, Severity.WARNING)
