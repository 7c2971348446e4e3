"""The figures of a report: each a query over the ledger, whole, so that it can be read and run anywhere.

`:first` and `:last` are the days of the period, `:upto` the last of them that has come, `:today` the
program's day, `:past` the Monday from which on past weeks are looked at, `:monday` that of this week.
They are put in as the text of days: what runs is what is printed, and it runs in any tool that reads SQLite.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from attrs import frozen

from cmengine.days import week_of
from cmengine.period import Period

PAST_WEEKS = 26  # how many weeks a forecast looks back


@frozen
class Figure:
    """What a figure says, in a line, and the query behind it."""

    says: str
    sql: str


def queries(
    period: Period, today: date, figures: Mapping[str, Figure] | None = None
) -> dict[str, Figure]:
    """Give every figure's query (or those of `figures`) for a period, as seen on a day."""
    monday = week_of(today)
    days = {
        ":first": period.first,
        ":last": period.last,
        ":upto": min(period.last, today),
        ":today": today,
        ":past": monday - timedelta(weeks=PAST_WEEKS),
        ":monday": monday,
    }
    filled = {}
    for name, figure in (FIGURES if figures is None else figures).items():
        sql = figure.sql.strip()
        for mark, day in days.items():
            sql = sql.replace(mark, f"'{day.isoformat()}'")
        filled[name] = Figure(figure.says, sql)
    return filled


