/** Binds a definition to its store, and determines what its lenses change for existing records. */
import { lensSetsOfDocument } from '../model/definition/compile-integration.ts'
import { IsthmusError } from '../model/errors.ts'
import type { Integration } from '../model/integration.ts'
import { describeLensChanges, type LensChange } from '../model/lens/describe-changes.ts'
import type { LensSet } from '../model/lens/identity.ts'
import type { Binding, Bound, Store } from '../store/contract.ts'
import type { LoadedDefinition } from './load-definition.ts'
import { shortHash } from './short-hash.ts'

/** The binding of this process's definition, and what it changes. */
export interface BoundDefinition {
  readonly binding: Binding
  /** Changes of the lenses compared with the previously bound definition. */
  readonly changes: readonly LensChange[]
}

/**
 * Binds the definition. From then on, processes with another definition claim and decide nothing.
 *
 * @throws STORE_OTHER_INTEGRATION
 */
export async function bindDefinition(
  store: Store,
  { integration, definition }: Pick<LoadedDefinition, 'integration' | 'definition'>,
): Promise<BoundDefinition> {
  const { id, version } = integration
  const bound = await readOwnBinding(store, id)
  const lenses = lensSetsOf(integration)
  const before = bound === undefined ? undefined : lensesBefore(bound, integration)
  const request = { id, version, document: definition, lenses }
  const binding = await store.bind(before === undefined ? request : { ...request, before: before.lenses })
  return { binding, changes: before === undefined ? [] : describeLensChanges(before.lenses, lenses) }
}

/**
 * Returns the definition that the store is bound to, if it belongs to this integration.
 *
 * @throws STORE_OTHER_INTEGRATION
 */
export async function readOwnBinding(store: Store, id: string): Promise<Bound | undefined> {
  const bound = await store.bound()
  if (bound === undefined || bound.id === id) return bound
  throw new IsthmusError('STORE_OTHER_INTEGRATION', `the database belongs to ${bound.id}, not to ${id}`)
}

/** The lenses of every place of an integration. */
export function lensSetsOf(integration: Integration): readonly LensSet[] {
  return [...integration.entities.values()].flatMap((entity) =>
    [...entity.systems.values()].flatMap(({ lenses }) => (lenses === undefined ? [] : [lenses])),
  )
}

/** Returns the lenses of the bound definition: the stored ones, or else compiled again from its document. */
export function lensesBefore(
  bound: Bound,
  integration: Integration,
): { readonly lenses: readonly LensSet[]; readonly known: boolean } {
  const kept = bound.lenses.filter(({ current }) => current)
  if (bound.lenses.length > 0) return { lenses: kept, known: true }
  const wanted = lensSetsOf(integration)
  if (bound.version === integration.version) return { lenses: wanted, known: true }
  const compiled = lensSetsOfDocument(bound.document, shortHash)
  if (compiled !== undefined) return { lenses: compiled, known: true }
  // It is unknown through which lenses its records were read: each takes a new base once, which has no effect
  // if the values agree.
  const unknown = wanted.map((set) => ({ ...set, fields: {}, scope: 'unknown', digest: 'unknown' }))
  return { lenses: unknown, known: false }
}
