-- What waits to be said, and each try to say it.

create table messages (
  seq     integer primary key,
  id      text not null unique,
  client  text not null references clients (client),
  event   integer not null references events (seq),
  digest  text not null references rules (digest),
  notify  integer not null check (notify >= 0),
  channel text not null,
  text    text not null,
  made_at text not null
) strict;

create table deliveries (
  seq      integer primary key,
  message  integer not null references messages (seq),
  sent     integer not null check (sent in (0, 1)),
  problem  text,
  tried_at text not null
) strict;
create unique index deliveries_sent on deliveries (message) where sent = 1;
create index deliveries_by_message on deliveries (message);

create view message_list as
  select m.*, exists (select 1 from deliveries d where d.message = m.seq and d.sent = 1) as sent,
         (select count(*) from deliveries d where d.message = m.seq) as tries,
         (select d.problem from deliveries d where d.message = m.seq order by d.seq desc limit 1) as problem
  from messages m;
