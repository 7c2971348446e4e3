-- Views to read from: for Datasette, sqlite-utils, or any tool that reads SQLite. They show no name, no note and
-- no words of a person; a client is a code, and stands only where something is theirs. docs/views.md is written from
-- what stands here: the comment above a view says what a row is, the one behind a column what it holds.

-- Everybody who is enrolled, one row each.
create view report_clients as
  select
    c.client as client,                                  -- their code
    substr(c.added_at, 1, 10) as added_on,               -- the day on which they were enrolled
    (select count(*) from (select max(h.seq), h.stands from choices h where h.client = c.client group by h.rule)
      where stands = 1) as goals,                        -- goals that stand now
    coalesce((select sum(m.times) from memories m where m.client = c.client), 0) as times, -- how often a goal was met
    (select max(m.latest) from memories m where m.client = c.client) as latest_day, -- the latest day of what counts
    coalesce((select sum(m.cents) from memories m where m.client = c.client), 0) as earned_cents, -- earned so far
    coalesce((select sum(v.cents) from vouchers v where v.client = c.client), 0) as issued_cents, -- handed over
    coalesce((select sum(m.cents) from memories m where m.client = c.client), 0)
      - coalesce((select sum(v.cents) from vouchers v where v.client = c.client), 0) as waiting_cents -- waiting
  from clients c;

-- What happened: each event that was logged. Texts are left out: they are people's own words.
create view report_events as
  select
    e.seq as event,                                      -- its place in the order of logging
    e.client as client,                                  -- whose it is
    e.kind as kind,                                      -- the kind of event
    e.on_day as on_day,                                  -- the program's day on which it happened
    substr(e.on_day, 1, 7) as month,                     -- the month of that day, such as 2026-01
    case when e.is_number then e.value end as number,    -- its number, where its kind has a unit
    e.evidence as evidence,                              -- how it is known: self, staff, document, device, test
    e.occurred_at as occurred_at,                        -- the moment at which it happened
    e.logged_at as logged_at,                            -- the moment at which it was written down
    e.logged_by as logged_by,                            -- who wrote it down
    e.seq in (select event from corrections) as corrected -- 1 where it was marked as a mistake of ours
  from events e;

-- What clients chose: a row each time a goal was chosen, changed, or set aside.
create view report_choices as
  select
    h.id as choice,                                      -- its id
    h.client as client,                                  -- who chose
    h.rule as rule,                                      -- the rule
    h.digest as version,                                 -- the version of the rule, by its digest
    h.on_day as on_day,                                  -- from which day on
    substr(h.on_day, 1, 7) as month,                     -- the month of that day
    h.stands as stands,                                  -- 0 where the goal was set aside from that day on
    h.seq = (select max(l.seq) from choices l where l.client = h.client and l.rule = h.rule) as latest, -- 1: it holds now
    h.made_at as made_at,                                -- when it was written down
    h.made_by as made_by                                 -- by whom
  from choices h;

-- Each time a goal was met.
create view report_occurrences as
  select
    o.seq as occurrence,                                 -- its number
    o.client as client,                                  -- whose it is
    o.rule as rule,                                      -- the rule whose goal was met
    o.digest as version,                                 -- the version of the rule, by its digest
    o.event as event,                                    -- the event, by its place in report_events
    o.on_day as on_day,                                  -- the day on which it happened
    substr(o.on_day, 1, 7) as month,                     -- the month of that day
    o.ordinal as ordinal,                                -- which time it was: 1 is the first
    o.slot as slot,                                      -- the place in the rule's calendar, where it has one
    o.seq not in (select occurrence from released) as counts -- 0 where a correction took it out of the count
  from occurrences o;

