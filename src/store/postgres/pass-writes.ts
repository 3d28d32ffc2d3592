/**
 * The writes of a pass, set-based over the batch. All of them run under the records' locks, after all checks.
 */
import type { Cause } from '../../model/cause.ts'
import type { ConflictCandidate } from '../../model/merge/contract.ts'
import { conflictPlace, withMoreCandidates } from '../conflict-candidates.ts'
import type {
  Decision,
  FailureDraft,
  FieldCodec,
  FieldPlace,
  JournalEntry,
  Lease,
  MemberUpdate,
  PassRows,
  Settlement,
} from '../contract.ts'
import { decodePlain, encodePlain, encodeSeldomRead, shadowMac, valueMac } from '../documents.ts'
import type { PostgresContext } from './context.ts'
import type { Session } from './database.ts'
import { applyMarks } from './intake.ts'
import type { JournalAppend } from './journal-streams.ts'
import { type Bases, passDocuments } from './member-documents.ts'
import type { Held } from './pass-checks.ts'
import { intentPlace } from './read-rows.ts'
import { closeFailures } from './sql/close-failures.ts'
import { closeHolds } from './sql/close-holds.ts'
import { deleteRecords } from './sql/delete-records.ts'
import { insertDependencies } from './sql/insert-dependencies.ts'
import { insertIntents } from './sql/insert-intents.ts'
import { type DirtyMark, markDirty } from './sql/mark-dirty.ts'
import { openHolds } from './sql/open-holds.ts'
import { releaseDependencies } from './sql/release-dependencies.ts'
import { resolveIntents } from './sql/resolve-intents.ts'
import { readConflicts, saveConflicts } from './sql/save-conflicts.ts'
import { deleteReviews } from './sql/save-review.ts'
import { shareTargets } from './sql/share-targets.ts'
import { type MemberChange, updateMembers } from './sql/update-members.ts'
import { updateRecords } from './sql/update-records.ts'
import { type StoredFailure, upsertFailures } from './sql/upsert-failures.ts'
import { clearValueWaits, releaseValueWaits, saveValueWaits } from './sql/value-waits.ts'

/** What a pass marks is due because of its record. */
const cause: Cause = 'record'

type Updates = PassRows &
  Pick<Decision, 'lease' | 'record' | 'members' | 'resolved' | 'intents'> & {
    readonly finish?: Settlement['finish']
  }

export interface PassWrite<Item extends Updates> {
  readonly held: readonly Held<Item>[]
  readonly bases: Bases
  readonly absorbed: readonly { readonly item: Item; readonly holderId: string; readonly system: string }[]
}

/**
 * Statements that don't depend on each other's results are submitted together and executed in the order in
 * which they appear here.
 */
export async function writePass<Item extends Updates>(
  context: PostgresContext,
  session: Session,
  append: JournalAppend,
  { held, bases, absorbed }: PassWrite<Item>,
): Promise<void> {
  if (held.length === 0) return
  const items = held.map(({ item }) => item)
  const documents: Documents<Item> = new Map(
    items.map((item) => [
      item,
      passDocuments(context, { ...item, members: mergeUpdates(item.members ?? []) }, bases),
    ]),
  )
  await Promise.all([
    resolveIntents(
      session,
      items.flatMap(({ lease, resolved }) => withRecord(lease, resolved)),
    ),
    // Frees native ids that the members take over.
    deleteRecords(
      session,
      absorbed.map(({ holderId }) => holderId),
    ),
    updateMembers(session, memberChanges(context, held, documents)),
    updateRecords(session, recordChanges(held, documents)),
    insertIntents(session, intentRows(context, items)),
    // The review of a candidate that has become a record is obsolete.
    deleteReviews(
      session,
      held
        .filter(({ item, record }) => record.state === 'review' && item.record?.state)
        .map(({ record }) => record.id),
    ),
    appendEntries(session, append, held),
    writeSideRows(context, session, held),
  ])
  const marks = items.flatMap((item) => (item.marks ?? []).map((mark) => ({ ...mark, cause })))
  if (marks.length > 0) await applyMarks(session, marks)
  const own = absorbed.map(({ item, system }) => ({ recordId: item.lease.recordId, system, cause }))
  const released = await writeValueWaits(context, session, items)
  await markDirty(session, [...own, ...released, ...(await releaseWaiting(session, held))])
}

/**
 * Ends the waits for values that these records gave up, and notes what they wait for themselves. Returns the
 * records that are due.
 */
async function writeValueWaits(
  { codec }: PostgresContext,
  session: Session,
  items: readonly Updates[],
): Promise<readonly DirtyMark[]> {
  const given = items.flatMap(({ releasedValues }) => releasedValues ?? [])
  const [released] = await Promise.all([
    releaseValueWaits(
      session,
      given.map(({ value, ...place }) => valueMac(codec, place, value)),
    ),
    saveValueWaits(
      session,
      items
        .flatMap(({ valueWaits }) => valueWaits ?? [])
        .map(({ recordId, wanted, holds, ...place }) => ({
          ...place,
          recordId,
          wanted: valueMac(codec, place, wanted),
          holds: holds === undefined ? undefined : valueMac(codec, place, holds),
        })),
    ),
  ])
  return released
}

function intentRows(context: PostgresContext, items: readonly Updates[]) {
  return items
    .flatMap(({ intents }) => intents ?? [])
    .map((intent) => {
      const { revs, request } = intent
      const place = intentPlace(intent.id, intent.recordId)
      return { intent, document: encodeSeldomRead(context, place, { revs, request }) }
    })
}

async function appendEntries<Item extends Updates>(
  session: Session,
  append: JournalAppend,
  held: readonly Held<Item>[],
): Promise<void> {
  const entries: readonly JournalEntry[] = held.flatMap(({ item }) => item.journal ?? [])
  const now = held[0]?.record.now
  if (entries.length > 0 && now !== undefined) await append(session, entries, now)
}

