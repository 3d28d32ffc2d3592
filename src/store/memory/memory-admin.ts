import type { AdminStore } from '../admin-contract.ts'
import { encodeAgreed } from '../documents.ts'
import { readEntries } from '../journal-chain.ts'
import { createMemoryAccess } from './access.ts'
import { acceptAccount } from './accounts.ts'
import { createMemoryAudit } from './audit.ts'
import { crowdedKeys, findDuplicate, listDuplicates } from './duplicate-lists.ts'
import { contract, convertDocuments, formatState } from './format.ts'
import { pauseWork, resumeWork } from './health.ts'
import { decideReview, releaseHolds, resolveConflict, retryFailures } from './interventions.ts'
import {
  listConflicts,
  listFailures,
  listHolds,
  listReviews,
  listRuns,
  pageOf,
  readConflict,
} from './lists.ts'
import { keepApart, mergeRecords, undoDuplicate } from './merge-records.ts'
import { createMemoryOnce } from './once.ts'
import { readIntent, readMember, readRecord, readRows } from './read-rows.ts'
import { acceptSchemas, listSchemas, saveSchema } from './schemas.ts'
import { findRecords } from './search.ts'
import { createMemorySessions } from './sessions.ts'
import { countStatus } from './status.ts'
import { key, type MemoryContext, membersOf } from './tables.ts'

/** Creates the `AdminStore` of a memory store. */
export function createMemoryAdmin(context: MemoryContext, workerCount: () => number): AdminStore {
  const { tables } = context
  const audit = createMemoryAudit(context)
  return {
    ...createMemoryAccess(context),
    ...audit,
    ...createMemoryOnce(context),
    ...createMemorySessions(context),
    status: async () => countStatus(context, workerCount()),
    documentFormat: async () => formatState(context),
    contract: async (actor) => contract(context, actor),
    convertDocuments: async (limit) => convertDocuments(context, limit),
    checkWritable: async () => {},
    pause: async (actor, reason) => pauseWork(context, actor, reason),
    resume: async (actor) => resumeWork(context, actor),
    runs: async (page) => listRuns(context, page),
    run: async (id) => tables.runs.get(id),
    record: async (query) => {
      const id = 'recordId' in query ? query.recordId : findByNative(context, query)
      const row = id === undefined ? undefined : tables.records.get(id)
      if (row === undefined) return undefined
      return {
        record: readRecord(context, row),
        members: membersOf(tables, row.id).map((member) => readMember(context, member)),
        intents: (tables.recordIntents.get(row.id) ?? []).map((intent) => readIntent(context, intent)),
      }
    },
    inspect: async (query) => {
      const id = 'recordId' in query ? query.recordId : findByNative(context, query)
      const row = id === undefined ? undefined : tables.records.get(id)
      if (row === undefined) return undefined
      const { record, ...rest } = readRows(context, row, tables.recordIntents.get(row.id) ?? [])
      return { record: record ?? readRecord(context, { ...row, fields: noFields(context, row.id) }), ...rest }
    },
    journal: async ({ recordId, afterSeq, limit }) => readJournal(context, recordId, afterSeq, limit),
    verifyJournal: async () => {
      const { chain: _chain, ...verified } = await audit.verifyChain('journal', [])
      return verified
    },
    failures: async (page) => listFailures(context, page),
    retryFailures: async (filter, actor) => retryFailures(context, filter, actor),
    conflicts: async (page) => listConflicts(context, page),
    conflict: async (id) => {
      const row = context.tables.conflicts.get(id)
      return row === undefined ? undefined : readConflict(context, row)
    },
    resolveConflict: async (id, choice, actor) => resolveConflict(context, id, choice, actor),
    reviews: async (page) => listReviews(context, page),
    decideReview: async (id, decision, actor) => decideReview(context, id, decision, actor),
    duplicates: async (page) => listDuplicates(context, page),
    duplicate: async (id) => findDuplicate(context, id),
    crowdedKeys: async (limit) => crowdedKeys(context, limit),
    mergeRecords: async (request, actor) => mergeRecords(context, request, actor),
    keepApart: async (recordId, otherId, actor) => keepApart(context, recordId, otherId, actor),
    undoDuplicate: async (id, actor) => undoDuplicate(context, id, actor),
    holds: async (page) => listHolds(context, page),
    releaseHolds: async (filter, decision, actor) => releaseHolds(context, filter, decision, actor),
    schemas: async () => listSchemas(context),
    saveSchema: async (seen) => saveSchema(context, seen),
    acceptSchemas: async (filter, actor) => acceptSchemas(context, filter, actor),
    acceptAccount: async (system, actor) => acceptAccount(context, system, actor),
    findRecords: async (search) => findRecords(context, search),
    recordIds: async (entity, page) => {
      const active = [...tables.records.values()].filter(
        (row) => row.entity === entity && row.state === 'active',
      )
      return pageOf(
        active,
        (row) => row.id,
        page,
        (row) => row.id,
      )
    },
  }
}

function noFields(context: MemoryContext, recordId: string): Uint8Array {
  return encodeAgreed(context, recordId, {})
}

function findByNative(
  { tables }: MemoryContext,
  query: { readonly system: string; readonly entity?: string; readonly nativeId: string },
): string | undefined {
  if (query.entity !== undefined) return tables.natives.get(key(query.system, query.entity, query.nativeId))
  for (const members of tables.members.values()) {
    const member = members.get(query.system)
    if (member?.nativeId === query.nativeId) return member.recordId
  }
  return undefined
}

/** The newest lines when no starting point is given, otherwise the oldest after it. */
function readJournal(
  { tables, codec }: MemoryContext,
  recordId: string | undefined,
  afterSeq: number | undefined,
  limit: number,
) {
  const matching = tables.journal.filter(
    (line) => (recordId === undefined || line.recordId === recordId) && line.position > (afterSeq ?? 0),
  )
  const entries = matching.flatMap((line) =>
    readEntries(codec, line).map(({ following, ...entry }) => ({
      seq: line.position - following,
      stream: line.stream,
      at: line.at,
      actor: line.actor,
      ...entry,
      ...(line.recordId === undefined ? {} : { recordId: line.recordId }),
    })),
  )
  return afterSeq === undefined
    ? entries.slice(-limit)
    : entries.filter(({ seq }) => seq > afterSeq).slice(0, limit)
}
