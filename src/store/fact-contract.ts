/**
 * Facts: conditions established at some time and read again later, by any process. They have a table of their
 * own, so that the schedule contains only when jobs were last done.
 */

/** A system's part in one entity. */
interface FactPlace {
  readonly system: string
  readonly entity: string
}

/**
 * The kinds of facts. They are stored, so their spelling never changes.
 *
 * - `first-load-listed`: the first load of the entity had listed all its systems
 * - `listed-twice`: a list that can't prove itself complete reached its end at least twice, and the last one
 *   discovered nothing, or little
 * - `observed`: everything that the place held then is known, from its change feed or from a list
 * - `older-records-marked`: the records in which the system has no member yet were marked, for one version of
 *   the definition
 * - `lens-set-applied`: the records of the place that were read through another lens set were marked
 * - `deletions-tripped`: more records were deleted than the mass-change guard allows
 * - `witnesses-lost`: records that were used to prove the system's health had disappeared themselves
 *
 * `joinedAt` is that of the lens set ({@link StoredLensSet}): a system that left and came back starts over.
 */
export type Fact =
  | { readonly kind: 'first-load-listed'; readonly entity: string }
  | (FactPlace & { readonly kind: 'listed-twice'; readonly joinedAt: number })
  | (FactPlace & { readonly kind: 'observed'; readonly by: 'feed' | 'list' })
  | (FactPlace & {
      readonly kind: 'older-records-marked'
      readonly version: string
      readonly joinedAt: number
    })
  | (FactPlace & { readonly kind: 'lens-set-applied'; readonly lensSet: number })
  | (FactPlace & { readonly kind: 'deletions-tripped' | 'witnesses-lost' })

/** Facts by kind and place, with the time at which each was established. */
export interface FactStore {
  /** Returns the time saved with the fact (epoch ms); undefined when it never was. */
  factAt(fact: Fact): Promise<number | undefined>
  /** Saves the fact with a time, replacing an earlier one. */
  saveFact(fact: Fact, at: number): Promise<void>
}

/** The columns that identify a fact. Empty text stands for "none", since a primary key takes no nulls. */
export interface FactKey {
  readonly kind: Fact['kind']
  readonly entity: string
  readonly system: string
  readonly detail: string
}

/** Returns the identifying columns of a fact, the same for both stores. */
export function factKey(fact: Fact): FactKey {
  const { kind, entity } = fact
  return {
    kind,
    entity,
    system: fact.kind === 'first-load-listed' ? '' : fact.system,
    detail: detailOf(fact),
  }
}

function detailOf(fact: Fact): string {
  switch (fact.kind) {
    case 'listed-twice':
      return fact.joinedAt === 0 ? '' : String(fact.joinedAt)
    case 'observed':
      return fact.by
    case 'older-records-marked':
      return fact.joinedAt === 0 ? fact.version : `${fact.version}:${fact.joinedAt}`
    case 'lens-set-applied':
      return String(fact.lensSet)
    case 'first-load-listed':
    case 'deletions-tripped':
    case 'witnesses-lost':
      return ''
  }
}
