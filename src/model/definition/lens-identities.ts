/** The identities of an entity's lenses in one system, from its declaration. */
import type { EntitySystem, Field } from '../integration.ts'
import { identityText, type LensSet, lensFormat } from '../lens/identity.ts'
import type { CompiledMapping, Identify } from './compile-mapping.ts'
import { fieldType } from './field-type.ts'
import { problem } from './finding.ts'
import { type Report, reportUnder } from './report.ts'
import type { EntityDefinition, EntitySystemDefinition } from './schema/entities.ts'

interface DeclaredPart {
  readonly entity: string
  readonly system: string
  readonly definition: EntitySystemDefinition
  readonly context: { readonly entity: EntityDefinition }
  readonly fields: ReadonlyMap<string, Field>
  readonly hash: (text: string) => string
}

/** Enough to distinguish the versions of one mapping; stored once for each version of a definition. */
const DIGITS = 12

/** Makes the identities of one system's fields. */
export function lensIdentities({ definition, context, fields, hash }: DeclaredPart): Identify {
  const { resource } = definition
  return (name, declared, report) => {
    const written = context.entity.fields[name]
    const normalize = typeof written === 'object' ? written.normalize : undefined
    const type = written === undefined ? undefined : fieldType(written)
    const unversioned = () => report(unversionedFunction([]))
    const { policy = 'allow' } = fields.get(name)?.cardNumbers ?? {}
    const cards = policy === 'allow' ? {} : { cardNumbers: policy }
    const canonical = identityText({ lensFormat, type, normalize: normalize ?? [], ...cards }, unversioned)
    const mapping = identityText({ lensFormat, resource, declared }, unversioned)
    return `${hash(canonical).slice(0, DIGITS)}.${hash(mapping).slice(0, DIGITS)}`
  }
}

function unversionedFunction(path: readonly string[]) {
  const message = 'it is a function without a version, so a change in what it calls is not noticed'
  const hint = "wrap it: versioned('1', fn), and raise the version whenever its results change"
  return { ...problem('mapping', path, message, hint), severity: 'warning' as const }
}

/** All lenses of one system together. */
export function lensSetOf(
  { entity, system, definition, hash }: DeclaredPart,
  part: Pick<EntitySystem, 'direction' | 'operations'> & { readonly mappings: readonly CompiledMapping[] },
  report: Report,
): LensSet {
  const { direction, operations, mappings } = part
  const fields = Object.fromEntries(mappings.map(({ field }) => [field.name, field.lensId ?? '']))
  const unversioned = () => reportUnder(report, ['where'])(unversionedFunction([]))
  const scope = hash(identityText({ lensFormat, where: definition.where }, unversioned)).slice(0, DIGITS)
  const writable = mappings.filter(({ field }) => field.writable).map(({ field }) => field.name)
  const whole = identityText({ fields, scope, direction, operations, writable: writable.sort() })
  return { system, entity, fields, scope, digest: hash(whole).slice(0, DIGITS) }
}
