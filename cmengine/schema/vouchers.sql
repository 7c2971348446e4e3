-- What was handed over, and what has come back.

create table vouchers (
  seq        integer primary key,
  id         text not null unique,
  client     text not null references clients (client),
  cents      integer not null check (cents >= 0),
  item       text,
  occurrence integer,
  n          integer,
  code_hash  text unique check (length(code_hash) = 64), -- null: the codes of gift cards were handed over
  issued_at  text not null,
  issued_by  text not null,
  foreign key (occurrence, n) references awards (occurrence, n),
  unique (occurrence, n),
  check ((cents > 0) = (item is null)),
  check ((item is null) = (occurrence is null))
) strict;
create index vouchers_by_client on vouchers (client, cents);

create table redemptions (
  seq         integer primary key,
  voucher     text not null references vouchers (id),
  cents       integer not null check (cents >= 0),
  redeemed_at text not null,
  redeemed_by text not null
) strict;
create index redemptions_by_voucher on redemptions (voucher);

-- A new code for the same voucher, because the slip was lost or never printed: the old code is dead from
-- the same moment. The voucher, and what is left on it, stay what they are.
create table replacements (
  seq         integer primary key,
  voucher     text not null references vouchers (id),
  n           integer not null check (n >= 1),
  code_hash   text not null unique check (length(code_hash) = 64),
  replaced_at text not null,
  replaced_by text not null,
  unique (voucher, n)
) strict;

-- Each time a voucher went to paper; why, from the second time on, stands in personal.
create table prints (
  seq        integer primary key,
  voucher    text not null references vouchers (id),
  n          integer not null check (n >= 1),
  printed_at text not null,
  printed_by text not null,
  unique (voucher, n)
) strict;

-- Codes that could not be used, however they were wrong; what was typed is not kept.
create table tries (
  seq      integer primary key,
  desk     text not null,
  tried_at text not null
) strict;
create index tries_by_time on tries (tried_at);

-- Every code there ever was; the one with the greatest n is alive.
create view voucher_codes as
  select id as voucher, 0 as n, code_hash from vouchers where code_hash is not null
  union all select voucher, n, code_hash from replacements;

create view voucher_list as
  select t.*, case when card then 'handed over' when redeemed then 'redeemed' else 'open' end as state
  from (select u.*, code_hash is null as card, redeemed_at is not null and redeemed_cents >= cents as redeemed
        from (select v.*,
                     coalesce((select sum(r.cents) from redemptions r where r.voucher = v.id), 0) as redeemed_cents,
                     (select max(r.redeemed_at) from redemptions r where r.voucher = v.id) as redeemed_at,
                     (select count(*) from replacements r where r.voucher = v.id) as replaced,
                     (select count(*) from prints p where p.voucher = v.id) as printed
              from vouchers v) u) t;

-- A client's money: earned - issued = waiting.
create view balances as
  select client, earned_cents, issued_cents, earned_cents - issued_cents as waiting_cents
  from (select c.client,
               coalesce((select sum(a.cents) from occurrences o join awards a on a.occurrence = o.seq
                         where o.client = c.client), 0) as earned_cents,
               coalesce((select sum(v.cents) from vouchers v where v.client = c.client), 0) as issued_cents
        from clients c);

-- More than was earned cannot be issued, and no voucher can be redeemed beyond its worth, or twice.
create trigger vouchers_within_earned before insert on vouchers when new.cents >
    (select coalesce(sum(m.cents), 0) from memories m where m.client = new.client)
  - (select coalesce(sum(v.cents), 0) from vouchers v where v.client = new.client)
begin select raise(abort, 'more than is waiting'); end;

create trigger redemptions_within_voucher before insert on redemptions when
  exists (select 1 from redemptions r where r.voucher = new.voucher
          and (select cents from vouchers where id = new.voucher) <=
              (select sum(cents) from redemptions where voucher = new.voucher))
  or coalesce((select sum(cents) from redemptions where voucher = new.voucher), 0) + new.cents >
     (select cents from vouchers where id = new.voucher)
begin select raise(abort, 'more than the voucher holds'); end;

create trigger redemptions_of_something before insert on redemptions when
  (select code_hash is null or cents > 0 and new.cents = 0 from vouchers where id = new.voucher)
begin select raise(abort, 'nothing to redeem'); end;

create trigger replacements_of_codes before insert on replacements when
  (select code_hash is null from vouchers where id = new.voucher)
begin select raise(abort, 'a gift card has no code of ours'); end;
