-- `create_wanted_at` also held two other times: a confirmed deletion of a suspected member, and the return of a deleted one.
alter table member add column gone_confirmed_at bigint, add column reappeared_at bigint;
update member set gone_confirmed_at = create_wanted_at, create_wanted_at = null
where state = 'suspect' and create_wanted_at is not null;
update member set reappeared_at = create_wanted_at, create_wanted_at = null
where state = 'gone' and create_wanted_at is not null;
