"""Rule files that cannot be: every mistake of a file at once, each with its place, its key and what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]

KINDS = """\
[kind.visit]
label = "Came in"

[kind.test]
label  = "A test"
values = ["negative", "positive"]

[kind.steps]
label = "Steps in a day"
unit  = "steps"
"""

GOOD = """\
[[rule]]
id    = "drop-in"
title = "I come to the drop-in"
[rule.goal]
kind   = "any_of"
events = ["visit"]
[[rule.reward]]
kind  = "fixed_voucher"
worth = "2.50"
"""

EIGHT = """\
[[rule]]
id     = "drop-in"
tilte  = "I come to the drop-in"
starts = "2026-01-05"

[rule.goal]
kind    = "any_of"
events  = ["visti"]
per_day = 0

[[rule.reward]]
kind  = "escalating_voucher"
start = 2.50
step  = "-1.25"

[[rule.reward]]
kind  = "every_nth"
every = 2.5
worth = "10.00"

[[rule.reward]]
kind = "fishbowll"
"""

EIGHT_LINES = """\
Error: eight.toml:3: rule 'drop-in': 'tilte' is not a key of a rule; did you mean 'title'?
Error: eight.toml:4: rule 'drop-in': starts: "2026-01-05" is not a date; write it like 2026-01-05, without quotes
Error: eight.toml:8: rule 'drop-in': goal.events: there is no kind of event 'visti'; did you mean 'visit'?
Error: eight.toml:9: rule 'drop-in': goal.per_day: 0 is too small; write 1 or more
Error: eight.toml:13: rule 'drop-in': reward[1].start: 2.50 is not an amount in whole cents; write it in quotes like "2.50"
Error: eight.toml:14: rule 'drop-in': reward[1].step: '-1.25' is below zero; nothing here can take money away
Error: eight.toml:18: rule 'drop-in': reward[2].every: 2.5 is not a whole number; write it like 3, without quotes
Error: eight.toml:22: rule 'drop-in': no installed plugin offers the reward 'fishbowll'; did you mean 'fishbowl'?
"""


@pytest.fixture
def check(tmp_path: Path, run: Run) -> Callable[[str | bytes], list[str]]:
    """Check a rule file beside some kinds; give its mistakes without the file's name."""
    (tmp_path / "kinds.toml").write_text(KINDS)
    file = tmp_path / "rules.toml"

    def checked(text: str | bytes) -> list[str]:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        result = run("rules", "check", file)
        lines = result.stderr.replace(f"Error: {file}:", "").splitlines()
        assert result.exit_code == (1 if lines else 0)
        assert bool(lines) != bool(result.stdout)
        return lines

    return checked


Check = Callable[[str | bytes], list[str]]


def test_eight_mistakes_in_one_file_are_eight_lines(tmp_path: Path, run: Run) -> None:
    (tmp_path / "kinds.toml").write_text(KINDS)
    (tmp_path / "eight.toml").write_text(EIGHT)
    result = run("rules", "check", tmp_path / "eight.toml")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.replace(f"{tmp_path}/", "") == EIGHT_LINES
    assert (tmp_path / "eight.toml").read_text() == EIGHT


