-- Why the list of a run proves no absence: a code with what belongs to it, in place of a sentence.
alter table run
  add column reason_code text,
  add column reason_details text,
  -- The records that the list did not hold are read by id.
  add column missing_observed boolean not null default false;

update run set missing_observed = true, reason = regexp_replace(reason, '; what it did not hold is read by id$', '')
where reason like '%; what it did not hold is read by id';

update run set
  reason_code = case
    when reason = 'stopped' then 'stopped'
    when reason = 'another account answers than the one this store was filled from' then 'other-account'
    when reason = 'nothing was listed although records are known there' then 'nothing-listed'
    when reason = 'the list broke off: the same page came twice' then 'page-repeated'
    when reason ~ '^the list broke off: no page came within [0-9]+ ms$' then 'page-late'
    when reason like 'the list broke off: %' then 'list-failed'
    when reason = 'offset paging skips records when others are deleted' then 'offset-paging'
    when reason = 'the database lost the listed records' then 'rows-lost'
    when reason ~ '^only [0-9]+ of [0-9]+ records were listed$' then 'records-left-out'
    else 'list-incomplete'
  end
where reason is not null;

update run set
  reason_details = case reason_code
    when 'page-late' then json_build_object('limitMs', substring(reason from '([0-9]+) ms$')::bigint)
    when 'list-failed' then json_strip_nulls(json_build_object(
      'message', regexp_replace(substr(reason, length('the list broke off: ') + 1), '^[A-Z][A-Z0-9_]+: ', ''),
      'cause', substring(reason from '^the list broke off: ([A-Z][A-Z0-9_]+): ')
    ))
    when 'records-left-out' then json_build_object(
      'seen', substring(reason from '^only ([0-9]+)')::bigint, 'expected', substring(reason from 'of ([0-9]+)')::bigint
    )
    else json_build_object('message', reason)
  end::text
where reason_code in ('page-late', 'list-failed', 'records-left-out')
  or reason_code = 'list-incomplete' and reason <> 'the system did not report that the list is complete';

alter table run drop column reason;

-- The code of the failure that ended a list, which people were told inside the message only.
alter table place_health add column failed_cause text;
update place_health set failed_cause = substring(failed_message from '^the list broke off: ([A-Z][A-Z0-9_]+): ')
where failed_message like 'the list broke off: %';
