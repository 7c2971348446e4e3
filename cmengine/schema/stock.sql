-- What was bought, what was handed over, and what a count found. What is on hand follows from these.

-- A file that was added. `digest` is a keyed hash of what it held; pieces and cents are its sums.
create table purchases (
  seq      integer primary key,
  digest   text not null check (length(digest) = 64),
  pieces   integer not null check (pieces >= 0),
  cents    integer not null check (cents >= 0),
  added_at text not null,
  added_by text not null
) strict;
create index purchases_by_digest on purchases (digest);

-- A vendor's gift card. Its code stands here encrypted, and as a keyed hash that finds it again.
create table cards (
  seq       integer primary key,
  id        text not null unique,
  purchase  integer not null references purchases (seq),
  brand     text not null,
  serial    text not null,
  cents     integer not null check (cents >= 1),
  expires   text check (expires is date(expires)),
  code_hash text not null unique check (length(code_hash) = 64),
  sealed    text not null,
  unique (brand, serial)
) strict;
create index cards_by_worth on cards (brand, cents);
create index cards_by_purchase on cards (purchase);

-- Things of one kind, and what each of them cost.
create table goods (
  seq      integer primary key,
  purchase integer not null references purchases (seq),
  item     text not null,
  units    integer not null check (units >= 0),
  cents    integer not null check (cents >= 0)
) strict;
create index goods_by_item on goods (item);
create index goods_by_purchase on goods (purchase);

-- A card is handed out once. `instead_of` is a card that did not work, for which this one was given; `named`
-- is 1 where the desk named this very card by its serial.
create table handed_cards (
  card       integer primary key references cards (seq),
  voucher    text not null references vouchers (id),
  instead_of integer references empty_cards (card),
  named      integer not null default 0 check (named in (0, 1)),
  handed_at  text not null,
  handed_by  text not null
) strict;
create index handed_cards_by_voucher on handed_cards (voucher);
create index handed_cards_by_instead on handed_cards (instead_of);

-- A card whose code did not work at the shop: made good once, with the program's money.
create table empty_cards (
  card        integer primary key references handed_cards (card),
  reported_at text not null,
  reported_by text not null
) strict;

-- A thing is handed over by one voucher. `instead_of` is what was earned, where another thing was taken.
create table handed_goods (
  voucher    text primary key references vouchers (id),
  goods      integer not null references goods (seq),
  instead_of text,
  handed_at  text not null,
  handed_by  text not null
) strict;
create index handed_goods_by_goods on handed_goods (goods);

-- A count by two people. `apart` is 0 where the one who counted had handed out of it since the last count.
-- after_restore is the last time the ledger had been put back from a backup by then (0: never), last_card the
-- last card that there was.
create table counts (
  seq           integer primary key,
  brand         text,
  item          text,
  expected      integer not null check (expected >= 0),
  counted       integer not null check (counted >= 0),
  apart         integer not null check (apart in (0, 1)),
  after_restore integer not null default 0 check (after_restore >= 0),
  last_card     integer not null default 0 check (last_card >= 0),
  counted_at    text not null,
  counted_by    text not null,
  witness       text not null,
  check ((brand is null) <> (item is null)),
  check (counted_by <> witness)
) strict;

-- What a count found to be missing (units < 0) or there again. It is the program's, never a client's.
create table differences (
  seq   integer primary key,
  count integer not null references counts (seq),
  card  integer references cards (seq),
  goods integer references goods (seq),
  units integer not null check (units <> 0),
  check ((card is null) <> (goods is null)),
  check (card is null or units in (-1, 1))
) strict;
create index differences_by_card on differences (card) where card is not null;
create index differences_by_goods on differences (goods) where goods is not null;

create view card_list as
  select c.*, h.voucher, h.instead_of, h.handed_at, h.handed_by,
         exists (select 1 from empty_cards e where e.card = c.seq) as empty,
         coalesce((select sum(d.units) from differences d where d.card = c.seq), 0) as difference
  from cards c left join handed_cards h on h.card = c.seq;

-- Cards that look on hand, and may have been handed out in what a restore has lost: not counted since. What is
-- added within 30 days of a restore may be a file that was added before, and is counted, too.
create view cards_to_count as
  select c.seq, c.brand, c.cents, c.serial, r.restored_at
  from cards c join purchases p on p.seq = c.purchase
       join restores r on r.seq = (select max(seq) from restores)
  where julianday(p.added_at) < julianday(r.restored_at) + 30
    and not exists (select 1 from handed_cards h where h.card = c.seq)
    and coalesce((select sum(d.units) from differences d where d.card = c.seq), 0) = 0
    and not exists (select 1 from counts k where k.brand = c.brand and k.after_restore = r.seq
                    and k.last_card >= c.seq);

create view goods_list as
  select g.*, g.units - g.handed + g.difference as on_hand
  from (select s.*, (select count(*) from handed_goods h where h.goods = s.seq) as handed,
               coalesce((select sum(d.units) from differences d where d.goods = s.seq), 0) as difference
        from goods s) g;

-- What is not there cannot be handed out, be missing, or be found.
create trigger handed_cards_on_hand before insert on handed_cards when
  (select difference from card_list where seq = new.card) <> 0
begin select raise(abort, 'this card is not on hand'); end;

create trigger handed_cards_counted before insert on handed_cards when new.named = 0 and
  exists (select 1 from cards_to_count where seq = new.card)
begin select raise(abort, 'this card was not counted since the ledger was put back from a backup'); end;

create trigger handed_goods_on_hand before insert on handed_goods when
  (select on_hand from goods_list where seq = new.goods) < 1
begin select raise(abort, 'none of these is on hand'); end;

create trigger differences_of_cards before insert on differences when new.card is not null and
  ((select difference from card_list where seq = new.card) + new.units not in (-1, 0)
   or (select voucher from card_list where seq = new.card) is not null)
begin select raise(abort, 'this card was not there to be missing, or not missing to be there again'); end;

create trigger differences_of_goods before insert on differences when new.goods is not null and
  (select on_hand from goods_list where seq = new.goods) + new.units < 0
begin select raise(abort, 'more are missing than there were'); end;
