"""Events as FHIR R4 Observations, choices as Goals, and back. Pure: resources go in and come out as tables.

https://hl7.org/fhir/R4/observation.html and https://hl7.org/fhir/R4/goal.html. A goal that was set aside
is `on-hold`: it can be taken up again where it was. An event that was a mistake is `entered-in-error`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from cmengine.codes import (
    CHOICE,
    CLIENT,
    EVENT,
    EVIDENCE,
    SETTING,
    VALUE,
    Code,
    Codes,
    Coding,
    KindCode,
)
from cmengine.model import EVIDENCE as KINDS_OF_EVIDENCE
from cmengine.model import Choice, Event
from cmengine.told import Seen, Sought, Unmeant

Resource = Mapping[str, Any]
UCUM = "http://unitsofmeasure.org"
PART_2 = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    "code": "42CFRPart2",
    # The short form of the notice of 42 CFR 2.32.
    "display": "42 CFR part 2 prohibits unauthorized use or disclosure of these records.",
}
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
MASKED = {"dataAbsentReason": {"coding": [{"system": ABSENT, "code": "masked"}]}}
DONE = ("final", "amended", "corrected")  # an observation that can be relied on
GOING_ON = ("active", "accepted")
RESTING = ("on-hold", "completed", "cancelled")
_ID = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.")


# Out


def observation(
    event: Event, codes: Codes, label: str, unit: str, *, mistake: bool, masked: bool = False
) -> dict[str, Any]:
    """Write an event as an Observation. `label` and `unit` are those of its kind; a text that is `masked` stays
    here, and the Observation says so (https://hl7.org/fhir/R4/codesystem-data-absent-reason.html).
    """
    code = codes.kind(event.kind)
    return {
        "resourceType": "Observation",
        **_id(event.id),
        "identifier": [{"system": EVENT, "value": event.id}],
        "status": "entered-in-error" if mistake else "final",
        "code": {"coding": [_coding(code)], "text": label},
        "subject": _subject(event.client, codes),
        "effectiveDateTime": event.at.isoformat(),
        **(MASKED if masked and isinstance(event.value, str) else _value(event, code, unit)),
        "method": {"coding": [{"system": EVIDENCE, "code": event.evidence}]},
    }


def goal(choice: Choice, since: date, codes: Codes, title: str) -> dict[str, Any]:
    """Write a client's choice of a rule, first made on the day `since`, as a Goal."""
    code = codes.rule(choice.rule)
    targets = [
        {
            "measure": {
                "coding": [{"system": SETTING, "code": key}],
                "text": key.partition(".")[2],
            },
            "detailString": text,
        }
        for key, text in choice.settings
    ]
    return {
        "resourceType": "Goal",
        **_id(choice.id),
        "identifier": [{"system": CHOICE, "value": choice.id}],
        "lifecycleStatus": "active" if choice.stands else "on-hold",
        "description": {"coding": [_coding(code)], "text": choice.words or title},
        "subject": _subject(choice.client, codes),
        "expressedBy": _subject(choice.client, codes),
        "startDate": since.isoformat(),
        "statusDate": choice.on.isoformat(),
        **({"target": targets} if targets else {}),
    }


def bundle(resources: Iterable[Resource], at: datetime) -> dict[str, Any]:
    """Gather resources in a bundle, marked as records that 42 CFR part 2 protects."""
    return {
        "resourceType": "Bundle",
        "meta": {"security": [PART_2]},
        "type": "collection",
        "timestamp": at.isoformat(),
        "entry": [{"resource": resource} for resource in resources],
    }


def alone(resource: Resource) -> dict[str, Any]:
    """Mark a resource that stands in no bundle as a record that 42 CFR part 2 protects."""
    return {**resource, "meta": {"security": [PART_2]}}


def _id(id: str) -> dict[str, str]:
    return {"id": id} if len(id) <= 64 and _ID.issuperset(id) else {}


def _coding(code: Code) -> dict[str, str]:
    shown = {"display": code.display} if code.display else {}
    return {"system": code.system, "code": code.code, **shown}


def _subject(client: str, codes: Codes) -> dict[str, Any]:
    return {"type": "Patient", "identifier": {"system": codes.clients or CLIENT, "value": client}}


def _value(event: Event, code: KindCode, unit: str) -> dict[str, Any]:
    value = event.value
    if value is None:
        return {}
    if isinstance(value, Decimal):
        ucum = {"system": UCUM, "code": code.unit} if code.unit else {}
        number = int(value) if value == value.to_integral_value() else float(value)
        return {"valueQuantity": {"value": number, "unit": unit, **ucum}}
    known = next((one for one in code.values if one.value == value), None)
    if known is not None:
        return {"valueCodeableConcept": {"coding": [_coding(known)], "text": value}}
    return {"valueString": value}


# In


def resources_of(found: Any) -> Iterator[tuple[str, Resource]]:
    """Give the resources of a bundle, or the one that stands alone, each with where it stands."""
    if not isinstance(found, Mapping) or not isinstance(found.get("resourceType"), str):
        raise ValueError('is no FHIR resource; it begins with {"resourceType": ...}')
    if found["resourceType"] != "Bundle":
        yield found["resourceType"], found
        return
    for n, entry in enumerate(found.get("entry") or (), start=1):
        resource = entry.get("resource") if isinstance(entry, Mapping) else None
        if isinstance(resource, Mapping):
            yield f"entry {n}", resource


def patients_of(resources: Iterable[tuple[str, Resource]], codes: Codes) -> dict[str, str]:
    """Say which client each Patient of a bundle is, by the reference that others use."""
    found = {}
    for _, resource in resources:
        if resource.get("resourceType") == "Patient" and "id" in resource:
            of_client = _identifier(resource.get("identifier"), codes)
            found[f"Patient/{resource['id']}"] = of_client or str(resource["id"])
    return found


def seen(resource: Resource, codes: Codes, patients: Mapping[str, str]) -> Seen:
    """Read an Observation. Raises Unmeant where it is none of ours, ValueError, in words, where it is off."""
    concept = resource.get("code") or {}
    kind = codes.kind_of(_codings(concept))
    if kind is None:
        raise Unmeant(f"Observation '{_text_of(concept)}'")
    status = resource.get("status")
    if status not in DONE:
        raise Unmeant(f"Observation with the status '{status}'")
    if "dataAbsentReason" in resource:
        raise Unmeant("Observation without a value")
    return Seen(
        id=_event_id(resource),
        client=_client(resource, codes, patients),
        kind=kind,
        value=_value_of(resource, codes.kind(kind)),
        at=_when(resource),
        evidence=_evidence(resource),
    )


def wanted(resource: Resource, codes: Codes, patients: Mapping[str, str]) -> Sought:
    """Read a Goal. Raises Unmeant where it is none of ours, ValueError, in words, where it is off."""
    description = resource.get("description") or {}
    concepts = [description, *(resource.get("category") or ())]
    rule = codes.rule_of(coding for concept in concepts for coding in _codings(concept))
    if rule is None:
        raise Unmeant(f"Goal '{_text_of(description)}'")
    status = resource.get("lifecycleStatus")
    if status not in (*GOING_ON, *RESTING):
        raise Unmeant(f"Goal with the status '{status}'")
    stands = status in GOING_ON
    since, until = resource.get("startDate"), resource.get("statusDate")
    return Sought(
        client=_client(resource, codes, patients),
        rule=rule,
        words=str(description.get("text") or ""),
        settings=tuple(sorted(_settings(resource, codes.rule(rule).target))),
        on=None if since is None else _day(str(since)),
        stands=stands,
        until=None if stands or until is None else _day(str(until)),
    )


def _codings(concept: Any) -> list[Coding]:
    if not isinstance(concept, Mapping):
        return []
    return [
        (str(one.get("system", "")), str(one.get("code", "")))
        for one in concept.get("coding") or ()
    ]


def _text_of(concept: Mapping[str, Any]) -> str:
    shown = [one.get("display") or one.get("code") for one in concept.get("coding") or ()]
    return f"{next(filter(None, [concept.get('text'), *shown]), 'without a code'):.60}"


def _identifier(found: Any, codes: Codes) -> str | None:
    """Find the client's code among identifiers."""
    listed = found if isinstance(found, Sequence) else [found]
    for one in listed:
        if isinstance(one, Mapping) and one.get("system") in (codes.clients or CLIENT, CLIENT):
            return str(one.get("value", ""))
    return None


def _client(resource: Resource, codes: Codes, patients: Mapping[str, str]) -> str:
    subject = resource.get("subject") or {}
    by_identifier = _identifier(subject.get("identifier"), codes)
    if by_identifier:
        return by_identifier
    reference = str(subject.get("reference", ""))
    known = "/".join(reference.split("/")[-2:])
    if known in patients:
        return patients[known]
    if known.startswith("Patient/") and not codes.clients:
        return known.removeprefix("Patient/")
    raise ValueError(
        "does not say whom it concerns; give its subject the client's code as identifier"
    )


def _event_id(resource: Resource) -> str:
    for one in resource.get("identifier") or ():
        if one.get("system") == EVENT and one.get("value"):
            return str(one["value"])
    for one in resource.get("identifier") or ():
        if one.get("value"):
            return f"{one.get('system', 'fhir')}|{one['value']}"
    if resource.get("id"):
        return f"Observation/{resource['id']}"
    raise ValueError("has neither an id nor an identifier, so it could be counted twice")


def _evidence(resource: Resource) -> str | None:
    for system, code in _codings(resource.get("method")):
        if system == EVIDENCE and code in KINDS_OF_EVIDENCE:
            return code
    return None


def _when(resource: Resource) -> datetime | date:
    text = (
        resource.get("effectiveDateTime")
        or resource.get("effectiveInstant")
        or (resource.get("effectivePeriod") or {}).get("start")
    )
    if not text:
        raise ValueError("does not say when it was; it needs effectiveDateTime")
    if len(str(text)) <= 10:
        return _day(str(text))
    moment = datetime.fromisoformat(str(text))
    if moment.tzinfo is None:
        raise ValueError(f"'{text}' does not say in which time zone; FHIR wants its offset")
    return moment


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise ValueError(
            f"'{text:.40}' is not a day; a month or a year alone will not do"
        ) from None


def _value_of(resource: Resource, code: KindCode) -> str | None:
    if "valueQuantity" in resource:
        return _quantity(resource["valueQuantity"], code)
    if "valueCodeableConcept" in resource:
        concept = resource["valueCodeableConcept"]
        codings = _codings(concept)
        for one in code.values:
            if one.coding in codings:
                return one.value
        own = [code for system, code in codings if system == VALUE]
        return own[0] if own else _text_of(concept)
    for name in ("valueString", "valueInteger", "valueBoolean"):
        if name in resource:
            value = resource[name]
            return str(value).lower() if isinstance(value, bool) else str(value)
    other = next((name for name in resource if name.startswith("value")), None)
    if other is not None:
        raise ValueError(f"its {other} is no kind of value that an event can have")
    return None


def _quantity(quantity: Mapping[str, Any], code: KindCode) -> str:
    if quantity.get("comparator"):
        raise ValueError(f"its value is only known to be {quantity['comparator']} a number")
    unit = quantity.get("code") or quantity.get("unit")
    if code.unit and unit and code.unit not in (quantity.get("code"), quantity.get("unit")):
        raise ValueError(f"is measured in {unit:.40}, and here it is counted in {code.unit}")
    try:
        return format(Decimal(str(quantity.get("value"))), "f")
    except InvalidOperation:
        raise ValueError("its valueQuantity has no value") from None


def _settings(resource: Resource, target: str) -> Iterator[tuple[str, str]]:
    for one in resource.get("target") or ():
        key = next(
            (code for system, code in _codings(one.get("measure")) if system == SETTING), target
        )
        detail = next((one[name] for name in one if name.startswith("detail")), None)
        if not key or detail is None:
            continue
        if isinstance(detail, Mapping):
            detail = detail.get("value", _text_of(detail))
        yield key, str(detail)
