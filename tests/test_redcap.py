"""Exchange with REDCap: what we write goes in and comes out as it was, and so does what somebody else wrote."""

import csv
import io
import json
import random
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from cmengine.choices import Wish, choose_goals, set_aside
from cmengine.corrections import correct_event
from cmengine.disclosures import NOTICE, Grounds, disclosures
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.program import Program
from cmengine.redcap import HEADER, coded, slug
from cmengine.study import export_project, import_records, load_instruments
from cmengine.taking import Came
from cmengine.verify import verify

Run = Callable[..., Result]
Make = Callable[..., Program]
WHY = Grounds(recipient="Study", purpose="research", consent="2026-021")
GROUNDS = ("--to", "Study", "--purpose", "research", "--consent", "2026-021")

KINDS = """
[kind.visit]
label = "Came to the drop-in | the center"
[kind.drinks]
label = "Drinks on one day"
unit = "drinks"
[kind.screen]
label = "A screen"
values = ["negative", "positive"]
evidence = "test"
[kind.walk]
label = "Walked"
[kind.positive_change]
label = "Something better than before"
text = true
"""
RULES = """
[[rule]]
id = "drop-in"
title = "Coming to the drop-in"
[rule.goal]
kind = "any_of"
events = ["visit", "walk"]
[[rule.reward]]
kind = "escalating_voucher"
start = "2.50"
step = "1.25"
climbs = "each_time"

[[rule]]
id = "drop_in"
title = "Coming in, as it was"
[rule.goal]
kind = "any_of"
events = ["screen"]
values = ["negative"]
[[rule.reward]]
kind = "fixed_voucher"
worth = "1.00"

[[rule]]
id = "fewer-drinks"
title = "A day within my own number"
client_sets = ["goal.target"]
[rule.goal]
kind = "at_most"
event = "drinks"
[[rule.reward]]
kind = "fixed_voucher"
worth = "2.00"
"""