def test_a_file_with_a_mistake_publishes_nothing_of_it(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "program"
    run("init", folder, "--zone", "UTC")
    (folder / "rules" / "good.toml").write_text(GOOD)
    (folder / "rules" / "bad.toml").write_text(GOOD.replace("drop-in", "other", 1) + "x = 1\n")
    result = run("rules", "publish", folder=folder)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "'x' is not an option of 'fixed_voucher'" in result.stderr
    assert run("rules", "list", "--json", folder=folder).stdout.count('"id"') == 0


ONE_MISTAKE = {
    "a key nobody knows": (
        ('title = "I', 'color = "red"\ntitle = "I'),
        "3: rule 'drop-in': 'color' is not a key of a rule; there is 'calendar', 'client_sets', 'ends',"
        " 'goal', 'id', 'notify', 'reward', 'source' and 3 more",
    ),
    "an option nobody knows": (
        ("worth =", "woth  ="),
        "9: rule 'drop-in': 'woth' is not an option of 'fixed_voucher'; did you mean 'worth'?",
    ),
    "a missing option": (
        ('worth = "2.50"', ""),
        "7: rule 'drop-in': worth is missing; 'fixed_voucher' needs it",
    ),
    "a kind of goal nobody offers": (
        ("any_of", "anyof"),
        "5: rule 'drop-in': no installed plugin offers the goal 'anyof'; did you mean 'any_of'?",
    ),
    "no kind of reward": (
        ('kind  = "fixed_voucher"\n', ""),
        "7: rule 'drop-in': the reward has no kind; write kind = \"...\"; there is 'escalating_voucher',"
        " 'every_nth', 'fishbowl', 'fixed_voucher', 'item', 'ladder', 'praise'",
    ),
    "a kind that is a number": (
        ('"any_of"', "5"),
        "5: rule 'drop-in': kind: 5 is not text; write kind = \"...\"; there is 'any_of', 'at_least',"
        " 'at_most', 'better_than', 'came_back', 'first_time', 'steps'",
    ),
    "a part of a cent": (
        ("2.50", "2.505"),
        "9: rule 'drop-in': reward[1].worth: '2.505' is not an amount in whole cents; write it like 2.50",
    ),
    "not a number": (
        ('"2.50"', "nan"),
        "9: rule 'drop-in': reward[1].worth: NaN is not an amount in whole cents; write it in quotes like"
        ' "2.50"',
    ),
    "infinity": (
        ('"2.50"', "inf"),
        "9: rule 'drop-in': reward[1].worth: Infinity is not an amount in whole cents; write it in quotes"
        ' like "2.50"',
    ),
    "a number beyond all": (
        ('"2.50"', "1e999999999"),
        "9: rule 'drop-in': reward[1].worth: 1E+999999999 is not an amount in whole cents; write it in"
        ' quotes like "2.50"',
    ),
    "a number of digits beyond all": (
        ('events = ["visit"]', 'events = ["visit"]\nper_day = 1e999999999'),
        "7: rule 'drop-in': goal.per_day: 1E+999999999 is not a whole number; write it like 3, without"
        " quotes",
    ),
    "digits of another script": (
        ("2.50", "\u0663.\u0660\u0660"),
        "9: rule 'drop-in': reward[1].worth: '\u0663.\u0660\u0660' is not an amount in whole cents; write it"
        " like 2.50",
    ),
    "a slip that no ledger takes": (
        (
            'kind  = "fixed_voucher"\nworth = "2.50"',
            'kind  = "fishbowl"\nslips = [{ says = "sky", count = 1, worth = "500000000.00" }]',
        ),
        "7: rule 'drop-in': reward[1]: a draw of 500000000.00 is more than one award can be; make the"
        " amount smaller, or mend the plugin",
    ),
    "an amount that no ledger takes": (
        ("2.50", "500000000.00"),
        "1: rule 'drop-in': reward: 'fixed_voucher' gave an award of 50000000000 cents; make the amount"
        " smaller, or mend the plugin",
    ),
    "a table for a list": (
        ('["visit"]', "{ visit = 1 }"),
        "6: rule 'drop-in': goal.events: a table is not a list; write it like [\"...\"]",
    ),
    "an empty list": (
        ('["visit"]', "[]"),
        "6: rule 'drop-in': goal.events: is empty; write it like [\"...\"]",
    ),
    "the same thing twice": (
        ('["visit"]', '["visit", "visit"]'),
        "6: rule 'drop-in': goal.events names the same thing twice; take one out",
    ),
    "a value no event can have": (
        ('["visit"]', '["test"]\nvalues = ["negatve"]'),
        "7: rule 'drop-in': goal.values: no event has the value 'negatve'; did you mean 'negative'?",
    ),
    "a kind that would never count": (
        ('["visit"]', '["test", "visit"]\nvalues = ["negative"]'),
        "7: rule 'drop-in': goal.values: 'visit' never has one of these, so it would never count; take"
        " 'visit' out, or give [kind.visit] such values in kinds.toml",
    ),
    "steps of a kind that takes no words": (
        ('"any_of"\nevents = ["visit"]', '"steps"\nevent = "visit"\nsteps = ["Call my sister"]'),
        "7: rule 'drop-in': goal.steps: no event has the value 'Call my sister'; give [kind.visit] values in"
        " kinds.toml",
    ),
    "a number asked of a kind without one": (
        ('any_of"\nevents = ["visit"]', 'at_least"\nevent = "visit"\ntarget = 3'),
        "6: rule 'drop-in': goal.event: 'at_least' compares a number, and 'visit' has none; give"
        " [kind.visit] a unit in kinds.toml",
    ),
    "an id that cannot be one": (
        ('"drop-in"', '"Drop in"'),
        "2: rule 'Drop in': id: 'Drop in' is not an id; use small letters, digits and -, at most 63, like"
        " drop-in",
    ),
    "no goal": (
        ('[rule.goal]\nkind   = "any_of"\nevents = ["visit"]\n', ""),
        "1: rule 'drop-in': it has no goal; add one with [rule.goal] and a kind",
    ),
    "a goal that is a word": (
        ('[rule.goal]\nkind   = "any_of"\nevents = ["visit"]\n', 'goal = "visit"\n'),
        "4: rule 'drop-in': goal: \"visit\" is not a goal; begin it with [rule.goal]",
    ),
    "no reward": (
        ('[[rule.reward]]\nkind  = "fixed_voucher"\nworth = "2.50"\n', ""),
        "1: rule 'drop-in': it has no reward; add one with [[rule.reward]]",
    ),
    "a way to notify and no reward": (
        (
            '[[rule.reward]]\nkind  = "fixed_voucher"\nworth = "2.50"\n',
            "[[rule.notify]]\nkind = 'console'\n",
        ),
        "1: rule 'drop-in': it has no reward; add one with [[rule.reward]]",
    ),
    "one pair of brackets": (
        ("[[rule.reward]]", "[rule.reward]"),
        "7: rule 'drop-in': reward must be a list of tables; begin each with [[rule.reward]], in double"
        " brackets",
    ),
    "an end before the start": (
        ("[rule.goal]", "starts = 2026-02-01\nends = 2026-01-01\n[rule.goal]"),
        "5: rule 'drop-in': ends: it ends before it starts; swap the two dates",
    ),
    "a year nobody means": (
        ("[rule.goal]", "starts = 0206-01-05\n[rule.goal]"),
        "4: rule 'drop-in': starts: 0206-01-05 is not a day of the years 1900 to 2999; look at the year",
    ),
    "a calendar that is a number": (
        ("[rule.goal]", "calendar = 5\n[rule.goal]"),
        "4: rule 'drop-in': calendar must be a list of tables; begin each with [[rule.calendar]], in double"
        " brackets",
    ),
    "a calendar that no reward climbs by": (
        ("[[rule.reward]]", '[[rule.calendar]]\ndays = ["mon"]\nweeks = 4\n[[rule.reward]]'),
        "1: rule 'drop-in': calendar: no reward climbs by it; take it out, or write climbs = \"by_calendar\"",
    ),
    "a setting the goal does not have": (
        ("[rule.goal]", 'client_sets = ["goal.valus"]\n[rule.goal]'),
        "4: rule 'drop-in': client_sets: 'goal.valus' is not an option of the goal; did you mean"
        " 'goal.values'?",
    ),
    "a message to a file of the program": (
        ("[rule.goal]", 'notify = [{ kind = "outbox", where = "program.db" }]\n[rule.goal]'),
        "4: rule 'drop-in': notify[1].where: program.db is a file of the program itself; name another, like"
        " outbox.txt",
    ),
    "a message outside the program": (
        ("[rule.goal]", 'notify = [{ kind = "outbox", where = "/etc/passwd" }]\n[rule.goal]'),
        "4: rule 'drop-in': notify[1].where: /etc/passwd leaves the program's folder; name a file in it",
    ),
    "a thing that no program may hand out": (
        ('kind  = "fixed_voucher"\nworth = "2.50"', 'kind = "item"\nitem = "vape"'),
        "9: rule 'drop-in': reward[1].item: tobacco is not handed out here (California DHCS, Recovery Incentives: cards"
        " not usable for it; Colorado, Office of the State Controller, incentives:"
        " osc.colorado.gov/incentives-resource); take it out, or name the thing as what it is",
    ),
    "a slip that no program may have in its bowl": (
        (
            'kind  = "fixed_voucher"\nworth = "2.50"',
            'kind = "fishbowl"\nfirst_draws = 1\nslips = [\n{ says = "thank you", count = 1 },\n'
            '{ says = "luck", count = 1, item = "Lottery ticket", worth = "1.00" },\n]',
        ),
        "12: rule 'drop-in': reward[1].slips[2].item: lottery is not handed out here (California DHCS, Recovery"
        " Incentives: cards not usable for it); take it out, or name the thing as what it is",
    ),
    "control marks": (
        ('"drop-in"', '"\\u001b[31m"'),
        r"2: rule '\x1b[31m': id: '\x1b[31m' is not an id; use small letters, digits and -, at most 63, like"
        " drop-in",
    ),
}


@pytest.mark.parametrize(("change", "line"), ONE_MISTAKE.values(), ids=ONE_MISTAKE)
def test_one_mistake_is_one_line_with_its_place_and_its_remedy(
    check: Check, change: tuple[str, str], line: str
) -> None:
    assert GOOD.count(change[0]) == 1
    assert check(GOOD.replace(*change)) == [line]


WELCOME = """\
[[rule]]
id    = "welcome-back"
title = "I come back"
[rule.goal]
kind       = "came_back"
events     = ["visit"]
after_days = 14
beside     = "drop-in"
[[rule.reward]]
kind  = "fixed_voucher"
worth = "2.50"
"""


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            ('beside     = "drop-in"\n', ""),
            "4: rule 'welcome-back': beside is missing; 'came_back' needs it",
        ),
        (
            ('"drop-in"', '"dropin"'),
            "8: rule 'welcome-back': goal.beside: there is no other rule 'dropin'; did you mean 'drop-in'?",
        ),
        (
            ('"drop-in"', '"welcome-back"'),
            "8: rule 'welcome-back': goal.beside: there is no other rule 'welcome-back'; there is 'drop-in'",
        ),
        (
            ('"2.50"', '"2.51"'),
            "8: rule 'welcome-back': goal.beside: a welcome of 2.51 is worth more than the least that an"
            " ordinary visit earns under 'drop-in' (2.50), so it would pay to stay away; change one of the"
            " two, so that coming in earlier earns at least as much",
        ),
    ],
    ids=["beside nothing", "beside no rule there is", "beside itself", "too large"],
)
def test_a_welcome_that_cannot_stand_is_said(
    check: Check, change: tuple[str, str], line: str
) -> None:
    assert check(WELCOME + GOOD) == []
    assert check(WELCOME.replace(*change) + GOOD) == [line]


