"""Exchange with an EHR: a bundle that somebody else wrote comes in, earns what it earns, and goes out unchanged in meaning."""

import json
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from fhir.resources.R4B.bundle import Bundle

from cmengine.choices import Wish, choose_goals, set_aside
from cmengine.corrections import correct_event
from cmengine.disclosures import Grounds
from cmengine.ehr import bundle_of, export_bundle, import_bundle, load_codes
from cmengine.engine import add_client, log_event, make_event
from cmengine.errors import CMError
from cmengine.program import Program
from cmengine.verify import verify

Run = Callable[..., Result]
Make = Callable[..., Program]

KINDS = """
[kind.visit]
label = "Came to the drop-in"
[kind.drinks]
label = "Drinks on one day"
unit = "drinks"
[kind.screen]
label = "A screen"
values = ["negative", "positive"]
evidence = "test"
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
events = ["visit"]
[[rule.reward]]
kind = "fixed_voucher"
worth = "2.50"

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

CODES = """
clients = "https://clinic.example/mrn"
[kind.visit]
system = "http://snomed.info/sct"
code = "185317003"
display = "Telephone or drop-in encounter"
[kind.drinks]
system = "http://loinc.org"
code = "11287-0"
unit = "{drinks}/d"
[kind.screen]
system = "http://loinc.org"
code = "5799-2"
values = [
  {value = "negative", system = "http://snomed.info/sct", code = "260385009"},
  {value = "positive", system = "http://snomed.info/sct", code = "10828004"},
]
[rule.fewer-drinks]
system = "http://snomed.info/sct"
code = "704305001"
target = "goal.target"
"""

# As an EHR writes it: patients beside what concerns them, and much that means nothing here.
ELSEWHERE: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "searchset",
    "total": 7,
    "entry": [
        {
            "fullUrl": "https://ehr.example/fhir/Patient/77",
            "resource": {
                "resourceType": "Patient",
                "id": "77",
                "identifier": [
                    {"system": "urn:oid:1.2.3", "value": "other"},
                    {"system": "https://clinic.example/mrn", "value": "c001"},
                ],
            },
        },
        {
            "resource": {
                "resourceType": "Goal",
                "id": "g1",
                "lifecycleStatus": "active",
                "description": {
                    "coding": [{"system": "http://snomed.info/sct", "code": "704305001"}],
                    "text": "Four is enough for me",
                },
                "subject": {"reference": "Patient/77"},
                "startDate": "2026-06-01",
                "target": [
                    {
                        "measure": {"coding": [{"system": "http://loinc.org", "code": "11287-0"}]},
                        "detailQuantity": {"value": 4, "unit": "drinks"},
                    }
                ],
            }
        },
        {
            "resource": {
                "resourceType": "Observation",
                "id": "o1",
                "identifier": [{"system": "https://ehr.example/obs", "value": "9001"}],
                "status": "final",
                "code": {
                    "coding": [
                        {"system": "urn:local", "code": "ETOH"},
                        {"system": "http://loinc.org", "code": "11287-0"},
                    ]
                },
                "subject": {"reference": "https://ehr.example/fhir/Patient/77"},
                "effectiveDateTime": "2026-06-02T21:30:00-07:00",
                "valueQuantity": {
                    "value": 3,
                    "unit": "drinks",
                    "system": "http://unitsofmeasure.org",
                    "code": "{drinks}/d",
                },
            }
        },
        {
            "resource": {
                "resourceType": "Observation",
                "id": "o2",
                "status": "amended",
                "code": {"coding": [{"system": "http://loinc.org", "code": "5799-2"}]},
                "subject": {
                    "identifier": {"system": "https://clinic.example/mrn", "value": "c001"}
                },
                "effectivePeriod": {"start": "2026-06-03T09:00:00Z", "end": "2026-06-03T09:10:00Z"},
                "valueCodeableConcept": {
                    "coding": [{"system": "http://snomed.info/sct", "code": "260385009"}],
                    "text": "Not detected",
                },
            }
        },
        {
            "resource": {
                "resourceType": "Observation",
                "id": "o3",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
                "subject": {"reference": "Patient/77"},
                "effectiveDateTime": "2026-06-03",
                "valueQuantity": {"value": 120},
            }
        },
        {
            "resource": {
                "resourceType": "Observation",
                "id": "o4",
                "status": "preliminary",
                "code": {"coding": [{"system": "http://loinc.org", "code": "11287-0"}]},
                "subject": {"reference": "Patient/77"},
                "effectiveDateTime": "2026-06-04",
            }
        },
        {
            "resource": {
                "resourceType": "Goal",
                "id": "g2",
                "lifecycleStatus": "proposed",
                "description": {
                    "coding": [{"system": "http://snomed.info/sct", "code": "704305001"}],
                    "text": "What the doctor would like",
                },
                "subject": {"reference": "Patient/77"},
            }
        },
    ],
}


@pytest.fixture
def program(make: Make) -> Program:
    opened = make(RULES, KINDS)
    (opened.folder / "fhir.toml").write_text(CODES)
    add_client(opened, "c001")
    return opened


def written(folder: Path, found: Any, name: str = "in.json") -> Path:
    file = folder.parent / name
    file.write_text(json.dumps(found))
    return file


def entry(n: int, **changes: Any) -> dict[str, Any]:
    resource = {**ELSEWHERE["entry"][n]["resource"], **changes}
    kept = {key: value for key, value in resource.items() if value is not None}
    return {**ELSEWHERE, "entry": [ELSEWHERE["entry"][0], {"resource": kept}]}


def meaning(bundle: dict[str, Any], patients: dict[str, str]) -> set[tuple[Any, ...]]:
    """What a bundle says, however it is written: worked out here, not by the project."""
    said = set()
    for one in bundle["entry"]:
        resource = one["resource"]
        if resource["resourceType"] not in ("Observation", "Goal"):
            continue
        subject = resource["subject"]
        who = (
            subject.get("identifier", {}).get("value")
            or patients[subject["reference"].rpartition("/")[2]]
        )
        concept = resource["code" if resource["resourceType"] == "Observation" else "description"]
        codes = frozenset((c["system"], c["code"]) for c in concept["coding"])
        if resource["resourceType"] == "Goal":
            targets = [
                str(
                    target["detailQuantity"]["value"]
                    if "detailQuantity" in target
                    else target["detailString"]
                )
                for target in resource.get("target", ())
            ]
            said.add(
                (
                    who,
                    codes,
                    resource["lifecycleStatus"],
                    resource["startDate"],
                    concept["text"],
                    *targets,
                )
            )
            continue
        when = resource.get("effectiveDateTime") or resource["effectivePeriod"]["start"]
        value = resource.get("valueQuantity", {}).get("value")
        unit = resource.get("valueQuantity", {}).get("code")
        coded = frozenset(
            (c["system"], c["code"])
            for c in resource.get("valueCodeableConcept", {}).get("coding", ())
        )
        said.add((who, codes, datetime.fromisoformat(when).astimezone(UTC), value, unit, coded))
    return said


def test_a_bundle_that_somebody_else_wrote_comes_in_and_goes_out_unchanged_in_meaning(
    program: Program,
) -> None:
    came = import_bundle(program, written(program.folder, ELSEWHERE), load_codes(program))
    assert (came.events, came.choices, came.duplicates) == (2, 1, 0)
    assert (came.awards, came.cents) == (
        1,
        200,
    )  # three drinks, where four is the client's own number
    assert dict(came.passed) == {
        "Patient": 1,
        "Observation '8480-6'": 1,
        "Observation with the status 'preliminary'": 1,
        "Goal with the status 'proposed'": 1,
    }
    assert verify(program).problems == []
    out = bundle_of(program, ["c001"], load_codes(program), words=True)
    Bundle.model_validate(out)
    ours = {
        # Another code for the same thing is the EHR's own business.
        (*one[:1], frozenset(code for code in one[1] if code[0] != "urn:local"), *one[2:])
        for one in meaning(known_part(), {"77": "c001"})
    }
    assert meaning(out, {}) == ours


def known_part() -> dict[str, Any]:
    return {**ELSEWHERE, "entry": [ELSEWHERE["entry"][n] for n in (1, 2, 3)]}


def test_the_same_bundle_again_adds_nothing(program: Program) -> None:
    file, codes = written(program.folder, ELSEWHERE), load_codes(program)
    import_bundle(program, file, codes)
    again = import_bundle(program, file, codes)
    assert (again.events, again.duplicates, again.choices, again.cents) == (0, 2, 0, 0)


def test_what_goes_out_of_one_program_comes_into_another_as_it_was(
    program: Program, make: Make
) -> None:
    dice = random.Random(8)
    for client in ("c002", "c003"):
        add_client(program, client)
    choose_goals(
        program,
        [
            Wish(client="c001", rule="drop-in", words="See people", on=date(2026, 5, 1)),
            Wish(
                client="c002",
                rule="fewer-drinks",
                words="Six is enough",
                settings=(("goal.target", "6"),),
                on=date(2026, 5, 1),
            ),
            Wish(client="c003", rule="drop-in", words="Get out", on=date(2026, 5, 2)),
        ],
    )
    values: dict[str, Callable[[], str | None]] = {
        "visit": lambda: None,
        "drinks": lambda: str(dice.choice([Decimal("0"), Decimal("2.5"), Decimal("11")])),
        "screen": lambda: dice.choice(["negative", "positive"]),
        "positive_change": lambda: dice.choice(["ate", 'said "no", then = yes', "läuft"]),
    }
    for n in range(60):
        kind = dice.choice(list(values))
        event, wrong = make_event(
            program,
            client=dice.choice(["c001", "c002", "c003"]),
            kind=kind,
            value=values[kind](),
            at=datetime(2026, 5, 3, 17, tzinfo=UTC) + timedelta(hours=dice.randrange(1000)),
            id=f"e{n}",
        )
        assert event is not None, wrong
        log_event(program, event)
    set_aside(program, "c003", "drop-in", date(2026, 6, 20))
    codes = load_codes(program)
    out = bundle_of(program, ["c001", "c002", "c003"], codes, words=True)
    assert all(
        one["resource"]["status"] == "final" for one in out["entry"] if "status" in one["resource"]
    )

    other = make(RULES, KINDS, name="other")
    (other.folder / "fhir.toml").write_text(CODES)
    came = import_bundle(other, written(other.folder, out), load_codes(other), add_clients=True)
    assert came.events == 60
    assert sorted(came.clients) == ["c001", "c002", "c003"]
    back = bundle_of(other, ["c001", "c002"], codes, words=True)
    for_two = {
        **out,
        "entry": [
            e for e in out["entry"] if e["resource"]["subject"]["identifier"]["value"] != "c003"
        ],
    }
    assert meaning(back, {}) == meaning(for_two, {})

    def earned(one: Program) -> list[tuple[Any, ...]]:
        return sorted(
            (award.client, award.event, award.rule, award.ordinal, award.cents)
            for award in one.ledger.awards()
            if award.client != "c003"
        )

    assert earned(other) == earned(program) != []


def test_a_mistake_goes_out_as_one_and_does_not_come_in(program: Program) -> None:
    event, _ = make_event(program, client="c001", kind="visit", id="oops")
    assert event is not None
    log_event(program, event)
    correct_event(program, "oops", "it was somebody else")
    out = bundle_of(program, ["c001"], load_codes(program))
    assert [one["resource"]["status"] for one in out["entry"]] == ["entered-in-error"]
    came = import_bundle(program, written(program.folder, out), load_codes(program))
    assert (came.events, dict(came.passed)) == (
        0,
        {"Observation with the status 'entered-in-error'": 1},
    )


def test_a_goal_that_rests_elsewhere_rests_here_and_keeps_what_it_earned(program: Program) -> None:
    import_bundle(program, written(program.folder, ELSEWHERE), load_codes(program))
    resting = entry(1, lifecycleStatus="on-hold", statusDate="2026-06-20")
    came = import_bundle(program, written(program.folder, resting), load_codes(program))
    assert (came.choices, came.set_aside) == (0, 1)
    assert not program.ledger.timelines("c001")["fewer-drinks"][-1].choice.stands
    assert program.ledger.balance("c001").earned == 200


@pytest.mark.parametrize(
    ("n", "changes", "says"),
    [
        (2, {"effectiveDateTime": None}, "does not say when it was"),
        (2, {"effectiveDateTime": "2026-06"}, "'2026-06' is not a day"),
        (2, {"effectiveDateTime": "2027-06-02"}, "is in the future"),
        (2, {"effectiveDateTime": "soon"}, "effectiveDateTime"),
        (2, {"subject": {"reference": "Patient/78"}}, "does not say whom it concerns"),
        (
            2,
            {"subject": {"identifier": {"system": "https://clinic.example/mrn", "value": "c01"}}},
            "did you mean 'c001'?",
        ),
        (2, {"valueQuantity": {"value": 3, "code": "mL"}}, "is measured in mL"),
        (2, {"valueQuantity": {"value": 3, "comparator": "<"}}, "only known to be < a number"),
        (2, {"valueQuantity": {"value": -3}}, "below zero"),
        (2, {"valueQuantity": {"code": "{drinks}/d"}}, "has no value"),
        (2, {"valueQuantity": None, "valueRatio": {"numerator": {"value": 1}}}, "no kind of value"),
        (2, {"bogus": 1}, "bogus: Extra inputs are not permitted"),
        (3, {"valueCodeableConcept": {"text": "inconclusive"}}, "not one of its values"),
        (1, {"target": []}, "still has to set goal.target"),
        (1, {"lifecycleStatus": None}, "lifecycleStatus"),
    ],
)
def test_what_is_off_is_named_and_nothing_is_kept(
    program: Program, n: int, changes: dict[str, Any], says: str
) -> None:
    file = written(program.folder, entry(n, **changes))
    with pytest.raises(CMError) as caught:
        import_bundle(program, file, load_codes(program))
    assert says in str(caught.value)
    assert f"{file}: entry 2" in str(caught.value)
    assert program.ledger.last_event() == 0
    assert program.ledger.timelines("c001") == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is not JSON"),
        ("[]", "is no FHIR resource"),
        ('{"a": 1}', "is no FHIR resource"),
        ("[" * 100_000, "is nested too deep"),
    ],
)
def test_what_is_no_bundle_is_said(program: Program, text: str, says: str) -> None:
    file = program.folder.parent / "in.json"
    file.write_text(text)
    with pytest.raises(CMError, match=says):
        import_bundle(program, file, load_codes(program))


def test_resources_a_line_each_come_in_too(program: Program) -> None:
    file = program.folder.parent / "in.ndjson"
    file.write_text("\n".join(json.dumps(one["resource"]) for one in ELSEWHERE["entry"]) + "\n")
    came = import_bundle(program, file, load_codes(program))
    assert (came.events, came.choices, came.cents) == (2, 1, 200)


@pytest.mark.parametrize("order", ["patients first", "patients last"])
def test_whom_a_line_concerns_may_stand_in_a_later_one(program: Program, order: str) -> None:
    resources = [one["resource"] for one in ELSEWHERE["entry"]]
    lines = resources if order == "patients first" else resources[::-1]
    file = program.folder.parent / "in.ndjson"
    file.write_text("\n".join(map(json.dumps, lines)))  # no line end at the end
    came = import_bundle(program, file, load_codes(program))
    assert (came.events, came.choices, came.cents) == (2, 1, 200)


def test_every_line_that_is_off_is_named_at_once_and_nothing_is_kept(program: Program) -> None:
    drinks = json.dumps(ELSEWHERE["entry"][2]["resource"]).encode()
    file = program.folder.parent / "in.ndjson"
    off = [b"{", b"[]", b"\xff\xfe", b'{"resourceType": "Observation"}', b"[" * 90_000]
    file.write_bytes(b"\n\n".join([drinks, *off, drinks]))
    with pytest.raises(CMError) as caught:
        import_bundle(program, file, load_codes(program))
    said = "\n".join(str(one) for one in caught.value.mistakes)
    for n, words in ((3, "is not JSON"), (5, "is no FHIR resource"), (7, "is not UTF-8 text"), (11, "is nested too deep")):  # fmt: skip
        assert f"{file}:{n}: {words}" in said
    assert f"{file}: line 9: Observation" in said
    assert f"{file}:1:" not in said
    assert program.ledger.last_event() == 0


def test_one_more_than_one_file_may_hold_is_said_and_nothing_is_kept(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(program.folder, ELSEWHERE)  # two events and a goal mean something
    monkeypatch.setattr("cmengine.taking.MOST", 2)
    with pytest.raises(CMError) as caught:
        import_bundle(program, file, load_codes(program))
    assert [str(one) for one in caught.value.mistakes] == [
        f"{file}: holds more than 2 events and goals; split it into several files"
    ]
    assert program.ledger.last_event() == 0
    monkeypatch.setattr("cmengine.taking.MOST", 3)
    came = import_bundle(program, file, load_codes(program))
    assert (came.events, came.choices) == (2, 1)


def test_what_goes_out_a_line_each_comes_in_as_it_does_in_a_bundle(
    program: Program, make: Make
) -> None:
    import_bundle(program, written(program.folder, ELSEWHERE), load_codes(program))
    why = Grounds(recipient="County clinic", purpose="treatment", consent="2026-017")
    came = []
    for name in ("out.json", "out.ndjson"):
        file = program.folder.parent / name
        assert export_bundle(program, file, ["c001"], load_codes(program), why, words=True) == 3
        assert file.stat().st_mode & 0o777 == 0o600
        other = make(RULES, KINDS, name=f"other-{name}")
        (other.folder / "fhir.toml").write_text(CODES)
        came.append(import_bundle(other, file, load_codes(other), add_clients=True))
    assert came[0] == came[1]
    assert (came[0].events, came[0].choices, came[0].cents) == (2, 1, 200)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    notice = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
    assert [line["meta"]["security"][0]["display"] for line in lines] == [notice] * 3


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("client = 'x'", "did you mean 'clients'?"),
        ("[kind.visits]\nsystem = 'a'\ncode = 'b'", "did you mean 'visit'?"),
        ("[kind.visit]\nsystem = 'a'", "code is missing"),
        ("[kind]\nvisit = 3", "must be a table"),
        (
            "[kind.visit]\nsystem = 'a'\ncode = 'b'\n[kind.drinks]\nsystem = 'a'\ncode = 'b'",
            "has the same code as 'visit'",
        ),
    ],
)
def test_a_mistake_in_the_codes_is_said(program: Program, toml: str, says: str) -> None:
    (program.folder / "fhir.toml").write_text(toml)
    with pytest.raises(CMError) as caught:
        load_codes(program)
    assert says in str(caught.value)


def test_nothing_leaves_without_a_receiver_a_purpose_and_a_consent(
    program: Program, run: Run
) -> None:
    file = program.folder.parent / "out.json"
    done = run("fhir", "export", str(file), folder=program.folder)
    assert done.exit_code == 1
    for needed in ("--to", "--purpose", "--consent"):
        assert f"{needed}: is missing" in done.stderr
    assert not file.exists()


def test_what_leaves_is_written_down_for_each_client_and_carries_the_notice(
    program: Program, run: Run
) -> None:
    add_client(program, "c002")
    file = program.folder.parent / "out.json"
    why = Grounds(recipient="County clinic", purpose="treatment", consent="2026-017")
    export_bundle(program, file, ["c001"], load_codes(program), why)
    assert file.stat().st_mode & 0o777 == 0o600
    # 42 CFR 2.32(a)(2), as of 2024.
    notice = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
    assert json.loads(file.read_text())["meta"]["security"][0]["display"] == notice
    for client, times in (("c001", 1), ("c002", 0)):
        done = run("disclosures", "--client", client, "--json", folder=program.folder)
        listed = json.loads(done.stdout)["disclosures"]
        assert [one["recipient"] for one in listed] == ["County clinic"] * times
    with pytest.raises(CMError, match="is already there"):
        export_bundle(program, file, ["c001"], load_codes(program), why)


def withdraw(program: Program, client: str) -> None:
    with program.ledger.writing():
        program.ledger.insert(
            "consents",
            id=f"k-{client}",
            client=client,
            channel="",
            purpose="sharing",
            given=0,
            how="spoken",
            noted_at=program.now().isoformat(),
            noted_by="ana",
        )


def test_who_withdrew_sharing_is_in_no_bundle_but_their_own(program: Program, run: Run) -> None:
    add_client(program, "c002")
    import_bundle(program, written(program.folder, ELSEWHERE), load_codes(program))
    withdraw(program, "c001")
    before = program.ledger.balance("c001")
    place = program.folder.parent
    grounds = ("--to", "County", "--purpose", "care", "--consent", "7")
    done = run("fhir", "export", place / "a.json", *grounds, "--json", folder=program.folder)
    assert json.loads(done.stdout) == {
        "file": str(place / "a.json"),
        "resources": 0,
        "clients": 1,
        "left_out": 1,
    }
    assert "c001" not in (place / "a.json").read_text()
    done = run(
        "fhir", "export", place / "b.json", "--client", "c001", *grounds, folder=program.folder
    )
    assert (done.exit_code, "has withdrawn their consent to sharing" in done.output) == (1, True)
    assert not (place / "b.json").exists()
    own = ("--to", "c001", "--purpose", "own record", "--consent", "asked")
    done = run("fhir", "export", place / "c.json", "--client", "c001", *own, folder=program.folder)
    assert done.exit_code == 0, done.output
    assert len(json.loads((place / "c.json").read_text())["entry"]) == 3
    assert program.ledger.balance("c001") == before
    listed = json.loads(
        run("disclosures", "--client", "c001", "--json", folder=program.folder).stdout
    )
    assert [one["recipient"] for one in listed["disclosures"]] == ["c001"]


def test_a_goal_that_rests_and_was_never_here_loses_nothing(program: Program) -> None:
    """What happened while it went on earns, what came after does not, and it goes out as it came in."""
    resting = entry(1, lifecycleStatus="on-hold", statusDate="2026-06-20")
    drinks = ELSEWHERE["entry"][2]["resource"]
    for n, day in enumerate(("2026-05-31", "2026-06-02", "2026-06-25")):
        resting["entry"].append(
            {
                "resource": {
                    **drinks,
                    "id": f"d{n}",
                    "identifier": [{"system": "https://ehr.example/obs", "value": f"d{n}"}],
                    "effectiveDateTime": f"{day}T12:00:00-07:00",
                }
            }
        )
    came = import_bundle(program, written(program.folder, resting), load_codes(program))
    assert (came.events, came.choices, came.set_aside, came.cents) == (3, 1, 1, 200)
    out = bundle_of(program, ["c001"], load_codes(program), words=True)
    (goal,) = (one["resource"] for one in out["entry"] if one["resource"]["resourceType"] == "Goal")
    theirs = resting["entry"][1]["resource"]
    for key in ("lifecycleStatus", "startDate", "statusDate"):
        assert goal[key] == theirs[key]
    assert goal["description"]["text"] == theirs["description"]["text"]
    again = import_bundle(program, written(program.folder, resting), load_codes(program))
    assert (again.events, again.choices, again.set_aside, again.cents) == (0, 0, 0, 0)
    assert verify(program).problems == []


def test_of_a_goal_told_twice_the_one_that_goes_on_counts(program: Program) -> None:
    both = entry(1, lifecycleStatus="completed", statusDate="2026-06-20")
    both["entry"].append(ELSEWHERE["entry"][1])
    came = import_bundle(program, written(program.folder, both), load_codes(program))
    assert (came.choices, came.set_aside) == (1, 0)
    assert program.ledger.timelines("c001")["fewer-drinks"][-1].choice.stands


def test_words_and_settings_go_out_only_where_they_are_asked_for(
    program: Program, run: Run
) -> None:
    import_bundle(program, written(program.folder, ELSEWHERE), load_codes(program))
    event, _ = make_event(
        program, client="c001", kind="positive_change", value="I slept indoors", id="own"
    )
    assert event is not None
    log_event(program, event)
    place = program.folder.parent
    grounds = ("--to", "County", "--purpose", "care", "--consent", "7")
    for name, more, told in (("a.json", (), False), ("b.json", ("--words",), True)):
        done = run("fhir", "export", place / name, *more, *grounds, folder=program.folder)
        assert done.exit_code == 0, done.output
        text = (place / name).read_text()
        for typed in ("Four is enough for me", "I slept indoors"):
            assert (typed in text) is told
        resources = {
            one["resource"].get("id"): one["resource"] for one in json.loads(text)["entry"]
        }
        (goal,) = (one for one in resources.values() if one["resourceType"] == "Goal")
        assert ("target" in goal) is told
        assert ("dataAbsentReason" in resources["own"]) is not told
        Bundle.model_validate(json.loads(text))
    listed = json.loads(run("disclosures", "--json", folder=program.folder).stdout)["disclosures"]
    assert [one["what"] for one in listed] == [
        "FHIR: choices and events without words",
        "FHIR: choices and events with words",
    ]
    # What is left out changes nothing where it comes from.
    back = import_bundle(program, place / "a.json", load_codes(program))
    assert (back.events, back.choices, back.cents) == (0, 0, 0)


ELSEWHERE_SAID = "look whether something was handed over elsewhere"


def test_what_another_program_may_have_handed_over_is_asked_after(
    program: Program, make: Make, run: Run
) -> None:
    import_bundle(program, written(program.folder, ELSEWHERE), load_codes(program))
    place = program.folder.parent
    issued = run("voucher", "issue", "c001", folder=program.folder)
    assert issued.exit_code == 0, issued.output
    out = bundle_of(program, ["c001"], load_codes(program), words=True)
    other = make(RULES, KINDS, name="other")
    (other.folder / "fhir.toml").write_text(CODES)
    file = written(other.folder, out)
    first = run("fhir", "import", file, "--add-clients", folder=other.folder)
    assert ELSEWHERE_SAID in " ".join(first.stderr.split())
    assert "Draws are drawn anew here." in " ".join(first.stderr.split())
    assert other.ledger.balance("c001").waiting == program.ledger.balance("c001").issued == 200
    again = run("fhir", "import", file, folder=other.folder)
    assert "0 events logged, 2 known already." in again.stdout
    assert ELSEWHERE_SAID not in " ".join(again.stderr.split())
    # What comes home is known, and is nothing to ask after.
    home = run("fhir", "import", written(place, out), "--json", folder=program.folder)
    told = json.loads(home.stdout)
    assert (told["events"], told["duplicates"], told["look_elsewhere"]) == (0, 2, [])
    assert program.ledger.balance("c001").waiting == 0
    # Nor is more of somebody who is handed theirs here.
    more = entry(2, identifier=[{"value": "more"}], effectiveDateTime="2026-06-04T12:00:00-07:00")
    came = import_bundle(program, written(program.folder, more), load_codes(program))
    assert (came.cents, came.look_elsewhere) == (200, [])


def test_a_code_that_is_not_there_is_one_line_and_no_mistake_is_kept_quiet(
    program: Program,
) -> None:
    found = entry(2)
    drinks = ELSEWHERE["entry"][2]["resource"]
    for n in range(70):
        whom = {"identifier": {"system": "https://clinic.example/mrn", "value": "zz9"}}
        wrong = {"subject": whom} if n < 12 else {"valueQuantity": {"value": -n}}
        found["entry"].append(
            {"resource": {**drinks, "id": f"n{n}", "identifier": [{"value": f"n{n}"}], **wrong}}
        )
    file = written(program.folder, found)
    with pytest.raises(CMError) as stopped:
        import_bundle(program, file, load_codes(program))
    said = [str(one) for one in stopped.value.mistakes]
    assert [one for one in said if "zz9" in one] == [
        f"{file}: entry 3: there is no client 'zz9', here and 11 more times; enroll them, or say --add-clients"
    ]
    assert len([one for one in said if "below zero" in one]) == 49
    assert said[-1] == f"{file}: and 9 more mistakes; mend these first"


def test_a_code_that_is_not_there_behind_fifty_other_mistakes_is_counted_once(
    program: Program,
) -> None:
    found = entry(2)
    drinks = ELSEWHERE["entry"][2]["resource"]
    whom = {"identifier": {"system": "https://clinic.example/mrn", "value": "zz9"}}
    for n in range(60):
        wrong = {"subject": whom} if n >= 50 else {"valueQuantity": {"value": -1 - n}}
        found["entry"].append(
            {"resource": {**drinks, "id": f"n{n}", "identifier": [{"value": f"n{n}"}], **wrong}}
        )
    file = written(program.folder, found)
    with pytest.raises(CMError) as stopped:
        import_bundle(program, file, load_codes(program))
    assert str(stopped.value.mistakes[-1]) == f"{file}: and 1 more mistake; mend these first"
    assert len(stopped.value.mistakes) == 51
