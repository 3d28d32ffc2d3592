/** Candidates for review. */
import type { FieldPlace, JournalEntry, Lease } from '../contract.ts'
import { encodePlain } from '../documents.ts'
import { contextOf, type PostgresContext } from './context.ts'
import { lockLeased } from './pass-checks.ts'
import { saveReview } from './sql/save-review.ts'

export interface ReviewRequest {
  readonly lease: Lease
  readonly candidates: readonly {
    readonly recordId: string
    readonly score: number
    readonly why: string
  }[]
  readonly journal: readonly JournalEntry[]
}

export function reviewPlace(recordId: string): FieldPlace {
  return { table: 'review', column: 'candidates', rowId: recordId, recordId }
}

/** Implements `Store.requestReview`. */
export async function requestReview(
  context: PostgresContext,
  request: ReviewRequest,
): Promise<'ok' | 'fenced'> {
  const { lease, candidates, journal } = request
  const { codec } = await contextOf(context, [lease.recordId])
  return context.journal.borrow((append) =>
    context.database.transaction('asking for a review', async (session) => {
      const [held] = await lockLeased(session, [request])
      if (held === undefined) return 'fenced'
      const encoded = encodePlain(codec, reviewPlace(lease.recordId), candidates)
      await saveReview(session, lease.recordId, encoded)
      if (journal.length > 0) await append(session, journal, held.record.now)
      return 'ok'
    }),
  )
}
