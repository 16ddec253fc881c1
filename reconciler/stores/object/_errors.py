"""What became of a request to object storage, judged from what the library tells of it.

The library has one error for most things and keeps status and code of an answer in its text
alone, so the text is read here, and nowhere else. What cannot be read counts as unanswered:
it may have happened. The text itself is never shown; it may hold more than is good.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from reconciler.errors.diagnostic import Diagnostic
from reconciler.errors.exceptions import StateError
from reconciler.stores.errors import AbsentError, ConflictError, UnansweredError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.stores.object._bucket import Bucket


BUCKET_MISSING = {"NoSuchBucket", "ContainerNotFound"}
OBJECT_MISSING = {"NoSuchKey", "BlobNotFound"}
UNPROVEN = {
    *("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired"),
    *("AuthenticationFailed", "InvalidAuthenticationInfo", "NoAuthenticationInformation"),
}
BUSY = {"ConditionalRequestConflict", "OperationAborted"}
"""Codes of 409 for two writes at the same time, of which none may have come through."""

CONFLICTS = {"AlreadyExistsError", "PreconditionError"}

PASSING = {408, 425, 429, 499}
"""Refusals that another try may not meet; as every 5xx."""

STATUS = re.compile(r"status code: (\d{3})")
CODE = re.compile(r"<Code>(\w{1,60})</Code>")
MESSAGE = re.compile(r"<Message>([^<\n]{1,200})")
NOT_CONNECTED = re.compile(r"\bkind: Connect\b")
FOR_A_TOKEN = re.compile(
    r"token request|169\.254\.\d|metadata\.google|/oauth2/|//sts[.-]|AssumeRole", re.IGNORECASE
)
"""Requests of the library on its own behalf, before ours: no credentials are to be had."""


@dataclass(frozen=True, slots=True)
class ParsedError:
    """What the library tells. `kind` is its error's name; `status` is None where no answer came.

    `is_unknown`: it knows no way to ask this of such a storage, and raises Python's own error for that.
    """

    kind: str
    status: int | None
    code: str
    message: str
    is_connected: bool
    is_unknown: bool
    is_for_a_token: bool

    @classmethod
    def by(cls, error: Exception) -> ParsedError:
        """What `error` tells."""
        text = str(error)
        shown, _, debugged = text.partition("Debug source:")
        status, code, message = STATUS.search(shown), CODE.search(shown), MESSAGE.search(shown)
        return cls(
            kind="BareRedirect" if "BareRedirect" in debugged else type(error).__name__,
            status=int(status[1]) if status else None,
            code=code[1] if code else "",
            message=message[1].strip() if message else "",
            is_unknown=isinstance(error, RuntimeError) or type(error).__name__ == "NotSupportedError",
            is_connected=NOT_CONNECTED.search(debugged) is None,
            is_for_a_token=FOR_A_TOKEN.search(shown.partition("status code:")[0]) is not None,
        )

    @property
    def is_passing(self) -> bool:
        """Whether another try may fare better, and nobody knows what became of this one."""
        return self.status in PASSING or (self.status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def words(self) -> str:
        """The answer in a line."""
        said = " ".join(filter(None, (str(self.status or ""), self.code)))
        return f"{said}: {self.message}" if self.message else said or "no answer"


def to_state_error(error: Exception, bucket: Bucket) -> StateError:
    """What `error` means; a plain `StateError` where trying again does not help, and nothing was written."""
    told = ParsedError.by(error)
    return next(verdict(bucket, told) for holds, verdict in RULES if holds(told))


def conditions_ignored(bucket: Bucket, found: str) -> StateError:
    """Two runs could overwrite each other's state there."""
    return StateError.of(
        "state.conditions-ignored",
        detail=f"{bucket.location}: {found}. Two runs could overwrite each other's state there. "
        "The state was left as it is, and nothing was sent.",
        hint="Keep the state in a storage that knows If-Match and If-None-Match on writes, "
        "as S3, Google Cloud Storage and Azure Storage do.",
    )


