"""Chance that can be replayed: dice from the program's draw secret and what is being drawn for.

A draw depends on nothing else: not on dates, on the order of logging, on stock or on other draws. How
it is worked out stands in docs/draws.md, for another language to do it too.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import TYPE_CHECKING, Any, cast

from cmengine.evaluate import Dice
from cmengine.sha import sha256

if TYPE_CHECKING:
    from cmengine.model import Award

Secret = bytes | Callable[[str], bytes]
"""A draw secret, or how to get at the one in force for an event (by its id) once dice are thrown."""

BITS = 64  # of a number thrown for a slip
_BLOCK = 256  # bits of one HMAC-SHA256


def dice_from(secret: Secret) -> Dice:
    """Make the dice of a program from its draw secret: those of an event (its id), a rule and a reward."""

    def dice(event: str, rule: str, reward: int) -> Random:
        return cast(Random, Unthrown(secret, event, rule, reward))

    return dice


class KeyedDice(Random):
    """Dice whose n-th throw (from 0) is the HMAC-SHA256, under the secret, of what is drawn for and n.

    Every number comes from whole throws of its own, their first bits first: 53 bits for `random()`, k
    bits for `getrandbits(k)`. They cannot be seeded anew: `seed` begins with the first throw again.
    """

    def __init__(self, secret: bytes, event: str, rule: str, reward: int) -> None:
        super().__init__(0)
        self._secret = secret
        self._drawn_for = f"{event}\n{rule}\n{reward}\n"

    def seed(self, a: object = None, version: int = 2) -> None:
        """Begin with the first throw again, whatever the seed."""
        self._thrown = 0
        self.gauss_next = None

    def random(self) -> float:
        """Give a number from 0 up to 1."""
        return float(self.getrandbits(53) * 2**-53)

    def getrandbits(self, k: int, /) -> int:
        """Give a whole number of `k` bits."""
        import hmac  # late: most rewards leave the dice alone

        if k < 0:
            raise ValueError("number of bits must be non-negative")
        number, blocks = 0, -(-k // _BLOCK)
        for _ in range(blocks):
            drawn_for = f"{self._drawn_for}{self._thrown}".encode()
            digest = hmac.digest(self._secret, drawn_for, "sha256")
            number = number << _BLOCK | int.from_bytes(digest, "big")
            self._thrown += 1
        return number >> blocks * _BLOCK - k

    def getstate(self) -> tuple[Any, ...]:
        """Give how many throws there were."""
        return self._thrown, self.gauss_next

    def setstate(self, state: tuple[Any, ...]) -> None:
        """Go on after so many throws."""
        self._thrown, self.gauss_next = state

    def __reduce__(self) -> tuple[Any, ...]:
        event, rule, reward, _ = self._drawn_for.rsplit("\n", 3)
        return KeyedDice, (self._secret, event, rule, int(reward)), self.getstate()


class Unthrown:
    """Dice that are made when they are first thrown: most rewards never do, and making them is work."""

    __slots__ = ("_dice", "_drawn_for", "_secret")

    def __init__(self, secret: Secret, event: str, rule: str, reward: int) -> None:
        self._secret, self._drawn_for = secret, (event, rule, reward)

    def thrown(self) -> Random:
        """Give the dice themselves, about to be thrown."""
        dice: Random = self._dice
        return dice

    @property  # type: ignore[misc]
    def __class__(self) -> type[Any]:
        return Random

    def __getattr__(self, name: str) -> Any:
        if name == "_dice":
            secret = self._secret
            if not isinstance(secret, bytes):
                secret = secret(self._drawn_for[0])
            self._dice = KeyedDice(secret, *self._drawn_for)
            return self._dice
        return getattr(self._dice, name)


def throw(dice: Random, slips: int) -> tuple[int, int]:
    """Throw for one of so many slips; give the number thrown, and the place of the slip (from 0).

    The number has 64 bits; its remainder by the number of slips is the place. A number from the last,
    incomplete round of slips is thrown again, so that each slip has exactly the same chance.
    """
    rounds = 2**BITS // slips
    number = dice.getrandbits(BITS)
    while number >= rounds * slips:
        number = dice.getrandbits(BITS)
    return number, number % slips


def slip_at(slips: "Sequence[tuple[int, Award]]", place: int) -> "Award":
    """Give what the slip at a place (from 0) gives; `slips` are (how many, what each gives), in order."""
    for count, award in slips:
        if place < count:
            return award
        place -= count
    raise IndexError("there are fewer slips in the bowl")


def draw(slips: "Sequence[tuple[int, Award]]", dice: Random) -> "Award":
    """Draw one slip of a bowl, which goes back: `slips` are (how many, what each gives), in order.

    A draw made with this can be replayed by `cmengine draw show`, and checked by a stranger.
    """
    _, place = throw(dice, sum(count for count, _ in slips))
    return slip_at(slips, place)


def commitment(secret: bytes) -> str:
    """Give the hash of the secret that is written down before the first draw."""
    digest: str = sha256(b"cmengine draw secret\n" + secret).hexdigest()
    return digest
