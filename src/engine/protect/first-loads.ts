/** First loads of a running engine: whether one is still going on, asked often and looked up seldom. */
import type { Entity } from '../../model/integration.ts'
import type { EngineContext, FirstLoads, Pass } from '../context.ts'
import { firstLoadListedAt } from '../intake/baseline.ts'
import { isListable, placeOf } from '../place.ts'

/** While a first load goes on, its end is looked for at most this often. */
const FIRST_LOAD_ASK_MS = 1_000

/** The system has never been in agreement with the record, as it was when the pass began: what the pass merged so far is part of the first. */
export function neverAgreed(pass: Pass, system: string): boolean {
  const member = pass.claim.members.find((other) => other.system === system)
  return Object.values(member?.fields ?? {}).every(
    (field) => field.acked === 0 && field.rebased === undefined,
  )
}

/** What the first load itself causes in that system. `listedAt` undefined: it is still going on. */
export function isFirstLoad(pass: Pass, system: string, listedAt: number | undefined): boolean {
  if (listedAt === undefined) return true
  return pass.record.discoveredAt <= listedAt && neverAgreed(pass, system)
}

/** Remembers when first loads had listed everything; entities of which nothing can be listed have none. */
export function createFirstLoads(): FirstLoads {
  const asked = new Map<string, { readonly at: number; readonly response: Promise<number | undefined> }>()
  return {
    async listedAt(context, entity) {
      const now = context.clock.now()
      const last = asked.get(entity.name)
      if (last !== undefined) {
        // All who come while the question is under way wait for its answer: "not known yet" is not "still going on".
        const known = await last.response
        if (known !== undefined || now - last.at < FIRST_LOAD_ASK_MS) return known
        const newer = asked.get(entity.name)
        if (newer !== undefined && newer !== last) return await newer.response
      }
      const response = askListedAt(context, entity)
      asked.set(entity.name, { at: now, response })
      // A question that failed is asked anew by whoever comes next.
      response.catch(() => asked.delete(entity.name))
      return await response
    },
  }
}

async function askListedAt(context: EngineContext, entity: Entity): Promise<number | undefined> {
  const listable = [...entity.systems.keys()].some((name) => isListable(placeOf(context, name, entity.name)))
  return listable ? firstLoadListedAt({ store: context.store.direct }, entity.name) : 0
}
