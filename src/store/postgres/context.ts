/** Dependencies of every operation of the PostgreSQL store. */
import type { DocumentWriter } from '../document-format.ts'
import type { Codecs } from './codecs.ts'
import type { Database, Session } from './database.ts'
import type { JournalStreams } from './journal-streams.ts'
import type { LinkedCounts } from './linked-counts.ts'
import type { WrittenFormat } from './written-format.ts'

/** What every operation of the PostgreSQL store works with. */
export interface PostgresContext extends DocumentWriter {
  readonly database: Database
  /** Hands out the codec for documents of records; `codec` is for those that belong to none. */
  readonly codecs: Codecs
  readonly formats: WrittenFormat
  readonly journal: JournalStreams
  readonly linkedCounts: LinkedCounts
  /** First number of our advisory locks: schemas of one database must not share them. */
  readonly lockClass: number
  /** Listed records that a full run compares at a time. @default 1000000 */
  readonly rangeRows?: number
}

/** The context with a codec for the documents of these records. */
export async function contextOf(
  context: PostgresContext,
  recordIds: Iterable<string>,
  session?: Session,
): Promise<PostgresContext> {
  const codec = await context.codecs.forRecords(recordIds, session)
  if (codec === context.codec) return context
  return {
    ...context,
    codec,
    // It may rise while the operation runs.
    get format() {
      return context.format
    },
  }
}