# A project that somebody else made: another record field, a form that does not repeat, one that does, boxes to
# tick, codes, days the American way, a code for what is missing, and much that means nothing here.
MAPPING = """
record  = "study_id"
dates   = "mdy"
missing = ["-99", "NA"]

[[event]]
instrument = "urine_screen"
kind   = "screen"
at     = "us_date"
value  = ["us_result"]
values = [{code = "1", value = "negative"}, {code = "2", value = "positive"}]
evidence = "test"

[[event]]
instrument = "week"
kind   = "walk"
at     = "week_of"
ticked = "activities___2"

[[event]]
instrument = "week"
kind   = "drinks"
at     = "week_of"
value  = ["most_drinks"]

[[choice]]
rule  = "fewer-drinks"
on    = "goal_date"
words = "goal_words"
set   = [{key = "goal.target", field = "goal_number"}]
stands = "goal_on"

[[choice]]
rule = "drop-in"
on   = "enrolled"
"""
COLUMNS = (
    "study_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,redcap_data_access_group,"
    "enrolled,goal_date,goal_words,goal_number,goal_on,baseline_complete,us_date,us_result,"
    "urine_screen_complete,week_of,activities___1,activities___2,most_drinks,week_complete"
)
RAW = f"""\ufeff{COLUMNS}
c001,enrollment_arm_1,,,site_a,06/01/2026,06/01/2026,"Four, ""no more"",
is enough",4,1,2,,,,,,,,
c001,enrollment_arm_1,urine_screen,1,site_a,,,,,,,06/03/2026,1,2,,,,,
c001,enrollment_arm_1,urine_screen,2,site_a,,,,,,,6/10/2026,2,2,,,,,
c001,enrollment_arm_1,urine_screen,3,site_a,,,,,,,06/17/2026,-99,0,,,,,
c001,enrollment_arm_1,urine_screen,4,site_a,,,,,,,,,0,,,,,
c001,enrollment_arm_1,week,1,site_a,,,,,,,,,,06/07/2026,1,1,3,2
c001,enrollment_arm_1,week,2,site_a,,,,,,,,,,06/14/2026,0,0,NA,2
c001,enrollment_arm_1,week,3,site_a,,,,,,,,,,06/21/2026,0,1,9,2
c001,enrollment_arm_1,side_effects,1,site_a,,,,,,,,,,,,,,
c002,enrollment_arm_1,,,site_b,06/02/2026,,,,,2,,,,,,,,
"""
LABEL_COLUMNS = (
    '"Study ID","Event Name","Repeat Instrument","Repeat Instance","Data Access Group","Enrolled on",'
    '"Goal: since when","Goal, in your <b>words</b>","Your number","Is it on?","Complete?","Date","Result",'
    '"Complete?","Week of","What did you do? (choice=Read)","What did you do? (choice=Walked)",'
    '"Most drinks on a day","Complete?"'
).replace("<b>", "").replace("</b>", "")  # fmt: skip
LABELS = f"""{LABEL_COLUMNS}
"c001","Enrollment (Arm 1: Arm 1)","","","Site A","06/01/2026","06/01/2026","Four, ""no more"",
is enough","4","Yes","Complete","","","","","","","",""
"c001","Enrollment (Arm 1: Arm 1)","Urine Screen","1","Site A","","","","","","","06/03/2026","Nothing found","Complete","","","","",""
"c001","Enrollment (Arm 1: Arm 1)","Urine Screen","2","Site A","","","","","","","6/10/2026","Something found","Complete","","","","",""
"c001","Enrollment (Arm 1: Arm 1)","Urine Screen","3","Site A","","","","","","","06/17/2026","","Incomplete","","","","",""
"c001","Enrollment (Arm 1: Arm 1)","Week","1","Site A","","","","","","","","","","06/07/2026","Checked","Checked","3","Complete"
"c001","Enrollment (Arm 1: Arm 1)","Week","2","Site A","","","","","","","","","","06/14/2026","Unchecked","Unchecked","","Complete"
"c001","Enrollment (Arm 1: Arm 1)","Week","3","Site A","","","","","","","","","","06/21/2026","Unchecked","Checked","9","Complete"
"c002","Enrollment (Arm 1: Arm 1)","","","Site B","06/02/2026","","","","","Complete","","","","","","","",""
"""
DICTIONARY = [
    ("study_id", "baseline", "text", "Study ID", ""),
    ("enrolled", "baseline", "text", "Enrolled on", ""),
    ("goal_date", "baseline", "text", "Goal: since when", ""),
    ("goal_words", "baseline", "notes", "Goal, in your <b>words</b>", ""),
    ("goal_number", "baseline", "text", "Your number", ""),
    ("goal_on", "baseline", "yesno", "Is it on?", ""),
    ("us_date", "urine_screen", "text", "Date", ""),
    ("us_result", "urine_screen", "radio", "Result", "1, Nothing found | 2, Something found"),
    ("week_of", "week", "text", "Week of", ""),
    ("activities", "week", "checkbox", "What did you do?", "1, Read | 2, Walked"),
    ("most_drinks", "week", "text", "Most drinks on a day", ""),
]


@pytest.fixture
def program(make: Make) -> Program:
    opened = make(RULES, KINDS)
    add_client(opened, "c001")
    return opened


def theirs(program: Program) -> Program:
    (program.folder / "redcap.toml").write_text(MAPPING)
    return program


def written(program: Program, text: str, name: str = "in.csv") -> Path:
    file = program.folder.parent / name
    file.write_text(text, encoding="utf-8", newline="")
    return file


def dictionary_of(program: Program) -> Path:
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(HEADER)
    for name, form, type, label, choices in DICTIONARY:
        rows.writerow([name, form, "", type, label, choices, *[""] * 12])
    return written(program, out.getvalue(), "dictionary.csv")


