/**
 * The journal's streams of this process. A transaction borrows one for its lines, so that concurrent batches
 * never wait for each other's hash. A stream whose last commit is unknown is abandoned, since its next line
 * is unknown.
 */
import { randomBytes } from 'node:crypto'
import { isIsthmusError } from '../../model/errors.ts'
import type { JournalEntry } from '../contract.ts'
import type { DocumentWriter } from '../document-format.ts'
import { appendToChain, type JournalHead, newStream } from '../journal-chain.ts'
import type { Session } from './database.ts'
import { insertJournal } from './sql/insert-journal.ts'

/** Appends the lines of one transaction; called at most once in each. */
export type JournalAppend = (session: Session, entries: readonly JournalEntry[], at: number) => Promise<void>

/** Returns what encodes lines about these records, in the transaction that stores them. */
export type WriterFor = (recordIds: readonly string[], session: Session) => Promise<DocumentWriter>

export class JournalStreams {
  readonly #writerFor: WriterFor
  readonly #process = randomBytes(8).toString('hex')
  readonly #free: JournalHead[] = []
  #made = 0

  constructor(writerFor: WriterFor) {
    this.#writerFor = writerFor
  }

  /** `work` contains one transaction, which may be repeated: every attempt continues from the same line. */
  async borrow<T>(work: (append: JournalAppend) => Promise<T>): Promise<T> {
    const head = this.#free.pop() ?? this.#newStream()
    let next = head
    try {
      const result = await work(async (session, entries, at) => {
        const writer = await this.#writerFor(
          entries.flatMap(({ recordId }) => recordId ?? []),
          session,
        )
        const appended = appendToChain(writer, head, entries, at)
        await insertJournal(session, appended.lines)
        next = appended.head
      })
      this.#free.push(next)
      return result
    } catch (problem) {
      const unknown = isIsthmusError(problem) && problem.code === 'STORE_COMMIT_UNKNOWN'
      if (!unknown) this.#free.push(head)
      throw problem
    }
  }

  #newStream(): JournalHead {
    this.#made += 1
    return newStream(`${this.#process}.${this.#made}`)
  }
}
