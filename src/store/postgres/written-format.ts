/**
 * The format in which this process writes documents. Another process may raise it at any time: it is noticed at a
 * claim, and until then the older one is written, which every package reads.
 */
import { type DocumentFormat, newestFormat } from '../document-format.ts'

const known: readonly DocumentFormat[] = [1, 2, 3]

export class WrittenFormat {
  #current: DocumentFormat = 1

  get current(): DocumentFormat {
    return this.#current
  }

  /** Takes over what the database says. It never falls. */
  note(stored: number): void {
    const format = known.find((one) => one === Math.min(stored, newestFormat))
    if (format !== undefined && format > this.#current) this.#current = format
  }
}
