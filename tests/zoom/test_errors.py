import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from reconciler.errors.exceptions import (
    AccessError,
    DailyLimitError,
    GoneError,
    ReconcilerError,
    RefusedError,
    UnknownOutcomeError,
)
from reconciler.zoom._errors import is_token_refused, limit_error, response_error
from reconciler.zoom._exchange import ApiCall, HttpResponse, Label, excerpt
from reconciler.zoom.limits import Limit, UserLimit, retry_at

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
CREATE = ApiCall("Creating a meeting for a@example.com", Label.MEDIUM, writes=True, secrets=("pass-9",))
READ = ApiCall("Reading meeting 1", Label.LIGHT)

HOST_DAY = (
    "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted "
    "for this particular user. You may resume these requests at GMT 00:00:00."
)
ACCOUNT_DAY = "You have reached the maximum daily rate limit for this API. Refer to the response header."
PER_SECOND = "You have reached the maximum per-second rate limit for this API. Try again later."
CONCURRENT = "Too many concurrent requests. A request to disassociate this user has already been made."


def response(status: int, body: object = None, **headers: str) -> HttpResponse:
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return HttpResponse.of(
        status, {name.replace("_", "-"): value for name, value in headers.items()}, content
    )


def no(status: int, code: int, message: str = "No.", **headers: str) -> HttpResponse:
    return response(status, {"code": code, "message": message}, **headers)


# Outcomes


@pytest.mark.parametrize(
    "answer",
    [
        response(201, {"id": 1}),
        response(200, {"id": 1, "code": 0}),
        response(204),
        response(200, {"code": "summer"}),
    ],
)
def test_a_readable_2xx_is_a_success(answer: HttpResponse) -> None:
    assert response_error(CREATE, answer) is None


@pytest.mark.parametrize(
    "answer",
    [
        response(200, b"<html>Sign in to this network</html>"),
        response(200, b'{"id": 1'),
        response(200, b"[]"),
        response(200, b"[" * 100_000),
        no(200, 300),
        no(201, 3001),
        response(301),
        no(302, 3001),
        response(400),
        response(403, b"<html>Forbidden</html>"),
        response(403, {"message": "Forbidden"}),
        response(403, {"code": "forbidden", "message": "Forbidden"}),
        response(403, {"code": True, "message": "Forbidden"}),
        response(403, {"code": 7}),
        response(404, b"<html>Not Found</html>"),
        no(408, 300),
        no(425, 300),
        no(499, 300),
        no(500, 300),
        response(502, b"<html>"),
        no(503, 429),
        response(100),
        response(600),
    ],
)
def test_anything_but_a_4xx_of_zoom_itself_is_unknown(answer: HttpResponse) -> None:
    error = response_error(CREATE, answer)

    assert type(error) is UnknownOutcomeError
    assert error.diagnostic.code == "zoom.unknown-outcome"
    assert response_error(READ, answer).diagnostic.code == "zoom.unreadable"  # type: ignore[union-attr]  # - an error, or the test is red


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (no(400, 300), RefusedError, "zoom.validation"),
        (no(400, 3000), RefusedError, "zoom.refused"),
        (no(400, 3000, "Cannot access webinar info."), RefusedError, "zoom.webinar"),
        (no(400, 200), RefusedError, "zoom.paid-account"),
        (no(400, 3161), RefusedError, "zoom.host-not-allowed"),
        (no(400, 1010), RefusedError, "zoom.user-unknown"),
        (no(400, 3002), RefusedError, "zoom.meeting-running"),
        (no(400, 3018), RefusedError, "zoom.personal-meeting"),
        (no(403, 2306), RefusedError, "zoom.listing-hidden"),
        (no(404, 7777), RefusedError, "zoom.refused"),
        (no(404, 3001), GoneError, "zoom.meeting-gone"),
        (no(404, 1001), GoneError, "zoom.user-unknown"),
        (no(404, 1120), GoneError, "zoom.user-unknown"),
        (no(401, 124), AccessError, "zoom.token-refused"),
        (no(400, 124), AccessError, "zoom.token-refused"),
        (no(400, 4700), AccessError, "zoom.token-refused"),
        (no(401, 7777), AccessError, "zoom.token-refused"),
        (no(400, 4711), AccessError, "zoom.scopes"),
        (no(400, 104), AccessError, "zoom.scopes"),
    ],
)
def test_a_4xx_of_zoom_itself_is_a_refusal(answer: HttpResponse, kind: type[RefusedError], code: str) -> None:
    error = response_error(CREATE, answer)

    assert type(error) is kind
    assert (error.status, error.zoom_code) == (answer.status, answer.code)
    assert error.diagnostic.code == code
    assert error.diagnostic.hint
    assert error.diagnostic.detail.startswith("Creating a meeting for a@example.com: ")
    assert error.diagnostic.detail.endswith("Nothing was done.")


