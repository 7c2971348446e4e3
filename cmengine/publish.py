"""Check rule files, and publish what is new or changed as versions that can be chosen."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from pathlib import Path

from attrs import define, field, frozen

from cmengine.ahead import first_times
from cmengine.errors import CMError, Mistake, stop_if
from cmengine.evaluate import MOST_CENTS
from cmengine.forbidden import forbidden_items, refusal
from cmengine.judge import law_mistakes
from cmengine.kept import to_json
from cmengine.kinds import Kinds, read_kinds
from cmengine.model import Occurrence, Odds, Rule
from cmengine.money import dollars
from cmengine.options import Place, shown
from cmengine.plugins import Registry
from cmengine.program import Program
from cmengine.proofread import Proof, book_of, look_over, read_labels, read_rules
from cmengine.proofread import read_scenarios as read_names
from cmengine.rules import Draft, Reader, check_together, ids_in
from cmengine.scenarios import check_scenarios, read_scenarios
from cmengine.search import QUICK, Effort, Finding
from cmengine.settings import KINDS, RULES, rule_files
from cmengine.toml import parse, read_text
from cmengine.welcome import welcome_mistakes
from cmengine.wording import Allowed, Wordbook

Progress = Callable[[int, int], object]
"""Told how many rules have been judged, and of how many."""


@define
class Report:
    """What checking found: the rules that can be read, every mistake, and how much was looked at.

    `warnings` name words that could be better ones; `allowed` are phrases that the program lets stand.
    """

    drafts: list[Draft] = field(factory=list)
    mistakes: list[Mistake] = field(factory=list)
    named: set[str] = field(factory=set)
    findings: list[Finding] = field(factory=list)
    warnings: list[Mistake] = field(factory=list)
    allowed: tuple[Allowed, ...] = ()
    files: int = 0
    scenarios: int = 0


def check_files(
    files: Sequence[Path],
    registry: Registry,
    kinds: Kinds | None = None,
    folder: Path | None = None,
    others: Sequence[Rule] = (),
    judged: Collection[str] = (),
    progress: Progress = lambda done, of: None,
    effort: Effort = QUICK,
) -> Report:
    """Check rule files together: read them, play the scenarios beside them, and judge them by the laws.

    Without `kinds`, those of the `kinds.toml` beside a file, or in the folder above, are taken.
    `others` are rules published before, which a welcome may stand beside; `judged` are the digests of
    rules that need no judging. The laws come last, when everything else is well.
    """
    files = list({path.absolute(): path for path in files}.values())
    report = Report(files=len(files))
    proof = Proof()
    book = book_of(folder, proof)
    by_file: list[tuple[Path, Reader, list[Draft]]] = []
    beside: dict[Path, Kinds | None] = {}
    for path in files:
        try:
            known = kinds if kinds is not None else _kinds_beside(path, beside, report.mistakes)
            reader = Reader(registry, known, folder)
            tables, place = parse(read_text(path), str(path))
            drafts, wrong = reader.read_file(tables, place)
        except CMError as error:
            report.mistakes += error.mistakes
            continue
        report.mistakes += wrong
        read_rules(tables, place, book, proof)
        _read_labels(drafts, book, proof)
        report.mistakes += [
            wrong
            for draft in drafts
            for rule in (draft.rule, *draft.rule.variants)
            for wrong in _cannot_give(rule, draft.place)
        ]
        report.mistakes += [wrong for draft in drafts for wrong in _not_handed_out(draft)]
        report.drafts += drafts
        report.named |= ids_in(tables)
        by_file.append((path, reader, drafts))
    report.mistakes += proof.mistakes
    report.warnings, report.allowed = proof.warnings, proof.allowed
    proof.mistakes = []
    report.mistakes.sort(
        key=_line
    )  # a stable sort: where no line is known, the order of finding stays
    report.mistakes += check_together(report.drafts)
    report.mistakes += welcome_mistakes(report.drafts, others, report.named)
    for path, reader, drafts in by_file:
        _check_scenarios(
            path, reader, {draft.rule.id: draft for draft in drafts}, report, book, proof
        )
    report.mistakes += proof.mistakes
    if not report.mistakes:
        _judge(report, by_file, others, judged, progress, effort)
    return report


def _read_labels(drafts: Sequence[Draft], book: Wordbook, proof: Proof) -> None:
    """Read what the rewards say of themselves; one that cannot say it is told elsewhere."""
    for draft in drafts:
        try:
            told = first_times(draft.rule, draft.rule.starts or date(2000, 1, 3))
        except CMError:
            continue
        labels = [label for labels in told for label in labels]
        read_labels(labels, draft.table, draft.place.at("reward"), book, proof)


def _judge(
    report: Report,
    by_file: Sequence[tuple[Path, Reader, list[Draft]]],
    others: Sequence[Rule],
    judged: Collection[str],
    progress: Progress,
    effort: Effort,
) -> None:
    beside = [*others, *(draft.rule for draft in report.drafts)]
    of, done = len(report.drafts), 0
    for _, reader, drafts in by_file:
        for draft in drafts:
            done += 1
            together = [draft.rule, *(rule for rule in beside if rule.id == _beside(draft.rule))]
            if any(rule.digest not in judged for rule in together):
                mistakes, findings = law_mistakes([draft], beside, reader.kinds, effort=effort)
                report.mistakes += mistakes
                report.findings += findings
            progress(done, of)


def _beside(rule: Rule) -> str:
    return getattr(rule.goal, "beside", None) or ""


def _cannot_give(rule: Rule, whole: Place) -> list[Mistake]:
    """Ask a rule what its first times earn, and find a reward that cannot say it, or gives too much."""
    day = rule.starts or date(2000, 1, 3)
    todo = "make the amount smaller, or mend the plugin"
    place = whole.at("reward")
    try:
        first_times(rule, day)
    except CMError as error:
        about = f"rule '{rule.id}': "
        return [
            place.wrong(f"reward: {mistake.what.removeprefix(about)}", todo)
            for mistake in error.mistakes
        ]
    first = Occurrence(rule=rule.id, on=day, value=None, ordinal=1, slot=1, reason="")
    most = [
        (n, max((award.cents for _, award in reward.odds(first)[1]), default=0))
        for n, reward in enumerate(rule.rewards)
        if isinstance(reward, Odds)
    ]
    return [
        place.at(n).wrong(
            f"reward[{n + 1}]: a draw of {dollars(cents)} is more than one award can be", todo
        )
        for n, cents in most
        if cents > MOST_CENTS
    ]


def _not_handed_out(draft: Draft) -> list[Mistake]:
    """Find the things that a rule gives and no program may."""
    todo = "take it out, or name the thing as what it is"
    return [
        draft.place.at(*key).wrong(f"{shown(key)}: {refusal(category, cite)}", todo)
        for key, category, cite in forbidden_items(draft.table.get("reward", ()), ("reward",))
    ]


def _line(mistake: Mistake) -> tuple[str, int]:
    """Order mistakes the way somebody goes through the files."""
    found = re.match(r"(.*?\.toml)(?::(\d+))?", mistake.where)
    return (found[1], int(found[2] or 0)) if found else ("", 0)


def _kinds_beside(
    path: Path, known: dict[Path, Kinds | None], mistakes: list[Mistake]
) -> Kinds | None:
    for folder in (path.resolve().parent, path.resolve().parent.parent):
        file = folder / KINDS
        if file in known:
            return known[file]
        if file.is_file():
            tables, place = parse(read_text(file), str(file))
            kinds, wrong = read_kinds(tables, place)
            mistakes += wrong
            known[file] = None if wrong else kinds
            return known[file]
    return None


def _check_scenarios(
    path: Path,
    reader: Reader,
    drafts: Mapping[str, Draft],
    report: Report,
    book: Wordbook,
    proof: Proof,
) -> None:
    file = path.with_name(f"{path.stem}.scenarios.toml")
    if not file.is_file():
        return
    try:
        tables, place = parse(read_text(file), str(file))
    except CMError as error:
        report.mistakes += error.mistakes
        return
    read_names(tables, place, book, proof)
    scenarios, wrong = read_scenarios(tables, place)
    report.mistakes += wrong
    report.scenarios += len(scenarios)
    broken = report.named - {draft.rule.id for draft in report.drafts}
    report.mistakes += check_scenarios(
        [one for one in scenarios if one[0].rule not in broken], drafts, reader
    )


@frozen
class Published:
    """A rule version that is published now."""

    rule: str
    title: str
    digest: str


def files_of(program: Program, named: Sequence[Path] = ()) -> list[Path]:
    """Give the rule files that are meant: those named, or else all of the program's."""
    files = list(named) or rule_files(program.folder)
    if not files:
        raise CMError(
            Mistake(
                str(program.folder / RULES),
                "there is no rule file here",
                "write one, or make a program from a starter: cmengine init DIR --starter drop-in",
            )
        )
    return files


