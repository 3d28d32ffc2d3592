/**
 * Caches answers for a while, evicting the least recently used first; concurrent identical requests share one
 * call.
 */
import type { LookupResult } from '../kit/contract.ts'

/** Limits of a cache. */
export interface ResponseCacheOptions {
  readonly max: number
  readonly lifeMs: number
  readonly now: () => number
}

/** Answers and "nothing" are cached; refusals and failures never are. */
export class ResponseCache {
  readonly #options: ResponseCacheOptions
  readonly #kept = new Map<string, { readonly until: number; readonly result: LookupResult }>()
  readonly #underWay = new Map<string, Promise<LookupResult>>()

  constructor(options: ResponseCacheOptions) {
    this.#options = options
  }

  /** Returns the cached answer, that of a call in progress, or a new one. */
  async response(question: string, ask: () => Promise<LookupResult>): Promise<LookupResult> {
    const kept = this.#kept.get(question)
    if (kept !== undefined && kept.until > this.#options.now()) {
      this.#kept.delete(question)
      this.#kept.set(question, kept)
      return kept.result
    }
    const underWay = this.#underWay.get(question)
    if (underWay !== undefined) return underWay
    const asked = ask().finally(() => this.#underWay.delete(question))
    this.#underWay.set(question, asked)
    const result = await asked
    if (result.kind === 'found' || result.kind === 'nothing') this.#keep(question, result)
    return result
  }

  #keep(question: string, result: LookupResult): void {
    const { max, lifeMs, now } = this.#options
    this.#kept.delete(question)
    this.#kept.set(question, { until: now() + lifeMs, result })
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= max) return
      this.#kept.delete(oldest)
    }
  }
}