def test_a_refused_body_names_its_fields() -> None:
    errors = [
        {"field": "settings.jbh_time", "message": "Invalid parameter: jbh_time."},
        "what is this",
        {"field": "password", "message": "Not pass-9."},
    ]
    body = {"code": 300, "message": "Validation Failed.", "errors": errors}

    error = response_error(CREATE, response(400, body, x_zm_trackingid="WEB_1"))

    assert isinstance(error, RefusedError)
    assert error.fields == (
        ("settings.jbh_time", "Invalid parameter: jbh_time."),
        ("password", "Not ***."),
    )
    assert error.diagnostic.detail == (
        "Creating a meeting for a@example.com: Zoom answered HTTP 400, code 300: Validation Failed. "
        "`settings.jbh_time`: Invalid parameter: jbh_time. `password`: Not ***. Nothing was done. "
        "Zoom's tracking id is WEB_1."
    )


@pytest.mark.parametrize(
    "scopes",
    [
        "scopes:[meeting:write:meeting, meeting:write:meeting:admin]",
        "scopes:[meeting:write:meeting:admin,meeting:write:meeting]",
        "scopes: [meeting:write:meeting:admin]",
        "scope [meeting:write:meeting]",
    ],
)
@pytest.mark.parametrize(("status", "code"), [(400, 4711), (400, 104), (401, 4700)])
def test_missing_scopes_are_named_in_both_forms(status: int, code: int, scopes: str) -> None:
    error = response_error(CREATE, no(status, code, f"Invalid access token, does not contain {scopes}."))

    assert type(error) is AccessError
    assert error.diagnostic.detail == (
        "Creating a meeting for a@example.com: it needs `meeting:write:meeting:admin` "
        "or `meeting:write:meeting`. Nothing was done."
    )


def test_the_page_of_a_gateway_is_shown_and_no_body_of_zoom() -> None:
    page = response_error(CREATE, response(403, b"<html>\n  Blocked:  pass-9 </html>"))
    meeting = response_error(CREATE, response(500, {"start_url": "https://zoom.us/s/1?zak=hunter2"}))

    assert page is not None
    assert meeting is not None
    assert page.diagnostic.detail == (
        'Creating a meeting for a@example.com: the answer was HTTP 403. It was a web page, "Blocked: ***".'
    )
    assert meeting.diagnostic.detail == "Creating a meeting for a@example.com: the answer was HTTP 500."


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        (no(401, 124), True),
        (no(400, 124), True),
        (no(400, 4700), True),
        (no(401, 7), True),
        (no(400, 4711), False),
        (no(401, 4700, "does not contain scopes:[a]"), False),
        (no(400, 300), False),
        (no(500, 124), False),
        (response(401, b"<html>"), False),
    ],
)
def test_only_zoom_itself_refuses_a_token(answer: HttpResponse, refused: bool) -> None:  # noqa: FBT001 - a table
    assert is_token_refused(answer) is refused


# Secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a  b\n c", "a b c"),
        ("https://zoom.us/j/1?pwd=abc.1&x=1", "https://zoom.us/j/1?pwd=***&x=1"),
        ("see 'https://zoom.us/s/1?zak=ab' now", "see 'https://zoom.us/s/1?zak=***' now"),
        ('{"password": "abc", "topic": "x"}', '{"password": "***", "topic": "x"}'),
        ('{"h323_password":"a\\"bc"', '{"h323_password":"***"'),
        ('{"start_url": "https://zo', '{"start_url": "***"'),
        ("my hunter23hunter and hunter23", "my *** and ***"),
        ("id 9hunter2, password hunter2", "id 9hunter2, password ***"),
        ("x" * 201, "x" * 199 + "…"),
        ("x" * 198 + "hunter23", "x" * 198 + "*…"),
    ],
)
def test_an_excerpt_is_short_and_masked_before_it_is_cut(text: str, shown: str) -> None:
    assert excerpt(text, ("hunter23", "hunter23hunter", "hunter2", "")) == shown


# Limits


@pytest.mark.parametrize(
    ("answer", "limit"),
    [
        (no(429, 429, HOST_DAY), Limit.HOST_DAY),
        (
            no(429, 429, HOST_DAY, x_ratelimit_category="Light", x_ratelimit_limit="6000"),
            Limit.HOST_DAY,
        ),
        (no(429, 429, HOST_DAY, x_ratelimit_type="Daily-limit", x_ratelimit_limit="30000"), Limit.HOST_DAY),
        (no(429, 429, ACCOUNT_DAY), Limit.ACCOUNT_DAY),
        (no(429, 429, "?", x_ratelimit_type="Daily-limit", x_ratelimit_limit="30000"), Limit.ACCOUNT_DAY),
        (no(429, 429, "?", x_ratelimit_type="daily-limit", x_ratelimit_limit="100"), Limit.HOST_DAY),
        (response(429, None, x_ratelimit_type="Daily-limit"), Limit.ACCOUNT_DAY),
        (no(429, 429, PER_SECOND), Limit.BRIEF),
        (no(429, 4001, PER_SECOND), Limit.BRIEF),
        (no(429, 429, CONCURRENT), Limit.BRIEF),
        (no(429, 429, "?", x_ratelimit_type="QPS"), Limit.BRIEF),
        (response(429, b"<html>", x_ratelimit_type="QPS"), Limit.BRIEF),
        (no(429, 429, "Slow down."), Limit.UNCLEAR),
        (no(429, 429, "Slow down.", retry_after="3"), Limit.UNCLEAR),
        (no(429, 429, "Slow down.", retry_after="2026-12-02T00:00:00Z"), Limit.HOST_DAY),
        (response(429), Limit.UNCLEAR),
        (
            no(400, 300, "A maximum of 100 meetings can be created/updated for a single user in one day."),
            Limit.HOST_DAY,
        ),
        (no(400, 300, PER_SECOND), None),
        (no(403, 429, HOST_DAY), None),
        (response(201, {"id": 1}), None),
        (response(500), None),
    ],
)
def test_a_429_is_classified_by_its_type_header_then_by_its_message(
    answer: HttpResponse, limit: Limit | None
) -> None:
    assert UserLimit().read(answer, NOW) is limit


def test_only_a_short_limit_is_retried() -> None:
    assert {limit: limit.retries_max for limit in Limit} == {
        Limit.BRIEF: 5,
        Limit.UNCLEAR: 2,
        Limit.HOST_DAY: 0,
        Limit.ACCOUNT_DAY: 0,
    }


