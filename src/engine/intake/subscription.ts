/**
 * Systems that announce changes over a connection of their own: records that they name are marked at once,
 * and unspecific announcements cause their feed to be read.
 *
 * States of a subscription: *open* → *lost* (reported once, and retried after a jittered back-off) → *open*
 * again, and then every feed of the system is read, since announcements may have been missed meanwhile.
 * Announcements are like webhooks: each may get lost, and every change is eventually found without them.
 */

import type { ConnectedSystem, SystemListener } from '../../connectors/kit/contract.ts'
import type { ErrorCode } from '../../model/error-codes.ts'
import { isIsthmusError } from '../../model/errors.ts'
import type { Mark } from '../../store/contract.ts'
import type { IntakeContext } from '../context.ts'
import { allPlaces, hasFeed } from '../place.ts'
import { retryDelay } from '../protect/backoff.ts'
import { createWakeSignal, type WakeSignal } from '../wake-signal.ts'
import type { Runs } from './runs.ts'
import { entitiesByResource, toMarks } from './webhook.ts'

/** Marks waiting for their commit; beyond this number the feed is read instead. */
const MARKS_MAX = 10_000
/** Marks in one commit. */
const COMMIT_MAX = 1_000
/**
 * Interval between two turns: announcements of a burst share a commit, and a feed is not read for every row.
 */
const TURN_MS = 200
/** A connection that lasted this long was stable: the next loss starts with the first retry delay again. */
const GOOD_AFTER_MS = 60_000

/** The connections that systems keep open to announce changes. */
export interface Subscriptions {
  /** Listens until the signal aborts. Never rejects: a lost subscription is reopened. */
  run(signal: AbortSignal): Promise<void>
}

/** Creates the subscriptions of a process, one per system that offers them. */
export function createSubscriptions(context: IntakeContext, runs: Runs): Subscriptions {
  const listening = [...context.systems.values()].filter(({ subscribe }) => subscribe !== undefined)
  return {
    run: async (signal) => {
      await Promise.all(listening.map((system) => keepListening(context, runs, { system, signal })))
    },
  }
}

interface Listening {
  readonly system: ConnectedSystem
  readonly signal: AbortSignal
}

async function keepListening(
  context: IntakeContext,
  runs: Runs,
  { system, signal }: Listening,
): Promise<void> {
  const { clock, random, emit } = context
  const news = createNews(context, system.name)
  signal.addEventListener('abort', () => news.wakeSignal.ring(), { once: true })
  const working = takeNews(context, runs, { system, signal, news })
  for (let failures = 1; !signal.aborted; failures += 1) {
    const openedAt = clock.monotonic()
    const code = await listenOnce(system, news.listener, signal)
    if (signal.aborted) break
    emit({ type: 'SubscriptionLost', system: system.name, code })
    if (clock.monotonic() - openedAt > GOOD_AFTER_MS) failures = 1
    await clock.sleep(retryDelay(failures, random.next()), signal)
    // Everything announced in the meantime is lost.
    news.listener.touched()
  }
  await working
}

/** Returns why the subscription ended. */
async function listenOnce(
  system: ConnectedSystem,
  listener: SystemListener,
  signal: AbortSignal,
): Promise<ErrorCode> {
  try {
    await system.subscribe?.(listener, signal)
    return 'ENGINE_SUBSCRIPTION_ENDED'
  } catch (error) {
    return isIsthmusError(error) ? error.code : 'ENGINE_CALL_FAILED'
  }
}

/** Announcements that were not processed yet. */
interface News {
  readonly listener: SystemListener
  readonly wakeSignal: WakeSignal
  /** Returns the waiting announcements. */
  take(): { readonly marks: readonly Mark[]; readonly entities: ReadonlySet<string> }
}

function createNews(context: IntakeContext, system: string): News {
  const byResource = entitiesByResource(context.integration)
  const wakeSignal = createWakeSignal(context.clock)
  const places = allPlaces(context).filter((place) => place.system === system)
  let marks: Mark[] = []
  let entities = new Set<string>()
  const touched = (resource?: string): void => {
    for (const { entity, part } of places) {
      if (resource === undefined || part.resource === resource) entities.add(entity.name)
    }
    wakeSignal.ring()
  }
  return {
    wakeSignal,
    listener: {
      touched,
      changed: (records) => {
        const fresh = toMarks(system, { changed: records }, byResource)
        if (marks.length + fresh.length > MARKS_MAX) {
          for (const { resource } of records) touched(resource)
          return
        }
        marks = marks.concat(fresh)
        wakeSignal.ring()
      },
    },
    take: () => {
      const taken = { marks: marks.slice(0, COMMIT_MAX), entities }
      marks = marks.slice(COMMIT_MAX)
      entities = new Set()
      if (marks.length > 0) wakeSignal.ring()
      return taken
    },
  }
}

/** Commits marks and reads feeds, turn by turn, until the signal aborts. */
async function takeNews(
  context: IntakeContext,
  runs: Runs,
  { system, signal, news }: Listening & { readonly news: News },
): Promise<void> {
  while (!signal.aborted) {
    await news.wakeSignal.wait(GOOD_AFTER_MS)
    if (signal.aborted) return
    const { marks, entities } = news.take()
    try {
      await commitMarks(context, system.name, marks)
    } catch (error) {
      const code = isIsthmusError(error) ? error.code : 'ENGINE_CALL_FAILED'
      context.emit({ type: 'StoreFailed', operation: 'subscription', code })
      // The store is unavailable: the feeds still contain these changes.
      for (const { entity } of marks) news.listener.touched(resourceOf(context, system.name, entity))
    }
    await Promise.all([...entities].map((entity) => readFeed(context, runs, { system, signal, entity })))
    await context.clock.sleep(TURN_MS, signal)
  }
}

function resourceOf(context: IntakeContext, system: string, entity: string): string | undefined {
  return context.integration.entities.get(entity)?.systems.get(system)?.resource
}

async function commitMarks(context: IntakeContext, system: string, marks: readonly Mark[]): Promise<void> {
  if (marks.length === 0) return
  const [result] = await context.store.intake([{ marks, cause: 'subscription' }])
  const entity = marks[0]?.entity
  if (result === undefined || entity === undefined) return
  if (result.discovered > 0) {
    context.emit({ type: 'RecordDiscovered', entity, system, count: result.discovered, via: 'webhook' })
  }
  if (result.marked + result.discovered > 0) context.wake()
}

/** A failing poll reports its failure itself, and the next scheduled one repairs it. */
async function readFeed(
  context: IntakeContext,
  runs: Runs,
  { system, signal, entity }: Listening & { readonly entity: string },
): Promise<void> {
  const place = allPlaces(context).find((one) => one.system === system.name && one.entity.name === entity)
  // Listing everything for each announcement would be far too expensive; the schedule does that.
  if (place === undefined || !hasFeed(place)) return
  try {
    await runs.poll({ system: system.name, entity, priority: 'batch', signal })
  } catch (error) {
    const code = isIsthmusError(error) ? error.code : 'ENGINE_CALL_FAILED'
    context.emit({ type: 'StoreFailed', operation: 'subscription', code })
  }
}
