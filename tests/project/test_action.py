"""The steps of `action.yml`, run as GitHub would: a plan, an error, a deferred apply, a stale approval."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from action_runner import REPOSITORY, Job
from fake_github import github
from paths import ROOT
from receiver import receiver
from served import served
from shell import FAR, HOST, ONE, spec_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from action_runner import JobResult
    from fake_github import GitHub
from served import Served

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "jq", "curl", "git"))), reason="every runner of GitHub has these"
)

MARK = "<!-- reconciler:plan -->"
ONE_FAR = ONE.replace("2027-01-14T15:00:00Z", FAR)
COMMENTS = f"/repos/{REPOSITORY}/issues/7/comments"
SHA = "0123456789abcdef0123456789abcdef01234567"
HOSTILE = "##[error]forged ::error::forged @everyone ``` <!-- | -->"


@pytest.fixture
def hub() -> Iterator[GitHub]:
    with github() as world:
        yield world


@pytest.fixture(scope="module")
def zoom() -> Iterator[Served]:
    with served() as emulator:
        yield emulator


@pytest.fixture
def job(tmp_path: Path, hub: GitHub) -> Job:
    """A job of pull request 7 in an empty checkout."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    event = {"pull_request": {"number": 7, "head": {"sha": SHA}}}
    return Job(folder, {"GITHUB_API_URL": hub.address}, event)


def declare(job: Job, text: str = ONE_FAR) -> None:
    (job.folder / "meetings.yaml").write_text(text)


def test_a_plan_is_reported_in_every_place(job: Job, hub: GitHub) -> None:
    """Outputs, summary and comment; the log in a group. Nothing is annotated but that there is no state."""
    declare(job)

    ended = job.use(command="plan", state="s.json", comment="true", plan_file="plan.json")

    counts = {
        name: ended.outputs[name] for name in ("changes", "add", "change", "destroy", "deferred", "error")
    }
    assert counts == {
        "changes": "true",
        "add": "1",
        "change": "0",
        "destroy": "0",
        "deferred": "0",
        "error": "",
    }
    assert ended.outputs["digest"] == json.loads((job.folder / "plan.json").read_text())["digest"]
    assert (ended.passed, ended.outputs["status"], ended.annotations) == (True, "0", [])
    assert ended.groups == ["reconciler plan"]
    assert [(each["body"].startswith(MARK), "Launch review" in each["body"]) for each in hub.comments] == [
        (True, True)
    ]
    assert "Launch review" in ended.summary
    assert hub.tokens == {f"Bearer {job.token}"}


def test_a_plan_names_the_newest_commit_of_its_pull_request(job: Job) -> None:
    """And not the one that GitHub makes to try a merge, which nobody knows."""
    declare(job)
    job.environ["GITHUB_SHA"] = "f" * 40

    ended = job.use(command="plan", state="s.json")

    assert (f"Commit `{SHA}`" in ended.summary, "f" * 40 in ended.summary) == (True, False)


def test_the_second_plan_changes_the_comment_of_the_first(job: Job, hub: GitHub) -> None:
    """It is found among many comments; a similar one by somebody else stays."""
    for at in range(120):
        hub.say(f"comment {at}", "somebody")
    forged = hub.say(f"{MARK}\nNo changes.", "somebody")
    declare(job)
    job.use(command="plan", state="s.json", comment="true")
    declare(job, ONE_FAR.replace("Launch review", "Landing review"))

    job.use(command="plan", state="s.json", comment="true")

    ours = hub.comments[121:]
    assert [("Landing review" in each["body"], "Launch review" in each["body"]) for each in ours] == [
        (True, False)
    ]
    assert forged["body"] == f"{MARK}\nNo changes."
    assert [each for each in hub.asked if not each.startswith("GET")] == [
        f"POST {COMMENTS}",
        f"PATCH /repos/{REPOSITORY}/issues/comments/{ours[0]['id']}",
    ]


FORK = (
    "On the pull request of a fork its token can only read, whatever the workflow says: there a second "
    "workflow (on: workflow_run) writes the comment, as in examples/ci/github/meetings-comment.yml."
)