@pytest.mark.parametrize(
    ("call", "limit", "kind", "code"),
    [
        (CREATE, Limit.HOST_DAY, DailyLimitError, "zoom.daily-limit"),
        (CREATE, Limit.UNCLEAR, DailyLimitError, "zoom.daily-limit"),
        (READ, Limit.UNCLEAR, RefusedError, "zoom.rate-limit"),
        (CREATE, Limit.ACCOUNT_DAY, DailyLimitError, "zoom.daily-limit-account"),
        (CREATE, Limit.BRIEF, RefusedError, "zoom.rate-limit"),
    ],
)
def test_a_limit_after_the_last_wait_ends_the_request_or_the_day(
    call: ApiCall, limit: Limit, kind: type[ReconcilerError], code: str
) -> None:
    error = limit_error(call, no(429, 429, "Enough"), limit)

    assert type(error) is kind
    assert (error.status, error.zoom_code, error.diagnostic.code) == (429, 429, code)
    assert error.diagnostic.detail == (
        f"{call.action}: Zoom answered HTTP 429, code 429: Enough. Nothing was done."
    )


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-12-02T00:00:00Z", datetime(2026, 12, 2, tzinfo=UTC)),
        ("2026-12-02T01:00:00+01:00", datetime(2026, 12, 2, tzinfo=UTC)),
        ("2026-12-02T00:00:00", datetime(2026, 12, 2, tzinfo=UTC)),
        ("90", NOW + timedelta(seconds=90)),
        ("Wed, 02 Dec 2026 00:00:00 GMT", datetime(2026, 12, 2, tzinfo=UTC)),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("9" * 30, None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_retry_after_is_an_instant_seconds_or_an_http_date(text: str, at: datetime | None) -> None:
    assert retry_at(response(429, None, retry_after=text), NOW) == at


@pytest.mark.parametrize(
    ("limit", "remaining", "left"),
    [
        ("100", "42", 42),
        ("50", "0", 0),
        ("6000", "5893", None),
        ("100", "-1", None),
        ("100", "", None),
        ("", "42", None),
        ("one hundred", "42", None),
    ],
)
def test_the_requests_left_are_read_only_from_the_users_own_limit(
    limit: str, remaining: str, left: int | None
) -> None:
    answer = response(201, {"id": 1}, x_ratelimit_limit=limit, x_ratelimit_remaining=remaining)

    assert UserLimit(frozenset({50, 100})).requests_left(answer) == left


# Floods

TOKEN = "TOKEN-" + "x" * 40

FLOODS = {
    "scopes that do not end": b'{"code":104,"message":"' + b"scope[" * 2_000_000 + b'"}',
    "blanks after scopes": b'{"code":104,"message":"scope' + b" " * 14_000_000 + b'"}',
    "a million scopes": b'{"code":104,"message":"scopes:[' + b"a," * 1_000_000 + b'a]"}',
    "words before a passcode": b'{"code":300,"message":"' + b"password " * 1_500_000 + b'"}',
    "refused fields": json.dumps(
        {"code": 300, "message": "No.", "errors": [{"field": "f", "message": "m" * 100}] * 100_000}
    ).encode(),
    "scripts that do not end": b"<html>" + b"<script>" * 2_000_000,
    "titles that do not end": b"<html>" + b"<title" * 2_000_000,
}


@pytest.mark.no_cover
@pytest.mark.parametrize("flood", FLOODS)
def test_an_error_of_16_mib_takes_no_time_and_says_little(flood: str) -> None:
    """The first took 40 s for 120 KB, and a hundred times that for ten times as much.

    Seconds, since a search of a text is one call of C.
    """
    begun = time.process_time()

    error = response_error(CREATE, response(502 if flood.endswith("not end") else 400, FLOODS[flood]))

    assert error is not None
    assert time.process_time() - begun < 5
    assert len(error.diagnostic.detail) < 3000


@pytest.mark.parametrize("before", [0, 16_360, 24_550])
@pytest.mark.parametrize("form", ['{"code":300,"message":"%s"}', "<html>%s", "<html><p>%s"])
def test_a_secret_where_a_long_text_is_cut_is_not_shown_in_part(form: str, before: int) -> None:
    """Blanks and tags are not shown, so that the end of what is read may be."""
    call = replace(CREATE, secrets=(TOKEN,))
    text = form % (" " * before + TOKEN * 600)

    error = response_error(call, response(400 if form.startswith("{") else 502, text.encode()))

    assert error is not None
    assert "TOKEN" not in error.diagnostic.detail
