"""Money, days and lists the way a language writes them: the Unicode CLDR's customs, by way of babel. Pure."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale


def locale_of(language: str, currency: str) -> "Locale":
    """Give the customs of a language, where it names no land itself in the land of a currency: there Spanish
    writes ``$2.50`` for USD, and ``2,50 €`` for EUR.

    An ISO 4217 code begins with the ISO 3166 code of the land, where the currency is one land's.
    """
    from babel import Locale, UnknownLocaleError

    short = language.partition("-")[0]
    named = [language.replace("-", "_")] if "-" in language else []
    for name in (*named, f"{short}_{currency[:2]}", short):
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def in_money(cents: int, currency: str, language: str) -> str:
    """Write whole cents: ``$2.50``."""
    from babel.numbers import format_currency

    amount = Decimal(cents).scaleb(-2)
    return str(format_currency(amount, currency, locale=locale_of(language, currency)))


def in_days(on: date, currency: str, language: str) -> str:
    """Write a day: ``Jan 26, 2026``, ``26 ene 2026``."""
    from babel.dates import format_date

    return str(format_date(on, "medium", locale=locale_of(language, currency)))


def in_a_row(words: Sequence[str], language: str) -> str:
    """Write a list the way it is said: ``one, two, and three``, ``uno, dos y tres``."""
    from babel.lists import format_list

    return str(format_list([*words], locale=locale_of(language, "USD")))
