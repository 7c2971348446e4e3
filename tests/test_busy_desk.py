"""The daily command: what it may import, how plugins are found for it, and a desk that stays open."""

import json
import os
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from hypothesis import example, given
from hypothesis import strategies as st

from cmengine import recent
from cmengine.program import Program
from cmengine.quick import cache_file, desk_plugins
from cmengine.verify import verify

Run = Callable[..., Result]

RULES = """
[[rule]]
id = "drop-in"
title = "Coming to the drop-in"
[rule.goal]
kind = "any_of"
events = ["visit"]
per_day = 1
[[rule.reward]]
kind = "escalating_voucher"
start = "2.50"
step = "1.25"
climbs = "each_time"
"""

# What logging an event may import of this project. One more is a matter of milliseconds for somebody
# who waits at the desk: think twice.
MAY = {
    "ahead", "cli", "coming", "database", "days", "dice", "engine", "erasable", "errors", "evaluate", "fold",
    "ids", "journal", "kept", "kinds", "ladder", "ledger", "marker", "memory", "model", "money", "nodice", "options", "ordinals", "outbox", "places",
    "program", "quick", "reasons", "recent", "rules", "settings", "sha", "sheet", "sqlite", "start", "timeline", "toml",
}  # fmt: skip
# Dear ones: each of these costs more than writing the event does.
MAY_NOT = {
    "sqlite_utils", "pandas", "numpy", "importlib.metadata", "importlib.resources", "email", "difflib", "hashlib",
    "secrets", "subprocess", "tomllib", "asyncio", "unittest", "tree_sitter", "hypothesis", "apprise", "multiprocessing", "pathlib", "pluggy",
}  # fmt: skip

LOG = """
import atexit, sys
from cmengine.cli import main
atexit.register(lambda: print(*sorted(sys.modules), file=sys.stderr))
sys.argv = ["cmengine", "-p", sys.argv[1], "--by", "ana", "log", "c1", "visit"]
main()
"""


@pytest.fixture
def desk(make: Callable[..., Program], run: Run) -> Path:
    folder = make(RULES).folder
    assert run("client", "add", "c1", folder=folder).exit_code == 0
    words = ("c1", "drop-in", "--words", "I come by", "--on", "2026-01-01")
    assert run("goal", "choose", *words, folder=folder).exit_code == 0
    return folder


def logged_by_a_process(folder: Path, cache: Path) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", LOG, folder],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "CMENGINE_CACHE": str(cache)},
    )
    assert "voucher 2.50" in done.stdout or "counted already" in done.stdout
    return set(done.stderr.split())


def test_logging_imports_what_it_needs_and_no_more(desk: Path, tmp_path: Path) -> None:
    logged_by_a_process(desk, tmp_path / "cache")  # what the next one need not look for is kept
    modules = logged_by_a_process(desk, tmp_path / "cache")
    own = {name.split(".")[1] for name in modules if name.startswith("cmengine.")}
    assert own <= MAY
    assert modules & MAY_NOT == set()
    assert {name for name in modules if name.startswith("cmengine_")} == {
        "cmengine_count",
        "cmengine_voucher",
    }, "only the plugins of the rules that were chosen"


def test_the_index_of_plugins_is_made_anew_where_it_does_not_fit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CMENGINE_CACHE", str(tmp_path / "cache"))
    assert not Path(cache_file("plugins")).exists()
    found, what, _ = desk_plugins().find("goal", "any_of")
    assert found is not None, what
    index = json.loads(Path(cache_file("plugins")).read_text())
    assert index["kinds"]["goal any_of"] == "cmengine_count"

    index["kinds"]["goal any_of"] = "cmengine_voucher"  # somebody moved it since
    Path(cache_file("plugins")).write_text(json.dumps(index))
    assert desk_plugins().find("goal", "any_of")[0] is found

    for broken in ("", "[]", "{}", '{"format": 1}', "\0", json.dumps({**index, "seen": []})):
        Path(cache_file("plugins")).write_text(broken)
        assert desk_plugins().find("reward", "praise")[0] is not None
        assert (
            json.loads(Path(cache_file("plugins")).read_text())["kinds"]["goal any_of"]
            == "cmengine_count"
        )

    nothing, what, todo = desk_plugins().find("goal", "any_off")
    assert nothing is None
    assert "no installed plugin offers the goal 'any_off'" in what
    assert "did you mean 'any_of'?" in todo


