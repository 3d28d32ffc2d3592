/** Connectors. */
import type { ErrorCodeRow } from './row.ts'

export const connectorsCodes = {
  CONNECTOR_ACCESS_DENIED: {
    summary: 'The system answered that the credential may not do this.',
    fix: 'Give the credential the rights that the message is about, or use another one.',
    retry: 'never',
  },
  CONNECTOR_RESPONSE_ERRORS: {
    summary: 'A GraphQL API responded with errors instead of a result.',
    fix: 'Read the codes in the message. If they are about the query, correct the manifest; if about the data, the record or the mapping.',
    retry: 'backoff',
  },
  CONNECTOR_RESPONSE_UNUSABLE: {
    summary: 'A response of the system lacks what the manifest says it has.',
    fix: 'Compare the path named in the message with the responses of the API.',
    retry: 'backoff',
  },
  CONNECTOR_BASE_MISSING: {
    summary: 'A system that replaces whole records needs the record last read, and there is none.',
    fix: 'Nothing: the record is read first and the write decided anew.',
    retry: 'backoff',
  },
  CONNECTOR_COLUMN_UNKNOWN: {
    summary:
      'A mapping writes to, or searches by, a column that the table does not have or the definition does not let through.',
    fix: 'Correct the mapping, or add the column to columns of the table.',
    retry: 'never',
  },
  CONNECTOR_CONFIG_INVALID: {
    summary: 'The configuration or manifest of a connector is wrong.',
    fix: 'Correct the key named in the message.',
    retry: 'never',
  },
  CONNECTOR_DESCRIPTION_UNUSABLE: {
    summary: 'A description of an API (OpenAPI, $metadata, schema) cannot be used.',
    fix: 'Correct what the message names, or write the system by hand; the guides show how.',
    retry: 'never',
  },
  CONNECTOR_FEED_UNUSABLE: {
    summary: 'A change feed can not be followed without losing changes.',
    fix: 'Correct the query of the feed in the manifest: oldest first, and with a way past records of the same time.',
    retry: 'backoff',
  },
  CONNECTOR_MANIFEST_MISSING: {
    summary: 'A manifest file does not exist or can not be read.',
    fix: 'Correct the path; it is relative to the definition.',
    retry: 'never',
  },
  CONNECTOR_OTHER_RECORD: {
    summary: 'A response is about another record than the call was.',
    fix: 'Look whether the record was merged into the other one: then declare how the system tells merges (redirects, mergedIds). Else look for a cache or proxy that mixes answers up.',
    retry: 'backoff',
  },
  CONNECTOR_PROBE_FAILED: {
    summary: 'A probe showed that a connector does not do what it declares.',
    fix: 'Correct the declaration (capabilities, manifest) or the connector; the guarantees of the engine rest on it.',
    retry: 'never',
  },
  CONNECTOR_PROBE_SKIPPED: {
    summary: 'A probe could not be tried.',
    fix: 'Nothing has to be done; the message says what was missing.',
    retry: 'never',
  },
  CONNECTOR_RECORD_LOCKED: {
    summary: 'Somebody else holds a lock on the record; nothing was changed.',
    fix: 'Nothing: it is tried again soon. If it stays, look in the system who has the record open.',
    retry: 'backoff',
  },
  CONNECTOR_REPORTED_ERROR: {
    summary: 'A system answered a write with a success status and reported an error in the response.',
    fix: "Read the system's own words in the message and correct the record, the mapping or a right. If it is no error, declare in the manifest how errors are reported (errors.reported).",
    retry: 'backoff',
  },
  CONNECTOR_RESOURCE_UNKNOWN: {
    summary: 'A resource is not in the manifest of its system.',
    fix: 'Use a name of the manifest, or add the resource to it.',
    retry: 'never',
  },
  CONNECTOR_TABLE_MISSING: {
    summary: 'A table or column of the definition is not in the database, or our role may not see it.',
    fix: 'Create or grant it, or correct the definition.',
    retry: 'backoff',
  },
  CONNECTOR_UNKNOWN: {
    summary: 'There is no connector of that name.',
    fix: 'Use one of the names in the message.',
    retry: 'never',
  },
  CONNECTOR_VALUE_UNUSABLE: {
    summary: 'A value can not be spelt the way the system wants it; nothing was sent.',
    fix: 'Correct the mapping of the field named in the message, or its type.',
    retry: 'never',
  },
  FILE_BUSY: {
    summary: 'More writes wait for their file than are kept.',
    fix: 'Nothing: they are tried again.',
    retry: 'backoff',
  },
  FILE_COLUMN_UNKNOWN: {
    summary: 'A mapping writes a column that the file does not have.',
    fix: 'Correct the mapping, or name the columns in the definition.',
    retry: 'never',
  },
  FILE_DAMAGED: {
    summary: 'A file has rows that can not be read, so not every record is known.',
    fix: 'Correct the rows at the file and line in the message, or have the file written again.',
    retry: 'backoff',
  },
  FILE_FAILED: {
    summary: 'A file can not be read or written.',
    fix: 'See the reason in the message: a missing right, a full disk, a drive that is away.',
    retry: 'backoff',
  },
  FILE_FOLDER_FULL: {
    summary: 'A folder holds more files than are looked at.',
    fix: 'Move old files away, or name an archive folder.',
    retry: 'backoff',
  },
  FILE_FOLDER_MISSING: {
    summary: 'The folder of a system is not there.',
    fix: 'Create or mount it, or correct the definition.',
    retry: 'backoff',
  },
  FILE_KEY_CHANGED: {
    summary: 'A change would give a row another key.',
    fix: 'Take the key columns out of the mapping, or make them read-only.',
    retry: 'never',
  },
  FILE_KEY_MISSING: {
    summary: 'A row can not be written without the columns that identify it.',
    fix: 'Map the key columns, or choose another identity for creates.',
    retry: 'never',
  },
  FILE_LOCKED: {
    summary: 'Somebody else holds the lock of a file.',
    fix: 'Nothing: the write is tried again. A lock that nobody touches for a minute is taken away.',
    retry: 'backoff',
  },
  FILE_NOT_READY: {
    summary: 'An export is not there yet, or still being written.',
    fix: 'Nothing, if the other side is about to write it; else correct the name or the sign of readiness.',
    retry: 'backoff',
  },
  FILE_OUTSIDE: {
    summary: 'A name or a link leads out of the folder of a system.',
    fix: 'Correct the name, or replace the link by a folder.',
    retry: 'never',
  },
  FILE_TOO_LATE: {
    summary: 'A write was not carried out because its start time had passed.',
    fix: 'Nothing: it is decided anew.',
    retry: 'backoff',
  },
  FILE_TOO_MANY_RECORDS: {
    summary: 'A file holds more records than the definition allows.',
    fix: 'Raise recordsMax if that is expected.',
    retry: 'never',
  },
  FILE_UNWRITABLE: {
    summary: 'A value can not be spelt in the format or encoding of a file.',
    fix: 'Choose another encoding or quote character, or correct the value.',
    retry: 'never',
  },
  POSTGRES_CONTENTION: {
    summary: 'A write lost against another transaction of the database and was rolled back.',
    fix: 'Nothing: it is tried again.',
    retry: 'backoff',
  },
  POSTGRES_KEY_CHANGED: {
    summary: 'A change would give a row another key.',
    fix: 'Take the key columns out of the mapping, or make them read-only.',
    retry: 'never',
  },
  POSTGRES_KEY_MISSING: {
    summary: 'A row can not be made without the columns that identify it.',
    fix: 'Map the key columns, or choose another identity for creates of the table.',
    retry: 'never',
  },
  POSTGRES_LIST_BROKEN: {
    summary: 'A listing of a table broke off.',
    fix: 'Nothing, if the database is back; else see the reason in the message.',
    retry: 'backoff',
  },
  POSTGRES_REFUSED: {
    summary:
      'The database refused a statement for a reason that is not in the values: a missing right, column or index.',
    fix: 'Correct what the message names; the write is tried again.',
    retry: 'backoff',
  },
  POSTGRES_REJECTED: {
    summary: 'The database refused the values of a write.',
    fix: 'Correct the value or the mapping of the columns named.',
    retry: 'never',
  },
  POSTGRES_ROW_DELETED: {
    summary: 'A row of the same key is there, but marked as deleted.',
    fix: 'Restore or delete the row in the database.',
    retry: 'never',
  },
  POSTGRES_SUPPRESSED: {
    summary: 'A trigger or row policy of the database took a write without an effect.',
    fix: 'See which trigger or policy applies to the role that we connect with.',
    retry: 'never',
  },
  POSTGRES_TIMEOUT: {
    summary: 'The database did not answer in time.',
    fix: 'Look for locks and slow triggers, or give the system longer time limits.',
    retry: 'backoff',
  },
  POSTGRES_TOO_LATE: {
    summary: 'A write was not sent because its start time had passed.',
    fix: 'Nothing: it is decided anew.',
    retry: 'backoff',
  },
  POSTGRES_UNAVAILABLE: {
    summary: 'The database of a system can not be reached or has no room for us.',
    fix: 'See that it runs and accepts connections from here.',
    retry: 'backoff',
  },
} as const satisfies Record<string, ErrorCodeRow>