def test_a_welcome_beside_a_ladder_that_ends_would_pay_to_stay_away(check: Check) -> None:
    ladder = GOOD.replace(
        'kind  = "fixed_voucher"\nworth = "2.50"',
        'kind = "ladder"\nphases = [{ times = 9, worth = "5.00" }]',
    )
    (line,) = check(WELCOME + ladder)
    assert "the least that an ordinary visit earns under 'drop-in' (0.00)" in line


def test_a_broken_rule_beside_a_welcome_is_said_once(check: Check) -> None:
    (line,) = check(WELCOME + GOOD.replace("worth =", "wroth ="))
    assert "did you mean 'worth'?" in line


BROKEN = {
    "not closed": (
        '[[rule]]\nid = "drop-in\n',
        "2: is not valid TOML: Illegal character '\\n' at column 14 of 'id = \"drop-in'; look at this line and the one before:"
        " a quote, a bracket or an = is often missing",
    ),
    "no quotes": (
        "[[rule]]\nid = drop-in\n",
        "2: is not valid TOML: Invalid value at column 6 of 'id = drop-in'; look at this line and the one before: a quote, a"
        " bracket or an = is often missing",
    ),
    "a key twice": (
        '[[rule]]\nid = "a"\nid = "b"\n',
        "3: is not valid TOML: Cannot overwrite a value at column 9 of 'id = \"b\"'; the same key or table stands twice: take"
        " one out",
    ),
    "far out in a long line": (
        f"# one\r\nid = [{'1, ' * 200}oops, {'2, ' * 200}]\r\n",
        f"2: is not valid TOML: Invalid value at column 607 of ', {'1, ' * 9}oops, {'2, ' * 8}2'; look at this"
        " line and the one before: a quote, a bracket or an = is often missing",
    ),
    "cut off": (
        "[[rule]]\nevents = [",
        " is not valid TOML: Invalid value, at the end of the file; look at this line and the one before: a"
        " quote, a bracket or an = is often missing",
    ),
    "empty": ("", " there is no rule in it; begin one with [[rule]]"),
    "one pair of brackets": (
        GOOD.replace("[[rule]]", "[rule]"),
        "1: rule must be a list of tables; begin each with [[rule]], in double brackets",
    ),
    "a number": (
        "rule = 3",
        "1: rule must be a list of tables; begin each with [[rule]], in double brackets",
    ),
    "a list of numbers": ("rule = [3]", "1: 3 is not a rule; begin each rule with [[rule]]"),
    "another name": (
        '[[rules]]\nid = "a"\n',
        " 'rules' does not belong in a rule file; did you mean 'rule'?",
    ),
    "not UTF-8": ("# caf\u00e9\n".encode("latin-1"), "1: is not UTF-8 text; save it as UTF-8"),
    "deep": (
        "a = " + "[" * 3000,
        " is nested too deeply, or holds a number that is too long; look for a row of brackets or of digits"
        " that does not end",
    ),
    "a long number": (
        "a = 1" + "0" * 5000,
        " is nested too deeply, or holds a number that is too long; look for a row of brackets or of digits"
        " that does not end",
    ),
    "large": ("#" * 1_000_001, " is larger than 1,000,000 bytes; split it"),
}


