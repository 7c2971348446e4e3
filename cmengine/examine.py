"""Hold the kinds of a plugin against everything that a goal, a reward or a notifier promises.

Each is asked in processes of its own: one that looks at what it does, some that ask the same elsewhere,
and one that looks for a history in which it punishes.
"""

import base64
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from cmengine.apart import ELSEWHERE, Limits, Report, run
from cmengine.contract import DEADLY, PROMISES
from cmengine.errors import CMError, Mistake
from cmengine.laws import LAWS
from cmengine.plugins import Plugin, Registry
from cmengine.search import FULL, QUICK, Effort, Finding
from cmengine.trial import Tried, plugin_named

_LIMITS = Limits()
_LONG = 3_600.0  # seconds that the long search may take


@frozen(kw_only=True)
class Subject:
    """What is examined: a class in its module, and perhaps one that has been made of it."""

    part: str
    kind: str
    module: str
    file: str
    name: str
    made: str = ""

    def request(self, job: str, **more: Any) -> dict[str, Any]:
        """Write down what is asked of it."""
        named = {
            name: getattr(self, name) for name in ("part", "kind", "module", "file", "name", "made")
        }
        return {**named, "job": job, **more}


def subject_of(part: str, cls: type[Any], made: object = None) -> Subject:
    """Name a class so that another process finds it. Raises CMError where it cannot be found there."""
    module = sys.modules.get(cls.__module__)
    file = getattr(module, "__file__", None) or ""
    if (
        "<locals>" in cls.__qualname__
        or module is None
        or (cls.__module__ == "__main__" and not file)
    ):
        raise CMError(
            Mistake(
                f"{part} '{cls.kind}'",
                "it cannot be made in another process, where it is examined",
                "define the class at the top of a module",
            )
        )
    handed = "" if made is None else base64.b64encode(pickle.dumps(made)).decode()
    return Subject(
        part=part,
        kind=cls.kind,
        module=cls.__module__,
        file=str(Path(file).absolute()) if file else "",
        name=cls.__qualname__,
        made=handed,
    )


def parts_of(plugin: Plugin) -> list[tuple[str, str]]:
    """Give everything that a plugin offers as (part, kind)."""
    return [(part, kind) for part, _, kind in (one.partition(" ") for one in plugin.kinds)]


def examine_plugin(
    registry: Registry,
    name: str,
    *,
    effort: Effort = QUICK,
    limits: Limits = _LIMITS,
    tell: Callable[[Tried], object] = lambda tried: None,
) -> list[Tried]:
    """Examine everything that a plugin offers, and tell of each kind as soon as it is done.

    Raises CMError where there is no such plugin, or it did not load.
    """
    found = []
    for part, kind in parts_of(plugin_named(registry, name)):
        subject = subject_of(part, registry.kinds[part][kind])
        found.append(examine(subject, effort=effort, limits=limits))
        tell(found[-1])
    return found


def examine(subject: Subject, *, effort: Effort = QUICK, limits: Limits = _LIMITS) -> Tried:
    """Examine a goal, a reward or a notifier."""
    if subject.part == "notifier":
        return examine_notifier(subject, limits=limits)
    looked = run(subject.request("look", shut=True), limits)
    tried = _of_report(subject, looked, limits)
    if looked.printed and not tried.untried:
        tried = _with(tried, "machine", "while it was asked", f'it printed "{looked.printed:.60}"')
    if tried.untried or _broken(tried) & {*DEADLY, "answers"}:
        return _rest_unchecked(subject, tried)
    if not _broken(tried) & {"network", "machine"}:
        tried = _same_elsewhere(subject, tried, looked, effort, limits)
    if _broken(tried) - {"clock", "growth"}:
        same = ("same",) if _broken(tried) & {"network", "machine"} else ()
        return evolve(tried, unchecked=(*same, "laws"))
    return _judged(subject, tried, effort, limits)


def _of_report(subject: Subject, report: Report, limits: Limits) -> Tried:
    """Put what a process has written down into findings."""
    untried = next((line["untried"] for line in report.lines if "untried" in line), "")
    tried = Tried(part=subject.part, kind=subject.kind, untried=untried)
    for line in report.lines:
        if "promise" in line:
            tried = _with(tried, line["promise"], line["story"], line["what"])
    seconds = [line["seconds"] for line in report.lines if "seconds" in line]
    stories = sum("story" in line and "got" in line for line in report.lines)
    tried = evolve(tried, seconds=max(seconds, default=None), examples=stories)
    if report.cut_off:
        what = f"it had not answered after {report.cut_off:g} seconds, and was cut off"
        return _with(tried, "time", report.last, what)
    if report.ended:
        return _with(tried, "stays", report.last, f"it ended the whole process ({report.ended})")
    return tried


def _with(tried: Tried, promise: str, at: str, what: str) -> Tried:
    """Add a finding, unless this promise has one."""
    if promise in _broken(tried):
        return tried
    does, todo = PROMISES[tried.part][promise]
    finding = Finding(
        rule=tried.kind,
        law=promise,
        promise=f"it {does}",
        story=f"{at[:1].upper()}{at[1:]}: {what}; {todo}.",
        history=(),
    )
    return evolve(tried, findings=(*tried.findings, finding))


def _broken(tried: Tried) -> set[str]:
    return {promise_of(one) for one in tried.findings}


def promise_of(finding: Finding) -> str:
    """Name the promise that a finding is about; every law is about one."""
    return "laws" if finding.law in LAWS else finding.law