def events(program: Program) -> list[tuple[Any, ...]]:
    return [
        tuple(row)
        for row in program.ledger.rows(
            "select client, kind, value, on_day, evidence from events order by client, on_day, kind"
        )
    ]


WHAT_IT_SAYS = [
    ("c001", "screen", "negative", "2026-06-03", "test"),
    ("c001", "drinks", "3", "2026-06-07", "self"),
    ("c001", "walk", None, "2026-06-07", "self"),
    ("c001", "screen", "positive", "2026-06-10", "test"),
    ("c001", "drinks", "9", "2026-06-21", "self"),
    ("c001", "walk", None, "2026-06-21", "self"),
]


def test_what_somebody_else_wrote_comes_in(program: Program) -> None:
    project = load_instruments(theirs(program))
    came = import_records(program, written(program, RAW), project, add_clients=True)
    assert events(program) == WHAT_IT_SAYS
    assert (came.events, came.duplicates, came.choices, came.clients) == (6, 0, 3, ["c002"])
    # A walk earns 2.50, the next 3.75; three drinks are within four, nine are not.
    assert (came.awards, came.cents) == (3, 250 + 375 + 200)
    (row,) = program.ledger.timelines("c001")["fewer-drinks"]
    assert row.choice.words == 'Four, "no more",\nis enough'
    assert row.choice.settings == (("goal.target", "4"),)
    assert row.choice.on == date(2026, 6, 1)
    assert dict(came.passed) == {
        "rows of 'side_effects'": 1,
        "rows of 'urine_screen'": 1,
        "rows with a day and nothing in us_result": 1,
        "rows with a day and nothing in most_drinks": 1,
    }
    assert verify(program).problems == []


def test_the_same_file_again_adds_nothing(program: Program) -> None:
    project = load_instruments(theirs(program))
    file = written(program, RAW)
    import_records(program, file, project, add_clients=True)
    again = import_records(program, file, project)
    assert (again.events, again.duplicates, again.choices, again.cents) == (0, 6, 0, 0)
    more = RAW + "c002,enrollment_arm_1,week,1,site_b,,,,,,,,,,06/21/2026,0,1,,2\n"
    more_came = import_records(program, written(program, more, "more.csv"), project)
    assert (more_came.events, more_came.duplicates) == (1, 6)


# Another project: a row says two things that happened at the same time, what they are stands in fields, and
# a box says that the row was a mistake.
OTHERS = """
dates = "dmy"

[[event]]
instrument = "contact"
kind   = "visit"
at     = "seen_on"
ticked = "came___1"
unless = "wrong"

[[event]]
instrument = "contact"
kind   = "drinks"
at     = "seen_on"
value  = ["drinks"]
unless = "wrong"
evidence_from = "known_by"

[[event]]
instrument = "contact"
kind_from = "first"
kinds  = [{code = "1", value = "walk"}, {code = "2", value = "positive_change"}]
at     = "seen_on"
value  = ["first_words"]
unless = "wrong"
evidence_from = "known_by"

[[event]]
instrument = "contact"
kind_from = "second"
kinds  = [{code = "1", value = "walk"}, {code = "2", value = "positive_change"}]
at     = "seen_on"
value  = ["second_words"]
unless = "wrong"
"""
CONTACTS = (
    "record_id,redcap_repeat_instrument,redcap_repeat_instance,seen_on,came___1,drinks,first,first_words,"
    "second,second_words,known_by,wrong,note\n"
)


def contacts(program: Program, *rows: str) -> Came:
    """Import rows of that project: each instance, day, and all the rest."""
    (program.folder / "redcap.toml").write_text(OTHERS)
    text = CONTACTS + "".join(f"c001,contact,{row}\n" for row in rows)
    return import_records(program, written(program, text), load_instruments(program))


