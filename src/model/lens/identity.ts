/**
 * The identity of a lens: when two definitions read a field of one system in the same way.
 *
 * A base (the value last absorbed from a system) is the value as one mapping read it. Compared with the
 * result of another mapping, it would show a change that nobody made: a field that moved to another property
 * looks as if the system had cleared it. Each base therefore belongs to the identity of the lens that read
 * it, and is not compared across two of them.
 *
 * The identity is derived from the declaration in a normal form: key order, short and long forms, and
 * explicit defaults make no difference.
 */
import type { LensPartSpec, LensSource } from './spec.ts'

/**
 * Incremented whenever this version of Isthmus reads or writes other values than an earlier one did under the
 * same declaration. Every base is then replaced at its next read.
 */
export const lensFormat = 1

/**
 * The identity of one field's lens in one system: `<canonical>.<mapping>`. The first part is the field as the
 * entity declares it (type, normalisers), the same in all systems; the second is its mapping in this system.
 */
export type LensId = string

/** The lenses of one entity in one system, as the store keeps them. */
export interface LensSet {
  readonly system: string
  readonly entity: string
  /** By field. A missing field is not mapped in the system. */
  readonly fields: Readonly<Record<string, LensId>>
  /** Identity of the filter (`where`). */
  readonly scope: string
  /** Identity of the whole set, including what is written: when it changes, every record is read once. */
  readonly digest: string
}

/** A function of a definition, of whatever parameters and result. */
export type LensFunction = (...parameters: never[]) => unknown

/**
 * Gives a function of a definition a version: a text or number that its author changes whenever the function,
 * or anything that it calls, returns other results than before.
 *
 * Isthmus compares the version to detect that a mapping changed. Without one it compares the source text of
 * the function itself, which does not reveal a change in the functions it calls.
 *
 * @param version up to 100 characters
 */
export function versioned<F extends LensFunction>(version: string | number, fn: F): F {
  // A separate function, since the given one may be shared; its text stays that of the original.
  const wrapped: LensFunction = (...parameters) => fn(...parameters)
  const marked = Object.assign(wrapped, {
    version: String(version).slice(0, 100),
    toString: () => String(fn),
  })
  return marked as unknown as F // the same parameters and result as `fn`
}

/** The version that the author gave a function; undefined when there is none. */
export function versionOf(fn: object): string | undefined {
  if (!('version' in fn)) return undefined
  const { version } = fn
  return typeof version === 'string' || typeof version === 'number' ? String(version) : undefined
}

/** Which part of a field's lens differs between two definitions. */
export type LensDifference = 'none' | 'mapping' | 'canonical'

/** Compares two identities of one field in one system. `undefined`: the field was not mapped there. */
export function compareLenses(before: LensId | undefined, after: LensId | undefined): LensDifference {
  if (before === after) return 'none'
  const canonicalOf = (id: LensId | undefined): string | undefined => id?.split('.', 1)[0]
  return before !== undefined && after !== undefined && canonicalOf(before) === canonicalOf(after)
    ? 'mapping'
    : 'canonical'
}

/** Reports functions of a definition without a version, by the text that represents them. */
export type NoteUnversioned = (fn: LensFunction) => void

/**
 * The normalised text of a declaration: keys sorted, undefined values left out, maps as sorted pairs,
 * expressions by their source, functions by their version or else their source.
 */
export function identityText(value: unknown, unversioned: NoteUnversioned = () => {}): string {
  if (typeof value === 'function') return functionText(value as LensFunction, unversioned)
  if (value === undefined || value === null || typeof value !== 'object')
    return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map((item) => identityText(item, unversioned)).join(',')}]`
  if (value instanceof Map) {
    const pairs = [...value].map(([key, item]) => `${JSON.stringify(key)}:${identityText(item, unversioned)}`)
    return `<${pairs.sort().join(',')}>`
  }
  const pairs = Object.entries(value).flatMap(([key, item]) =>
    item === undefined ? [] : [`${JSON.stringify(key)}:${identityText(item, unversioned)}`],
  )
  return `{${pairs.sort().join(',')}}`
}

function functionText(fn: LensFunction, unversioned: NoteUnversioned): string {
  const version = versionOf(fn)
  if (version !== undefined) return `version ${JSON.stringify(version)}`
  unversioned(fn)
  return `source ${JSON.stringify(String(fn))}`
}

/**
 * A source as plain data: compiled expressions are represented by their text, and a part's type belongs to
 * the field's own.
 */
export function sourceIdentity(source: LensSource): unknown {
  switch (source.kind) {
    case 'expression': {
      const { read, write, path } = source
      return { kind: source.kind, read: read?.source, write: write?.source, path }
    }
    case 'group':
      return {
        kind: source.kind,
        parts: partsIdentity(source.parts),
      }
    case 'path': {
      const { elements } = source
      return elements === undefined ? source : { ...source, elements: partsIdentity(elements) }
    }
    default:
      return source
  }
}

function partsIdentity(parts: readonly LensPartSpec[]): unknown {
  return [...parts]
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map((part) => ({ name: part.name, source: sourceIdentity(part.source) }))
}
