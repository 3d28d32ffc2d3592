/**
 * Whether a worker rests, so that an idle process costs next to nothing.
 *
 * States: *busy* → *resting* (a claim found nothing, nothing is in progress, and what other processes mark is
 * announced) → *busy* (anything else). A resting worker is *alone* while no other worker is alive: it holds
 * no leases itself, so there are none that could expire.
 *
 * Another worker that registers is announced, so *alone* ends with the next claim. It also begins when the
 * other worker has just died: its records have to be released once more after that, which is why every change
 * calls for the reaper.
 */
import type { QueueAtRest } from '../store/contract.ts'

export class WorkerRest {
  #resting = false
  #alone = false

  get isResting(): boolean {
    return this.#resting
  }

  get isAlone(): boolean {
    return this.#alone
  }

  /**
   * Notes the end of a claim; `rest` only if it found nothing and nothing is in progress. A record that is
   * due and could not be claimed is not waited for in rest. Returns true when the reaper has to run.
   */
  note(rest: QueueAtRest | undefined, now: number): boolean {
    const wasAlone = this.#alone
    this.#resting = rest !== undefined && (rest.nextAt === undefined || rest.nextAt > now)
    this.#alone = this.#resting && rest?.alone === true
    return wasAlone !== this.#alone
  }
}
