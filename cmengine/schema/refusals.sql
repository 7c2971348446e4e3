-- Each time the program said no, or not yet, at the desk: why, from a short published list. What was earned stands.

create table refusals (
  seq     integer primary key,
  client  text not null references clients (client),
  reason  text not null check (length(reason) > 0), -- a name of the published list
  what    text not null,                            -- the limit, the fund or the thing that stood in the way
  cents   integer not null check (cents >= 0),      -- how much waits because of it; 0 for a thing
  made_at text not null,
  made_by text not null
) strict;
create index refusals_by_reason on refusals (reason, made_at);
