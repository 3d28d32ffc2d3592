/**
 * Conversion between a value and the text that a system stores, where the system escapes texts.
 *
 * The plain value is sent, since the system escapes it itself, and read values are unescaped once. Both
 * happen outside of the normalisers, which have to be idempotent: escaping is not.
 */
import { sortSet } from '../canonical/collection.ts'
import { isCanonicalList, isCanonicalObject } from '../canonical/object.ts'
import type { GroupListType } from '../lens/list-elements.ts'
import type { NormaliserSpec } from '../normalisers/contract.ts'
import { escapedTexts, type Normaliser } from '../normalisers/normaliser.ts'
import type { CanonicalValue, FieldType } from '../values.ts'
import { isEscaped } from './normaliser-specs.ts'

/** Both directions: as read from the system, and as it stores it. */
export interface TextCodec {
  readonly decode: Normaliser
  readonly encode: Normaliser
}

/** The codec of one part of a group or element; undefined where the part is stored unchanged. */
export interface PartCodec {
  readonly name: string
  readonly codec: TextCodec | undefined
}

/** The codec of a value whose system applies these steps; undefined where it is stored unchanged. */
export function codecOf(specs: readonly NormaliserSpec[], type: FieldType): TextCodec | undefined {
  if (!isEscaped(specs)) return undefined
  return { decode: escapedTexts(type, 'unescape'), encode: escapedTexts(type, 'escape') }
}

/** Chains codecs, in the order in which texts are read from the system. */
export function composeCodecs(
  inner: TextCodec | undefined,
  outer: TextCodec | undefined,
): TextCodec | undefined {
  if (inner === undefined || outer === undefined) return inner ?? outer
  return {
    decode: (value) => outer.decode(inner.decode(value)),
    encode: (value) => inner.encode(outer.encode(value)),
  }
}

/** The codec of a group, part by part. */
export function partsCodec(parts: readonly PartCodec[]): TextCodec | undefined {
  if (parts.every(({ codec }) => codec === undefined)) return undefined
  const byName = new Map(parts.map(({ name, codec }) => [name, codec]))
  const changed =
    (way: 'decode' | 'encode'): Normaliser =>
    (value) => {
      if (!isCanonicalObject(value)) return value
      return Object.fromEntries(
        Object.entries(value).map(([name, part]) => [name, byName.get(name)?.[way](part) ?? part]),
      )
    }
  return { decode: changed('decode'), encode: changed('encode') }
}

/** The same for each element of a set or list. */
export function elementsCodec(type: GroupListType, parts: readonly PartCodec[]): TextCodec | undefined {
  const element = partsCodec(parts)
  if (element === undefined) return undefined
  const changed =
    (change: Normaliser): Normaliser =>
    (value): CanonicalValue => {
      if (!isCanonicalList(value)) return value
      const elements = value.map(change)
      return type.kind === 'set' ? sortSet(elements) : elements
    }
  return { decode: changed(element.decode), encode: changed(element.encode) }
}
