-- What waits to be said to whom. Only facts stand here: which words are said is settled when they are sent.

create table messages (
  seq      integer primary key,
  id       text not null unique,
  client   text not null references clients (client),
  event    integer references events (seq), -- null: a member of staff wrote it
  digest   text not null references rules (digest),
  notify   integer not null check (notify >= 0),
  channel  text not null check (length(channel) > 0),
  template text not null check (length(template) > 0),
  made_at  text not null
) strict;

-- What waits for one client on one channel and says the same goes as one. A sender claims it before it sends
-- it: everything up to `up_to`, under the id of `first`; nobody else sends it until `until_at`.
create table claims (
  seq        integer primary key,
  client     text not null references clients (client),
  channel    text not null,
  template   text not null,
  first      integer not null references messages (seq),
  up_to      integer not null references messages (seq),
  claimed_at text not null,
  until_at   text not null,
  claimed_by text not null,
  check (first <= up_to)
) strict;
create index claims_in_order on claims (client, channel, template, seq);

-- What came of a claim. One without a row here was not noted: it may have gone, and is sent again.
create table deliveries (
  claim    integer primary key references claims (seq),
  came     text not null check (came in ('sent', 'failed', 'not needed')),
  problem  text,
  noted_at text not null
) strict;

-- Somebody asked that it be tried once more: tries before this are not counted any more.
create table retries (
  seq         integer primary key,
  client      text not null references clients (client),
  channel     text not null,
  template    text not null,
  after_claim integer not null check (after_claim >= 0),
  asked_at    text not null,
  asked_by    text not null
) strict;
create index retries_in_order on retries (client, channel, template, seq);

-- Up to which message everything was sent, or was not needed any more.
create view settled as
  select c.client, c.channel, c.template, max(c.up_to) as up_to
  from claims c join deliveries d on d.claim = c.seq where d.came <> 'failed'
  group by c.client, c.channel, c.template;

create view message_list as
  select m.*, coalesce(m.seq <= s.up_to, 0) as settled,
         (select d.came from claims c join deliveries d on d.claim = c.seq
          where c.client = m.client and c.channel = m.channel and c.template = m.template
            and c.up_to >= m.seq and d.came <> 'failed' order by c.seq limit 1) as came
  from messages m left join settled s
    on s.client = m.client and s.channel = m.channel and s.template = m.template;