def _bucket_missing(bucket: Bucket, _told: ParsedError) -> StateError:
    return StateError.of(
        "state.place-missing",
        detail=f"There is no {bucket.name}, so nobody knows whether {bucket.location} was lost, "
        "or was never there. Nothing was sent.",
        hint="Correct its name, account and region; for a first state, create the bucket.",
    )


def _unproven(bucket: Bucket, told: ParsedError) -> StateError:
    # Who hands out credentials may be busy too: ours was not sent then, and another try may fare better.
    kind = UnreachableError if told.is_for_a_token and told.is_passing else StateError
    return kind(
        Diagnostic(
            code="state.unauthenticated",
            detail=f"{bucket.location}: "
            + ("no credentials were found" if told.is_for_a_token else f"it answered {told.words}")
            + ". Nothing was written, and nothing more is sent.",
            hint=f"Set {bucket.cloud.credentials}",
        )
    )


def _forbidden(bucket: Bucket, told: ParsedError) -> StateError:
    return StateError.of(
        "state.forbidden",
        detail=f"{bucket.location}: it answered {told.words}. Nothing was written, and nothing more is sent.",
        hint="Allow reading, writing and deleting of the objects that begin with this name, and listing "
        "the bucket: without that, S3 forbids to ask for an object that is not there yet.",
    )


def _refused(bucket: Bucket, told: ParsedError) -> StateError:
    return StateError.of(
        "state.refused",
        detail=f"{bucket.location}: it answered {told.words if told.status else 'with a redirect'}. "
        "Nothing was written, and nothing more is sent.",
        hint="See that region and address are the bucket's"
        f" ({', '.join(bucket.cloud.endpoints)}), and that what answers there is object storage.",
    )


def _unreachable(bucket: Bucket, _told: ParsedError) -> StateError:
    return UnreachableError.of(
        "state.unreachable",
        detail=f"{bucket.location}: no connection came about. Nothing was written, and nothing more is sent.",
        hint="See to the network and to the storage's address, then run the same command again.",
    )


def _unanswered(bucket: Bucket, told: ParsedError) -> StateError:
    return UnansweredError.of(
        "state.unanswered",
        detail=f"{bucket.location}: {told.words}. What stands there is whole, and nothing more is sent.",
        hint="Run the same command again once the storage answers; what was sent already is looked up.",
    )


def _absent(bucket: Bucket, told: ParsedError) -> StateError:
    return AbsentError(Diagnostic("state.absent", f"{bucket.location}: {told.words}"))


def _conflict(bucket: Bucket, told: ParsedError) -> StateError:
    return ConflictError(Diagnostic("state.changed", f"{bucket.location}: {told.words}"))


def _unconditional(bucket: Bucket, _told: ParsedError) -> StateError:
    return conditions_ignored(bucket, "It does not know conditional writes")


RULES: tuple[tuple[Callable[[ParsedError], bool], Callable[[Bucket, ParsedError], StateError]], ...] = (
    (lambda told: told.is_for_a_token or told.code in UNPROVEN, _unproven),
    (lambda told: told.status == HTTPStatus.UNAUTHORIZED, _unproven),
    (lambda told: told.code in BUCKET_MISSING, _bucket_missing),
    # A write whose version is gone is a failed condition to the library, whatever is not found.
    (lambda told: told.code in OBJECT_MISSING, _absent),
    (lambda told: told.status is None and told.kind == "FileNotFoundError", _absent),
    (
        lambda told: told.status == HTTPStatus.NOT_IMPLEMENTED or told.is_unknown,
        _unconditional,
    ),
    (lambda told: told.is_passing or told.code in BUSY, _unanswered),
    (lambda told: told.status == HTTPStatus.FORBIDDEN, _forbidden),
    (lambda told: told.status != HTTPStatus.NOT_FOUND and told.kind in CONFLICTS, _conflict),
    (lambda told: told.status is not None or told.kind == "BareRedirect", _refused),
    (lambda told: not told.is_connected, _unreachable),
    (lambda _told: True, _unanswered),
)
"""What is meant by what is told: the first that holds."""
