/** Queries and interventions of people. */
import type { AdminStore, RecordDetail, RecordInspection, RecordKey } from '../../admin-contract.ts'
import { readAgreed } from '../../documents.ts'
import type { PostgresContext } from '../context.ts'
import { once } from '../member-documents.ts'
import { readRecord, toIntent, toMember, toRecord } from '../read-rows.ts'
import { findRecordId } from '../sql/find-record-id.ts'
import { probeWrites } from '../sql/probe-writes.ts'
import { readIntents } from '../sql/read-intents.ts'
import { readMembers } from '../sql/read-members.ts'
import { readRecords } from '../sql/read-records.ts'
import { readRun, toRun } from '../sql/runs.ts'
import { createPostgresAccess } from './access.ts'
import { acceptAccount } from './accounts.ts'
import { createPostgresAudit } from './audit.ts'
import { findConflict, resolveConflict } from './conflicts.ts'
import { crowdedKeys, findDuplicate, listDuplicates } from './duplicates.ts'
import { retryFailures } from './failures.ts'
import { contract, convertDocuments, readFormatState } from './format.ts'
import { releaseHolds } from './holds.ts'
import { isUuid } from './ids.ts'
import { readJournal } from './journal.ts'
import { listConflicts, listFailures, listHolds, listReviews, listRuns, recordIds } from './lists.ts'
import { mergeRecords } from './merge-records.ts'
import { createPostgresOnce } from './once.ts'
import { pauseWork, resumeWork } from './pause.ts'
import { decideReview } from './reviews.ts'
import { acceptSchemas, listSchemas, saveSchema } from './schemas.ts'
import { findRecords } from './search.ts'
import { createPostgresSessions } from './sessions.ts'
import { createStatusCounter } from './status.ts'
import { keepApart, undoDuplicate } from './undo-duplicate.ts'

/** Maximum number of intents shown with a record, the newest. */
const intentsMax = 100

/** Creates the `AdminStore` of a PostgreSQL store. */
export function createPostgresAdmin(context: PostgresContext): AdminStore {
  const audit = createPostgresAudit(context)
  return {
    ...createPostgresAccess(context),
    ...audit,
    ...createPostgresOnce(context),
    ...createPostgresSessions(context),
    status: createStatusCounter(context),
    documentFormat: () => readFormatState(context),
    contract: (actor) => contract(context, actor),
    convertDocuments: (limit) => convertDocuments(context, limit),
    checkWritable: () => context.database.transaction('probing for room to write', probeWrites),
    pause: (actor, reason) => pauseWork(context, actor, reason),
    resume: (actor) => resumeWork(context, actor),
    runs: (page) => listRuns(context, page),
    run: async (id) => {
      const row = await readRun(context.database.session('reading a run'), id)
      return row === undefined ? undefined : toRun(row)
    },
    record: (key) => readDetail(context, key),
    inspect: (key) => inspect(context, key),
    journal: (query) => readJournal(context, query),
    verifyJournal: async () => {
      const { chain: _chain, ...verified } = await audit.verifyChain('journal', [])
      return verified
    },
    failures: (page) => listFailures(context, page),
    retryFailures: (filter, actor) => retryFailures(context, filter, actor),
    conflicts: (page) => listConflicts(context, page),
    conflict: (id) => findConflict(context, id),
    resolveConflict: (id, choice, actor) => resolveConflict(context, id, choice, actor),
    reviews: (page) => listReviews(context, page),
    decideReview: (recordId, decision, actor) => decideReview(context, recordId, decision, actor),
    duplicates: (page) => listDuplicates(context, page),
    duplicate: (id) => findDuplicate(context, id),
    crowdedKeys: (limit) => crowdedKeys(context, limit),
    mergeRecords: (request, actor) => mergeRecords(context, request, actor),
    keepApart: (recordId, otherId, actor) => keepApart(context, recordId, otherId, actor),
    undoDuplicate: (id, actor) => undoDuplicate(context, id, actor),
    holds: (page) => listHolds(context, page),
    releaseHolds: (filter, decision, actor) => releaseHolds(context, filter, decision, actor),
    schemas: () => listSchemas(context),
    saveSchema: (seen) => saveSchema(context, seen),
    acceptSchemas: (filter, actor) => acceptSchemas(context, filter, actor),
    acceptAccount: (system, actor) => acceptAccount(context, system, actor),
    findRecords: (search) => findRecords(context, search),
    recordIds: (entity, page) => recordIds(context, entity, page),
  }
}

async function readDetail(context: PostgresContext, key: RecordKey): Promise<RecordDetail | undefined> {
  const rows = await readRows(context, key)
  if (rows === undefined) return undefined
  const codec = await context.codecs.forReading([rows.row.id])
  const agreed = once(() => readAgreed(codec, rows.row.id, rows.row.fields))
  return {
    record: toRecord(codec, rows.row, agreed),
    members: rows.members.map((member) => toMember(codec, member, agreed)),
    intents: rows.intents.map((intent) => toIntent(codec, intent)),
  }
}

async function inspect(context: PostgresContext, key: RecordKey): Promise<RecordInspection | undefined> {
  const rows = await readRows(context, key)
  if (rows === undefined) return undefined
  const codec = await context.codecs.forReading([rows.row.id])
  const { record, ...rest } = readRecord(codec, rows.row, rows.members, rows.intents)
  return { record: record ?? toRecord(codec, { ...rows.row, fields: null }), ...rest }
}

async function readRows(context: PostgresContext, key: RecordKey) {
  const session = context.database.session('reading a record')
  const id =
    'recordId' in key ? key.recordId : await findRecordId(session, key.system, key.entity, key.nativeId)
  if (id === undefined || !isUuid(id)) return undefined
  let [row] = await readRecords(session, [id])
  for (;;) {
    if (row === undefined) return undefined
    const members = await readMembers(session, [id])
    const intents = await readIntents(session, id, intentsMax)
    // Members' documents depend on the agreed values: rows from before and after a commit don't belong together.
    const [again] = await readRecords(session, [id])
    if (again !== undefined && isSameDocument(row.fields, again.fields)) return { row, members, intents }
    row = again
  }
}

function isSameDocument(one: Uint8Array | null, other: Uint8Array | null): boolean {
  return one === null || other === null ? one === other : Buffer.compare(one, other) === 0
}
