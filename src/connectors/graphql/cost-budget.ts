/**
 * Points instead of requests: an API that counts the cost of queries reports with each response how many
 * points are left and how fast they are restored. A request waits until the last known cost of its document
 * is available, so that throttling is the exception.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { NetworkError, RateLimitedError } from '../../http/errors.ts'
import type { SystemUsage } from '../kit/description.ts'
import { textAt } from '../kit/native.ts'
import type { Manifest } from './manifests/manifest.ts'

/** Times are monotonic milliseconds. */
interface Reported {
  readonly maximum: number
  readonly available: number
  /** Points per millisecond. */
  readonly rate: number
  readonly at: number
  /** Epoch ms. */
  readonly reportedAt: number
}

/** One request that needs points. */
export interface Wanting {
  /** The document's text: requests with the same text have the same cost. */
  readonly document: string
  readonly signal: AbortSignal
  /** Monotonic ms. */
  readonly deadlineAt: number
  /** Share of the maximum that must be left to others. */
  readonly reserve: number
  /** For messages. */
  readonly label: string
}

const documentsMax = 1_000
/** Wait when an API throttles without saying when to retry. */
const unknownWaitMs = 1_000
const slackMs = 5

/** The points of one system, as known to this process. */
export class CostBudget {
  readonly #paths: Manifest['cost']
  readonly #clock: { now(): number; monotonic(): number }
  readonly #costs = new Map<string, number>()
  #reported: Reported | undefined
  /** Points of requests in flight. */
  #pending = 0
  #pausedUntil = 0

  constructor(paths: Manifest['cost'], clock: { now(): number; monotonic(): number }) {
    this.#paths = paths
    this.#clock = clock
  }

  /**
   * Waits until the points are available; returns a function to call when the response arrives.
   *
   * @throws RateLimitedError not sent, when the points would be available only after the deadline ·
   *   NetworkError HTTP_ABORTED
   */
  async take(wanting: Wanting): Promise<() => void> {
    for (;;) {
      const waitMs = this.#waitMs(wanting)
      if (waitMs === 0) break
      if (this.#clock.monotonic() + waitMs > wanting.deadlineAt) throw tooLate(wanting.label, waitMs)
      await this.#sleep(waitMs, wanting)
    }
    const cost = this.#costs.get(wanting.document) ?? 1
    this.#pending += cost
    return () => {
      this.#pending -= cost
    }
  }

  /** Records what a response reports. */
  learn(document: string, body: unknown): void {
    const { status, requested } = this.#paths
    const cost = numberAt(body, requested)
    if (cost !== undefined && (this.#costs.has(document) || this.#costs.size < documentsMax))
      this.#costs.set(document, cost)
    const maximum = numberAt(body, [...status, 'maximumAvailable'])
    const available = numberAt(body, [...status, 'currentlyAvailable'])
    const perSecond = numberAt(body, [...status, 'restoreRate'])
    if (maximum === undefined || available === undefined || perSecond === undefined) return
    const at = this.#clock.monotonic()
    this.#reported = { maximum, available, rate: perSecond / 1_000, at, reportedAt: this.#clock.now() }
  }

  /** Handles throttling by the API: returns how long to wait; no request starts before. */
  throttled(document: string): number {
    const missing = this.#missing(this.#costs.get(document) ?? 1, 0)
    const waitMs = Math.max(slackMs, Number.isFinite(missing) && missing > 0 ? missing : unknownWaitMs)
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.monotonic() + waitMs)
    return waitMs
  }

  /** The points that the API last reported, extrapolated to now. */
  usage(): readonly SystemUsage[] {
    const reported = this.#reported
    if (reported === undefined) return []
    const { maximum, rate, reportedAt } = reported
    const windowMs = rate > 0 ? Math.ceil(maximum / rate) : undefined
    const remaining = Math.max(0, Math.floor(this.#available(reported)))
    return [
      {
        name: 'queryCost',
        limit: maximum,
        remaining,
        reportedAt,
        ...(windowMs === undefined ? {} : { windowMs }),
      },
    ]
  }

  #waitMs({ document, reserve }: Wanting): number {
    const pause = this.#pausedUntil - this.#clock.monotonic()
    return Math.max(0, pause, this.#missing(this.#costs.get(document) ?? 1, reserve))
  }

  /** Milliseconds until that many points are available in addition to the reserve. */
  #missing(cost: number, reserve: number): number {
    const reported = this.#reported
    if (reported === undefined) return 0
    // A request that costs more than the maximum is for the API to refuse.
    const wanted = Math.min(cost + reported.maximum * reserve, reported.maximum)
    const short = wanted - (this.#available(reported) - this.#pending)
    if (short <= 0 || (this.#pending === 0 && this.#available(reported) >= reported.maximum)) return 0
    return reported.rate > 0 ? Math.ceil(short / reported.rate) + slackMs : unknownWaitMs
  }

  #available({ maximum, available, rate, at }: Reported): number {
    return Math.min(maximum, available + (this.#clock.monotonic() - at) * rate)
  }

  async #sleep(ms: number, { signal, label }: Wanting): Promise<void> {
    try {
      await sleep(ms, undefined, { signal })
    } catch (cause) {
      throw new NetworkError('HTTP_ABORTED', `${label} was not sent: its caller aborted it.`, {
        outcome: 'not-sent',
        cause,
      })
    }
  }
}

function tooLate(label: string, waitMs: number): RateLimitedError {
  return new RateLimitedError(
    'HTTP_RATE_LIMITED',
    `${label} was not sent: its points are available only in ${Math.ceil(waitMs)} ms, after its deadline.`,
    { outcome: 'not-sent', retry: { afterMs: Math.ceil(waitMs) } },
  )
}

function numberAt(body: unknown, path: readonly (string | number)[]): number | undefined {
  const text = textAt(body, path)
  const value = text === undefined ? Number.NaN : Number(text)
  return Number.isFinite(value) && value >= 0 ? value : undefined
}