-- What was earned: each award, how much of it was handed over, and when.
create view report_awards as
  select
    o.seq || '.' || a.n as award,                        -- its number, as people type it
    o.seq as occurrence,                                 -- what earned it, by its number in report_occurrences
    o.client as client,                                  -- whose it is
    o.rule as rule,                                      -- the rule
    o.on_day as on_day,                                  -- the day of the occurrence
    substr(o.on_day, 1, 7) as month,                     -- the month of that day
    a.cents as cents,                                    -- its worth in money; 0 for a thing, or for words
    a.item as item,                                      -- the thing, where it is one
    coalesce((select sum(c.cents) from charges c where c.occurrence = a.occurrence and c.n = a.n), 0)
      as issued_cents,                                   -- how much of it was handed over
    (select min(v.issued_at) from vouchers v where v.id in
      (select c.voucher from charges c where c.occurrence = a.occurrence and c.n = a.n)
      or (v.occurrence = a.occurrence and v.n = a.n)) as first_issued_at -- when the first of it was in hand
  from awards a join occurrences o on o.seq = a.occurrence;

-- What was earned, summed up by rule and month.
create view report_earned as
  select
    o.rule as rule,                                      -- the rule
    substr(o.on_day, 1, 7) as month,                     -- the month in which it happened
    count(*) as awards,                                  -- how many awards
    count(distinct o.client) as clients,                 -- of how many clients
    sum(a.cents) as cents                                -- what they are worth in money
  from awards a join occurrences o on o.seq = a.occurrence
  group by o.rule, substr(o.on_day, 1, 7);

-- What was handed over: vouchers, gift cards and things.
create view report_vouchers as
  select
    v.id as voucher,                                     -- its id; its code is kept nowhere
    v.client as client,                                  -- who was handed it
    v.cents as cents,                                    -- its worth in money; 0 for a thing
    v.item as item,                                      -- the thing, where it is one
    v.issued_at as issued_at,                            -- when
    substr(v.issued_at, 1, 7) as month,                  -- the month of that moment
    v.issued_by as issued_by,                            -- by whom
    v.state as state,                                    -- open, redeemed, or handed over (gift cards)
    v.redeemed_cents as redeemed_cents,                  -- how much of it has been redeemed
    v.redeemed_at as redeemed_at                         -- when it was redeemed last
  from voucher_list v;

-- What each voucher was charged to: so much of an award, from a fund.
create view report_charges as
  select
    c.voucher as voucher,                                -- the voucher
    c.occurrence || '.' || c.n as award,                 -- the award
    o.client as client,                                  -- whose it is
    o.rule as rule,                                      -- the rule that earned it
    c.fund as fund,                                      -- the fund that pays; empty where none is named
    c.on_day as on_day,                                  -- the program's day on which it was issued
    substr(c.on_day, 1, 7) as month,                     -- the month of that day
    c.cents as cents,                                    -- how much
    max(0, cast(round((julianday(v.issued_at) - julianday(e.occurred_at)) * 1440) as integer))
      as minutes                                         -- from the event to the voucher in hand
  from charges c
  join vouchers v on v.id = c.voucher
  join occurrences o on o.seq = c.occurrence
  join events e on e.seq = o.event;

-- What was spent, summed up by fund and month.
create view report_spending as
  select
    fund as fund,                                        -- the fund; empty where none is named
    substr(on_day, 1, 7) as month,                       -- the month in which it was issued
    count(distinct voucher) as vouchers,                 -- how many vouchers
    sum(cents) as cents                                  -- how much
  from charges group by fund, substr(on_day, 1, 7);

-- The funds as they were agreed when something was issued last, and what came in later.
create view report_funds as
  select
    p.fund as fund,                                      -- its name
    p.cents as pledged_cents,                            -- what program.toml said then
    coalesce((select sum(f.cents) from fundings f where f.fund = p.fund), 0) as added_cents, -- what came in later
    coalesce((select sum(c.cents) from charges c where c.fund = p.fund), 0) as issued_cents -- what was issued from it
  from pledges p where p.terms = (select max(seq) from terms);