@pytest.mark.parametrize(("text", "line"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_no_rule_file_is_said_in_words(
    check: Check, text: str | bytes, line: str
) -> None:
    assert check(text) == [line]


@pytest.mark.parametrize(
    "text",
    [GOOD.replace("\n", "\r\n").encode(), b"\xef\xbb\xbf" + GOOD.encode()],
    ids=["line ends of Windows", "a byte order mark"],
)
def test_files_of_other_machines_can_be_read(check: Check, text: bytes) -> None:
    assert check(text) == []


def test_the_same_id_twice_names_both_places(check: Check, tmp_path: Path) -> None:
    (line,) = check(GOOD + GOOD)
    assert line == (
        f"11: rule 'drop-in': id: it is taken already; see {tmp_path}/rules.toml:2; give one of the two a"
        " new id"
    )


def test_the_same_file_named_twice_is_read_once(tmp_path: Path, run: Run) -> None:
    (tmp_path / "good.toml").write_text(GOOD)
    result = run("rules", "check", tmp_path / "good.toml", tmp_path / "good.toml")
    assert result.exit_code == 0
    assert result.stdout.startswith("All is well: 1 rule in 1 file, 0 scenarios")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("nothing.toml", "there is no such file; check the name"),
        ("folder.toml", "there is no rule file in it; name another folder"),
        ("x" * 300, "cannot be read (File name too long); check its name and its permissions"),
    ],
    ids=["missing", "a folder", "a name too long"],
)
def test_a_file_that_is_not_there_is_said(tmp_path: Path, run: Run, name: str, line: str) -> None:
    (tmp_path / "folder.toml").mkdir()
    result = run("rules", "check", tmp_path / name)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.endswith(f": {line}\n")
    assert result.stderr.count("\n") == 1


