/**
 * How many records a place has linked, for the share of the mass-change guard. Counting a million takes a
 * while, so a count is used for a minute where it grants a change: the bound follows a place that grows or
 * shrinks by that much later. A refusal holds a record until a person decides, so it rests on a count of that
 * moment, unless counting is so slow that it would take more than a twentieth of the time.
 */
import type { Session } from './database.ts'
import { countLinked } from './sql/guard-counts.ts'

export interface CountedPlace {
  readonly system: string
  readonly entity: string
}

interface LinkedCount {
  readonly linked: number
  readonly at: number
  readonly tookMs: number
}

const grantsForMs = 60_000
/** A count that took less is simply repeated. */
const cheapMs = 50
const refusesForTimes = 20

export class LinkedCounts {
  readonly #counts = new Map<string, LinkedCount>()

  /** The count that may grant changes; undefined when there is none, or it is too old. */
  known(place: CountedPlace): number | undefined {
    const count = this.#counts.get(keyOf(place))
    return count === undefined || performance.now() - count.at > grantsForMs ? undefined : count.linked
  }

  /** The count that may refuse changes. */
  async refreshed(session: Session, place: CountedPlace): Promise<number> {
    const known = this.#counts.get(keyOf(place))
    const startedAt = performance.now()
    if (known !== undefined && startedAt - known.at < refusableFor(known)) return known.linked
    const linked = await countLinked(session, place.system, place.entity)
    const at = performance.now()
    this.#counts.set(keyOf(place), { linked, at, tookMs: at - startedAt })
    return linked
  }
}

function refusableFor({ tookMs }: LinkedCount): number {
  return tookMs < cheapMs ? 0 : tookMs * refusesForTimes
}

function keyOf({ system, entity }: CountedPlace): string {
  return JSON.stringify([system, entity])
}
