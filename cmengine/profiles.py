"""Ready limits of funders and the law, to copy into `program.toml`: texts with citations and years."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from attrs import frozen

from cmengine.errors import CMError, Mistake, did_you_mean
from cmengine.options import read_options
from cmengine.sections import Limit
from cmengine.toml import parse

FOLDER = "limit_profiles"


@frozen(kw_only=True)
class Profile:
    """A ready text: its name, what it says in its first line, the text, and the limits in it."""

    name: str
    says: str
    text: str
    limits: tuple[Limit, ...]


def profiles() -> list[Profile]:
    """Give the profiles that there are, by name."""
    folder = files("cmengine") / FOLDER
    found = sorted((one for one in folder.iterdir() if one.name.endswith(".toml")), key=_name)
    return [_read(one.name.removesuffix(".toml"), one.read_text(encoding="utf-8")) for one in found]


def profile_of(name: str) -> Profile:
    """Find a profile. Raises CMError where there is none of that name."""
    found = {one.name: one for one in profiles()}
    if name not in found:
        todo = did_you_mean(name, found)
        raise CMError(Mistake(f"profile '{name:.64}'", "there is no such profile", todo))
    return found[name]


def _name(file: Any) -> str:
    return str(file.name)


def _read(name: str, text: str) -> Profile:
    tables, place = parse(text, name)
    limits = [_limit(table, place) for table in tables["limit"]]
    says = text.partition("\n")[0].removeprefix("# ")
    return Profile(name=name, says=says, text=text, limits=tuple(limits))


def _limit(table: Mapping[str, Any], place: Any) -> Limit:
    limit, mistakes = read_options(Limit, table, place, called="limit")
    if not isinstance(limit, Limit):
        raise CMError(*mistakes)
    return limit
