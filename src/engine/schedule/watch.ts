/**
 * How often the schedule reads and compares each place of a definition, which its health is measured against.
 */
import type { PlaceWatch } from '../../model/health/contract.ts'
import type { Entity, EntitySystem, Integration } from '../../model/integration.ts'
import { FULL_EVERY_MS, type NextCron } from './schedule.ts'

/**
 * Number of dates of a cron expression that are evaluated; they include the longest gap of a Monday-to-Friday
 * expression.
 */
const DATES_LOOKED_AT = 9
/** Interval of an expression that never falls due again. */
const NEVER_MS = 366 * 24 * 3_600_000
/** A regular run is spread by this much, see `jitterInterval`. */
const JITTER = 1.25

export interface WatchOptions {
  readonly integration: Integration
  readonly now: number
  readonly nextCron: NextCron
  /** Whether the place has a feed of changes; undefined: not known. */
  readonly hasFeed: (system: string, entity: string) => boolean | undefined
}

/** The intervals that the definition sets for each of its places. */
export function watchPlaces(options: WatchOptions): readonly PlaceWatch[] {
  return [...options.integration.entities.values()].flatMap((entity) =>
    [...entity.systems.values()].map((part) => watchPlace(options, entity, part)),
  )
}

function watchPlace(options: WatchOptions, entity: Entity, part: EntitySystem): PlaceWatch {
  const { system, triggers, direction } = part
  const polls = triggers.flatMap((trigger) => (trigger.kind === 'poll' ? [trigger.everyMs] : []))
  const crons = triggers.flatMap((trigger) =>
    trigger.kind === 'full' ? [longestGap(options, trigger.cron)] : [],
  )
  // Without a feed each poll is a list. Until that is known, the shorter interval must not be used.
  const lists = options.hasFeed(system, entity.name) === false ? [...polls, ...crons] : crons
  const compareEveryMs = lists.length === 0 ? FULL_EVERY_MS * JITTER : Math.min(...lists)
  const reads = [...polls, ...crons]
  const freshnessMs = options.integration.watch?.freshness.get(system)
  const writtenOnly = direction === 'target'
  const readEveryMs = reads.length > 0 ? Math.min(...reads) : writtenOnly ? compareEveryMs : undefined
  return {
    system,
    entity: entity.name,
    compareEveryMs,
    writtenOnly,
    ...(readEveryMs === undefined ? {} : { readEveryMs }),
    ...(freshnessMs === undefined ? {} : { freshnessMs }),
  }
}

/**
 * The longest time between consecutive dates: after a Friday, a weekday expression is not due for three days.
 */
function longestGap({ nextCron, now }: WatchOptions, expression: string): number {
  let longest = 0
  let from = nextCron(expression, now)
  for (let date = 1; date < DATES_LOOKED_AT && from !== undefined; date += 1) {
    const next = nextCron(expression, from)
    if (next === undefined) break
    longest = Math.max(longest, next - from)
    from = next
  }
  return longest === 0 ? NEVER_MS : longest
}
