"""Interprets the errors of the object storage library: whether a request was done, and what to do.

The library has one error for most failures, and status and code of an answer are only in its text.
So the text is parsed here, and nowhere else. An error that cannot be parsed counts as unanswered: the
request may have been done. The text itself is never shown; it may contain secrets.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.errors.exceptions import StateError
from reconciler.errors.redact import redact_answer
from reconciler.stores import errors
from reconciler.stores.errors import AbsentError, ConflictError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.stores.object._bucket import Bucket


BUCKET_MISSING = {"NoSuchBucket", "ContainerNotFound"}
OBJECT_MISSING = {"NoSuchKey", "BlobNotFound"}
UNAUTHENTICATED = {
    *("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired"),
    *("AuthenticationFailed", "InvalidAuthenticationInfo", "NoAuthenticationInformation"),
}
BUSY = {"ConditionalRequestConflict", "OperationAborted"}
"""Codes of 409 for two writes at the same time, of which perhaps neither was done."""

CONFLICTS = {"AlreadyExistsError", "PreconditionError"}

TRANSIENT = {408, 425, 429, 499}
"""Statuses that another try may not meet; so is every 5xx."""

STATUS = re.compile(r"status code: (\d{3})")
CODE = re.compile(r"<Code>(\w{1,60})</Code>")
MESSAGE = re.compile(r"<Message>([^<\n]{1,200})")
NOT_CONNECTED = re.compile(r"\bkind: Connect\b")
FOR_A_TOKEN = re.compile(
    r"token request|169\.254\.\d|metadata\.google|/oauth2/|//sts[.-]|AssumeRole", re.IGNORECASE
)
"""The library's own requests for credentials, before ours: it found no credentials."""


