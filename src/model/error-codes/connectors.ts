/** Connectors. */
import type { ErrorCodeRow } from './row.ts'

/** Codes of connectors and their systems. */
export const connectorsCodes = {
  CONNECTOR_ACCESS_DENIED: {
    summary: 'The system reports that the credential lacks a permission.',
    fix: 'Grant the permission named in the message, or use another credential.',
    retry: 'never',
  },
  CONNECTOR_RESPONSE_ERRORS: {
    summary: 'A GraphQL API responded with errors instead of a result.',
    fix: 'Read the error codes in the message. Correct the manifest if they concern the query, and the record or the mapping if they concern the data.',
    retry: 'backoff',
  },
  CONNECTOR_RESPONSE_UNUSABLE: {
    summary: 'A response lacks a property that the manifest declares.',
    fix: 'Compare the path named in the message with an actual response of the API.',
    retry: 'backoff',
  },
  CONNECTOR_BASE_MISSING: {
    summary: 'A system that replaces whole records was to be written without the record as last read.',
    fix: 'No action needed: the record is read first, then the write is re-evaluated.',
    retry: 'backoff',
  },
  CONNECTOR_COLUMN_UNKNOWN: {
    summary:
      'A mapping writes to, or searches by, a column that the table does not have or that the definition excludes.',
    fix: 'Correct the mapping, or add the column to `columns` of the table.',
    retry: 'never',
  },
  CONNECTOR_CONFIG_INVALID: {
    summary: 'The configuration or the manifest of a connector is invalid.',
    fix: 'Correct the key named in the message.',
    retry: 'never',
  },
  CONNECTOR_DESCRIPTION_UNUSABLE: {
    summary: 'A description of an API (OpenAPI, $metadata, schema) cannot be used.',
    fix: 'Correct what the message names, or define the system by hand; the guides show how.',
    retry: 'never',
  },
  CONNECTOR_FEED_UNUSABLE: {
    summary: 'A change feed cannot be followed without losing changes.',
    fix: "Correct the feed's query in the manifest: it must sort oldest first and be able to page past records with equal timestamps.",
    retry: 'backoff',
  },
  CONNECTOR_MANIFEST_MISSING: {
    summary: 'A manifest file does not exist or cannot be read.',
    fix: 'Correct the path. It is relative to the definition.',
    retry: 'never',
  },
  CONNECTOR_OTHER_RECORD: {
    summary: 'A response describes a different record from the one requested.',
    fix: 'If the record was merged into the other one, declare how the system reports merges (redirects, mergedIds). Otherwise look for a cache or proxy that mixes up responses.',
    retry: 'backoff',
  },
  CONNECTOR_PROBE_FAILED: {
    summary: 'A probe found that a connector does not behave as it declares.',
    fix: "Correct the declaration (capabilities, manifest) or the connector. The engine's guarantees depend on it.",
    retry: 'never',
  },
  CONNECTOR_PROBE_SKIPPED: {
    summary: 'A probe could not be run.',
    fix: 'No action needed. The message says what was missing.',
    retry: 'never',
  },
  CONNECTOR_RECORD_LOCKED: {
    summary: 'Another user holds a lock on the record; nothing was changed.',
    fix: 'No action needed: the write is retried. If the lock stays, find out in the system who has the record open.',
    retry: 'backoff',
  },
  CONNECTOR_REPORTED_ERROR: {
    summary: 'A system responded to a write with a success status, but reported an error in the body.',
    fix: "Read the system's own message and correct the record, the mapping or a permission. If it is not an error, declare in the manifest how errors are reported (errors.reported).",
    retry: 'backoff',
  },
  CONNECTOR_RESOURCE_UNKNOWN: {
    summary: 'A resource is not declared in the manifest of its system.',
    fix: 'Use a name from the manifest, or add the resource to it.',
    retry: 'never',
  },
  CONNECTOR_TABLE_MISSING: {
    summary:
      'A table or column of the definition does not exist in the database, or the role cannot access it.',
    fix: 'Create it, grant access to it, or correct the definition.',
    retry: 'backoff',
  },
  CONNECTOR_UNKNOWN: {
    summary: 'There is no connector of that name.',
    fix: 'Use one of the names in the message.',
    retry: 'never',
  },
  CONNECTOR_VALUE_UNUSABLE: {
    summary: 'A value cannot be expressed in the format that the system requires; nothing was sent.',
    fix: 'Correct the mapping of the field named in the message, or its type.',
    retry: 'never',
  },
  FILE_BUSY: {
    summary: 'Too many writes are waiting for the same file.',
    fix: 'No action needed: they are retried.',
    retry: 'backoff',
  },
  FILE_COLUMN_UNKNOWN: {
    summary: 'A mapping writes a column that the file does not have.',
    fix: 'Correct the mapping, or name the columns in the definition.',
    retry: 'never',
  },
  FILE_DAMAGED: {
    summary: 'A file has rows that cannot be parsed, so its records are not completely known.',
    fix: 'Correct the rows at the file and line in the message, or export the file again.',
    retry: 'backoff',
  },
  FILE_FAILED: {
    summary: 'A file cannot be read or written.',
    fix: 'See the reason in the message: a missing permission, a full disk, an unmounted drive.',
    retry: 'backoff',
  },
  FILE_FOLDER_FULL: {
    summary: 'A folder holds more files than are scanned.',
    fix: 'Move old files elsewhere, or configure an archive folder.',
    retry: 'backoff',
  },
  FILE_FOLDER_MISSING: {
    summary: 'The folder of a system does not exist.',
    fix: 'Create or mount it, or correct the definition.',
    retry: 'backoff',
  },
  FILE_KEY_CHANGED: {
    summary: 'A change would alter the key of a row.',
    fix: 'Take the key columns out of the mapping, or make them read-only.',
    retry: 'never',
  },
  FILE_KEY_MISSING: {
    summary: 'A row cannot be written without the columns that identify it.',
    fix: 'Map the key columns, or choose another identity for creates.',
    retry: 'never',
  },
  FILE_LOCKED: {
    summary: 'Another process holds the lock of a file.',
    fix: 'No action needed: the write is retried. A lock that is not refreshed for a minute is removed.',
    retry: 'backoff',
  },
  FILE_NOT_READY: {
    summary: 'An export does not exist yet, or is still being written.',
    fix: 'No action needed if the export is about to be written. Otherwise correct the file name or the readiness check (`ready`).',
    retry: 'backoff',
  },
  FILE_OUTSIDE: {
    summary: 'A file name or link points outside the folder of its system.',
    fix: 'Correct the name, or replace the link with a folder.',
    retry: 'never',
  },
  FILE_TOO_LATE: {
    summary: 'A write was not carried out because its start deadline had passed.',
    fix: 'No action needed: it is re-evaluated on the next pass.',
    retry: 'backoff',
  },
  FILE_TOO_MANY_RECORDS: {
    summary: 'A file holds more records than the definition allows.',
    fix: 'Raise recordsMax if that is expected.',
    retry: 'never',
  },
  FILE_UNWRITABLE: {
    summary: 'A value cannot be expressed in the format or encoding of a file.',
    fix: 'Choose another encoding or quote character, or correct the value.',
    retry: 'never',
  },
  POSTGRES_CONTENTION: {
    summary: 'A write conflicted with another transaction of the database and was rolled back.',
    fix: 'No action needed: it is retried.',
    retry: 'backoff',
  },
  POSTGRES_KEY_CHANGED: {
    summary: 'A change would alter the key of a row.',
    fix: 'Take the key columns out of the mapping, or make them read-only.',
    retry: 'never',
  },
  POSTGRES_KEY_MISSING: {
    summary: 'A row cannot be inserted without the columns that identify it.',
    fix: 'Map the key columns, or choose another identity for creates of the table.',
    retry: 'never',
  },
  POSTGRES_LIST_BROKEN: {
    summary: 'Listing a table was interrupted.',
    fix: 'No action needed if the database is back. Otherwise see the reason in the message.',
    retry: 'backoff',
  },
  POSTGRES_REFUSED: {
    summary:
      'The database rejected a statement for a reason other than its values: a missing permission, column or index.',
    fix: 'Correct what the message names; the write is retried.',
    retry: 'backoff',
  },
  POSTGRES_REJECTED: {
    summary: 'The database rejected the values of a write.',
    fix: 'Correct the value or the mapping of the columns named.',
    retry: 'never',
  },
  POSTGRES_ROW_DELETED: {
    summary: 'A row with the same key exists, but is marked as deleted.',
    fix: 'Restore or delete the row in the database.',
    retry: 'never',
  },
  POSTGRES_SUPPRESSED: {
    summary: 'A trigger or row-level security policy silently discarded a write.',
    fix: 'Check which trigger or policy applies to the connecting role.',
    retry: 'never',
  },
  POSTGRES_TIMEOUT: {
    summary: 'The database did not respond in time.',
    fix: 'Look for locks and slow triggers, or raise the time limits of the system.',
    retry: 'backoff',
  },
  POSTGRES_TOO_LATE: {
    summary: 'A write was not sent because its start deadline had passed.',
    fix: 'No action needed: it is re-evaluated on the next pass.',
    retry: 'backoff',
  },
  POSTGRES_UNAVAILABLE: {
    summary: 'The database of a system cannot be reached or accepts no more connections.',
    fix: 'Make sure that it is running and accepts connections from this host.',
    retry: 'backoff',
  },
} as const satisfies Record<string, ErrorCodeRow>
