/** Dependencies of every operation of the PostgreSQL store. */
import type { DocumentWriter } from '../document-format.ts'
import type { Database } from './database.ts'
import type { JournalStreams } from './journal-streams.ts'
import type { LinkedCounts } from './linked-counts.ts'
import type { WrittenFormat } from './written-format.ts'

/** What every operation of the PostgreSQL store works with. */
export interface PostgresContext extends DocumentWriter {
  readonly database: Database
  readonly formats: WrittenFormat
  readonly journal: JournalStreams
  readonly linkedCounts: LinkedCounts
  /** First number of our advisory locks: schemas of one database must not share them. */
  readonly lockClass: number
  /** Listed records that a full run compares at a time. @default 1000000 */
  readonly rangeRows?: number
}