-- What waits to be handed over: awards in money that are not issued yet, in whole or in part, and things.
create view report_waiting as
  select
    o.seq || '.' || a.n as award,                        -- its number
    o.client as client,                                  -- for whom
    o.rule as rule,                                      -- the rule that earned it
    o.on_day as on_day,                                  -- since which day
    a.cents - coalesce((select sum(c.cents) from charges c where c.occurrence = a.occurrence and c.n = a.n), 0)
      as cents,                                          -- how much money waits
    a.item as item                                       -- the thing that waits
  from awards a join occurrences o on o.seq = a.occurrence
  where case when a.item is null
    then a.cents > coalesce((select sum(c.cents) from charges c where c.occurrence = a.occurrence and c.n = a.n), 0)
    else not exists (select 1 from vouchers v where v.occurrence = a.occurrence and v.n = a.n) end;

-- When somebody came back: a day on which a goal was met, 14 days or more after the one before.
create view report_returns as
  select
    client as client,                                    -- who came back
    on_day as on_day,                                    -- the day
    substr(on_day, 1, 7) as month,                       -- the month of that day
    cast(julianday(on_day) - julianday(before) as integer) as days -- how many days after the one before
  from (select client, on_day, lag(on_day) over (partition by client order by on_day) as before
        from (select distinct client, on_day from occurrences
              where seq not in (select occurrence from released)))
  where on_day >= date(before, '+14 days');

-- The shelf: gift cards by brand and worth, and things.
create view report_stock as
  select
    brand as brand,                                      -- the brand of the cards; nothing for a thing
    null as item,                                        -- the thing; nothing for cards
    cents as cents,                                      -- what each is worth
    count(*) as bought,                                  -- how many were bought
    count(voucher) as handed,                            -- how many were handed over
    -sum(difference) as missing,                         -- how many counts found to be missing
    sum(voucher is null and difference = 0) as on_hand,  -- how many are there
    min(case when voucher is null and difference = 0 then expires end) as first_expires -- which day comes first
  from card_list group by brand, cents
  union all
  select null, item, max(cents), sum(units), sum(handed), -sum(difference), sum(on_hand), null
  from goods_list group by item;

-- What people told the program, and how long it took to answer. The words are left out, and who said them.
create view report_feedback as
  select
    f.seq as number,                                     -- its number
    f.kind as kind,                                      -- feedback or complaint
    substr(f.told_at, 1, 10) as told_on,                 -- the day on which it was told
    substr(f.told_at, 1, 7) as month,                    -- the month of that day
    substr(f.answered_at, 1, 10) as answered_on,         -- the day of the first answer; nothing where it is open
    f.changed as changed,                                -- 1 where something was done because of it
    cast(julianday(substr(f.answered_at, 1, 10)) - julianday(substr(f.told_at, 1, 10)) as integer)
      as days                                            -- how many days until then
  from feedback_list f;

-- Each time the program said no, or not yet. For whom is left out.
create view report_refusals as
  select
    r.reason as reason,                                  -- why, from the published list
    r.what as what,                                      -- the limit, the fund, the rule or the thing in the way
    r.cents as cents,                                    -- how much waits because of it; 0 for a thing
    r.on_day as on_day,                                  -- the day
    substr(r.on_day, 1, 7) as month,                     -- the month of that day
    r.made_by as made_by                                 -- who said it
  from refusals r;

-- What was to be said to clients, and whether it went. The words are left out, and to whom.
create view report_messages as
  select
    m.seq as message,                                    -- its number
    m.channel as channel,                                -- the way it goes
    m.template as template,                              -- what it says, by the name of its template
    substr(m.made_at, 1, 10) as made_on,                 -- the day on which it was made
    substr(m.made_at, 1, 7) as month,                    -- the month of that day
    m.settled as settled,                                -- 0 where it waits
    coalesce(m.came = 'sent', 0) as sent                 -- 1 where it went
  from message_list m;

-- The versions of the rules, as they were published.
create view report_rules as
  select
    p.seq as publication,                                -- its place in the order of publishing
    r.rule as rule,                                      -- the rule
    p.digest as version,                                 -- the version, by its digest
    substr(p.published_at, 1, 10) as published_on,       -- the day from which on it could be chosen
    p.published_by as published_by,                      -- who published it
    r.body as body                                       -- what was published, as JSON, such as json_extract(body, '$.title')
  from publications p join rules r on r.digest = p.digest;
