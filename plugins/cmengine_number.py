"""Goals about a number that the client sets: at least, at most, or better than their own bar."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any, ClassVar, Literal

from attrs import field, frozen, validators

from cmengine import Event, Goal, Met, hookimpl


@frozen(kw_only=True)
class AtLeast:
    """Met where the number of `event` is `target` or more."""

    kind: ClassVar[str] = "at_least"
    numeric: ClassVar[bool] = True

    event: str
    target: Decimal = field(validator=validators.ge(Decimal(0)))

    def listens(self) -> Collection[str]:
        return (self.event,)

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> tuple[None, Met | None]:
        if isinstance(event.value, Decimal) and event.value >= self.target:
            return None, Met(reason=f"{event.kind} {event.value:f}, at least {self.target:f}")
        return None, None


@frozen(kw_only=True)
class AtMost:
    """Met where the number of `event` is `target` or less."""

    kind: ClassVar[str] = "at_most"
    numeric: ClassVar[bool] = True

    event: str
    target: Decimal = field(validator=validators.ge(Decimal(0)))

    def listens(self) -> Collection[str]:
        return (self.event,)

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> tuple[None, Met | None]:
        if isinstance(event.value, Decimal) and event.value <= self.target:
            return None, Met(reason=f"{event.kind} {event.value:f}, at most {self.target:f}")
        return None, None


@frozen(kw_only=True)
class BetterThan:
    """Met where the number of `event` is as good as the client's own `bar`, or better.

    Holding steady counts. With `by_percent`, better by at least that share of the bar: 25 with a bar
    of 1000 and direction "lower" is met at 750. The bar moves only when the client moves it.
    """

    kind: ClassVar[str] = "better_than"
    numeric: ClassVar[bool] = True

    event: str
    direction: Literal["lower", "higher"]
    bar: Decimal = field(validator=validators.ge(Decimal(0)))
    by_percent: Decimal = field(
        default=Decimal(0), validator=[validators.ge(Decimal(0)), validators.le(Decimal(100))]
    )

    def listens(self) -> Collection[str]:
        return (self.event,)

    def start(self) -> None:
        return None

    def step(self, memory: None, event: Event) -> tuple[None, Met | None]:
        if not isinstance(event.value, Decimal):
            return None, None
        better_by = self.bar - event.value if self.direction == "lower" else event.value - self.bar
        if better_by * 100 >= self.bar * self.by_percent:
            return None, Met(reason=f"{event.kind} {event.value:f}, own bar {self.bar:f}")
        return None, None


@hookimpl
def register_goals() -> list[type[Goal[Any]]]:
    return [AtLeast, AtMost, BetterThan]
