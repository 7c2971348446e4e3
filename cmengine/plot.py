"""Pictures of a simulation as SVG, written by hand. Pure: numbers in, text out.

They need no color: lines differ in their dashes and carry their names, and every number also stands
in the table that is printed beside. They follow the reader's choice of light or dark.
"""

from collections.abc import Sequence
from datetime import date
from math import ceil

from cmengine.budget import Forecast
from cmengine.money import dollars
from cmengine.simulate import Outlooks
from cmengine.svg import round_up, text, written

WIDTH, HEIGHT = 760, 380
LEFT, RIGHT, TOP, BOTTOM = 90, 150, 56, 60
STYLE = """\
svg { background: #ffffff; color: #1a1a1a; font: 14px system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { svg { background: #16181c; color: #ececec; } }
text { fill: currentColor; }
.head { font-size: 16px; font-weight: 600; }
.grid { stroke: currentColor; stroke-opacity: 0.2; }
.line { stroke: currentColor; fill: none; stroke-width: 2; }
.typical { stroke-dasharray: 8 5; }
.worst { stroke-dasharray: 2 4; }
.mean { fill: currentColor; fill-opacity: 0.2; stroke: currentColor; }
"""


def picture(
    title: str,
    days: Sequence[date],
    outlooks: Outlooks,
    forecast: Forecast | None = None,
    currency: str = "",
) -> str:
    """Draw what a client would earn, visit by visit, and what the program would issue by month."""
    best, typical = outlooks.best.so_far, outlooks.typical.so_far
    said = (
        f"{len(days)} opportunities from {days[0]} to {days[-1]}. All met: {_money(best[-1])}. "
        f"Each met with a chance of {outlooks.typical.chance:.2f}: {_money(typical[-1])} on average. "
        "None met: 0.00, nothing owed, nothing lost."
    )
    parts = [_earning(days, outlooks, currency)]
    if forecast is not None:
        mean, low, high = forecast.issued
        said += (
            f" For {forecast.clients} clients the program would issue {_money(mean)} on average; "
            f"nine trials of ten lie between {dollars(low)} and {dollars(high)}."
        )
        parts.append(
            f'<g transform="translate(0 {HEIGHT})">\n{_spending(forecast, currency)}\n</g>'
        )
    height = HEIGHT * len(parts)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
            f'height="{height}" role="img" aria-labelledby="title desc">',
            f'<title id="title">{written(title)}</title>',
            f'<desc id="desc">{written(said)}</desc>',
            f"<style>\n{STYLE}</style>",
            *parts,
            "</svg>\n",
        ]
    )


def _earning(days: Sequence[date], outlooks: Outlooks, currency: str) -> str:
    top = round_up(max(outlooks.best.so_far[-1], outlooks.typical.so_far[-1]))
    lines = [
        ("best", "all met", outlooks.best.so_far),
        ("typical", f"{outlooks.typical.chance:.0%} met", outlooks.typical.so_far),
        ("worst", "none met", outlooks.worst.so_far),
    ]
    parts = [_head("What a client would have earned, visit by visit", currency), _grid(top)]
    taken: list[float] = []
    for name, words, so_far in lines:
        points = [(_x(n, len(days)), _y(cents, top)) for n, cents in enumerate((0.0, *so_far))]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline class="line {name}" points="{path}"/>')
        at = points[-1][1] + 5
        while any(abs(at - other) < 17 for other in taken):
            at -= 17 if name == "worst" else -17
        taken.append(at)
        parts.append(text(points[-1][0] + 8, at, f"{words}: {_money(so_far[-1])}"))
    every = max(1, ceil(len(days) / 12))
    for n in range(every, len(days) + 1, every):
        parts.append(text(_x(n, len(days)), HEIGHT - BOTTOM + 20, str(n), "middle"))
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(text(middle, HEIGHT - 16, f"visit ({days[0]} to {days[-1]})", "middle"))
    return "\n".join(parts)


def _spending(forecast: Forecast, currency: str) -> str:
    months = forecast.months
    top = round_up(max(month.high for month in months))
    parts = [
        _head("What the program would issue by month, and the 5-95 band", currency),
        _grid(top),
    ]
    wide = (WIDTH - LEFT - RIGHT) / len(months)
    every = max(1, ceil(len(months) / 9))
    for n, month in enumerate(months):
        x = LEFT + wide * (n + 0.5)
        y, low, high = (_y(cents, top) for cents in (month.mean, month.low, month.high))
        bar, cap = 0.3 * wide, min(6.0, 0.2 * wide)
        parts += [
            f'<rect class="mean" x="{x - bar:.1f}" y="{y:.1f}" width="{2 * bar:.1f}" '
            f'height="{_y(0, top) - y:.1f}"/>',
            f'<path class="line" d="M{x - cap:.1f} {high:.1f}h{2 * cap:.1f}M{x:.1f} {high:.1f}V{low:.1f}'
            f'M{x - cap:.1f} {low:.1f}h{2 * cap:.1f}"/>',
        ]
        if n % every == 0:
            parts.append(text(x, HEIGHT - BOTTOM + 20, month.name, "middle"))
    parts.append(text(WIDTH - RIGHT + 12, TOP + 14, "bar: the mean"))
    parts.append(text(WIDTH - RIGHT + 12, TOP + 34, "I: nine of ten"))
    return "\n".join(parts)


def _head(words: str, currency: str) -> str:
    return text(LEFT, 28, f"{words}{f' ({currency})' if currency else ''}", kind="head")


def _grid(top: float) -> str:
    lines = []
    for n in range(5):
        cents = top * n / 4
        y = _y(cents, top)
        lines.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        lines.append(text(LEFT - 8, y + 5, _money(cents), "end"))
    return "\n".join(lines)


def _x(n: int, count: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * n / count


def _y(cents: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * cents / top


def _money(cents: float) -> str:
    return dollars(round(cents))