def _rest_unchecked(subject: Subject, tried: Tried) -> Tried:
    """Say what could not be looked at: all that was not found to be broken, or after a wrong answer the rest."""
    deadly = tried.untried or _broken(tried) & set(DEADLY)
    rest = PROMISES[subject.part] if deadly else ("growth", "same", "laws")
    return evolve(tried, unchecked=tuple(one for one in rest if one not in _broken(tried)))


def _same_elsewhere(
    subject: Subject, tried: Tried, looked: Report, effort: Effort, limits: Limits
) -> Tried:
    """Ask the same in other processes, with other hash seeds and zones and in another order, and compare."""
    here = _stories(looked)
    for place in ELSEWHERE[: 4 if effort.deeper else 2]:
        there = _stories(run(subject.request("again"), limits, place))
        for story, got in here.items():
            other = there.get(story, got)
            if other != got:
                what = f"it comes to {_short(got, other)} here, and to {_short(other, got)} in another process"
                return _with(tried, "same", story[1], what)
    return tried


def _stories(report: Report) -> dict[tuple[int, str], str]:
    return {(line["example"], line["story"]): line["got"] for line in report.lines if "got" in line}


def _short(text: str, other: str) -> str:
    """Cut a long answer down to where it begins to differ from another."""
    same = next((n for n, (a, b) in enumerate(zip(text, other, strict=False)) if a != b), 0)
    begins = max(0, same - 20)
    return f"{'...' if begins else ''}{text[begins : begins + 60]}"


def _judged(subject: Subject, tried: Tried, effort: Effort, limits: Limits) -> Tried:
    """Have it judged by the laws."""
    whole = max(limits.whole, _LONG) if effort.deeper else limits.whole
    asked = evolve(limits, whole=whole, seconds=whole)
    report = run(subject.request("judge", full=effort == FULL), asked)
    laws = tuple(
        Finding(
            rule=subject.kind,
            law=line["law"],
            promise=line["told"],
            story=line["story"],
            history=(),
            seed=line["seed"],
            scenario=line["scenario"],
        )
        for line in report.lines
        if "law" in line
    )
    ended = _of_report(subject, report, asked)
    examples = sum(line["examples"] for line in report.lines if "examples" in line)
    return evolve(
        tried,
        findings=(*tried.findings, *ended.findings, *laws),
        examples=tried.examples + examples,
        unchecked=("laws",) if ended.findings else (),
    )


def examine_notifier(
    subject: Subject,
    *,
    limits: Limits = _LIMITS,
    arrived: Callable[[], Iterable[str]] | None = None,
    folder: str = "",
) -> Tried:
    """Hand a notifier a message, the same once more, and another. It may raise; it may not hang or end.

    With `arrived`, which gives the texts that have arrived so far, it is asked what came of each.
    Without it, nothing leaves this machine.
    """
    if not folder:
        with tempfile.TemporaryDirectory(prefix="cmengine-") as made:
            return examine_notifier(subject, limits=limits, arrived=arrived, folder=made)
    tried = Tried(part="notifier", kind=subject.kind)
    raised: list[str] = []
    before = _arrived(arrived)
    for number in range(3):
        asked = subject.request("send", message=number, shut=arrived is None)
        report = run(asked, limits, folder=folder)
        told = _of_report(subject, report, limits)
        for finding in told.findings:
            if promise_of(finding) not in _broken(tried):
                tried = evolve(tried, findings=(*tried.findings, finding))
        if told.untried or _broken(tried) & set(DEADLY):
            return _rest_unchecked(subject, evolve(tried, untried=told.untried))
        tried = evolve(tried, seconds=max(tried.seconds or 0, told.seconds or 0))
        raised.append(next((line["raised"] for line in report.lines if "raised" in line), ""))
        after = _arrived(arrived)
        if arrived is not None:
            tried = _came(tried, number, raised[-1], before, after)
        before = after
    return _took(tried, raised, arrived is not None)


def _arrived(arrived: Callable[[], Iterable[str]] | None) -> list[str]:
    return [] if arrived is None else [str(text) for text in arrived()]


def _came(
    tried: Tried, number: int, raised: str, before: Sequence[str], after: Sequence[str]
) -> Tried:
    """Compare what has arrived with what was sent."""
    from cmengine.stories import messages

    message = messages()[number]
    new = list(after)
    for text in before:
        if text in new:
            new.remove(text)
    at = ("a message", "the same message once more", "a message in other letters")[number]
    if raised:
        return _with(tried, "arrives", at, f"it raised {raised}, though everything was there")
    words = message.text.splitlines()[0]
    if number != 1 and not any(words in text for text in after):
        return _with(tried, "arrives", at, "it raised nothing, and the words have not arrived")
    if number == 1 and new and not any(message.id in text for text in new):
        what = "it arrived twice, and nothing in it says that it is the same; bring its id along"
        return _with(tried, "again", at, what)
    return tried


def _took(tried: Tried, raised: Sequence[str], looked: bool) -> Tried:
    """See whether the second and the third message went as the first did."""
    if looked or not any(raised):
        return tried
    if raised[0]:
        return evolve(
            tried, unchecked=("again",), remark=f"Here it could send nothing: it raised {raised[0]}"
        )
    if raised[1]:
        return _with(tried, "again", "the same message once more", f"it raised {raised[1]}")
    return _with(tried, "raises", "a message in other letters", f"it raised {raised[2]}")