def check_program(
    program: Program,
    named: Sequence[Path] = (),
    judged: Collection[str] = (),
    progress: Progress = lambda done, of: None,
    effort: Effort = QUICK,
) -> Report:
    """Check a program's rule files, or those named, beside what is published."""
    current = program.ledger.current_digests().values()
    others = (
        [program.specimen(program.table(digest), digest) for digest in current] if named else []
    )
    report = check_files(
        files_of(program, named),
        program.registry,
        program.kinds,
        program.folder,
        others,
        judged,
        progress,
        effort,
    )
    if not named:
        report.mistakes += _alone(program)
        proof = look_over(program.folder, program.settings.name)
        report.mistakes += [one for one in proof.mistakes if one not in report.mistakes]
        report.warnings += proof.warnings
    return report


def _alone(program: Program) -> list[Mistake]:
    """Find scenario files beside no rule file: nobody would ever play them."""
    found = sorted((program.folder / RULES).glob("*.scenarios.toml"))
    return [
        Mistake(
            str(path),
            "there is no rule file beside it",
            "name it after its rule file: x.toml, x.scenarios.toml",
        )
        for path in found
        if not path.with_name(path.name.replace(".scenarios.toml", ".toml")).is_file()
    ]


def publish(
    program: Program, named: Sequence[Path] = (), progress: Progress = lambda done, of: None
) -> tuple[list[Published], Report]:
    """Check, then keep the text of each new or changed rule. Raises CMError, and then nothing is kept.

    What is published as it stands has been judged, and is not judged again.
    """
    report = check_program(program, named, set(program.ledger.current_digests().values()), progress)
    stop_if(report.mistakes)
    ledger = program.ledger
    published = []
    with ledger.writing():
        current = ledger.current_digests()
        for draft in report.drafts:
            rule = draft.rule
            if current.get(rule.id) == rule.digest:
                continue
            ledger.publish(rule.digest, rule.id, to_json(draft.table), program.now(), program.by)
            published.append(Published(rule.id, rule.title, rule.digest))
    return published, report


def in_files(program: Program) -> dict[str, Rule]:
    """Give the rules as they stand in the program's files, as far as they can be read."""
    found = {}
    for path in rule_files(program.folder):
        try:
            tables, place = parse(read_text(path), str(path))
        except CMError:
            continue
        drafts, _ = program.reader().read_file(tables, place)
        found.update({draft.rule.id: draft.rule for draft in drafts})
    return found


def unpublished(program: Program) -> list[str]:
    """Name the rules whose file says something else than what is published."""
    current = program.ledger.current_digests()
    reader = Reader(program.registry, None, program.folder)
    changed = []
    for path in rule_files(program.folder):
        try:
            tables, _ = parse(read_text(path), str(path))
            drafts, wrong = reader.read_file(tables, Place(str(path)))
        except CMError:
            changed.append(path.name)
            continue
        if wrong:
            changed.append(path.name)
        changed += [
            draft.rule.id for draft in drafts if current.get(draft.rule.id) != draft.rule.digest
        ]
    return changed