def test_one_row_says_several_things_of_the_same_time(program: Program) -> None:
    """Each is an event with an id of its own, which does not change when another of the row comes later."""
    first = contacts(program, "1,03/06/2026,1,2,,,2,ate,staff,0,")
    assert (first.events, first.duplicates) == (3, 0)
    assert events(program) == [
        ("c001", "drinks", "2", "2026-06-03", "staff"),
        ("c001", "positive_change", "ate", "2026-06-03", "self"),
        ("c001", "visit", None, "2026-06-03", "self"),
    ]
    more = contacts(program, "1,03/06/2026,1,2,2,slept,2,ate,Staff,0,a note that is not read")
    assert (more.events, more.duplicates) == (1, 3)
    assert ("c001", "positive_change", "slept", "2026-06-03", "staff") in events(program)
    ids = [row[0] for row in program.ledger.rows("select id from events")]
    assert len(ids) == 4
    assert verify(program).problems == []


@pytest.mark.parametrize("ticked", ["1", "Yes", "Checked", "TRUE"])
def test_a_row_that_was_a_mistake_comes_to_nothing_and_is_counted(
    program: Program, ticked: str
) -> None:
    came = contacts(program, f"1,03/06/2026,1,2,,,,,,{ticked},", "2,04/06/2026,1,,,,,,,,")
    assert events(program) == [("c001", "visit", None, "2026-06-04", "self")]
    assert came.passed["rows in which wrong is ticked"] == 4


@pytest.mark.parametrize(
    ("written_as", "day"),
    [("03/06/2026", "2026-06-03"), ("3.6.2026", "2026-06-03"), ("13-06-2026", "2026-06-13"), ("2026-06-03", "2026-06-03")],
)  # fmt: skip
def test_days_written_day_month_year(program: Program, written_as: str, day: str) -> None:
    contacts(program, f"1,{written_as},1,,,,,,,,")
    assert events(program) == [("c001", "visit", None, day, "self")]


def test_a_day_that_is_none_is_told_with_one_that_would_be(program: Program) -> None:
    with pytest.raises(CMError, match=r"'06/13/2026' is not a day like 31/01/2026"):
        contacts(program, "1,06/13/2026,1,,,,,,,,")


def test_how_it_is_known_stands_in_the_row(program: Program) -> None:
    contacts(
        program,
        "1,03/06/2026,0,1,,,,,DOCUMENT,,",
        "2,04/06/2026,0,1,,,,,,,",
        "3,05/06/2026,0,1,1,,,,device,,",
    )
    assert [row[1:] for row in events(program)] == [
        ("drinks", "1", "2026-06-03", "document"),
        ("drinks", "1", "2026-06-04", "self"),
        ("drinks", "1", "2026-06-05", "device"),
    ]
    with pytest.raises(CMError, match="hearsay"):
        contacts(program, "4,06/06/2026,0,1,,,,,hearsay,,")


def test_what_it_is_stands_in_the_row(program: Program) -> None:
    """By its code, or by its name here; a code that is not named is passed over, and counted."""
    came = contacts(
        program,
        "1,03/06/2026,0,,2,slept,,,,,",
        "2,04/06/2026,0,,positive_change,ate,,,,,",
        "3,05/06/2026,0,,9,sang,,,,,",
    )
    assert [row[1:4] for row in events(program)] == [
        ("positive_change", "slept", "2026-06-03"),
        ("positive_change", "ate", "2026-06-04"),
    ]
    assert came.passed["first with a code that redcap.toml does not name"] == 1
    with pytest.raises(CMError, match=r"first \(column G\): is empty"):
        contacts(program, "4,06/06/2026,0,,,sang,,,,,")


