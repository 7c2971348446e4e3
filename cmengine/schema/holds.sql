-- A rule that could not be worked out for a client, from an event on: nothing more is shown to it for them
-- until it goes on (resumptions). What it owes then is appended by `cmengine retry`.

create table holds (
  seq     integer primary key,
  client  text not null references clients (client),
  rule    text not null,
  event   integer not null references events (seq),
  problem text not null,
  held_at text not null,
  held_by text not null
) strict;
create index holds_by_client on holds (client, rule);

create table resumptions (
  hold       integer primary key references holds (seq),
  resumed_at text not null,
  resumed_by text not null
) strict;

-- What is held now.
create view held as
  select h.*, e.on_day as day from holds h join events e on e.seq = h.event
  where not exists (select 1 from resumptions r where r.hold = h.seq);

create trigger holds_once before insert on holds when
  exists (select 1 from held where client = new.client and rule = new.rule)
begin select raise(abort, 'this rule is held for this client already'); end;
