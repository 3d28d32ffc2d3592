/** A person decides whether a candidate is one of the records it resembles. */

import type { ReviewRow } from '../../admin-contract.ts'
import { decodePlain } from '../../documents.ts'
import { loadAttachState, moveMembers, refuseAttach } from '../attach.ts'
import { contextOf, type PostgresContext } from '../context.ts'
import type { Session } from '../database.ts'
import type { JournalAppend } from '../journal-streams.ts'
import { reviewPlace } from '../review.ts'
import { decideApart } from '../sql/decide-duplicates.ts'
import { endReview, lockReview } from '../sql/list-reviews.ts'
import { markDirty } from '../sql/mark-dirty.ts'
import { readMembers } from '../sql/read-members.ts'
import { isUuid } from './ids.ts'
import { mergeRecords } from './merge-records.ts'
import { takeBack, waitForWorkers } from './take-back.ts'

type ReviewDecision = { readonly same: string } | { readonly apart: true }

/** Implements `AdminStore.decideReview`. */
export async function decideReview(
  context: PostgresContext,
  recordId: string,
  decision: ReviewDecision,
  actor: string,
): Promise<'ok' | 'unknown' | 'refused'> {
  if (!isUuid(recordId)) return 'unknown'
  if ('same' in decision && !isUuid(decision.same)) return 'refused'
  const ids = 'same' in decision ? [recordId, decision.same] : [recordId]
  await waitForWorkers(context, ids)
  const decided = await decide(context, { recordId, decision, ids, actor })
  if (decided !== 'refused' || !('same' in decision)) return decided
  // It already has a counterpart there, or is itself unmatched: one of two native records has to be kept.
  const request = { keep: decision.same, drop: recordId, survivors: {}, others: 'keep' as const }
  return (await mergeRecords(context, request, actor)).kind === 'ok' ? 'ok' : 'refused'
}

async function decide(
  context: PostgresContext,
  request: {
    readonly recordId: string
    readonly decision: ReviewDecision
    readonly ids: readonly string[]
    readonly actor: string
  },
): Promise<'ok' | 'unknown' | 'refused'> {
  const { recordId, decision, ids, actor } = request
  const { codec } = await contextOf(context, [recordId])
  return context.journal.borrow((append) =>
    context.database.transaction('deciding a review', async (session) => {
      const records = await takeBack(session, ids)
      const now = records[0]?.now
      const encoded = await lockReview(session, recordId)
      if (encoded === undefined || now === undefined) return 'unknown'
      if ('same' in decision) {
        return attachByHand(session, append, { candidateId: recordId, targetId: decision.same, actor, now })
      }
      const place = reviewPlace(recordId)
      const candidates = decodePlain<ReviewRow['candidates']>(codec, place, encoded)
      const others = candidates.map((candidate) => candidate.recordId)
      await endReview(session, recordId, others)
      const decided = await decideApart(session, recordId, others, actor)
      await markDirty(
        session,
        [recordId, ...decided].map((id) => ({ recordId: id, system: '*', cause: 'person:match' as const })),
      )
      await append(session, [{ kind: 'person', recordId, actor, body: { apart: others } }], now)
      return 'ok'
    }),
  )
}

async function attachByHand(
  session: Session,
  append: JournalAppend,
  request: {
    readonly candidateId: string
    readonly targetId: string
    readonly actor: string
    readonly now: number
  },
): Promise<'ok' | 'refused'> {
  const { candidateId, targetId, actor, now } = request
  const member = (await readMembers(session, [candidateId])).find(({ rid }) => rid !== null)
  if (member === undefined) return 'refused'
  const { system } = member
  const wish = { candidateId, targetId, system }
  const state = await loadAttachState(session, [wish])
  if (refuseAttach(state, wish) !== undefined) return 'refused'
  await moveMembers(session, state, [wish])
  const body = { attached: candidateId, system }
  await append(session, [{ kind: 'person', recordId: targetId, actor, body }], now)
  return 'ok'
}
