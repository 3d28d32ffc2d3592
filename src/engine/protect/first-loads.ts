/**
 * First loads of a running engine: whether one is still running. The state is queried often and fetched from
 * the store rarely.
 *
 * The first load of an entity is *running* until every place of it that can be listed has been listed completely once; meanwhile its unmatched records wait
 * (`engine/match`), because their counterparts may not have been seen. It is *listed* from then on, for good, with the time of the last of these lists.
 */
import type { Entity } from '../../model/integration.ts'
import type { IntakeContext } from '../context.ts'
import { isListable, placeOf } from '../place.ts'
import type { FirstLoads } from '../ports.ts'

/** While a first load is running, the store is queried at most this often. */
const FIRST_LOAD_ASK_MS = 1_000

type FirstLoadContext = Pick<IntakeContext, 'store' | 'clock' | 'integration' | 'systems'>

/** Caches when first loads had listed everything; entities of which nothing can be listed have none. */
export function createFirstLoads(context: FirstLoadContext): FirstLoads {
  const asked = new Map<string, { readonly at: number; readonly response: Promise<number | undefined> }>()
  const keep = (entity: Entity, at: number, response: Promise<number | undefined>) => {
    asked.set(entity.name, { at, response })
    // A failed query is repeated by the next caller.
    response.catch(() => asked.delete(entity.name))
    return response
  }
  return {
    async listedAt(entity) {
      const now = context.clock.now()
      const last = asked.get(entity.name)
      if (last !== undefined) {
        // All callers during a query wait for its result: "not known yet" is not "still running".
        const known = await last.response
        if (known !== undefined || now - last.at < FIRST_LOAD_ASK_MS) return known
        const newer = asked.get(entity.name)
        if (newer !== undefined && newer !== last) return await newer.response
      }
      const response = askListedAt(context, entity)
      return await keep(entity, now, response)
    },
    async listedNow(entity) {
      const known = await asked.get(entity.name)?.response
      return known ?? (await keep(entity, context.clock.now(), askListedAt(context, entity)))
    },
  }
}

async function askListedAt(context: FirstLoadContext, entity: Entity): Promise<number | undefined> {
  const listable = [...entity.systems.keys()].some((name) => isListable(placeOf(context, name, entity.name)))
  return listable ? firstLoadListedAt(context, entity.name) : 0
}

/**
 * When the entity's first load had listed every system (epoch ms); undefined while it has not. Records
 * discovered later are ordinary changes and count for the guard.
 */
export function firstLoadListedAt(
  context: Pick<IntakeContext, 'store'>,
  entity: string,
): Promise<number | undefined> {
  return context.store.factAt({ kind: 'first-load-listed', entity })
}

/** All systems of the entity were listed by now. */
export function noteFirstLoadListed(
  context: Pick<IntakeContext, 'store' | 'clock'>,
  entity: string,
): Promise<void> {
  return context.store.saveFact({ kind: 'first-load-listed', entity }, context.clock.now())
}