def test_what_we_wrote_of_a_mistake_comes_in_as_none(program: Program, make: Make) -> None:
    """What it earned stays where it was logged; somewhere else it never happened."""
    for n in (1, 2):
        event, _ = make_event(program, client="c001", kind="screen", value="negative", id=f"s{n}")
        assert event is not None
        log_event(program, event)
    correct_event(program, "s1", "it was somebody else's")
    place = program.folder.parent / "study"
    export_project(program, place, ["c001"], WHY)
    other = make(RULES, KINDS, name="other")
    came = import_records(other, place / "records.csv", load_instruments(other), add_clients=True)
    assert [row[0] for row in other.ledger.rows("select id from events")] == ["s2"]
    assert came.passed["rows in which event_mistake is ticked"] == 1


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_an_export_with_labels_says_the_same(program: Program, delimiter: str) -> None:
    project = load_instruments(theirs(program))
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(csv.reader(io.StringIO(LABELS, newline="")))
    file = written(program, "\ufeff" + out.getvalue())
    came = import_records(
        program, file, project, dictionary=dictionary_of(program), add_clients=True
    )
    assert events(program) == WHAT_IT_SAYS
    assert (came.events, came.choices, came.cents) == (6, 3, 250 + 375 + 200)
    raw = import_records(program, written(program, RAW, "raw.csv"), project)
    assert (raw.events, raw.duplicates, raw.choices) == (0, 6, 0)


def test_labels_without_a_dictionary_are_told_so(program: Program) -> None:
    with pytest.raises(CMError, match=r"there is no column 'study_id'.*give its data dictionary"):
        import_records(program, written(program, LABELS), load_instruments(theirs(program)))


def test_all_that_is_off_is_said_at_once_with_line_and_column(program: Program) -> None:
    bad = RAW.splitlines(keepends=True)
    bad[3] = bad[3].replace("06/03/2026", "06/33/2026")
    bad[4] = bad[4].replace("6/10/2026,2", "6/10/2026,7")
    bad[7] = bad[7].replace(",1,1,3,", ",1,yep,3,")
    bad[9] = bad[9].replace("06/21/2026", "")
    bad[8] = bad[8].replace("c001", "").replace(",0,0,NA", ",0,1,x")
    file = written(program, "".join(bad))
    with pytest.raises(CMError) as stopped:
        import_records(program, file, load_instruments(theirs(program)))
    said = [f"{one.where.removeprefix(str(file))}: {one.what}" for one in stopped.value.mistakes]
    assert said == [
        ":4: us_date (column L): '06/33/2026' is not a day like 01/31/2026",
        ":8: activities___2 (column Q): is neither 1 nor 0, nor Yes, No, Checked or Unchecked",
        ":9: study_id (column A): is empty, so nobody knows whose row it is",
        ":9: study_id (column A): is empty, so nobody knows whose row it is",
        ":10: week_of (column O): is empty, and there is something in the row",
        ":10: week_of (column O): is empty, and there is something in the row",
        ":12: there is no client 'c002'",
    ]
    assert events(program) == []
    assert program.ledger.timelines("c001") == {}


def test_a_code_that_is_not_there_is_one_line(program: Program) -> None:
    project = load_instruments(theirs(program))
    rows = RAW.replace("c001", "nobody-here")
    file = written(program, rows)
    with pytest.raises(CMError) as stopped:
        import_records(program, file, project)
    said = [one.what for one in stopped.value.mistakes if "nobody-here" in one.what]
    assert len(said) == 1
    assert re.fullmatch(r"there is no client 'nobody-here', here and \d+ more times", said[0])
    with pytest.raises(CMError, match=r"and \d+ more mistakes; mend these first"):
        many = RAW + "".join(
            line.replace("2026", "20x6") for line in RAW.splitlines(keepends=True)[1:] * 20
        )
        import_records(program, written(program, many), project, add_clients=True)


def test_what_another_program_may_have_handed_over_is_asked_after(
    program: Program, make: Make, run: Run
) -> None:
    lived(program)
    place = program.folder.parent / "study"
    export_project(program, place, ["c001", "c002", "c003"], WHY, words=True)
    other = make(RULES, KINDS, name="other")
    done = run("redcap", "import", place / "records.csv", "--add-clients", folder=other.folder)
    said = " ".join(done.stderr.split())
    assert "look whether something was handed over elsewhere (3 clients" in said
    assert "Draws are drawn anew here." in said
    again = run("redcap", "import", place / "records.csv", "--json", folder=program.folder)
    told = json.loads(again.stdout)
    assert (told["events"], told["duplicates"], told["look_elsewhere"]) == (0, 80, [])