def test_what_a_settings_file_said_is_kept_for_the_very_same_text(
    desk: Path, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CMENGINE_CACHE", str(tmp_path / "cache"))
    kinds = desk / "kinds.toml"
    said = kinds.read_text()
    assert recent.tables_of(said) is None
    assert run("log", "c1", "visit", folder=desk).exit_code == 0
    assert recent.tables_of(said) == tomllib.loads(said)
    assert stat.S_IMODE(Path(cache_file("settings")).stat().st_mode) == 0o600

    kinds.write_text(f'{said}\n[kind.walk]\nlabel = "A walk"\n')
    assert run("log", "c1", "walk", folder=desk).exit_code == 0  # at once
    kinds.write_text(said)
    assert run("log", "c1", "walk", folder=desk).exit_code == 1

    kept = json.loads(Path(cache_file("settings")).read_text())
    other = [[text, tables.replace("visit", "visits")] for text, tables in kept["texts"]]
    unreadable = [[text, "{"] for text, _ in kept["texts"]]
    for broken in ("", "[]", "{}", '{"format": 1, "texts": [1]}', "\0", "[" * 100_000):
        Path(cache_file("settings")).write_text(broken)
        assert recent.tables_of(said) is None
    for texts, form in ((unreadable, 1), (other, 0)):
        Path(cache_file("settings")).write_text(json.dumps({"format": form, "texts": texts}))
        assert recent.tables_of(said) is None
        assert run("log", "c1", "visit", folder=desk).exit_code == 0
        assert recent.tables_of(said) == tomllib.loads(said)


def test_the_settings_of_few_programs_are_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CMENGINE_CACHE", str(tmp_path / "cache"))
    texts = [f"n = {n}" for n in range(12)]
    for n, text in enumerate(texts):
        recent.keep(text, {"n": n})
    recent.keep(f"long = '{'x' * 20_000}'", {"long": "x" * 20_000})
    assert [recent.tables_of(text) for text in texts] == [
        None if n < 4 else {"n": n} for n in range(12)
    ]


VALUES = st.recursive(
    st.booleans() | st.integers() | st.text() | st.dates() | st.times() | st.datetimes()
    | st.decimals(allow_nan=True),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text() | st.just("$number"), some, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.text(), VALUES, max_size=4))
@example({"n": Decimal("1E+2")})
@example({"n": {"$date": "soon"}})
def test_what_is_kept_of_a_file_is_what_it_said_or_nothing(
    tmp_path_factory: pytest.TempPathFactory, tables: dict[str, Any]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CMENGINE_CACHE", str(tmp_path_factory.mktemp("cache")))
        recent.keep("the text", tables)
        known = recent.tables_of("the text")
        assert known is None or repr(known) == repr(tables)


def test_without_a_place_to_keep_the_index_all_is_only_slower(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CMENGINE_CACHE", str(tmp_path / "file" / "no folder"))
    assert desk_plugins().find("goal", "any_of")[0] is not None


def test_a_desk_that_stays_open_answers_a_line_for_a_line(
    desk: Path, run: Run, make: Callable[..., Program]
) -> None:
    typed = (
        "c1 visit --on 2026-01-05 --id one\n"
        "\n"
        "# a remark\n"
        "c1 visit --on 2026-01-05 --id two\n"
        'c1 positive_change "Called my sister" --on 2026-01-06\n'
        "c1 visit --on 2026-01-05 --id one\n"
    )
    done = run("log", "--stdin", folder=desk, typed=typed)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "c1: visit, Mon 5 Jan 2026 | voucher 2.50 | waiting: 2.50",
        "c1: visit, Mon 5 Jan 2026 | Coming to the drop-in: counted already that day, and stays counted"
        " | waiting: 2.50",
        "c1: positive_change Called my sister, Tue 6 Jan 2026 | logged | waiting: 2.50",
        "c1: visit, Mon 5 Jan 2026 (logged before; it counts once) | voucher 2.50 | waiting: 2.50",
    ]
    assert verify(make()).ok


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("c1 visitt", "there is no kind of event 'visitt'; did you mean 'visit'?"),
        ("c1", "Missing argument 'KIND'"),
        ("nobody visit", "there is no such client"),
        ("c1 visit --on 2026-13-01", "there is no such day as 2026-13-01"),
        ("c1 visit --no-such", "No such option"),
        ('c1 "visit', "a quote is opened and not closed"),
        ("c1 visit --stdin", "belong to the command, not to a line"),
    ],
)
def test_a_line_that_is_off_is_named_and_the_next_is_logged(
    desk: Path, run: Run, line: str, said: str
) -> None:
    typed = f"c1 visit --on 2026-01-05\n{line}\nc1 visit --on 2026-01-06\n"
    done = run("log", "--stdin", folder=desk, typed=typed)
    assert done.exit_code == 1
    assert len(done.stdout.splitlines()) == 2
    assert all(one.startswith("Error: line 2: ") for one in done.stderr.splitlines())
    assert said in done.stderr

    answers = run("log", "--stdin", "--json", folder=desk, typed=typed).stdout.splitlines()
    first, second, third = map(json.loads, answers)
    assert (first["line"], second["line"], third["line"]) == (1, 2, 3)
    assert any(said in one["text"] for one in second["problems"])
    assert third["client"] == "c1"


def test_with_stdin_an_event_stands_in_a_line_and_not_beside_it(desk: Path, run: Run) -> None:
    done = run("log", "--stdin", "c1", "visit", folder=desk, typed="")
    assert done.exit_code == 2
    assert "stands in the lines" in done.stderr
