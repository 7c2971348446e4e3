-- Each time the program said no, or not yet, at the desk: why, from a short published list. What was earned
-- stands. Of the same client, reason and thing there is one a day, however often it was asked for.

create table refusals (
  seq     integer primary key,
  client  text references clients (client),         -- null where nobody knows whose: a code that is not looked at
  reason  text not null check (length(reason) > 0), -- a name of the published list
  what    text not null,                            -- the limit, the fund, the rule or the thing in the way
  cents   integer not null check (cents >= 0),      -- how much waits because of it; 0 for a thing
  on_day  text not null check (on_day is date(on_day)),
  made_at text not null,
  made_by text not null
) strict;
create index refusals_by_reason on refusals (reason, made_at);
create unique index refusals_once_a_day on refusals (on_day, reason, what, coalesce(client, ''));