def test_a_row_that_was_changed_there_is_said_and_not_counted_twice(program: Program) -> None:
    project = load_instruments(theirs(program))
    import_records(program, written(program, RAW), project, add_clients=True)
    changed = RAW.replace("06/21/2026,0,1,9", "06/21/2026,0,1,4")
    with pytest.raises(CMError, match=r"again.csv:10"):
        import_records(program, written(program, changed, "again.csv"), project)
    assert len(events(program)) == 6


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("a,b\n1,2\n", "there is no column 'study_id'"),
        (RAW.replace("us_result", "us_res"), "there is no column 'us_result'; did you mean 'us_res'?"),
        (RAW.replace("enrolled,", "goal_date,", 1), "the column 'goal_date' stands twice"),
        (RAW + "c001,x\n", "has 2 cells, and the first line has 19"),
        (RAW + '"c001', "is not CSV"),
        (RAW.replace("4,1,2", "4,perhaps,2"), "goal_on (column J): is neither 1 nor 0"),
        (RAW.replace("c001,enrollment_arm_1,,,", ",enrollment_arm_1,,,"), "study_id (column A): is empty"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_one_is_told_so(
    program: Program, text: str, says: str, run: Run
) -> None:
    theirs(program)
    file = written(program, text)
    done = run("redcap", "import", file, "--add-clients", folder=program.folder)
    assert (done.exit_code, says in done.output) == (1, True), done.output
    assert events(program) == []


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ('records = "x"\n', "'records' is not a key of this file; did you mean 'record'?"),
        ('[[event]]\nat = "a"\n', "it needs kind, or kind_from"),
        ('[[event]]\nat = "a"\nkind = "vist"\n', "kind 'vist': the program has none of this name; did you mean 'visit'?"),
        ('[[choice]]\non = "a"\nrule = "dropin"\n', "the program has none of this name"),
        ('[[event]]\nkind = "visit"\n', "at is missing"),
        ('dates = "mm"\n[[event]]\nat = "a"\nkind = "visit"\n', "is not one of its words"),
        ('event = "x"\n', "event must be tables; write [[event]]"),
        ('record = "x"\n', "says nothing"),
        ('[[event]]\nat = "a"\nkind_from = "b"\nkinds = [{code = "1", value = "nap"}]\n', "kind 'nap'"),
    ],
)  # fmt: skip
def test_a_mapping_that_is_off_is_told_so(program: Program, mapping: str, says: str) -> None:
    (program.folder / "redcap.toml").write_text(mapping)
    with pytest.raises(CMError) as stopped:
        load_instruments(program)
    assert says in str(stopped.value)


# Out, and in again


def lived(program: Program) -> None:
    dice = random.Random(8)
    for client in ("c002", "c003"):
        add_client(program, client, f"Name {client}")
    wishes = [
        ("c001", "drop-in", "- See people\n= get out", ()),
        ("c001", "drop_in", "", ()),
        ("c002", "fewer-drinks", "Six; =is enough", (("goal.target", "6"),)),
        ("c003", "drop-in", "'quoted", ()),
    ]
    choose_goals(
        program,
        [
            Wish(client=client, rule=rule, words=words, settings=settings, on=date(2026, 5, 1))
            for client, rule, words, settings in wishes
        ],
    )
    values: dict[str, Callable[[], str | None]] = {
        "visit": lambda: None,
        "walk": lambda: None,
        "drinks": lambda: str(dice.choice([Decimal("0"), Decimal("2.5"), Decimal("11")])),
        "screen": lambda: dice.choice(["negative", "positive"]),
        "positive_change": lambda: dice.choice(["ate", 'said "no", then\n=yes', "-läuft", "-5"]),
    }
    for n in range(80):
        kind = dice.choice(list(values))
        event, wrong = make_event(
            program,
            client=dice.choice(["c001", "c002", "c003"]),
            kind=kind,
            value=values[kind](),
            at=datetime(2026, 5, 3, 17, tzinfo=UTC) + timedelta(minutes=dice.randrange(50_000)),
            id=f"=e{n}",
        )
        assert event is not None, wrong
        log_event(program, event)
    set_aside(program, "c003", "drop-in", date(2026, 6, 20))


