/** Describes the differences between the lenses of two definitions, and their consequences, as text. */
import { compareLenses, type LensSet } from './identity.ts'

/** One difference. */
export interface LensChange {
  /** The system concerned. */
  readonly system: string
  /** The entity concerned. */
  readonly entity: string
  /** Undefined: the whole place is concerned. */
  readonly field?: string
  /**
   * - `mapping`, `field`: the mapping of the field, or its declaration in the entity, differs · `added`,
   *   `removed`: the field was added or removed · `scope`: another `where` · `joined`, `left`: the system was
   *   added to the entity, or removed
   */
  readonly kind: 'mapping' | 'field' | 'added' | 'removed' | 'scope' | 'joined' | 'left'
  /** A sentence: what changed and how the engine handles it. */
  readonly message: string
}

/** Compares the lenses bound so far with those of a definition, in the order of the definition. */
export function describeLensChanges(before: readonly LensSet[], after: readonly LensSet[]): LensChange[] {
  const changes = after.flatMap((set) => {
    const old = before.find((other) => other.system === set.system && other.entity === set.entity)
    return old === undefined ? [changeOf(set, 'joined')] : placeChanges(old, set)
  })
  const left = before.filter(
    (old) => !after.some((set) => old.system === set.system && old.entity === set.entity),
  )
  return [...changes, ...left.map((set) => changeOf(set, 'left'))]
}

function placeChanges(before: LensSet, after: LensSet): LensChange[] {
  const changes: LensChange[] = []
  for (const [field, id] of Object.entries(after.fields)) {
    const old = before.fields[field]
    if (old === undefined) changes.push(changeOf(after, 'added', field))
    else if (old !== id) {
      changes.push(changeOf(after, compareLenses(old, id) === 'mapping' ? 'mapping' : 'field', field))
    }
  }
  for (const field of Object.keys(before.fields)) {
    if (after.fields[field] === undefined) changes.push(changeOf(after, 'removed', field))
  }
  if (before.scope !== after.scope) changes.push(changeOf(after, 'scope'))
  return changes
}

const consequences: Readonly<Record<LensChange['kind'], string>> = {
  mapping:
    'has a different mapping. Each record takes a new base at its next read; no value counts as changed.',
  field:
    'has a different declaration. Each record takes a new base at its next read; no value counts as changed.',
  added: 'is new here. Each record is read once; values that only one system has are filled in.',
  removed: 'was removed here. Its stored state is deleted; no system is changed.',
  scope:
    'has a different filter (where). Each record is evaluated again; records that leave the filter are not deleted.',
  joined: 'was added. It is listed before anything is created there.',
  left: 'was removed. The state of its records is kept in case it returns; nothing is deleted.',
}

function changeOf({ system, entity }: LensSet, kind: LensChange['kind'], field?: string): LensChange {
  const subject = field === undefined ? `${entity} in ${system}` : `${entity}.${field} in ${system}`
  return {
    system,
    entity,
    kind,
    message: `${subject} ${consequences[kind]}`,
    ...(field === undefined ? {} : { field }),
  }
}
