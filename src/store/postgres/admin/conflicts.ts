/**
 * A person decides a conflict: the chosen value is agreed under a new revision, so that every system gets it.
 */
import type { CanonicalValue } from '../../../model/values.ts'
import type { ConflictRow } from '../../admin-contract.ts'
import { candidateOf } from '../../conflict-candidates.ts'
import { decodeAgreed, encodeAgreed } from '../../documents.ts'
import { decidedConflict, withChosenValue } from '../../interventions.ts'
import { contextOf, type PostgresContext } from '../context.ts'
import type { Session } from '../database.ts'
import type { JournalAppend } from '../journal-streams.ts'
import { detachMembers } from '../member-documents.ts'
import { saveAgreed } from '../sql/intervene.ts'
import { type ConflictColumns, decideConflict, lockConflict, readConflict } from '../sql/list-conflicts.ts'
import { markDirty } from '../sql/mark-dirty.ts'
import { readRecords } from '../sql/read-records.ts'
import { toText } from '../text.ts'
import { isUuid } from './ids.ts'
import { toConflict } from './lists.ts'
import { takeBack, waitForWorkers } from './take-back.ts'

type Choice = { readonly system: string } | { readonly value: CanonicalValue }

/** Implements `AdminStore.conflict`. */
export async function findConflict(context: PostgresContext, id: string): Promise<ConflictRow | undefined> {
  if (!isUuid(id)) return undefined
  const row = await readConflict(context.database.session('reading a conflict'), id)
  return row && toConflict(await context.codecs.forReading([row.record_id]), row)
}

/** Implements `AdminStore.resolveConflict`. */
export async function resolveConflict(
  storeContext: PostgresContext,
  id: string,
  choice: Choice,
  actor: string,
): Promise<'ok' | 'unknown' | 'already-decided'> {
  if (!isUuid(id)) return 'unknown'
  const known = await readConflict(storeContext.database.session('reading a conflict'), id)
  if (known === undefined) return 'unknown'
  await waitForWorkers(storeContext, [known.record_id])
  const context = await contextOf(storeContext, [known.record_id])
  return context.journal.borrow((append) =>
    context.database.transaction('resolving a conflict', async (session) => {
      // The record first, as in every transaction: records are locked before the rows that belong to them.
      const [locked] = await takeBack(session, [known.record_id])
      const conflict = await lockConflict(session, id)
      if (conflict === undefined || locked === undefined) return 'unknown'
      if (conflict.state === 'decided') return 'already-decided'
      return decide(context, session, append, { conflict, choice, actor, now: locked.now })
    }),
  )
}

async function decide(
  context: PostgresContext,
  session: Session,
  append: JournalAppend,
  request: {
    readonly conflict: ConflictColumns
    readonly choice: Choice
    readonly actor: string
    readonly now: number
  },
): Promise<'ok' | 'unknown'> {
  const { conflict, choice, actor, now } = request
  const { id, field, record_id: recordId } = conflict
  const [record] = await readRecords(session, [recordId])
  if (record === undefined) return 'unknown'
  const fields = decodeAgreed(context.codec, recordId, record.fields)
  const { candidates } = toConflict(context.codec, conflict)
  const chosen = 'system' in choice ? candidateOf(candidates, choice.system, fields[field]?.src) : choice
  if (chosen === undefined) return 'unknown'
  const rev = record.rev + 1
  const changed = withChosenValue(fields, field, chosen.value, { rev, now })
  const winner = 'system' in choice ? choice.system : 'person'
  await detachMembers(context, session, recordId)
  await saveAgreed(session, recordId, rev, encodeAgreed(context, recordId, changed))
  await decideConflict(session, id, winner, toText(actor))
  await markDirty(session, [{ recordId, system: '*', cause: 'person:conflict' }])
  const body = decidedConflict(fields, { conflict: id, field, winner, rev, value: chosen.value })
  await append(session, [{ kind: 'person', recordId, actor, body }], now)
  return 'ok'
}
