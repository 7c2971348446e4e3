-- What was handed over, and what has come back.

create table vouchers (
  seq        integer primary key,
  id         text not null unique,
  client     text not null references clients (client),
  cents      integer not null check (cents >= 0),
  item       text,
  occurrence integer,
  n          integer,
  code_hash  text not null unique check (length(code_hash) = 64),
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

create view voucher_list as
  select v.*, coalesce((select sum(r.cents) from redemptions r where r.voucher = v.id), 0) as redeemed_cents,
         exists (select 1 from redemptions r where r.voucher = v.id) as redeemed,
         (select max(r.redeemed_at) from redemptions r where r.voucher = v.id) as redeemed_at
  from vouchers v;

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