def test_what_we_write_comes_in_as_it_was(program: Program, make: Make) -> None:
    lived(program)
    place = program.folder.parent / "study"
    rows = export_project(program, place, ["c001", "c002", "c003"], WHY, words=True)
    records = (place / "records.csv").read_bytes().decode()
    cells = list(csv.DictReader(io.StringIO(records, newline="")))
    assert len(cells) == rows

    other = make(RULES, KINDS, name="other")
    came = import_records(other, place / "records.csv", load_instruments(other), add_clients=True)
    assert (came.events, came.choices, came.set_aside) == (80, 4, 1)

    def all_of(one: Program) -> list[Any]:
        found: list[Any] = [
            sorted(map(tuple, one.ledger.rows(sql)))
            for sql in (
                "select id, client, kind, value, is_number, on_day, occurred_at, evidence from events",
                "select client, rule, on_day, stands, settings from choices",
            )
        ]
        found.append(
            sorted(
                (row.client, row.rule, row.event, row.ordinal, row.label, row.cents)
                for row in one.ledger.awards()
            )
        )
        found.append(
            sorted(
                (client, rule, rows[0].choice.words)
                for client in ("c001", "c002", "c003")
                for rule, rows in one.ledger.timelines(client).items()
            )
        )
        return found

    # The order in which several people's events were logged is another; each one's own is not.
    def without_moment(found: list[Any]) -> list[Any]:
        return [
            sorted((*row[:6], datetime.fromisoformat(row[6]), row[7]) for row in found[0]),
            *found[1:],
        ]

    assert without_moment(all_of(other)) == without_moment(all_of(program))
    back = program.folder.parent / "back"
    export_project(other, back, ["c001", "c002", "c003"], WHY, words=True)
    same = [
        {key: value for key, value in row.items() if key not in ("client_since", "award_id")}
        for row in csv.DictReader(
            io.StringIO((back / "records.csv").read_bytes().decode(), newline="")
        )
    ]
    assert same == [
        {key: value for key, value in row.items() if key not in ("client_since", "award_id")}
        for row in cells
    ]
    again = import_records(other, place / "records.csv", load_instruments(other))
    assert (again.events, again.duplicates, again.choices, again.set_aside) == (0, 80, 0, 0)
    assert verify(other).problems == []