FIGURES = {
    "issued": Figure(
        "what was handed over in money, by fund and month; the month '' is everything before the period",
        """
select fund, case when on_day < :first then '' else substr(on_day, 1, 7) end as month,
       sum(cents) as cents
from charges
where on_day <= :last
group by 1, 2 order by 1, 2
""",
    ),
    "earned": Figure(
        "what was earned, by rule and month; the month '' is everything before the period",
        """
select o.rule as rule, case when o.on_day < :first then '' else substr(o.on_day, 1, 7) end as month,
       count(*) as awards, sum(a.cents) as cents
from awards a join occurrences o on o.seq = a.occurrence
where o.on_day <= :last
group by 1, 2 order by 1, 2
""",
    ),
    "waiting": Figure(
        "what had been earned by the end of the period and not been handed over, award by award, oldest first",
        """
select o.rule as rule, a.cents - coalesce((select sum(c.cents) from charges c
         where c.occurrence = a.occurrence and c.n = a.n and c.on_day <= :last), 0) as cents, a.cents as worth
from awards a join occurrences o on o.seq = a.occurrence
where o.on_day <= :last and a.cents > coalesce((select sum(c.cents) from charges c
         where c.occurrence = a.occurrence and c.n = a.n and c.on_day <= :last), 0)
order by a.occurrence, a.n
""",
    ),
    "added": Figure(
        "what came into each fund by the end of the period, beside what program.toml says",
        """
select fund, sum(cents) as cents
from fundings
where substr(added_at, 1, 10) <= :last
group by fund order by fund
""",
    ),
    "redeemed": Figure(
        "what was redeemed of vouchers, by month",
        """
select substr(redeemed_at, 1, 7) as month, count(*) as redemptions, sum(cents) as cents
from redemptions
where substr(redeemed_at, 1, 10) between :first and :last
group by 1 order by 1
""",
    ),
    "things": Figure(
        "things: how many were handed over in the period, and how many wait",
        """
select item, sum(handed) as handed, sum(waits) as waiting
from (select v.item as item, 1 as handed, 0 as waits from vouchers v
      where v.item is not null and substr(v.issued_at, 1, 10) between :first and :last
      union all
      select a.item, 0, 1 from awards a join occurrences o on o.seq = a.occurrence
      where a.item is not null and o.on_day <= :last
        and not exists (select 1 from vouchers v where v.occurrence = a.occurrence and v.n = a.n
                        and substr(v.issued_at, 1, 10) <= :last))
group by item order by item
""",
    ),
    "soon": Figure(
        "from the event to the first voucher for it in hand: the median in minutes, and how many within an hour, a day, a week",
        """
with handed as (
  select c.occurrence, min(julianday(v.issued_at)) as at, min(c.on_day) as on_day
  from charges c join vouchers v on v.id = c.voucher
  group by c.occurrence, c.n
  union all
  select v.occurrence, julianday(v.issued_at), substr(v.issued_at, 1, 10)
  from vouchers v where v.item is not null
), waits as materialized (
  select max(0, cast(round((h.at - julianday(e.occurred_at)) * 1440) as integer)) as minutes
  from handed h join occurrences o on o.seq = h.occurrence join events e on e.seq = o.event
  where h.on_day between :first and :last
)
select count(*) as awards,
       (select minutes from waits order by minutes
        limit 1 offset (select max(0, count(*) - 1) / 2 from waits)) as median_minutes,
       coalesce(sum(minutes <= 60), 0) as within_hour,
       coalesce(sum(minutes <= 1440), 0) as within_day,
       coalesce(sum(minutes <= 10080), 0) as within_week
from waits
""",
    ),
    "chosen": Figure(
        "for how many clients each goal stood at the end of the period, and for how many it was new in it",
        """
select rule, sum(stands) as clients, sum(new) as chosen
from (select h.rule as rule, h.stands as stands,
             (select min(f.on_day) from choices f where f.client = h.client and f.rule = h.rule) >= :first as new
      from choices h
      where h.seq = (select max(l.seq) from choices l
                     where l.client = h.client and l.rule = h.rule and l.on_day <= :last))
group by rule order by rule
""",
    ),
    "met": Figure(
        "how often each goal was met in the period, and by how many clients",
        """
select rule, count(*) as clients, sum(times) as times
from (select client, rule, count(*) as times
      from occurrences
      where on_day between :first and :last and seq not in (select occurrence from released)
      group by client, rule)
group by rule order by rule
""",
    ),
    "people": Figure(
        "how many clients met a goal in the period, and how many are enrolled",
        """
select count(distinct client) as clients, (select count(*) from clients) as enrolled
from occurrences
where on_day between :first and :last and seq not in (select occurrence from released)
""",
    ),
    "gaps": Figure(
        "from one day on which a client met a goal to their next: how often, by how long; how many clients came back after 14 days or more; the median in days",
        """
with days as (
  select client, on_day, lag(on_day) over (partition by client order by on_day) as before
  from (select distinct client, on_day from occurrences
        where on_day <= :last and seq not in (select occurrence from released))
), gaps as materialized (
  select client, cast(julianday(on_day) - julianday(before) as integer) as days
  from days where on_day >= :first and before is not null
)
select case when days <= 7 then '1 to 7 days' when days < 14 then '8 to 13 days' when days < 30 then '14 to 29 days'
            when days < 90 then '30 to 89 days' else '90 days or more' end as after,
       count(*) as times, count(distinct case when days >= 14 then client end) as clients,
       (select days from gaps order by days
        limit 1 offset (select max(0, count(*) - 1) / 2 from gaps)) as median_days
from gaps
group by 1 order by min(days)
""",
    ),
    "amounts": Figure(
        "what a client earned in a month in which they met a goal: the median, and in how many such months 100.00 or more",
        """
with months as materialized (
  select sum(a.cents) as cents
  from awards a cross join occurrences o on o.seq = a.occurrence
  where o.on_day between :first and :last
  group by o.client, substr(o.on_day, 1, 7)
)
select count(*) as months,
       (select cents from months order by cents
        limit 1 offset (select max(0, count(*) - 1) / 2 from months)) as median_cents,
       coalesce(sum(cents >= 10000), 0) as at_least_100
from months
""",
    ),
    "plans": Figure(
        "which versions of rules stand together for how many clients now",
        """
select versions, count(*) as clients
from (select client, group_concat(digest, ' ') as versions
      from (select h.client as client, h.digest as digest from choices h
            where h.stands = 1 and h.seq = (select max(l.seq) from choices l
                                            where l.client = h.client and l.rule = h.rule)
            order by h.client, h.rule)
      group by client)
group by versions order by clients desc, versions
""",
    ),
    "stock": Figure(
        "what is on hand of gift cards and things now",
        """
select brand, null as item, cents,
       coalesce(sum(voucher is null and difference = 0 and (expires is null or expires >= :today)), 0) as on_hand,
       coalesce(sum(voucher is null and difference = 0 and expires < :today), 0) as expired,
       min(case when voucher is null and difference = 0 and expires >= :today then expires end) as first_expires
from card_list group by brand, cents
union all
select null, item, max(cents), sum(on_hand), 0, null
from goods_list group by item
order by 1, 2, 3
""",
    ),
    "feedback": Figure(
        "what was told in the period: how much was answered, led to a change, took how many days (the median), and is open for over 14 days",
        """
select kind, count(*) as told, count(days) as answered, sum(changed) as changed,
       max(case when place = (answers + 1) / 2 then days end) as median_days,
       coalesce(sum(days is null and told_on < date(:upto, '-14 days')), 0) as open_over_14_days
from (select *, row_number() over (partition by kind order by days is null, days) as place,
             count(days) over (partition by kind) as answers
      from report_feedback where told_on between :first and :last)
group by kind order by kind
""",
    ),
    "refusals": Figure(
        "how often the program said no, or not yet, by reason, and how much waited because of it",
        """
select reason, count(*) as times, sum(cents) as cents
from report_refusals
where on_day between :first and :last
group by reason order by times desc, reason
""",
    ),
    "rule_changes": Figure(
        "which versions of rules were published in the period, and the version before",
        """
select rule, json_extract(body, '$.title') as title, version, published_on, published_by, before
from (select *, lag(version) over (partition by rule order by publication) as before from report_rules)
where published_on between :first and :last
order by publication
""",
    ),
    "past_issued": Figure(
        "what was handed over in each of the past 26 weeks, by fund and day, for the forecast",
        """
select fund, on_day, sum(cents) as cents
from charges
where on_day >= :past and on_day < :monday
group by 1, 2 order by 1, 2
""",
    ),
    "past_earned": Figure(
        "what was earned in each of the past 26 weeks, by day, for the forecast",
        """
select o.on_day as on_day, sum(a.cents) as cents
from awards a join occurrences o on o.seq = a.occurrence
where o.on_day >= :past and o.on_day < :monday
group by 1 order by 1
""",
    ),
    "begun": Figure(
        "the first day on which anything was earned or handed over",
        """
select (select min(on_day) from occurrences) as earned, (select min(on_day) from charges) as issued
""",
    ),
    "equity": Figure(
        "by what clients said of themselves, of those who agreed to be counted: how many, what they earned, how often a goal was met",
        """
with agreed as (
  select client from consent_list where purpose = 'equity' and channel = '' and given = 1
), names as (
  select distinct substr(about, 9) as name from personal
  where about like 'stratum:%' and client in (select client from agreed)
), got as (
  select o.client as client, count(*) as times,
         sum((select coalesce(sum(a.cents), 0) from awards a where a.occurrence = o.seq)) as cents
  from occurrences o
  where o.client in (select client from agreed) and o.on_day between :first and :last
    and o.seq not in (select occurrence from released)
  group by o.client
)
select n.name as stratum, coalesce(p.text, '') as value, count(*) as clients,
       coalesce(sum(g.times), 0) as times, coalesce(sum(g.cents), 0) as cents
from agreed a cross join names n
left join personal p on p.client = a.client and p.about = 'stratum:' || n.name
left join got g on g.client = a.client
group by 1, 2 order by 1, 2
""",
    ),
}
"""Every figure, by its name, in the order of the report."""
