/**
 * Detects that a system which accepted no calls is back, and makes its waiting records due.
 *
 * While a system is unreachable, one cheap call (a read of a record that is known to exist) goes out when its
 * gate lets a probe through: every 5 to 10 seconds, and never before the time that the system itself has
 * named. After a refused credential nothing is probed: repeating it may lock the account, and the next actual
 * call finds out soon enough. When the gate opens, the records that wait for this system fall due, spread
 * over a few seconds, instead of each waiting for its own back-off.
 *
 * States of one system: *quiet* (its gate is open) → *waiting* (closed; a probe is scheduled) → *probing* →
 * *waiting* again or *quiet*.
 */
import type { CallFailure } from '../../connectors/kit/contract.ts'
import type { EngineContext } from '../context.ts'
import { allPlaces } from '../place.ts'

/**
 * Records made due by one statement, and the maximum number of statements: the remaining records wait for
 * their own back-off.
 */
const resumedAtOnce = 5_000
const statementsMax = 400

/** Waiting records are spread over this long when their system is back. */
const resumeSpreadMs = 3_000

/**
 * Without a known record there is nothing to probe with: one waiting record is released instead, this often.
 */
const withoutProbeMs = 7_500

/** What the watch requires of the engine. */
export type OutageContext = Pick<
  EngineContext,
  'integration' | 'systems' | 'gates' | 'store' | 'clock' | 'random' | 'timeouts' | 'wake'
>

/** Watches the gates of one engine. */
export class OutageWatch {
  readonly #context: () => OutageContext
  readonly #planned = new Set<string>()
  readonly #under = new Set<Promise<void>>()
  #halt = new AbortController()

  /**
   * @param context evaluated when something happens, since gates exist before the context that contains them
   */
  constructor(context: () => OutageContext) {
    this.#context = context
  }

  /** From now on probes may be scheduled. */
  start(): void {
    this.#halt = new AbortController()
  }

  /** Ends scheduled and running probes. */
  async stop(): Promise<void> {
    this.#halt.abort()
    await Promise.all(this.#under)
  }

  /** The gate has closed until then. */
  closed(system: string, failure: CallFailure, until: number): void {
    if (failure.kind !== 'credential') this.#plan(system, until)
  }

  /** The gate has opened. */
  opened(system: string): void {
    this.#track(this.#resume(system, resumedAtOnce, resumeSpreadMs))
  }

  #track(work: Promise<void>): void {
    // The store may be unavailable: waiting records retry by their own back-off then.
    const run = work.catch(() => undefined).finally(() => this.#under.delete(run))
    this.#under.add(run)
  }

  #plan(system: string, at: number): void {
    if (this.#planned.has(system) || this.#halt.signal.aborted) return
    this.#planned.add(system)
    this.#track(this.#probeAt(system, at))
  }

  async #probeAt(system: string, at: number): Promise<void> {
    const { clock, gates } = this.#context()
    const { signal } = this.#halt
    try {
      await clock.sleep(Math.max(1, at - clock.now()), signal)
    } finally {
      this.#planned.delete(system)
    }
    const gate = gates.get(system)
    if (signal.aborted || gate === undefined || gate.isOpen) return
    const until = gate.closedUntil()
    if (until === undefined) await this.#probe(system)
    if (!gate.isOpen) this.#plan(system, gate.closedUntil() ?? clock.now() + withoutProbeMs)
  }

  async #probe(system: string): Promise<void> {
    const context = this.#context()
    const known = await knownRecord(context, system)
    if (known === undefined) {
      await this.#resume(system, 1, 0)
      return
    }
    const limitMs = context.integration.systems.get(system)?.timing.readTimeoutMs ?? 0
    const late: CallFailure = {
      code: 'ENGINE_CALL_LATE',
      message: `No response within ${limitMs} ms.`,
      scope: 'system',
      kind: 'unreachable',
    }
    await context.gates.get(system)?.run(
      () =>
        context.timeouts.bound<CallFailure | 'no-news' | undefined>(
          limitMs,
          this.#halt.signal,
          async (signal) => {
            const response = await known.read(signal)
            return response.kind === 'unknown' ? response.failure : undefined
          },
          () => (this.#halt.signal.aborted ? 'no-news' : late),
        ),
      { waitMs: limitMs, failure: (failure) => failure },
    )
  }

  async #resume(system: string, limit: number, spreadMs: number): Promise<void> {
    const { store, wake } = this.#context()
    for (let statement = 0; statement < statementsMax; statement += 1) {
      const resumed = await store.direct.resumeWaiting({ system, limit, spreadMs })
      if (resumed > 0) wake()
      if (resumed < limit || limit === 1 || this.#halt.signal.aborted) return
    }
  }
}

/** Finds a record of the system that is known to exist, and how to read it. */
async function knownRecord(context: OutageContext, system: string) {
  for (const place of allPlaces(context)) {
    if (place.system !== system) continue
    const [nativeId] = await context.store.direct.sentinels(system, place.entity.name, 1, '')
    if (nativeId === undefined) continue
    return { read: (signal: AbortSignal) => place.resource.read(nativeId, { signal, priority: 'batch' }) }
  }
  return undefined
}
