/**
 * The journal's streams of this process. A transaction borrows one for its lines, so that concurrent batches
 * never wait for each other's hash. A stream whose last commit is unknown is abandoned, since its next line
 * is unknown.
 */
import { randomBytes } from 'node:crypto'
import { isIsthmusError } from '../../model/errors.ts'
import type { AuditEntry } from '../audit-contract.ts'
import { auditEntriesOf, chainedAudit } from '../audit-lines.ts'
import type { JournalEntry } from '../contract.ts'
import type { DocumentWriter } from '../document-format.ts'
import { appendToChain, type JournalHead, newStream } from '../journal-chain.ts'
import type { Session } from './database.ts'
import { whenJoinedEnds } from './joined.ts'
import { insertLines } from './sql/insert-journal.ts'

/**
 * Appends the lines of one transaction; called at most once in each. What people did and saw is added to the
 * audit trail as well, and so are `more`.
 */
export type JournalAppend = (
  session: Session,
  entries: readonly JournalEntry[],
  at: number,
  more?: readonly AuditEntry[],
) => Promise<void>

/** Returns what encodes lines about these records, in the transaction that stores them. */
export type WriterFor = (recordIds: readonly string[], session: Session) => Promise<DocumentWriter>

export class JournalStreams {
  readonly #writerFor: WriterFor
  readonly #process = randomBytes(8).toString('hex')
  readonly #free: Heads[] = []
  #made = 0

  constructor(writerFor: WriterFor) {
    this.#writerFor = writerFor
  }

  /** `work` contains one transaction, which may be repeated: every attempt continues from the same line. */
  async borrow<T>(work: (append: JournalAppend) => Promise<T>): Promise<T> {
    const heads = this.#free.pop() ?? this.#newStreams()
    let next = heads
    try {
      const result = await work(async (session, entries, at, more = []) => {
        const writer = await this.#writerFor(
          entries.flatMap(({ recordId }) => recordId ?? []),
          session,
        )
        const journal = appendToChain(writer, heads.journal, entries, at)
        await insertLines(session, 'journal', journal.lines)
        const audited = [...auditEntriesOf(entries), ...more].map(chainedAudit)
        const audit = appendToChain(writer, heads.audit, audited, at, 'audit')
        await insertLines(session, 'audit', audit.lines)
        next = { journal: journal.head, audit: audit.head }
      })
      // Within a larger transaction, the new ends are valid only once that is committed.
      const isPart = whenJoinedEnds((end) => {
        if (end !== 'unknown') this.#free.push(end === 'committed' ? next : heads)
      })
      if (!isPart) this.#free.push(next)
      return result
    } catch (problem) {
      const unknown = isIsthmusError(problem) && problem.code === 'STORE_COMMIT_UNKNOWN'
      if (!unknown) this.#free.push(heads)
      throw problem
    }
  }

  #newStreams(): Heads {
    this.#made += 1
    const stream = `${this.#process}.${this.#made}`
    return { journal: newStream(stream), audit: newStream(stream) }
  }
}

/** The ends of the two streams that one transaction at a time continues. */
interface Heads {
  readonly journal: JournalHead
  readonly audit: JournalHead
}
