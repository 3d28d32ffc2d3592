/** The engine, and systems that change the form of their records. */
import type { ErrorCodeRow } from './row.ts'

/** Codes of passes over records. */
export const engineCodes = {
  CREATE_AMBIGUOUS: {
    summary: 'Several records could be the result of a create that received no response.',
    fix: 'Find out in that system which of them Isthmus created, enter its record id there or delete the others, then retry.',
    retry: 'never',
  },
  CREATE_IN_DOUBT: {
    summary: 'A create may have taken effect, and the system offers no way to find out.',
    fix: 'Check whether the record exists in that system. Delete it there, or enter its id in the other system, then retry.',
    retry: 'never',
  },
  CREATE_TAKEN: {
    summary: 'The native record in the response to a create already belongs to another record.',
    fix: 'Decide whether the two are the same (isthmus matches decide), then retry.',
    retry: 'never',
  },
  DRIFT_FIELD_PAUSED: {
    summary: 'A field is paused in a system whose schema has changed.',
    fix: 'Run `isthmus drift`, correct the mapping if necessary, then run `isthmus drift accept`. Nothing is lost in the meantime.',
    retry: 'never',
  },
  ENGINE_RESPONSE_MISSING: {
    summary: 'The response to a batch call does not cover every record of the batch.',
    fix: 'No immediate action needed: each missing write is treated as one of unknown outcome. Report it to the author of the connector if it keeps happening.',
    retry: 'backoff',
  },
  ENGINE_BUSY: {
    summary: 'Too many calls are already waiting for the same store or system.',
    fix: 'Nothing is lost: the records are processed later. If it continues, lower the concurrency.',
    retry: 'backoff',
  },
  ENGINE_CALL_FAILED: {
    summary: 'A connector threw an exception instead of returning a failed result.',
    fix: 'The call is retried. If it continues, report it to the author of the connector.',
    retry: 'backoff',
  },
  ENGINE_CALL_LATE: {
    summary: 'A system did not respond within its time limit.',
    fix: "The call is retried. Raise the system's `readTimeout` if it is known to be slow.",
    retry: 'backoff',
  },
  ENGINE_CREATED_AFTER_DELETION: {
    summary: 'A create took effect after its record had been deleted, which left an orphaned record.',
    fix: 'Delete the record in that system. To keep it, remove the record id that Isthmus stored in it and retry: it is then treated as a new record.',
    retry: 'never',
  },
  ENGINE_CURSOR_STUCK: {
    summary: 'A change feed made no progress: it returned the same cursor again, or refused to start.',
    fix: 'Full runs still find the changes. Check the feed, or how the connector reads its cursor.',
    retry: 'backoff',
  },
  ENGINE_DUPLICATE: {
    summary: 'A record cannot be created because another one with the same match key already exists.',
    fix: 'Decide whether the two are the same (`isthmus matches decide`), or correct the key in one of them and retry.',
    retry: 'never',
  },
  ENGINE_LIST_INCOMPLETE: {
    summary: 'A list was interrupted, or contained fewer records than the system reports.',
    fix: 'It is retried. The run gives the reason; no conclusion is drawn from records that were not listed.',
    retry: 'backoff',
  },
  ENGINE_NOT_REMOVED: {
    summary: 'A system confirmed the deletion of a record, but still returns it.',
    fix: 'Find out why in that system (a permission, a rule, a recycle bin that reads include). Delete the record there, or retry.',
    retry: 'never',
  },
  ENGINE_NOTHING_TO_POLL: {
    summary: 'A system has neither a change feed nor a list.',
    fix: 'Remove the poll trigger. Use webhooks, or synchronise records by hand.',
    retry: 'never',
  },
  ENGINE_NO_FEED: {
    summary: 'A resource has no change feed although its connector declares one.',
    fix: 'Report it to the author of the connector.',
    retry: 'never',
  },
  ENGINE_NOT_STORED: {
    summary: 'A system reported success for a write twice, but still returns the previous value.',
    fix: 'Check whether the field is writable in that system (permissions, read-only, a rule that resets it), then retry the failure, or map the field as read-only there.',
    retry: 'never',
  },
  ENGINE_PRECONDITION_REFUSED: {
    summary:
      'A system repeatedly refuses a write as out of date although the record has not changed: its tags are weak, or modified in transit.',
    fix: 'Remove `ifMatch` from the version in the manifest, use another version, or configure the server to send strong tags; then retry the failure.',
    retry: 'never',
  },
  ENGINE_RECORD_LOST: {
    summary: 'A record was deleted in a system whose deletions are not propagated.',
    fix: "Retry to create it there again, or add the system to the entity's `delete.from`.",
    retry: 'never',
  },
  ENGINE_RECORD_RESTORED: {
    summary: 'A record that was deleted everywhere exists again in a system, under its old id.',
    fix: 'Retry to synchronise it again, or delete it in that system.',
    retry: 'never',
  },
  ENGINE_REFERENCE_MISSING: {
    summary: 'A field refers to a record that has had no counterpart in the other system for some time.',
    fix: 'Bring the target into scope, create it there, or point the field at another record. The field then resumes automatically.',
    retry: 'never',
  },
  ENGINE_UNSUPPORTED: {
    summary: 'A connector does not support an operation that the definition requires.',
    fix: 'Remove the operation from `operations` of this system, or use a connector that supports it; `isthmus check` reports it.',
    retry: 'never',
  },
  ENGINE_SCHEDULE_FAILED: {
    summary: 'A scheduled job could not be started or finished because the store failed.',
    fix: 'It is retried. Check the database.',
    retry: 'backoff',
  },
  ENGINE_SEARCH_CAPPED: {
    summary: 'A search for a counterpart found more records than it returned.',
    fix: 'Match by fields that fewer records share; until then the next list decides.',
    retry: 'backoff',
  },
  ENGINE_SEARCH_NARROW: {
    summary:
      'A search distinguished texts that the match rule treats as equal, so an empty result is no evidence.',
    fix: 'Match exactly, or let the next list decide; the connector may declare a wider search than its system offers.',
    retry: 'backoff',
  },
  ENGINE_SEARCH_UNFILTERED: {
    summary: 'A search returned records without the searched value: the system ignored the filter.',
    fix: 'Correct the search of the resource in the manifest; until then the next list decides.',
    retry: 'backoff',
  },
  ENGINE_STORED_DIFFERENTLY: {
    summary: 'A system acknowledged a write, but its response contains a different value from the one sent.',
    fix: 'Correct the mapping (type, format or normaliser) or the rule in that system, then retry the failure.',
    retry: 'never',
  },
  ENGINE_SUBSCRIPTION_ENDED: {
    summary: 'The connection over which a system sends its changes ended without an error.',
    fix: 'No action needed: it is opened again, and the feed is read from its last position.',
    retry: 'backoff',
  },
  ENGINE_UNKNOWN_PLACE: {
    summary: 'The definition has no such entity, or the entity does not include the system.',
    fix: 'Check the names. The message lists those that exist.',
    retry: 'never',
  },
  ENGINE_UNKNOWN_RECORD: {
    summary: 'There is no record with this id.',
    fix: 'Find it by its native id: `isthmus record show --system S --id ID`.',
    retry: 'never',
  },
  PASS_CRASHED: {
    summary: 'The process ended during several passes over this record.',
    fix: 'Check the log of the process; the record waits until it is retried with `isthmus failures retry`.',
    retry: 'never',
  },
  RULE_REQUIRE: {
    summary: 'A record does not satisfy a rule of the definition, so it is not written to any system.',
    fix: 'Correct the record in one of the systems, or the rule.',
    retry: 'never',
  },
} as const satisfies Record<string, ErrorCodeRow>
