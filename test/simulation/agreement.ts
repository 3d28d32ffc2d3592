/**
 * Compares the status of the simulated engine, computed by the product's own code, with the actual state.
 *
 * - Where a system that is read regularly has been unreachable for longer than the status allows, none of its places is `agreed`, and each is
 *   reported as unreadable.
 * - When it reports no problem at the end, every linked pair is equal and nothing is open.
 */
import { type PlaceResource, toStatusResource } from '../../src/api/status.ts'
import { watchPlaces } from '../../src/engine/schedule/watch.ts'
import { defaultWatch } from '../../src/model/definition/compile-watch.ts'
import type { HealthState, ReasonCode } from '../../src/model/health/contract.ts'
import type { Integration } from '../../src/model/integration.ts'
import type { MemoryStore } from '../../src/store/memory/memory-store.ts'
import type { Oracle } from './oracle.ts'
import type { Scenario, SystemTraits } from './scenario.ts'
import type { Scheduler } from './scheduler.ts'
import type { Excuses } from './settled.ts'

/** The reasons that report a place as unreadable. */
const unreadCodes: ReadonlySet<ReasonCode> = new Set([
  'read-failing',
  'read-old',
  'never-read',
  'system-paused',
])
const sampleEveryMs = 2_000
/** The shortest limit that the product uses for a read, see docs/reference/status.md. */
const shortestLimitMs = 15_000
/** A read in progress when the system became unreachable, its time-out, and the note about it. */
const slackMs = 5_000
/** Differences that agreement allows: forms of one value, defaults, values that are not synced, and deletions that nothing reports. */
const allowed: ReadonlySet<string> = new Set([
  'coerced',
  'default',
  'out of scope',
  'deletions are not reported there',
])

export interface AgreementOptions {
  readonly scenario: Scenario
  readonly scheduler: Scheduler
  readonly store: MemoryStore
  readonly oracle: Oracle
  /** The current definition. */
  readonly integration: () => Integration
}

interface Said {
  readonly state: HealthState
  /** No problem is known, though some places may be read only after webhooks. */
  readonly isWell: boolean
  readonly places: readonly PlaceResource[]
}

export class Agreement {
  readonly #options: AgreementOptions
  #last: HealthState | undefined

  constructor(options: AgreementOptions) {
    this.#options = options
  }

  /** Checks the status repeatedly, until everything must have settled. */
  plan(): void {
    const { scenario, scheduler } = this.#options
    for (let at = scenario.start + sampleEveryMs; at < scenario.settledBy; at += sampleEveryMs)
      scheduler.at(at, () => {
        void this.#sample()
      })
  }

  async #sample(): Promise<void> {
    const { scenario, scheduler, oracle } = this.#options
    const { state, places } = await this.#readState()
    if (state !== this.#last) scheduler.note(`the status is ${state}`)
    this.#last = state
    for (const traits of scenario.systems) {
      const silentMs = silenceOf(traits, scheduler.now)
      const limitMs = Math.max(3 * traits.pollMs, shortestLimitMs) + slackMs
      if (!traits.polls || silentMs <= limitMs) continue
      for (const { system, entity, state: said, reasons } of places)
        if (system === traits.name && !reasons.some(({ code }) => unreadCodes.has(code)))
          oracle.fail('STATUS', `${entity} in ${system}, not to be read for ${silentMs} ms, is ${said}`)
    }
  }

  /** `excuses`: the differences that were found at the end. */
  async judgeRest(excuses: Excuses): Promise<void> {
    const { oracle } = this.#options
    const { state, isWell } = await this.#readState()
    if (!isWell) return
    oracle.tally.agreed += 1
    for (const [why, times] of excuses)
      if (!allowed.has(why)) oracle.fail('STATUS', `${state}, and nothing is told, but ${times} × ${why}`)
  }

  async #readState(): Promise<Said> {
    const { store, integration: current } = this.#options
    const integration = current()
    const counts = await store.admin.status()
    const watch = watchPlaces({
      integration,
      nextCron: () => undefined,
      now: counts.now,
      hasFeed: (system, entity) =>
        counts.health.places.find((place) => place.system === system && place.entity === entity)?.feed,
    })
    const { staleAfterMs } = integration.watch ?? defaultWatch
    const { state, reasons, places } = toStatusResource({ integration, watch, staleAfterMs }, counts)
    return { state, isWell: reasons.every(({ code }) => code === 'not-watched'), places }
  }
}

/** How long the system could not be read, in milliseconds. */
function silenceOf({ diesAt, deafFrom, deafUntil }: SystemTraits, now: number): number {
  const dead = diesAt === undefined ? 0 : now - diesAt
  const deaf = deafFrom === undefined || now >= deafUntil ? 0 : now - deafFrom
  return Math.max(dead, deaf, 0)
}
