"""The starters that a program can begin from: each checks out, plays its scenarios and can be published."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cmengine.evaluate import Standing, evaluate
from cmengine.kinds import Kinds, read_kinds
from cmengine.model import Event
from cmengine.options import Place
from cmengine.plugins import load_plugins
from cmengine.program import open_program
from cmengine.publish import check_files, publish
from cmengine.rules import Draft, Reader
from cmengine.scenarios import DICE, Scenario, play_scenario, read_scenarios
from cmengine.settings import KINDS
from cmengine.starters import make_program, starters
from cmengine.toml import parse, read_text

REGISTRY = load_plugins()
NAMES = sorted(starters())
WANTED = {
    "activities",
    "any-improvement",
    "attendance",
    "drop-in",
    "fishbowl",
    "menu",
    "safer-use",
    "stimulant-ladder",
    "thinning",
    "va-prize-bowl",
    "vouchers-higgins",
}

# The words of the glossary that are blocked wherever they stand, as whole words.
BLOCKED = re.findall(
    r"\S+",
    """
addict addicts alcoholic alcoholics junkie crackhead tweaker druggie dopehead drunk abuser abusers abuse
vice clean dirty tweaking crazy bum transient codependent enabler enabling resistant unmotivated manipulative
shooter prostitute hooker offender felon inmate victim infected fail fails failed failure forfeit forfeits
forfeited penalty penalties violation violations sanction sanctions reset resets streak streaks terminated
discharged noncompliant
""",
)
BLOCKED_PHRASES = (
    "drug problem",
    "drug habit",
    "strung out",
    "replacement therapy",
    "substitution therapy",
    "mentally ill",
    "the homeless",
    "crack baby",
    "off the wagon",
    "non-compliant",
    "non-adherent",
    "in denial",
    "drug-seeking",
    "rock bottom",
    "tough love",
    "frequent flyer",
    "ex-con",
    "committed suicide",
    "earn back",
    "start over",
    "day zero",
    "losing",
    "use it or lose it",
)
# These are only warned about; a starter has no need of them either.
WARNED = re.findall(
    r"\S+",
    """
sober relapse relapsed relapses lapse lapsed detox alcoholism refused graduate graduated absconded patients
no-show
""",
)

# One line for every row of the goal catalogue: at least one of these must be something on the menu.
MENU_GROUPS: dict[str, set[str]] = {
    "save lives": {"naloxone_pickup", "naloxone_refill", "spotting_line", "strip_used"},
    "safer drug use": {"syringe_visit", "slow_start", "wound_visit"},
    "reduced drug use": {"days_used", "spent", "chosen_free_day"},
    "improved emotional state": {"mood", "calm_practice"},
    "improved health and health care": {"appointment_kept", "question_asked", "medicine_taken"},
    "better nutrition": {"meal", "pantry_visit"},
    "more stable income": {"benefits_applied", "interview", "workday"},
    "better social relations": {"social_contact", "group_attended"},
    "less isolation": {"call_made", "outside_day"},
    "more support": {"support_added", "peer_met"},
    "normalization": {"everyday_done"},
    "hepatitis C and HIV": {"hcv_test", "hiv_test", "prep_refill", "vaccine_dose"},
    "better living environment": {"housing_applied", "night_sheltered", "home_task"},
    "families": {"family_contact", "parenting_class"},
    "less violence": {"cooldown", "safe_day", "safety_plan"},
    "less crime": {"court_attended", "legal_aid", "warrant_cleared"},
    "to love and be loved": {"kindness", "pet_cared"},
    "self-esteem": {"strength_named", "skill_learned"},
    "less stigma": {"story_told", "feedback_given"},
    "any positive change": {"positive_change"},
    "motivational interviewing": {"talk", "both_sides"},
    "stages of change": {"stage_named"},
    "drug, set, setting": {"occasion_card"},
    "assessment profile": {"picture_part"},
    "severity": {"severity_looked_at"},
    "co-occurring": {"mind_appointment", "mind_screen"},
    "support systems": {"support_map"},
    "hierarchy of needs": {"need_met"},
    "plans, when ready": {"plan_made", "plan_not_now"},
    "education": {"info_asked", "info_welcomed"},
    "coping": {"skill_used"},
    "stress reduction": {"walked", "breathing", "sleep"},
    "family therapy": {"family_session"},
    "psychiatric medicine": {"medicine_pickup", "medicine_talk"},
    "medication for opioid use": {"moud_dose", "moud_started"},
    "engagement": {"visit"},
    "flexible goals": {"goal_revised"},
}
ABSTINENCE = {"chosen_free_day", "test"}


def rule_files(name: str) -> list[Path]:
    return sorted(
        path
        for path in starters()[name].glob("*.toml")
        if path.name != KINDS and not path.name.endswith(".scenarios.toml")
    )


def kinds_of(name: str) -> Kinds:
    file = starters()[name] / KINDS
    kinds, mistakes = read_kinds(*parse(read_text(file), file.name))
    assert mistakes == []
    return kinds


def drafts_of(name: str) -> list[Draft]:
    reader = Reader(REGISTRY, kinds_of(name))
    found: list[Draft] = []
    for path in rule_files(name):
        tables, _ = parse(read_text(path), path.name)
        drafts, mistakes = reader.read_file(tables, Place(path.name))
        assert mistakes == []
        found += drafts
    return found


def scenarios_of(name: str) -> Iterator[Scenario]:
    for path in rule_files(name):
        file = path.with_name(f"{path.stem}.scenarios.toml")
        found, mistakes = read_scenarios(*parse(read_text(file), file.name))
        assert mistakes == []
        yield from (scenario for scenario, _ in found)


def every_scenario() -> list[Any]:
    return [
        pytest.param(name, scenario, id=f"{name}: {scenario.name}")
        for name in NAMES
        for scenario in scenarios_of(name)
    ]


def texts_in(value: object) -> Iterator[str]:
    """Every text of a table, except where the numbers come from."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in ("source", "kind", "events", "event", "values", "id", "beside"):
                yield from texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_in(inner)