class ParsedError(Struct, frozen=True):
    """An error of the library. `kind` is its class; `status` is None if no answer came.

    `is_unsupported`: the library cannot send this request to such a storage, and raised Python's own
    error for that.
    """

    kind: str
    status: int | None
    code: str
    message: str
    is_connected: bool
    is_unsupported: bool
    is_for_a_token: bool

    @classmethod
    def parse(cls, error: Exception) -> ParsedError:
        """Parse the text of `error`."""
        text, _, debug_text = str(error).partition("Debug source:")
        status, code, message = STATUS.search(text), CODE.search(text), MESSAGE.search(text)
        return cls(
            kind="BareRedirect" if "BareRedirect" in debug_text else type(error).__name__,
            status=int(status[1]) if status else None,
            code=code[1] if code else "",
            message=redact_answer(message[1].strip()) if message else "",
            is_unsupported=isinstance(error, RuntimeError) or type(error).__name__ == "NotSupportedError",
            is_connected=NOT_CONNECTED.search(debug_text) is None,
            is_for_a_token=FOR_A_TOKEN.search(text.partition("status code:")[0]) is not None,
        )

    @property
    def is_transient(self) -> bool:
        """Another try may succeed, and the outcome of this one is unknown."""
        return self.status in TRANSIENT or (self.status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def answer(self) -> str:
        """The answer in one line, without a full stop."""
        answer = " ".join(filter(None, (str(self.status or ""), self.code)))
        message = self.message.rstrip(".")
        return f"{answer}: {message}" if message else answer or "no answer"


def to_state_error(error: Exception, bucket: Bucket) -> StateError:
    """Return a plain `StateError` if nothing was written and trying again does not help."""
    parsed = ParsedError.parse(error)
    return next(build(bucket, parsed) for matches, build in RULES if matches(parsed))


def conditions_ignored(bucket: Bucket, problem: str) -> StateError:
    """Return the error of a storage that does not keep the conditions of a write."""
    return StateError.of(
        "state.conditions-ignored",
        detail=f"{bucket.location}: {problem}. Two runs could overwrite each other's state there. "
        "The state was left as it is, and nothing was sent.",
        hint="Keep the state in a storage that knows If-Match and If-None-Match on writes, "
        "as S3, Google Cloud Storage and Azure Storage do.",
    )


def _bucket_missing(bucket: Bucket, _error: ParsedError) -> StateError:
    return StateError.of(
        "state.place-missing",
        detail=f"There is no {bucket.name}, so nobody knows whether {bucket.location} was lost or never "
        "existed. Nothing was sent.",
        hint="Correct its name, account and region; for a first state, create the bucket.",
    )


def _unauthenticated(bucket: Bucket, error: ParsedError) -> StateError:
    # The service that issues credentials may be busy: our request was not sent, and a retry may succeed.
    kind = UnreachableError if error.is_for_a_token and error.is_transient else StateError
    reason = "no credentials were found" if error.is_for_a_token else f"it answered {error.answer}"
    return kind.of(
        "state.unauthenticated",
        detail=f"{bucket.location}: {reason}. Nothing was written, and nothing more is sent.",
        hint=f"Set {bucket.cloud.credentials}",
    )


def _forbidden(bucket: Bucket, error: ParsedError) -> StateError:
    return StateError.of(
        "state.forbidden",
        detail=f"{bucket.location}: it answered {error.answer}. "
        "Nothing was written, and nothing more is sent.",
        hint="Allow reading, writing and deleting of the objects that begin with this name, and listing "
        "the bucket: without that, S3 denies reading an object that does not exist yet.",
    )


def _refused(bucket: Bucket, error: ParsedError) -> StateError:
    return StateError.of(
        "state.refused",
        detail=f"{bucket.location}: it answered {error.answer if error.status else 'with a redirect'}. "
        "Nothing was written, and nothing more is sent.",
        hint="Check that region and address are the bucket's"
        f" ({', '.join(bucket.cloud.endpoints)}), and that object storage answers there.",
    )


def _unreachable(bucket: Bucket, _error: ParsedError) -> StateError:
    return errors.unreachable(bucket.location, "no connection could be made")


def _unanswered(bucket: Bucket, error: ParsedError) -> StateError:
    return errors.unanswered(f"{bucket.location}: {error.answer}.")


def _absent(bucket: Bucket, error: ParsedError) -> StateError:
    return AbsentError.of("state.absent", detail=f"{bucket.location}: {error.answer}")


def _conflict(bucket: Bucket, error: ParsedError) -> StateError:
    return ConflictError.of("state.changed", detail=f"{bucket.location}: {error.answer}.")


def _unconditional(bucket: Bucket, _error: ParsedError) -> StateError:
    return conditions_ignored(bucket, "It does not know conditional writes")


RULES: tuple[tuple[Callable[[ParsedError], bool], Callable[[Bucket, ParsedError], StateError]], ...] = (
    (lambda error: error.is_for_a_token or error.code in UNAUTHENTICATED, _unauthenticated),
    (lambda error: error.status == HTTPStatus.UNAUTHORIZED, _unauthenticated),
    (lambda error: error.code in BUCKET_MISSING, _bucket_missing),
    # If the version to replace is gone, the library reports a failed condition, whatever is missing.
    (lambda error: error.code in OBJECT_MISSING, _absent),
    (lambda error: error.status is None and error.kind == "FileNotFoundError", _absent),
    (lambda error: error.status == HTTPStatus.NOT_IMPLEMENTED or error.is_unsupported, _unconditional),
    (lambda error: error.is_transient or error.code in BUSY, _unanswered),
    (lambda error: error.status == HTTPStatus.FORBIDDEN, _forbidden),
    (lambda error: error.status != HTTPStatus.NOT_FOUND and error.kind in CONFLICTS, _conflict),
    (lambda error: error.status is not None or error.kind == "BareRedirect", _refused),
    (lambda error: not error.is_connected, _unreachable),
    (lambda _error: True, _unanswered),
)
"""Conditions and the errors that they mean; the first that holds counts."""
