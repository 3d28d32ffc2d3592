/** The engine, and systems that change the form of their records. */
import type { ErrorCodeRow } from './row.ts'

export const engineCodes = {
  DRIFT_FIELD_PAUSED: {
    summary: 'A field is left alone in a system that has changed its form.',
    fix: 'See isthmus drift; correct the mapping if it needs it, then isthmus drift accept. Nothing is lost meanwhile.',
    retry: 'never',
  },
  ENGINE_RESPONSE_MISSING: {
    summary: 'A call for several records was answered, but not for each of them.',
    fix: 'Nothing at once: each of the writes is looked after like any other without a response. Tell the author of the connector if it repeats.',
    retry: 'backoff',
  },
  ENGINE_BUSY: {
    summary: 'Too many calls wait for the same store or system already.',
    fix: 'Nothing is lost, the records come again. Lower the number in flight if it goes on.',
    retry: 'backoff',
  },
  ENGINE_CALL_FAILED: {
    summary: 'A connector failed in a way that it should have told as a result.',
    fix: 'The call is tried again. If it goes on, report it against the connector.',
    retry: 'backoff',
  },
  ENGINE_CALL_LATE: {
    summary: 'A system did not answer within its time limit.',
    fix: "The call is tried again. Raise the system's read time limit if it is known to be slow.",
    retry: 'backoff',
  },
  ENGINE_CREATED_AFTER_DELETION: {
    summary: 'A create of ours took effect after its record had been deleted, so that a record is left over.',
    fix: 'Delete the record in that system; or, to keep it, remove our record id from it and retry: it is taken in as a new one.',
    retry: 'never',
  },
  ENGINE_CURSOR_STUCK: {
    summary: 'A feed of changes did not move on: it gave the same cursor again, or refused to start.',
    fix: 'Full runs still find what changed. Check the feed, or the mapping of its cursor in the connector.',
    retry: 'backoff',
  },
  ENGINE_DUPLICATE: {
    summary: "A record can't be created because another one with the same match key is there already.",
    fix: 'Decide whether the two are one thing (`isthmus matches decide`), correct the key in one of them, then retry.',
    retry: 'never',
  },
  ENGINE_LIST_INCOMPLETE: {
    summary: 'A list broke off, or held less than the system says it has.',
    fix: 'It is tried again. The run says why; nothing is concluded from what was not listed.',
    retry: 'backoff',
  },
  ENGINE_NOT_REMOVED: {
    summary: 'A system answered that it deleted a record, and still shows it.',
    fix: 'Look in that system why (a right, a rule, a trash that reads show); delete it there, or retry.',
    retry: 'never',
  },
  ENGINE_NOTHING_TO_POLL: {
    summary: 'A system has neither a feed of changes nor a list.',
    fix: 'Remove the poll trigger; use webhooks, or sync by hand.',
    retry: 'never',
  },
  ENGINE_NO_FEED: {
    summary: 'A resource has no feed of changes although its connector declares one.',
    fix: 'Report it against the connector.',
    retry: 'never',
  },
  ENGINE_NOT_STORED: {
    summary: 'A system answered a write with success twice, and still shows the value from before.',
    fix: 'See whether the field may be written in that system (rights, read-only, a rule that resets it), then retry the failure, or map the field as read-only there.',
    retry: 'never',
  },
  ENGINE_RECORD_LOST: {
    summary: "A record is gone in a system whose deletions don't count.",
    fix: "Retry to create it there again, or add the system to the entity's `delete.from`.",
    retry: 'never',
  },
  ENGINE_RECORD_RESTORED: {
    summary: 'A record whose deletion was carried out is there again in a system, under its old id.',
    fix: 'Retry to take it in, or delete it in that system.',
    retry: 'never',
  },
  ENGINE_REFERENCE_MISSING: {
    summary:
      'A field refers to a record that has no counterpart in the other system, and none came for a while.',
    fix: 'Bring the target into scope or create it there, or point the field at another record; the field goes on by itself then.',
    retry: 'never',
  },
  ENGINE_SCHEDULE_FAILED: {
    summary: 'A scheduled job could not be started or finished because the store failed.',
    fix: 'It is tried again. Check the database.',
    retry: 'backoff',
  },
  ENGINE_STORED_DIFFERENTLY: {
    summary: 'A system acknowledged a write, but its response shows another value than was sent.',
    fix: 'Correct the mapping (its type, spelling or normaliser) or the rule in that system, then retry the failure.',
    retry: 'never',
  },
  ENGINE_UNKNOWN_PLACE: {
    summary: 'The definition has no such entity, or the system takes no part in it.',
    fix: 'Check the names; the message lists those that exist.',
    retry: 'never',
  },
  ENGINE_UNKNOWN_RECORD: {
    summary: 'There is no record with this id.',
    fix: 'Search it by its native id: `isthmus record show --system S --id ID`.',
    retry: 'never',
  },
} as const satisfies Record<string, ErrorCodeRow>