def words_shown(name: str) -> list[str]:
    shown = [text for draft in drafts_of(name) for text in texts_in(draft.table)]
    shown += [text for kind in kinds_of(name).values() for text in (kind.label, *kind.values)]
    return shown + [scenario.name for scenario in scenarios_of(name)]


def test_the_starters_that_are_promised_are_there() -> None:
    assert set(NAMES) >= WANTED


@pytest.mark.parametrize("name", NAMES)
def test_a_starter_checks_out(name: str) -> None:
    report = check_files(rule_files(name), REGISTRY)
    assert [str(mistake) for mistake in report.mistakes] == []
    assert report.drafts


@pytest.mark.parametrize(("name", "scenario"), every_scenario())
def test_a_scenario_comes_out_as_it_says(name: str, scenario: Scenario) -> None:
    reader = Reader(REGISTRY, kinds_of(name))
    drafts = {draft.rule.id: draft for draft in drafts_of(name)}
    _, wrong = play_scenario(scenario, drafts[scenario.rule], reader)
    assert wrong == []


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_has_a_scenario_and_every_scenario_another_name(name: str) -> None:
    told = list(scenarios_of(name))
    assert {scenario.rule for scenario in told} == {draft.rule.id for draft in drafts_of(name)}
    sentences = [(scenario.rule, scenario.name) for scenario in told]
    assert len(set(sentences)) == len(sentences)


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_of_every_starter_has_a_setback_in_it(name: str) -> None:
    kinds = {event.kind for scenario in scenarios_of(name) for event in scenario.events}
    assert kinds & {"setback_shared", "missed_visit"}


@pytest.mark.parametrize("name", NAMES)
def test_a_program_can_be_made_from_a_starter_and_published(name: str, tmp_path: Path) -> None:
    made = make_program(
        tmp_path / "program",
        starter=name,
        zone="America/Los_Angeles",
        clock=lambda: datetime(2026, 1, 5, 17, tzinfo=UTC),
    )
    assert made == [path.name for path in rule_files(name)]
    program = open_program(tmp_path / "program", by="ana", registry=REGISTRY)
    try:
        published, report = publish(program)
        assert report.mistakes == []
        assert [one.rule for one in published] == [draft.rule.id for draft in drafts_of(name)]
        assert list(program.ledger.current_digests()) == [one.rule for one in published]
    finally:
        program.close()


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_says_what_it_is_and_why_and_where_its_numbers_come_from(name: str) -> None:
    for draft in drafts_of(name):
        assert draft.rule.title, draft.rule.id
        assert draft.rule.why, draft.rule.id
        assert draft.rule.source, draft.rule.id


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_of_event_a_rule_waits_for_can_be_logged_and_none_is_left_over(
    name: str,
) -> None:
    listened = {kind for draft in drafts_of(name) for kind in draft.rule.goal.listens()}
    spare = {"missed_visit", "setback_shared"}
    assert listened <= set(kinds_of(name))
    assert set(kinds_of(name)) - listened <= spare


@pytest.mark.parametrize("name", NAMES)
def test_no_word_that_hurts_stands_where_somebody_reads_it(name: str) -> None:
    blocked = {*BLOCKED, *WARNED}
    for text in words_shown(name):
        found = set(re.findall(r"[a-z][a-z'-]*", text.lower())) & blocked
        found |= {phrase for phrase in BLOCKED_PHRASES if phrase in text.lower()}
        assert not found, text


@pytest.mark.parametrize("group", MENU_GROUPS)
def test_the_menu_has_something_from_every_group_of_goals(group: str) -> None:
    listened = {kind for draft in drafts_of("menu") for kind in draft.rule.goal.listens()}
    assert listened & MENU_GROUPS[group]


def test_the_menu_shows_every_kind_of_goal_that_ships() -> None:
    kinds = {draft.rule.goal.kind for draft in drafts_of("menu")}
    assert kinds >= {
        "any_of",
        "at_least",
        "at_most",
        "better_than",
        "first_time",
        "steps",
        "came_back",
    }
    assert len(drafts_of("menu")) >= 20


def test_not_using_is_on_the_menu_and_neither_first_nor_alone() -> None:
    menu = [frozenset(draft.rule.goal.listens()) for draft in drafts_of("menu")]
    places = [n for n, listens in enumerate(menu) if listens & ABSTINENCE]
    assert places
    assert places[0] > len(menu) // 2, "other goals come before it"
    assert menu[0] == {"positive_change"}


def test_what_the_client_sets_is_theirs_in_several_ways() -> None:
    sets = {key for draft in drafts_of("menu") for key in draft.rule.client_sets}
    assert sets >= {"goal.target", "goal.bar", "goal.steps"}


@pytest.mark.parametrize("starter", ["drop-in", "safer-use", "menu"])
@pytest.mark.parametrize("words", ["x", "I ate", "дом", "I used less. And more.", "0"])
def test_any_positive_change_in_any_words_earns_money(starter: str, words: str) -> None:
    draft = next(
        one for one in drafts_of(starter) if set(one.rule.goal.listens()) == {"positive_change"}
    )
    now = datetime(2026, 1, 5, 12, tzinfo=UTC)
    event = Event(id="e1", client="c1", kind="positive_change", at=now, day=now.date(), value=words)
    standing = Standing(memory=draft.rule.goal.start(), first=now.date())
    earned = evaluate(draft.rule, standing, event, DICE).earned
    assert earned is not None
    assert earned.cents > 0