function memberChanges<Item extends Updates>(
  { codec }: PostgresContext,
  held: readonly Held<Item>[],
  documents: Documents<Item>,
): readonly MemberChange[] {
  return held.flatMap(({ item, record }) => {
    const written = documents.get(item)?.members ?? []
    const updates = mergeUpdates(item.members ?? [])
    const given = new Set(updates.map(({ system }) => system))
    const others = written.filter(({ system }) => !given.has(system))
    return [...updates, ...others.map(({ system }): MemberUpdate => ({ system }))].map(
      (update): MemberChange => ({
        recordId: record.id,
        entity: record.entity,
        update,
        fields: written.find(({ system }) => system === update.system)?.fields,
        shadowMac: update.fields === undefined ? undefined : shadowMac(codec, update.fields),
      }),
    )
  })
}

type Documents<Item> = ReadonlyMap<Item, ReturnType<typeof passDocuments>>

/** A statement can update a row only once: later values of the same member win key by key. */
function mergeUpdates(updates: readonly MemberUpdate[]): readonly MemberUpdate[] {
  const merged = new Map<string, MemberUpdate>()
  for (const update of updates) merged.set(update.system, { ...merged.get(update.system), ...update })
  return [...merged.values()]
}

function recordChanges<Item extends Updates>(held: readonly Held<Item>[], documents: Documents<Item>) {
  return held.flatMap(({ item, record }) => {
    const finish = item.finish ?? { kind: 'keep' as const }
    if (item.record === undefined && finish.kind === 'keep') return []
    const { fields: _encoded, ...update } = item.record ?? {}
    return [{ id: record.id, update, fields: documents.get(item)?.agreed, finish }]
  })
}

/** Adds the drafted candidates to an open conflict with the same id. */
async function writeConflicts<Item extends Updates>(
  codec: PostgresContext['codec'],
  session: Session,
  held: readonly Held<Item>[],
): Promise<void> {
  const drafts = held.flatMap(({ item, record }) =>
    (item.conflicts ?? []).map((draft) => ({ ...draft, recordId: record.id, entity: record.entity })),
  )
  if (drafts.length === 0) return
  const rows = new Map<string, (typeof drafts)[number]>()
  for (const { id, candidates } of await readConflicts(
    session,
    drafts.map((draft) => draft.id),
  )) {
    const draft = drafts.find((other) => other.id === id)
    if (draft === undefined) continue
    const place = conflictPlace(id, draft.recordId)
    const known = decodePlain<readonly ConflictCandidate[]>(codec, place, candidates)
    rows.set(id, { ...draft, candidates: known })
  }
  for (const draft of drafts) {
    const known = rows.get(draft.id)?.candidates ?? []
    rows.set(draft.id, { ...draft, candidates: withMoreCandidates(known, draft.candidates) })
  }
  await saveConflicts(
    session,
    [...rows.values()].map(({ candidates, winner, ...row }) => ({
      ...row,
      winner,
      candidates: encodePlain(codec, conflictPlace(row.id, row.recordId), candidates),
    })),
  )
}

async function writeSideRows<Item extends Updates>(
  { codec }: PostgresContext,
  session: Session,
  held: readonly Held<Item>[],
): Promise<void> {
  const items = held.map(({ item }) => item)
  await Promise.all([
    writeConflicts(codec, session, held),
    openHolds(
      session,
      items.flatMap(({ holds }) => holds ?? []),
    ),
    closeHolds(
      session,
      items.flatMap(({ clearedHolds }) => clearedHolds ?? []),
    ),
    upsertFailures(
      session,
      items.flatMap(({ failures }) => failures ?? []).map((failure) => storedFailure(codec, failure)),
    ),
    closeFailures(
      session,
      items.flatMap(({ clearedFailures }) => clearedFailures ?? []),
    ),
    insertDependencies(
      session,
      items.flatMap(({ dependencies }) => dependencies ?? []),
    ),
    clearValueWaits(
      session,
      items.flatMap(({ clearedValueWaits }) => clearedValueWaits ?? []),
    ),
  ])
}

function storedFailure(codec: FieldCodec, failure: FailureDraft): StoredFailure {
  if (!codec.isSealed) return { ...failure, messageDocument: undefined }
  const place = failureMessagePlace(failure.recordId, failure.system)
  return { ...failure, messageDocument: encodePlain(codec, place, failure.message) }
}

/** Where the message of a failure is stored. */
export function failureMessagePlace(recordId: string, system: string): FieldPlace {
  return { table: 'failure', column: 'message_document', rowId: `${recordId}/${system}`, recordId }
}

/** Releases records that wait for one of these, and those of these whose wait has already ended. */
async function releaseWaiting<Item extends Updates>(
  session: Session,
  held: readonly Held<Item>[],
): Promise<readonly DirtyMark[]> {
  const waiting = held.filter(({ item }) => (item.dependencies ?? []).length > 0)
  const targets = held.filter(({ item, record }) => {
    const linked = (item.members ?? []).some(({ nativeId }) => nativeId !== undefined && nativeId !== null)
    const state = item.record?.state
    return linked || ((state === 'active' || state === 'ignored') && record.state !== state)
  })
  const ids = (rows: readonly Held<Item>[]) => rows.map(({ record }) => record.id)
  if (waiting.length > 0) await shareTargets(session, ids(waiting))
  return releaseDependencies(session, { waiting: ids(waiting), targets: ids(targets) })
}

function withRecord<Update>(lease: Lease, updates: readonly Update[] | undefined) {
  return (updates ?? []).map((update) => ({ ...update, recordId: lease.recordId }))
}