def test_redcap_can_take_it(program: Program) -> None:
    """What REDCap asks of names, codes, days, instances and dictionaries."""
    lived(program)
    correct_event(program, "=e1", "it was somebody else")
    place = program.folder.parent / "study.zip"
    export_project(program, place, ["c001", "c002"], WHY, words=True, event="enrollment_arm_1")
    with zipfile.ZipFile(place) as parts:
        assert sorted(parts.namelist()) == ["README.txt", "dictionary.csv", "records.csv"]
        dictionary = list(
            csv.reader(io.StringIO(parts.read("dictionary.csv").decode(), newline=""))
        )
        rows = list(csv.DictReader(io.StringIO(parts.read("records.csv").decode(), newline="")))
        assert NOTICE in parts.read("README.txt").decode()
    assert tuple(dictionary[0]) == HEADER
    assert len(HEADER) == 18
    assert {len(row) for row in dictionary} == {18}
    fields = {row[0]: row for row in dictionary[1:]}
    assert next(iter(fields)) == "record_id"
    assert all(name == slug(name) and len(name) <= 26 for name in fields)
    assert [row[0] for row in dictionary if row[4] == NOTICE] == ["client_notice"]
    forms = {row[1] for row in dictionary[1:]}
    added = {f"{form}_complete" for form in forms}
    named = set(rows[0])
    assert named == (set(fields) - {"client_notice"}) | added | {
        "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance",
    }  # fmt: skip
    choices = {
        name: dict(part.split(", ", 1) for part in row[5].split(" | "))
        for name, row in fields.items()
        if row[5]
    }
    assert set(choices["choice_rule"]) == {"drop_in", "drop_in_2", "fewer_drinks"}
    assert choices["event_kind"]["visit"] == "Came to the drop-in / the center"
    seen: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        assert row["redcap_event_name"] == "enrollment_arm_1"
        form = row["redcap_repeat_instrument"]
        assert form in forms | {""}
        assert bool(form) == bool(row["redcap_repeat_instance"])
        if form:
            seen.setdefault((row["record_id"], form), []).append(int(row["redcap_repeat_instance"]))
        for name, cell in row.items():
            if cell and name in fields:
                assert fields[name][1] == (form or "cm_client") or name == "record_id"
                check = fields[name][7]
                if check == "date_ymd":
                    date.fromisoformat(cell)
                if check == "datetime_seconds_ymd":
                    assert datetime.strptime(cell, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
                if name in choices:
                    assert cell in choices[name]
                if fields[name][3] == "yesno":
                    assert cell in ("0", "1")
    assert all(found == list(range(1, len(found) + 1)) for found in seen.values())
    assert sum(row["event_mistake"] == "1" for row in rows) == (
        1 if any(row["event_id"].endswith("e1") for row in rows) else 0
    )


def test_it_leaves_with_grounds_and_without_words(program: Program, run: Run) -> None:
    lived(program)
    place = program.folder.parent
    done = run("redcap", "export", place / "x.zip", folder=program.folder)
    assert (done.exit_code, disclosures(program)) == (1, [])
    with program.ledger.writing():
        program.ledger.insert(
            "consents", id="k", client="c002", channel="", purpose="sharing", given=0, how="spoken",
            noted_at=program.now().isoformat(), noted_by="ana",
        )  # fmt: skip
    before = program.ledger.balance("c002")
    done = run("redcap", "export", place / "x", *GROUNDS, "--json", folder=program.folder)
    assert json.loads(done.stdout)["left_out"] == 1
    text = (place / "x" / "records.csv").read_text()
    assert "c002" not in text
    assert not [
        word
        for word in ("See people", "is enough", "quoted", "läuft", "ate")
        if word in text.replace("_stat", "")
    ]
    assert (
        disclosures(program, "c001")[0]["what"]
        == "REDCap: choices, events and awards without words"
    )
    assert disclosures(program, "c002") == []
    assert program.ledger.balance("c002") == before
    done = run("redcap", "export", place / "y", "--client", "c002", *GROUNDS, folder=program.folder)
    assert (done.exit_code, "has withdrawn their consent" in done.output) == (1, True)
    own = ("--to", "c002", "--purpose", "own record", "--consent", "asked")
    done = run("redcap", "export", place / "z", "--client", "c002", *own, folder=program.folder)
    assert done.exit_code == 0, done.output
    done = run("redcap", "export", place / "z.csv", *GROUNDS, folder=program.folder)
    assert "name a folder, or a file that ends with .zip" in done.output


@given(st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=12))
def test_each_name_has_a_code_of_its_own_that_later_names_do_not_change(names: list[str]) -> None:
    codes = coded(names)
    assert len(set(codes.values())) == len(names)
    assert all(code == slug(code) for code in codes.values())
    assert coded(names[:-1]) == {name: codes[name] for name in names[:-1]}
