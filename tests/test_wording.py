"""Words about people: each that is to be avoided is found with its better one, and what means something else is not."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from cmengine.cli import COMMANDS, cli
from cmengine.errors import CMError
from cmengine.options import Place
from cmengine.plugins import Registry
from cmengine.program import Program
from cmengine.proofread import Proof, read_labels
from cmengine.publish import check_files
from cmengine.telling import EXAMPLE, INFORMATION, ON_PAPER, OWN, TEMPLATES, languages, tell
from cmengine.wording import Wordbook, blocked, shipped, words_of

ROOT = Path(__file__).resolve().parent.parent
Run = Callable[..., Result]

# A sentence for each row of the list: what is found in it, and whether it is blocked or warned of.
ROWS = [
    (1, "She is an addict.", "addict", "block"),
    (2, "Two alcoholics came in.", "alcoholics", "block"),
    (3, "That tweaker again.", "tweaker", "block"),
    (4, "He is a drunk.", "a drunk", "block"),
    (5, "A drug user asked.", "drug user", "warn"),
    (6, "Substance abusers may join.", "Substance abusers", "block"),
    (7, "History of drug abuse", "drug abuse", "block"),
    (8, "Tell us about your drug habit", "drug habit", "block"),
    (9, "Addicted to pills", "Addicted to", "warn"),
    (10, "A former addict leads it", "former addict", "block"),
    (11, "Stay clean for a week", "clean", "block"),
    (12, "She is dirty again", "dirty", "block"),
    (13, "A clean urine", "clean urine", "block"),
    (14, "A dirty drop", "dirty drop", "block"),
    (15, "You passed the drug test", "passed the drug test", "block"),
    (16, "Thirty days sober", "sober", "warn"),
    (17, "Instead of getting high", "getting high", "warn"),
    (18, "Instead of getting drunk", "getting drunk", "warn"),
    (19, "He was high", "was high", "block"),
    (20, "Opioid substitution therapy", "Opioid substitution therapy", "block"),
    (21, "Start MAT", "MAT", "warn"),
    (22, "Methadone maintenance", "Methadone maintenance", "warn"),
    (23, "Went to detox", "detox", "warn"),
    (24, "Prescription drug abuse", "Prescription drug abuse", "block"),
    (25, "Drug dependence", "Drug dependence", "warn"),
    (26, "A recreational user", "recreational user", "warn"),
    (27, "Alcoholism", "Alcoholism", "warn"),
    (28, "Mentally ill and crazy", "Mentally ill", "block"),
    (29, "Help the homeless", "the homeless", "block"),
    (30, "Stop enabling", "enabling", "warn"),
    (31, "An addicted baby", "addicted baby", "block"),
    (32, "Two weeks without a relapse", "relapse", "warn"),
    (33, "You slipped up", "slipped up", "warn"),
    (34, "Fell off the wagon", "off the wagon", "block"),
    (35, "A non-compliant client", "non-compliant", "block"),
    (36, "You failed", "You failed", "block"),
    (37, "Third no-show", "no-show", "warn"),
    (38, "Refused the offer", "Refused", "warn"),
    (39, "He is in denial", "in denial", "block"),
    (40, "Unmotivated", "Unmotivated", "block"),
    (41, "Drug-seeking", "Drug-seeking", "block"),
    (42, "Hit rock bottom", "rock bottom", "block"),
    (43, "Lost to follow-up", "Lost to follow-up", "warn"),
    (44, "A frequent flyer", "frequent flyer", "block"),
    (45, "IV drug abusers", "IV drug abusers", "block"),
    (46, "Bring back dirty needles", "dirty needles", "block"),
    (47, "A prostitute", "prostitute", "block"),
    (48, "For ex-cons", "ex-cons", "block"),
    (49, "HIV-infected people", "HIV-infected", "block"),
    (50, "Committed suicide", "Committed suicide", "block"),
    (51, "My case", "My case", "warn"),
    (52, "A reward for good behaviour", "reward for good behaviour", "warn"),
    (53, "You forfeit the rest", "forfeit", "block"),
    (54, "Do not break your streak", "streak", "block"),
    (55, "Discharged for non-compliance", "Discharged for", "block"),
    (56, "When you graduate", "graduate", "warn"),
    (57, "Use it or lose it", "Use it or lose it", "block"),
]
SPANISH = [
    "Un drogadicto", "La borracha", "Abuso de drogas", "Está limpio", "La orina sucia", "Una recaída",
    "Cometió suicidio", "Perderá todo", "Rompió la racha", "La sanción", "Volver a empezar", "Buena conducta",
]  # fmt: skip
SAFE = [
    "clean water", "Clean clothes", "a habit tracker", "dirty laundry", "a positive change", "a negative balance",
    "Cleaned up the kitchen", "to clean the room", "be patient with yourself", "the yoga mat", "vice versa",
    "high school", "Alcoholics Anonymous", "a non-alcoholic drink", "bebida alcohólica", "graduate school",
    "a slip of paper", "a clean bandage", "user name", "agua limpia",
    "addiction medicine", "cleanse", "the case is made of wood",
]  # fmt: skip


def test_every_row_of_the_list_is_there_once_or_more_and_has_a_better_word() -> None:
    assert {word.row for word in shipped().words} == set(range(1, 58)) == {row for row, *_ in ROWS}
    for word in shipped().words:
        assert word.say and word.source and word.avoid


@pytest.mark.parametrize("row, sentence, found, severity", ROWS, ids=[str(row[0]) for row in ROWS])
def test_each_row_is_found_in_a_sentence(
    row: int, sentence: str, found: str, severity: str
) -> None:
    first = shipped().find(sentence)[0]
    assert (first.found, first.severity) == (found, severity)
    assert first.say in {word.say for word in shipped().words if word.row == row}


@pytest.mark.parametrize("sentence", SPANISH)
def test_the_same_words_are_found_in_spanish(sentence: str) -> None:
    assert shipped().find(sentence)


@pytest.mark.parametrize("phrase", SAFE)
def test_what_means_something_else_is_let_be(phrase: str) -> None:
    assert shipped().find(phrase) == []


def simple_terms() -> list[str]:
    return sorted(
        {
            term
            for word in shipped().words
            for term in (*word.avoid, *word.spanish)
            if not set("|*~") & set(term)
        }
    )


@given(st.sampled_from(simple_terms()), st.sampled_from("\n \t"), st.booleans(), st.integers(0, 5))
def test_a_term_is_found_however_it_is_written_and_in_its_line(
    term: str, gap: str, loud: bool, lines: int
) -> None:
    written = term.replace(" ", gap)
    if loud:
        written = written.upper()
    text = "\n" * lines + f"Now ({written}), there."
    (first, *_) = shipped().find(text)
    assert first.line == lines + 1
    assert "".join(first.found.split()).casefold() in "".join(term.split()).casefold()


@given(st.sampled_from(simple_terms()), st.sampled_from("abcxyzäñ0_"))
def test_a_part_of_another_word_is_no_word(term: str, letter: str) -> None:
    (last,) = re.findall(r"\w+$", term)
    assert Wordbook(shipped().words).find(f"{letter}{last}{letter}q") == []


def test_a_finding_says_the_line_the_word_and_the_better_one() -> None:
    (one,) = shipped().find("First\nthen a junkie\nlast")
    assert (one.line, one.found, one.say) == (2, "junkie", "person who uses drugs")


OWN_WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(
    str.strip
)


@given(OWN_WORDS)
def test_nothing_looks_at_a_clients_own_words(words: str) -> None:
    """Whatever a client says, a message with it in it is sent if the same without it is."""
    text = f"Hello {words} from us."
    assert blocked(text, own=[words]) == []


def test_a_name_that_is_a_part_of_a_word_hides_no_word() -> None:
    found = blocked("Hi Al, alcoholics and Alcoholics", own=["Al"], fuller=True)
    assert [one.found for one in found] == ["alcoholics", "Alcoholics"]
    assert [one.found for one in blocked("Hi Ict, an addict", own=["ict"], fuller=True)] == [
        "addict"
    ]


@pytest.mark.parametrize(
    "text, rule",
    [
        ("Well done, but come earlier.", "takes praise back"),
        ("Thank you for coming. However, it was late.", "takes praise back"),
        ("Gracias por venir, pero llegó tarde.", "takes praise back"),
        ("You did better than last week.", "comparison"),
        ("More than others do.", "comparison"),
        ("Mejor que antes.", "comparison"),
        ("Oh no! What a shame.", "disappointment"),
        ("Unfortunately nobody came.", "disappointment"),
        ("You missed the group.", "presses"),
        ("This is your last chance.", "presses"),
        ("It will expire on Friday.", "presses"),
        ("To keep your streak, come in.", "presses"),
        ("Es su última oportunidad.", "presses"),
    ],
)
def test_a_message_keeps_to_the_rules_of_messages(text: str, rule: str) -> None:
    assert any(rule in one.why for one in blocked(text, fuller=True))


@pytest.mark.parametrize(
    "text",
    [
        "Nothing but good wishes.",
        "Thank you for coming.\nPlain words, but no praise before them in this line.",
        "You have something ready to pick up. Open 10-4.",
        "Hi! Just saying hello. Reply STOP to stop.",
        "12 so far. It is yours whenever you want it.",
    ],
)
def test_a_kind_message_goes(text: str) -> None:
    assert blocked(text) == []


@pytest.mark.parametrize(
    "text, about",
    [
        ("Naloxone is here.", "drugs"),
        ("Hay naloxona para usted.", "drugs"),
        ("Your test is ready.", "tests and care"),
        ("Come to the clinic.", "tests and care"),
        ("Your program says hello.", "a program"),
        ("A reward is waiting.", "a reward"),
        ("Su recompensa está lista.", "a reward"),
        ("Pick up $5.", "an amount"),
        ("Pick up 12.50.", "an amount"),
        ("Tiene 12,50 €.", "an amount"),
        ("Riverside is open.", "the program"),
    ],
)
def test_a_notification_tells_nothing_to_who_reads_over_a_shoulder(text: str, about: str) -> None:
    assert [one.why for one in blocked(text, program="Riverside House")] == [f"tells of {about}"]
    assert blocked(text, program="Riverside House", fuller=True) == []


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("fuller", [False, True])
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_in_every_language_goes_through_the_list(
    template: str, fuller: bool, language: str
) -> None:
    named = fuller or template.startswith(INFORMATION) or template in ON_PAPER
    for facts in ({}, EXAMPLE):
        text = tell(template, language, facts, fuller=fuller)
        own = [str(facts[name]) for name in OWN if name in facts]
        assert blocked(text, own=own, fuller=named, program="Riverside House") == []
        assert shipped().find(text, own=own) == []


# What this project says itself

QUOTED = {
    "README.md": {"reset"},  # what classic schedules do, compared
    "docs/why.md": {"reset", "resets", "back to the start"},
    "docs/glossary.md": {"back to the start"},  # the word for it that there is not
    "docs/messages.md": {"clean", "addict"},  # the list, quoted
    "CHANGELOG.md": {"reset", "resets", "fails", "failing"},  # schedules, and disks
}
MACHINES = (
    "refus",
    "user",
)  # a command is refused; these are warned of, and are not about people here
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_says_a_word_to_avoid(page: Path) -> None:
    quoted = QUOTED.get(str(page.relative_to(ROOT)), set())
    said = [
        one
        for one in shipped().find(page.read_text(encoding="utf-8"))
        if one.found.casefold() not in quoted
        and not (one.severity == "warn" and one.found.casefold().startswith(MACHINES))
    ]
    assert said == [], page.name


def helps(command: click.Command, name: str) -> list[tuple[str, str]]:
    ctx = click.Context(command, info_name=name)
    inside = command.commands.values() if isinstance(command, click.Group) else []
    more = [each for one in inside for each in helps(one, f"{name} {one.name}")]
    return [(name, command.get_help(ctx)), *more]


def test_no_help_text_says_one() -> None:
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        for called, text in helps(command, name):
            found = [one for one in shipped().find(text, software=True) if one.severity == "block"]
            assert found == [], called


def test_no_starter_says_one_not_even_to_be_warned_of(registry: Registry) -> None:
    for folder in sorted((ROOT / "rules").iterdir()):
        paths = [
            path
            for path in folder.glob("*.toml")
            if "scenarios" not in path.name and path.name != "kinds.toml"
        ]
        report = check_files(paths, registry, judged=_Everything())
        assert report.mistakes == [] and report.warnings == [], folder


class _Everything(frozenset[str]):
    def __contains__(self, one: object) -> bool:
        return True


# A program's rules, kinds, scenarios, templates and list

RULES = """[[rule]]
id    = "drop-in"
title = "For addicts"
why   = "Nobody may relapse."
[rule.goal]
kind    = "any_of"
events  = ["no_show"]
[[rule.reward]]
kind = "praise"
says = ["Great, but be earlier", "You did not get high"]
[[rule.reward]]
kind = "fishbowl"
slips = [{ says = "Not a junkie", count = 3 }, { says = "one", count = 1, worth = "1.00" }]
"""
KINDS = """[kind.no_show]
label = "A no-show"
values = ["clean", "other"]
"""
SCENARIO = """[[scenario]]
name   = "A drunk comes in"
rule   = "drop-in"
events = [{ on = 2026-01-05, kind = "no_show", value = "other" }]
earns  = [["Great, but be earlier", "*"]]
"""


def problems(run: Run, program: Program, code: int = 1) -> dict[str, Any]:
    done = run("rules", "check", "--json", folder=program.folder)
    assert done.exit_code == code, done.output
    told = json.loads(done.output)
    folder = f"{program.folder}/"
    return {
        part: [one["text"].replace(folder, "") for one in told[part]]
        for part in ("problems", "warnings")
    } | {"allowed": told["allowed"]}


@pytest.fixture
def program(make: Callable[..., Program]) -> Program:
    program = make()
    (program.folder / "kinds.toml").write_text(KINDS)
    (program.folder / "rules" / "rules.toml").write_text(RULES)
    (program.folder / "rules" / "rules.scenarios.toml").write_text(SCENARIO)
    for path in (program.folder / "rules").glob("*.toml"):
        if not path.name.startswith("rules."):
            path.unlink()
    return program


def test_rules_check_shows_the_line_and_the_better_word(program: Program, run: Run) -> None:
    told = problems(run, program)
    use = "say: person who uses drugs"
    assert told["problems"] == [
        f"rules/rules.toml:3: rule 'drop-in': title: 'addicts': is a word to avoid; {use}, or person with a substance use disorder",
        "rules/rules.toml:10: rule 'drop-in': says: 'but': a message has no word that takes praise back; say: end after the praise",
        f"rules/rules.toml:13: rule 'drop-in': says: 'junkie': is a word to avoid; {use}",
        "rules/rules.scenarios.toml:2: name: 'A drunk': is a word to avoid; say: person who drinks heavily",
        "kinds.toml:3: kind 'no_show': values: 'clean': is a word to avoid; say: not using just now, or in recovery",
    ]
    assert told["warnings"] == [
        "rules/rules.toml:4: rule 'drop-in': why: 'relapse': is a word to avoid; say: return to use, used again, or the client's own word",
        "rules/rules.toml:10: rule 'drop-in': says: 'get high': is a word to avoid; say: using",
        "kinds.toml:2: kind 'no_show': label: 'no-show': is a word to avoid; say: did not make it in, or missed",
    ]


def test_a_blocked_word_is_not_published_and_one_that_is_warned_of_is(
    program: Program, run: Run
) -> None:
    done = run("rules", "publish", folder=program.folder)
    assert done.exit_code == 1 and "'addicts'" in done.output
    assert program.ledger.current_digests() == {}
    rules = (
        RULES.replace("For addicts", "For us all")
        .replace("Great, but", "Great, and")
        .replace("junkie", "blank")
    )
    (program.folder / "rules" / "rules.toml").write_text(rules)
    (program.folder / "rules" / "rules.scenarios.toml").unlink()
    (program.folder / "kinds.toml").write_text(KINDS.replace("clean", "negative"))
    done = run("rules", "publish", folder=program.folder)
    assert done.exit_code == 0, done.output
    assert "Note: " in done.output and "'relapse'" in done.output
    assert list(program.ledger.current_digests()) == ["drop-in"]


def test_what_a_plugin_says_of_its_rewards_is_read_as_well() -> None:
    proof = Proof()
    table = {"reward": [{"kind": "from elsewhere", "worth": "2.50"}]}
    labels = ["2.50 for a clean addict", "2.50 for a clean addict", "a thank-you"]
    read_labels(labels, table, Place("rules.toml"), shipped(), proof)
    assert [one.what for one in proof.mistakes] == [
        "a label: 'clean': is a word to avoid",
        "a label: 'addict': is a word to avoid",
    ]
    own = Proof()
    written = {"reward": [{"says": ["For a clean addict"]}]}
    read_labels(["slip: For a clean addict"], written, Place("rules.toml"), shipped(), own)
    assert own.mistakes == []  # told where it is written


def test_a_program_adds_words_and_allows_a_phrase_never_in_silence(
    program: Program, run: Run
) -> None:
    (program.folder / "words.toml").write_text(
        '[[word]]\navoid = ["us all"]\nsay = "everybody"\nseverity = "block"\nsource = "our members"\n'
        '[[allow]]\nphrase = "For addicts"\nbecause = "Our group chose this name itself"\n'
    )
    told = problems(run, program)
    assert not [one for one in told["problems"] if "addicts" in one]
    assert told["allowed"] == [
        {"phrase": "For addicts", "because": "Our group chose this name itself"}
    ]
    text = run("rules", "check", folder=program.folder).output
    assert "words.toml allows 'For addicts': Our group chose this name itself" in text
    rules = RULES.replace("For addicts", "For us all")
    (program.folder / "rules" / "rules.toml").write_text(rules)
    assert any(
        "'us all'" in one and "say: everybody" in one for one in problems(run, program)["problems"]
    )
    assert blocked("For us all", words=words_of(program.folder))
    assert not blocked("For us all", words=words_of(None))


@pytest.mark.parametrize(
    "text, told",
    [
        ('[[allow]]\nphrase = "clean"\n', "because is missing"),
        ('[[allow]]\nphrase = "clean"\nbecause = " "\n', "because is empty"),
        ('[[word]]\navoid = []\nsay = "x"\nsource = "us"\n', "avoid: is empty"),
        ('[[word]]\navoid = ["*"]\nsay = "x"\nsource = "us"\n', "is no word"),
        ('[[word]]\navoid = ["a"]\nsay = "x"\n', "source is missing"),
        ('[[word]]\navoid = ["xy"]\nsay = "x"\nsource = "us"\nseverity = "stop"\n', "severity"),
        ('[[message]]\nrule = "x"\n', "does not belong here"),
        ("word = 3\n", "must be a list of tables"),
    ],
)
def test_a_list_that_is_wrong_is_told_and_the_one_that_ships_holds(
    text: str, told: str, program: Program, run: Run
) -> None:
    (program.folder / "words.toml").write_text(text)
    with pytest.raises(CMError, match=told):
        words_of(program.folder)
    said = problems(run, program)["problems"]
    assert any(told in one for one in said) and any("addicts" in one for one in said)


def test_a_programs_own_templates_go_through_the_same_list(program: Program, run: Run) -> None:
    home = program.folder / "templates"
    (home / "es").mkdir(parents=True)
    (home / "klingon").mkdir()
    (home / "ready.txt").write_text("Your reward of $5 is here.")
    (home / "ready.fuller.txt").write_text(
        "Your reward of {{ cents|money }} is here, {{ called }}."
    )
    (home / "hello.txt").write_text("{% if times %}You failed {{ times }} times.{% endif %}")
    (home / "redy.txt").write_text("Hello")
    (home / "ready.md").write_text("Hello")
    (home / "es" / "hello.txt").write_text("Hola {{ name }}")
    (home / "klingon" / "hello.txt").write_text("nuqneH")
    told = [one for one in problems(run, program)["problems"] if one.startswith("templates/")]
    assert [one.partition(";")[0] for one in told] == [
        "templates/es/hello.txt: the template 'hello' cannot be said: 'name' is undefined",
        "templates/hello.txt: the template 'hello': 'You failed': is a word to avoid",
        "templates/klingon/hello.txt: 'klingon' is no language",
        "templates/ready.md: there is no template of this name",
        "templates/ready.txt: the template 'ready': 'reward': tells of a reward",
        "templates/ready.txt: the template 'ready': '$5': tells of an amount",
        "templates/redy.txt: there is no template of this name",
    ]
    looked = run("doctor", folder=program.folder).output.replace(f"{program.folder}/", "")
    assert all(one.partition(";")[0] in looked for one in told)