@pytest.mark.parametrize(
    ("refusals", "message"),
    [
        (
            {"POST": (403, '{"message": "Resource not accessible by integration"}')},
            (
                "GitHub answered 403: Resource not accessible by integration. "
                f"The job needs permissions: pull-requests: write. {FORK}"
            ),
        ),
        (
            {"GET": (404, '{"message": "Not Found"}')},
            f"GitHub answered 404: Not Found. The job needs permissions: pull-requests: write. {FORK}",
        ),
        (
            {"GET": (401, '{"message": "Bad credentials"}')},
            (
                "GitHub answered 401: Bad credentials. "
                "Check the input github-token: it is the token of another server, or no longer valid."
            ),
        ),
        (
            {"POST": (403, '{"message": "You have exceeded a secondary rate limit. Wait."}')},
            "GitHub answered 403: You have exceeded a secondary rate limit. Wait. Run the job again later.",
        ),
        (
            {"POST": (403, '{"message": "Unable to create comment because issue is locked."}')},
            (
                "GitHub answered 403: Unable to create comment because issue is locked. "
                "Unlock the conversation of the pull request, or let the job write no comment."
            ),
        ),
        (
            {"POST": (403, '{"message": "Resource protected by organization SAML enforcement."}')},
            (
                "GitHub answered 403: Resource protected by organization SAML enforcement. "
                f"The job needs permissions: pull-requests: write. {FORK}"
            ),
        ),
        (
            {"POST": (403, "")},
            f"GitHub answered 403. The job needs permissions: pull-requests: write. {FORK}",
        ),
        (
            {"POST": (410, '{"message": "Issues are disabled for this repo"}')},
            (
                "GitHub answered 410: Issues are disabled for this repo. "
                "Change what GitHub names, then run the job again."
            ),
        ),
        (
            {"POST": (503, '{"error": {"code": 503}}')},
            (
                'GitHub answered 503: {"error": {"code": 503}}. '
                "Run the job again later; githubstatus.com tells what is broken."
            ),
        ),
        (
            {"GET": (502, "<html><head><title>Bad gateway</title></head>\n<body>…</body></html>")},
            (
                'GitHub answered 502: a web page, "Bad gateway". '
                "Run the job again later; githubstatus.com tells what is broken."
            ),
        ),
        (
            {"POST": (422, '{"message": "Validation Failed 100%\\n::error::forged", "errors": []}')},
            (
                "GitHub answered 422: Validation Failed 100%25\\n::error::forged. "
                "Change what GitHub names, then run the job again."
            ),
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_refused_comment_is_annotated_with_what_to_do(
    refusals: dict[str, tuple[int, str]], message: str, job: Job, hub: GitHub
) -> None:
    declare(job)
    hub.refusals = refusals

    ended = job.use(command="plan", state="s.json", comment="true")

    told = [f"Could not write the comment: {message}"]
    assert (ended.passed, [text for _, _, text in ended.annotations]) == (False, told), ended.log
    assert ("curl" in ended.log, hub.comments) == (False, [])


def test_a_github_that_does_not_answer_is_annotated(job: Job) -> None:
    declare(job)
    job.environ["GITHUB_API_URL"] = "http://127.0.0.1:1"

    ended = job.use(command="plan", state="s.json", comment="true")

    ((_, _, message),) = ended.annotations
    assert message.startswith("Could not write the comment: there was no answer: Failed to connect"), message
    assert message.endswith(
        "Run the job again. If it stays so, check GITHUB_API_URL and the proxy of the runner."
    )


def test_a_run_about_no_pull_request_makes_no_comment(job: Job, hub: GitHub) -> None:
    """A push to the main branch, say; nothing is asked for, and the summary has the plan."""
    declare(job)
    job.event = {"ref": "refs/heads/main"}

    ended = job.use(command="plan", state="s.json", comment="true")

    assert (ended.passed, hub.asked, "Launch review" in ended.summary) == (True, [], True)


@pytest.mark.parametrize("text", ["; touch forged", "$(touch forged)", "--state"])
def test_what_an_input_holds_is_never_a_command(text: str, job: Job) -> None:
    """Nor a flag: it is a path that is not there."""
    declare(job)

    ended = job.use(command="plan", state="s.json", paths=text)

    assert (ended.passed, (job.folder / "forged").exists()) == (False, False)
    assert ended.outputs["error"] == "source.missing"


def test_two_states_have_a_comment_each(job: Job, hub: GitHub) -> None:
    declare(job)
    for name in ("prod", "test", "prod"):
        job.use(command="plan", state=f"{name}.json", comment="true", comment_id=name)

    assert [each["body"].splitlines()[0] for each in hub.comments] == [
        "<!-- reconciler:plan prod -->",
        "<!-- reconciler:plan test -->",
    ]


def test_an_error_is_reported_in_every_place(job: Job, hub: GitHub) -> None:
    """At its line of the pull request, too; the report is written though the run failed."""
    (job.folder / "team").mkdir()
    (job.folder / "team" / "meetings.yaml").write_text(ONE_FAR.replace("duration", "durration"))

    ended = job.use(
        command="plan", state="s.json", comment="true", working_directory="team", json_file="plan.json"
    )

    assert (ended.passed, ended.outputs["status"], ended.outputs["error"]) == (
        False,
        "1",
        "spec.unknown-field",
    )
    assert (ended.outputs["changes"], ended.outputs["add"]) == ("", "")
    assert [(kind, *where.split(",title=")) for kind, where, _ in ended.annotations] == [
        (
            "error",
            "file=team/meetings.yaml,line=8,endLine=8,col=5,endColumn=14",
            "spec.unknown-field%3A Unknown field",
        )
    ]
    told = "### ❌ Plan failed: `spec.unknown-field`"
    assert (told in ended.summary, told in hub.comments[0]["body"]) == (True, True)
    assert ended.summary.endswith(f"Commit `{SHA}`.\n\n")
    assert json.loads((job.folder / "team" / "plan.json").read_text())["failed"] is True


def test_a_state_that_cannot_be_read_is_an_error_of_its_own(job: Job) -> None:
    """It is never taken for an empty one."""
    declare(job)
    (job.folder / "s.json").write_text('{"format_version": "1.0", "lin')

    ended = job.use(command="plan", state="s.json")

    assert (ended.outputs["status"], ended.outputs["error"], ended.outputs["add"]) == (
        "1",
        "state.unreadable",
        "",
    )


def test_a_deferred_apply_tells_what_waits(job: Job, zoom: Served) -> None:
    declare(job, spec_of({"first": {}, "second": {}}, start=FAR))
    (job.folder / "reconciler.yaml").write_text("budget: {daily_limit: 1, reserve: 0}\n")
    job.environ |= zoom.environ
    job.environ["LAUNCH_PASSCODE"] = "lift-off-7"

    ended = job.use(command="apply", state="s.json", auto_approve="true")

    names = ("changes", "add", "deferred", "failed", "status")
    assert {name: ended.outputs[name] for name in names} == {
        "changes": "true",
        "add": "1",
        "deferred": "1",
        "failed": "0",
        "status": "0",
    }
    assert "### ⏳ Apply complete! 1 added, 0 changed, 0 destroyed, 1 deferred." in ended.summary
    assert sorted(ended.masks) == ["lift-off-7", "secret-of-the-client"]


def test_an_approval_is_applied_and_then_used_up(job: Job, zoom: Served) -> None:
    """A stale approval sends nothing, and says in every place why."""
    declare(job, ONE_FAR.replace("platform@example.com", "stale@example.com"))
    job.environ |= zoom.environ
    job.use(command="plan", state="s.json", plan_file="plan.json")

    first = job.use(command="apply", state="s.json", plan_file="plan.json")
    second = job.use(command="apply", state="s.json", plan_file="plan.json")

    assert (first.passed, first.outputs["add"], first.outputs["error"]) == (True, "1", "")
    assert (second.passed, second.outputs["error"]) == (False, "plan.stale")
    assert "### ❌ Apply failed: `plan.stale`" in second.summary
    assert "Nothing is left to do: the approval is used up." in second.summary
    assert zoom.topics("stale@example.com") == ["Launch review"]


def test_what_zoom_refused_is_annotated_at_its_line(job: Job, zoom: Served) -> None:
    """The others go on, and the summary names the one that failed."""
    declare(job, ONE_FAR.replace(HOST, "refused@example.com"))
    job.environ |= zoom.environ
    body = {
        "code": 300,
        "message": "Validation Failed.",
        "errors": [{"field": "duration", "message": "Long."}],
    }
    zoom.meet(method="POST", path="/v2/users/refused@example.com/meetings", status=400, body=body)

    ended = job.use(command="apply", state="s.json", auto_approve="true")

    assert [where.split(",title")[0] for _, where, _ in ended.annotations] == [
        "file=meetings.yaml,line=8,endLine=8,col=15,endColumn=17"
    ]
    assert (ended.outputs["status"], ended.outputs["failed"]) == ("1", "1")
    assert "1 step failed:\n\n```text\nlaunch-review\nerror[zoom." in ended.summary


def test_no_topic_commands_the_runner(job: Job) -> None:
    """Nothing of the program's own output is obeyed but what it annotates."""
    declare(job, spec_of({"hostile": {"topic": HOSTILE, "type": 2}}, start=FAR))
    plan = job.use(command="plan", state="s.json")
    declare(job, spec_of({"hostile": {"topic": HOSTILE, "durration": 1}}, start=FAR))

    error = job.use(command="plan", state="s.json")

    assert (plan.annotations, "##[error]forged" in plan.log) == ([], True)
    assert [(kind, where.split(",")[0]) for kind, where, _ in error.annotations] == [
        ("error", "file=meetings.yaml")
    ]


def test_validate_annotates_and_counts(job: Job) -> None:
    declare(job, spec_of({"odd": {"password": "lift-off-7"}}, start=FAR))

    strict = job.use(command="validate")
    lenient = job.use(command="validate", strict="false")

    assert (strict.passed, lenient.passed) == (False, True)
    assert [kind for kind, _, _ in strict.annotations] == ["warning"]
    assert "lift-off-7" not in strict.log + strict.summary


def test_a_drift_report_tells_what_changed(job: Job, zoom: Served) -> None:
    declare(job, spec_of({"weekly": {"host": "drift@example.com"}}, start=FAR))
    job.environ |= zoom.environ
    job.use(command="apply", state="s.json", auto_approve="true")
    (meeting,) = zoom.meetings("drift@example.com")
    zoom.client.patch(f"/v2/meetings/{meeting['id']}", json={"topic": "Moved by hand"}).raise_for_status()

    ended = job.use(command="drift", state="s.json")

    assert (ended.passed, ended.outputs["changes"], ended.outputs["change"]) == (True, "true", "1")
    assert "Moved by hand" in ended.summary


def test_a_notice_goes_where_the_secret_says_and_the_log_masks_it(job: Job, zoom: Served) -> None:
    """Also of a run that fails before it begins. No log, summary or annotation has the address."""
    declare(job)
    with receiver() as inbox:
        job.environ |= zoom.environ | {"RECONCILER_NOTIFY": f"{inbox.address} {inbox.address}"}
        ended = job.use(command="apply", state="s.json", auto_approve="true", notify="always")
        (job.folder / "meetings.yaml").write_text("version: 1\nmeetings: {launch: {}}\n")
        failed = job.use(command="apply", state="s.json", auto_approve="true")

    titles = ["Meetings: apply is done"] * 2 + ["Meetings: apply ended with an error"] * 2
    assert ([title for title, *_ in inbox.notices], ended.passed, failed.passed) == (titles, True, False)
    assert ended.masks.count(inbox.address) == 2
    shown = "".join(ended.log.split("::stop-commands::")[1:]) + ended.summary + failed.summary
    assert [secret for secret in ("opensesame", "hook-token") if secret in shown] == []


@pytest.mark.parametrize(
    ("name", "value", "masks"),
    [
        ("RECONCILER_STATE", "postgres://ann:opensesame@db.example/states", ["opensesame"]),
        ("RECONCILER_STATE", "postgresql://ann:open%20sesame@db.example/states", ["open%2520sesame"]),
        ("RECONCILER_STATE", "postgres://ann@db.example/states", []),
        ("RECONCILER_STATE", "s3://bucket/ann:opensesame@states.json", []),
        ("RECONCILER_STATE_HTTP_PASSWORD", "100%\nsure", ["100%25%0Asure"]),
        ("PGPASSWORD", "opensesame", ["opensesame"]),
        ("PGPASSWORD", "os", []),
        ("ZOOM_ACCESS_TOKEN", "opensesame", ["opensesame"]),
    ],
)
def test_a_secret_of_the_environment_is_masked(name: str, value: str, masks: list[str], job: Job) -> None:
    """As the runner reads it: `%` and ends of lines are escaped. Two letters would mask half of the log."""
    declare(job)
    job.environ[name] = value

    ended = job.use(command="validate")

    assert (ended.passed, ended.masks) == (True, masks)


def test_a_calendar_is_a_page_and_feeds(job: Job) -> None:
    """In a folder that a workflow publishes; without a state and without credentials."""
    declare(job)

    ended = job.use(command="calendar", folder="public/site", paths="meetings.yaml")

    files = {path.relative_to(job.folder / "public").as_posix() for path in job.folder.rglob("public/**/*.*")}
    assert (ended.passed, ended.outputs["status"]) == (True, "0")
    assert files == {"site/index.html", "site/feeds/all.ics", f"site/feeds/{HOST}.ics"}
    assert ended.summary == "### Calendar\n\nA page, and 2 feeds.\n"


def test_a_calendar_that_cannot_be_made_fails_the_step(job: Job) -> None:
    """So that nothing is published in place of the last one."""
    declare(job, ONE_FAR.replace("2099", "2O99"))

    ended = job.use(command="calendar")

    assert (ended.passed, ended.outputs["status"]) == (False, "1")
    assert [kind for kind, _, _ in ended.annotations] == ["error"]
    assert not [*job.folder.rglob("*.ics"), *job.folder.rglob("*.html")]


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def fork(
    job: Job, hub: GitHub, files: dict[str, str], links: dict[str, str] | None = None, submodule: str = ""
) -> None:
    """Let pull request 9 of a fork hold these files, and this job be the second workflow's."""
    remote = job.folder.parent / "server" / REPOSITORY
    remote.mkdir(parents=True)
    for name, text in files.items():
        (remote / name).parent.mkdir(parents=True, exist_ok=True)
        (remote / name).write_text(text)
        (remote / name).chmod(0o755 if name.startswith("meetings/x") else 0o644)
    for name, target in (links or {}).items():
        (remote / name).symlink_to(target)
    git = functools.partial(_git, remote)
    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "before")
    git("branch", "merged")
    git("add", "-A")
    if submodule:
        git("update-index", "--add", "--cacheinfo", f"160000,{SHA},{submodule}")
    git("commit", "-qm", "theirs")
    sha = git("rev-parse", "HEAD")
    git("update-ref", "refs/pull/9/head", sha)
    git("checkout", "-q", "merged")
    (remote / "merged.yaml").write_text(spec_of({"merged": {}}, start=FAR))
    git("add", "-A")
    git("commit", "-qm", "merged by others meanwhile")
    git("merge", "-q", "-m", "what a merge would give", sha)
    git("update-ref", "refs/pull/9/merge", "HEAD")
    run = {"head_sha": sha, "head_branch": "main", "head_repository": {"owner": {"login": "fork"}}}
    job.event = {"workflow_run": {**run, "pull_requests": []}}
    job.environ["GITHUB_SHA"] = SHA
    job.environ["GITHUB_SERVER_URL"] = f"file://{job.folder.parent / 'server'}"
    hub.pulls = [{"number": 9, "label": "fork:main", "head": {"sha": sha}}]


def planned_for_fork(job: Job, **inputs: str) -> JobResult:
    """What the second workflow does."""
    (job.folder / "spec").mkdir()
    given = {"state": "s.json", **inputs}
    return job.use(
        command="plan", comment="true", specs_from="pull-request", working_directory="spec", **given
    )


def test_a_fork_is_planned_from_its_yaml_alone(job: Job, hub: GitHub) -> None:
    """The commit of the event leads to its pull request, and is in the comment; no other file is copied."""
    far = spec_of({"executable": {}}, start=FAR)
    fork(job, hub, {"meetings/a.yaml": ONE_FAR, "meetings/x.yml": far, "reconciler/__main__.py": "1/0"})

    ended = planned_for_fork(job)

    laid = sorted(str(path.relative_to(job.folder)) for path in job.folder.rglob("*") if path.is_file())
    assert (ended.passed, laid) == (
        True,
        ["spec/meetings/a.yaml", "spec/meetings/x.yml", "spec/merged.yaml"],
    )
    assert hub.asked[0] == f"GET /repos/{REPOSITORY}/pulls"
    assert hub.asked[-1] == f"POST /repos/{REPOSITORY}/issues/9/comments"
    commit = job.event["workflow_run"]["head_sha"]
    assert [told in hub.comments[0]["body"] for told in (f"`{commit}`", "launch-review", "executable")] == [
        True,
        True,
        True,
    ]


@pytest.mark.parametrize("link", ["meetings/b.yaml", "reconciler.yaml", "b.yml"])
def test_a_link_of_a_fork_is_shown_and_not_followed(link: str, job: Job, hub: GitHub) -> None:
    """Apply would read files behind it that no plan has, so there is no plan."""
    fork(job, hub, {"meetings/a.yaml": ONE_FAR}, {link: "/etc/hostname", "notes": "/etc"})
    (job.folder / "secret").write_text("kept")

    ended = planned_for_fork(job, paths=".")

    assert (ended.passed, "This is a link in the pull request" in hub.comments[0]["body"]) == (False, True)


def test_a_submodule_of_a_fork_is_shown(job: Job, hub: GitHub) -> None:
    """Apply would read files in it that no plan has, so there is no plan."""
    fork(job, hub, {"meetings/a.yaml": ONE_FAR}, submodule="meetings/shared")

    ended = planned_for_fork(job)

    assert (ended.passed, "This is a submodule in the pull request" in hub.comments[0]["body"]) == (
        False,
        True,
    )


def test_a_linked_folder_of_a_fork_is_shown_too(job: Job, hub: GitHub) -> None:
    """Where nothing names it, a link in its place would else count as no folder."""
    fork(job, hub, {"meetings.yaml": ONE_FAR}, {"meetings": "../elsewhere"})

    ended = planned_for_fork(job)

    assert (ended.passed, "This is a link in the pull request" in hub.comments[0]["body"]) == (False, True)


def test_no_filter_runs_on_what_a_fork_has_written(job: Job, hub: GitHub) -> None:
    """Such as LFS, which runners have set up: it would ask an address that the pull request names."""
    fork(job, hub, {"meetings.yaml": ONE_FAR, ".gitattributes": "*.yaml filter=lfs\n"})
    job.environ |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "filter.lfs.smudge"}
    job.environ["GIT_CONFIG_VALUE_0"] = f"touch {job.folder}/forged; cat"

    ended = planned_for_fork(job)

    assert (ended.passed, (job.folder / "forged").exists()) == (True, False)


def test_a_fork_does_not_say_which_state_is_ours(job: Job, hub: GitHub) -> None:
    """It could add a state in which everything exists already."""
    fork(job, hub, {"meetings.yaml": ONE_FAR, "reconciler.yaml": "state: forged.yaml\n"})

    ended = planned_for_fork(job, state="")

    assert (ended.passed, hub.comments) == (False, [])
    assert [message.partition(":")[0] for _, _, message in ended.annotations] == ["Name the state"]


def test_a_fork_is_shown_no_file_of_the_runner(job: Job, hub: GitHub) -> None:
    fork(job, hub, {"meetings.yaml": ONE_FAR, "reconciler.yaml": "specs: [meetings.yaml, ../token]\n"})
    (job.folder / "token").write_text("token-of-the-runner")

    ended = planned_for_fork(job)

    assert (ended.passed, ended.outputs["error"]) == (False, "source.outside")
    assert "token-of-the-runner" not in ended.log + hub.comments[0]["body"]


def test_a_program_that_breaks_leaves_no_older_plan(job: Job, hub: GitHub) -> None:
    """The comment says that it broke."""
    hub.say(f"{MARK}\n### Plan: 1 to add.")
    job.environ["PYTHONHOME"] = "/nowhere"

    ended = job.use(command="plan", state="s.json", comment="true")

    assert (ended.passed, "plan wrote no report, and ended with status 1" in hub.comments[0]["body"]) == (
        False,
        True,
    )


def test_a_fork_that_has_moved_on_is_left_to_its_next_run(job: Job, hub: GitHub) -> None:
    fork(job, hub, {"meetings.yaml": ONE_FAR})
    hub.pulls[0]["head"]["sha"] = SHA

    ended = planned_for_fork(job)

    assert (ended.passed, hub.comments) == (False, [])


def test_nothing_that_others_write_stands_in_a_script() -> None:
    """`${{ }}` gives a value to a variable, and never a part of a command."""
    steps = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]

    assert [step["run"] for step in steps if "${{" in step["run"]] == []


def test_every_input_reaches_a_step() -> None:
    action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    text = json.dumps(action["runs"])

    assert [name for name in action["inputs"] if f"inputs.{name}" not in text] == []
