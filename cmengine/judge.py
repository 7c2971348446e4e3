"""Judge the rules of a program by the laws, each together with the rule beside it.

A rule that has been judged is not judged again in the same process: the search is the same each time.
"""

from collections.abc import Sequence
from itertools import product

from cmengine.errors import Mistake
from cmengine.kept import in_words
from cmengine.kinds import Kinds
from cmengine.model import Rule
from cmengine.rules import Draft
from cmengine.search import QUICK, Effort, Finding, search

_JUDGED: dict[tuple[object, ...], tuple[Finding, ...]] = {}


def law_mistakes(
    drafts: Sequence[Draft],
    others: Sequence[Rule],
    kinds: Kinds | None,
    *,
    effort: Effort = QUICK,
) -> tuple[list[Mistake], list[Finding]]:
    """Look for a story in which somebody is punished, under each rule of some files.

    `others` are published rules that a rule may stand beside. Gives mistakes for the files, and the
    findings they come from.
    """
    rules = {rule.id: rule for rule in (*others, *(draft.rule for draft in drafts))}
    mistakes, found = [], []
    for draft in drafts:
        beside = rules.get(getattr(draft.rule.goal, "beside", None) or "")
        for together in _as_clients_may_set(draft.rule, beside):
            own = in_words(pair for rule in together for pair in rule.settings)
            for finding in _judge(together, kinds, effort):
                found.append(finding)
                mistakes.append(
                    draft.place.wrong(
                        f"{f'with {own}, ' if own else ''}it punishes ({finding.promise}). {finding.story.rstrip('.')}",
                        "change the rule, so that this cannot be; it cannot be published as it is",
                    )
                )
    return mistakes, found


def _as_clients_may_set(rule: Rule, beside: Rule | None) -> list[list[Rule]]:
    """Give a rule, with the one beside it, in every way that a client may set the rewards."""
    both = [rule] if beside is None else [rule, beside]
    return [list(one) for one in product(*((each, *each.variants) for each in both))]


def _judge(together: Sequence[Rule], kinds: Kinds | None, effort: Effort) -> tuple[Finding, ...]:
    parts = tuple(type(part) for rule in together for part in (rule.goal, *rule.rewards))
    known = tuple(sorted((name, kind) for name, kind in kinds.items())) if kinds else ()
    named = tuple((rule.digest, rule.settings) for rule in together)
    key = (named, parts, known, effort)
    if key not in _JUDGED:
        _JUDGED[key] = search(together, kinds, effort=effort).findings
    return _JUDGED[key]
