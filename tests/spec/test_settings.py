from __future__ import annotations

import pytest
from msgspec.structs import replace

from reconciler.spec import settings
from reconciler.spec.settings import BudgetSettings, Capacity, HostSettings, Settings
from reconciler.spec.yaml.document import Source


def parsed(text: str) -> Settings:
    found = settings.parse(Source("reconciler.yaml", text.encode()))
    assert found.diagnostics == ()
    assert found.settings is not None
    return replace(found.settings, document=None)


def codes(text: str) -> list[tuple[str, int, int]]:
    found = settings.parse(Source("reconciler.yaml", text.encode()))
    assert found.settings is None
    return [(d.code, d.span.start.line, d.span.start.column) for d in found.diagnostics if d.span]


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}\n"])
def test_an_empty_file_sets_nothing(text: str) -> None:
    assert parsed(text) == Settings()


def test_all_settings_are_read() -> None:
    text = """\
specs: [meetings/, more.yaml]
state: s3://acme-ops/meetings.json
budget: {daily_limit: 80, reserve: 5, pace: business}
hosts:
  platform@example.com: {}
  shared@example.com: {daily_limit: 50, reserve: 0}
  room@example.com: {capacity: {meetings: 2}, pool: rooms}
capacity: {buffer_minutes: 10}
audience: [America/New_York, Asia/Kolkata]
defaults: {settings: {waiting_room: true}}
"""

    assert parsed(text) == Settings(
        specs=("meetings/", "more.yaml"),
        state="s3://acme-ops/meetings.json",
        budget=BudgetSettings(80, 5, "business"),
        hosts={
            "platform@example.com": HostSettings(),
            "shared@example.com": HostSettings(50, 0),
            "room@example.com": HostSettings(capacity={"meetings": 2}, pool="rooms"),
        },
        capacity=Capacity(1, 10),
        audience=("America/New_York", "Asia/Kolkata"),
        defaults={"settings": {"waiting_room": True}},
    )


def test_a_limit_that_a_host_does_not_set_is_the_budgets() -> None:
    hosts = "hosts: {Shared@example.com: {daily_limit: 50}, b: {reserve: 1}}"

    found = parsed(f"budget: {{daily_limit: 80, pace: 25.0}}\n{hosts}\n")

    assert [found.limits(host) for host in ("shared@EXAMPLE.com", "b", "other")] == [
        BudgetSettings(50, 10, 25),
        BudgetSettings(80, 1, 25),
        BudgetSettings(80, 10, 25),
    ]


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("spec: [a]\n", "settings.unknown-field", 1, 1),
        ("- a\n", "settings.wrong-type", 1, 1),
        ("specs: meetings/\n", "settings.wrong-type", 1, 8),
        ("budget: {pace: quick}\n", "settings.not-allowed-value", 1, 16),
        ("budget: {pace: 2.5}\n", "settings.not-allowed-value", 1, 16),
        ("budget: {pace: 1001}\n", "settings.not-allowed-value", 1, 16),
        ("budget: {daily_limit: -1}\n", "settings.out-of-range", 1, 23),
        ("hosts:\n  a@b.c: {daily_limt: 1}\n", "settings.unknown-field", 2, 11),
        ("defaults: {settings: {waitingroom: true}}\n", "settings.unknown-field", 1, 23),
        ("state: HTTPS://example.com/state\n", "settings.state-address", 1, 8),
        ("state: http://127.0.0.1/state\n", "settings.state-address", 1, 8),
        ("hosts: {a@b.c: {}, A@B.C: {}}\n", "settings.duplicate-host", 1, 20),
        ("budget: {reserve: 101}\n", "settings.reserve", 1, 19),
        ("hosts: {a@b.c: {daily_limit: 5, reserve: 6}}\n", "settings.reserve", 1, 42),
        ("capacity: {meetings: 0}\n", "settings.out-of-range", 1, 22),
        ("hosts: {a@b.c: {capacity: {buffer: 5}}}\n", "settings.unknown-field", 1, 28),
        ("hosts: {a@b.c: {pool: my rooms}}\n", "settings.wrong-form", 1, 23),
        ("audience: America/New_York\n", "settings.wrong-type", 1, 11),
        ("audience: [UTC, Amerika/New_York]\n", "time.zone-unknown", 1, 17),
        ("state: a\nstate: b\n", "yaml.duplicate-key", 2, 1),
        ("state: [\n", "yaml.syntax", 1, 8),
    ],
)
def test_a_wrong_setting_is_reported_at_its_place(text: str, code: str, line: int, column: int) -> None:
    assert codes(text) == [(code, line, column)]


@pytest.mark.parametrize(
    ("hosts", "hint"),
    [
        ("[a@b.c, d@e.f]", "Write each host as a key: `hosts: {a@b.c: {}, d@e.f: {}}`."),
        ("a@b.c", "Write each host as a key: `hosts: {a@b.c: {}}`."),
        ("[a@b.c, d@e.f, g@h.i, j@k.l]", "Write each host as a key: `hosts: {a@b.c: {}, d@e.f: {}, …}`."),
        ("[{pool: rooms}]", "Write each host as a key: `hosts: {ada@example.com: {}}`."),
    ],
)
def test_a_list_of_hosts_has_a_hint_with_keys(hosts: str, hint: str) -> None:
    (found,) = settings.parse(Source("reconciler.yaml", f"hosts: {hosts}\n".encode())).diagnostics

    assert (found.code, found.hint) == ("settings.wrong-type", hint)


def test_findings_are_in_the_order_of_the_file() -> None:
    found = codes("budget: {pace: quick}\nspec: 1\nhosts: 5\n")

    assert [line for _, line, _ in found] == [1, 2, 3]
