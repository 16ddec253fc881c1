"""Masks texts of Zoom that are not declared, before they are shown or kept in a state.

Such a text may contain a passcode that this program never sent. It is compared unmasked, in memory. It is
shown with a mask, and kept with a mask and a salted hash, so that a later change is still noticed.
A declared text is never masked: the readers of a plan can read it in the spec.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from reconciler.errors.redact import redact_text
from reconciler.errors.secrets import link_spans, secret_spans
from reconciler.meeting.passcode import hash_secret, same_secret
from reconciler.ports import Json

_MASKED = "masked"
_HASH = "scrypt"


def as_shown(value: Json, declared: Json = None) -> Json:
    """Return `value` with the secrets in its texts masked, except in texts that `declared` has too."""
    return _mapped(value, frozenset(_texts(declared)), redact_text, lambda masked: masked[_MASKED])


def as_kept(value: Json, declared: Json, salt: str) -> Json:
    """Return the form of `value` for a state: a text with a secret as its masked form and a hash.

    Texts that `declared` has too stay unchanged. Equal texts and salts give equal forms, so that an unchanged
    meeting does not change the state.
    """
    return _mapped(value, frozenset(_texts(declared)), lambda text: _kept(text, salt), lambda masked: masked)


def is_same(kept: Json, value: Json) -> bool:
    """Return whether `kept` is the form of `value` by `as_kept`."""
    if is_masked(kept):
        return isinstance(value, str) and same_secret(value, kept[_HASH])
    if isinstance(kept, dict) and isinstance(value, dict):
        return kept.keys() == value.keys() and all(is_same(kept[name], value[name]) for name in kept)
    if isinstance(kept, list) and isinstance(value, list):
        return len(kept) == len(value) and all(map(is_same, kept, value))
    return bool(kept == value)


def is_masked(value: Json) -> bool:
    """Return whether `value` is the kept form of one text."""
    return isinstance(value, dict) and value.keys() == {_MASKED, _HASH}


def describe_secret(value: Json, declared: Json = None) -> str:
    """Return the kind of secret in the texts of `value` that `declared` does not have; empty if none."""
    known = frozenset(_texts(declared))
    foreign = [text for text in _texts(value) if text not in known]
    if any(link_spans(text) and secret_spans(text) for text in foreign):
        return "a join link with a passcode"
    return "a passcode" if any(map(secret_spans, foreign)) else ""


def holds_secret(value: Json) -> bool:
    """Return whether `value` contains a secret, or a text that was kept masked."""
    if is_masked(value):
        return True
    if isinstance(value, (dict, list)):
        return any(map(holds_secret, value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and bool(secret_spans(value))


def holds_mask(value: Json) -> bool:
    """Return whether `value` contains a text that was kept masked."""
    if isinstance(value, dict):
        return is_masked(value) or any(map(holds_mask, value.values()))
    return isinstance(value, list) and any(map(holds_mask, value))


def _kept(text: str, salt: str) -> Json:
    if not secret_spans(text):
        return text
    import hashlib  # noqa: PLC0415 - OpenSSL, and only for a text with a secret

    masked = redact_text(text)
    own_salt = hashlib.sha256(f"{salt}\n{masked}".encode()).digest()[:16]
    return {_MASKED: masked, _HASH: hash_secret(text, own_salt)}


def _mapped(
    value: Json, declared: frozenset[str], form: Callable[[str], Json], form_of_masked: Callable[[Json], Json]
) -> Json:
    if is_masked(value):
        return form_of_masked(value)
    if isinstance(value, dict):
        return {name: _mapped(inner, declared, form, form_of_masked) for name, inner in value.items()}
    if isinstance(value, list):
        return [_mapped(inner, declared, form, form_of_masked) for inner in value]
    return form(value) if isinstance(value, str) and value not in declared else value


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)