def test_publishing_a_folder_without_rules_publishes_nothing(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "program"
    run("init", folder, "--starter", "drop-in", "--zone", "UTC")
    (tmp_path / "empty").mkdir()
    assert run("rules", "publish", tmp_path / "empty", folder=folder).exit_code == 1
    assert run("rules", "list", folder=folder).stdout.startswith("There is nothing on the menu yet")


SCENARIO = """\
[[scenario]]
name   = "One visit"
rule   = "drop-in"
events = [{ on = 2026-01-05, kind = "visit" }]
earns  = [["voucher 2.50"]]
"""


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            ("[[scenario]]", "[scenario]"),
            "1: scenario must be a list of tables; begin each with [[scenario]], in double brackets",
        ),
        (
            ("2.50", "3.50"),
            "1: scenario 'One visit': event 1 (visit on 2026-01-05) earns 'voucher 2.50', the scenario says"
            " 'voucher 3.50'; mend the rule, or the scenario if the rule is right",
        ),
        (
            ('"drop-in"', '"dropin"'),
            "3: scenario 'One visit': there is no rule 'dropin' beside it; did you mean 'drop-in'?",
        ),
        (
            ('"visit" }', '"visti" }'),
            "1: scenario 'One visit': there is no kind of event 'visti'; did you mean 'visit'?; mend the"
            " rule, or the scenario if the rule is right",
        ),
        (
            ("2026-01-05", '"2026-01-05"'),
            "4: scenario 'One visit': events[1].on: \"2026-01-05\" is not a date; write it like 2026-01-05,"
            " without quotes",
        ),
        (
            ('[["voucher 2.50"]]', '["voucher 2.50"]'),
            "5: scenario 'One visit': earns: it needs a list of labels for each event; write it like"
            ' [["voucher 2.50"], []]',
        ),
        (
            ('[["voucher 2.50"]]', "[]"),
            "1: scenario 'One visit': there are 1 events and 0 entries in earns; write one for each",
        ),
    ],
)
def test_a_scenario_that_cannot_be_is_said(
    check: Check, tmp_path: Path, change: tuple[str, str], line: str
) -> None:
    (tmp_path / "rules.scenarios.toml").write_text(SCENARIO)
    assert check(GOOD) == []
    (tmp_path / "rules.scenarios.toml").write_text(SCENARIO.replace(*change))
    (said,) = check(GOOD)
    assert said == f"Error: {tmp_path}/rules.scenarios.toml:{line}"
