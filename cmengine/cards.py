"""Which gift cards to hand over for an amount. Pure."""

from collections.abc import Iterator, Mapping

Choice = tuple[int, ...]


def choose_cards(on_hand: Mapping[int, int], most: int) -> list[int]:
    """Choose cards worth together as much of `most` cents as can be, and as few of them as can be.

    `on_hand` counts the cards of each worth in cents. Gives their worths, largest first; none where every
    card is worth more than `most`.
    """
    best: dict[int, Choice] = {0: ()}
    for worth, pieces in _lots(on_hand, most):
        for total, cards in list(best.items()):
            more = total + worth * pieces
            choice = cards + (worth,) * pieces
            if more <= most and (more not in best or len(choice) < len(best[more])):
                best[more] = choice
    return sorted(best[max(best)], reverse=True)


def at_least(on_hand: Mapping[int, int], least: int) -> list[int]:
    """Choose cards worth exactly `least` cents, or else the one card that is worth the least more."""
    exact = choose_cards(on_hand, least)
    if sum(exact) == least:
        return exact
    more = [worth for worth, count in on_hand.items() if worth > least and count > 0]
    return [min(more)] if more else []


def _lots(on_hand: Mapping[int, int], most: int) -> Iterator[tuple[int, int]]:
    """Split a pile of one worth into lots of 1, 2, 4, ... cards: any number of them is a sum of lots."""
    for worth in sorted(on_hand, reverse=True):
        left = min(on_hand[worth], most // worth)
        lot = 1
        while left > 0:
            yield worth, min(lot, left)
            left -= lot
            lot *= 2
