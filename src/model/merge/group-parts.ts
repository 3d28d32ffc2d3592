/**
 * Groups of which some system has only some parts.
 *
 * A group is agreed as one value, but a system that lacks parts knows nothing about them. Before its value is
 * compared, it is completed: a missing part is taken from a system in which it was just edited, otherwise
 * from the agreed value. Systems that edit different parts at the same time then have the same whole value,
 * and no part is lost because another one changed elsewhere.
 */
import { isCanonicalObject } from '../canonical/object.ts'
import type { SystemField } from '../integration.ts'
import type { AgreedField } from '../state.ts'
import type { CanonicalValue, FieldType } from '../values.ts'
import type { SeenChange } from './change.ts'
import type { FieldShape } from './entity-shape.ts'
import { asStored, isEmpty, type MaybeValue, sameValue } from './equivalence.ts'

/** The value that one system holds, and the one it held before. */
export interface PartialSide {
  readonly settings: SystemField
  readonly value: MaybeValue
  readonly base: MaybeValue
}

/** Returns the changes with complete groups; parts that one lacks are taken from the others. */
export function wholeChanges(
  shape: FieldShape,
  changes: readonly SeenChange[],
  agreed: AgreedField,
): readonly SeenChange[] {
  if (!shape.isPartial) return changes
  const sides = changes.map(partialSide)
  return changes.map((change, index) => {
    const side = sides[index] ?? partialSide(change)
    return { ...change, value: completeSide(shape.field.type, side, sides, agreed.value) }
  })
}

/** Returns the agreed value as it is compared with the changes. */
export function wholeAgreed(
  shape: FieldShape,
  changes: readonly SeenChange[],
  agreed: AgreedField,
): AgreedField {
  if (!shape.isPartial) return agreed
  const origin = shape.roles.find(({ system }) => system === agreed.src)
  const sides = changes.map(partialSide)
  return { ...agreed, value: completeAgreed(shape.field.type, origin?.settings, sides, agreed.value) }
}

function partialSide({ role, value, base }: SeenChange): PartialSide {
  return { settings: role.settings, value, base }
}

/**
 * Completes the value of one side as a whole group. Values of other types, and of systems that have all
 * parts, are returned unchanged.
 */
export function completeSide(
  type: FieldType,
  side: PartialSide,
  sides: readonly PartialSide[],
  agreed: MaybeValue,
): MaybeValue {
  const { parts } = side.settings
  if (type.kind !== 'group' || parts === undefined) return side.value
  return composeGroup(type.fields, side.value, (name) => {
    if (parts.has(name)) return partOf(side.value, name)
    const editor = sides.find((other) => other !== side && hasEdited(other, name))
    return partOf(editor === undefined ? agreed : editor.value, name)
  })
}

/**
 * The agreed value as a candidate: parts that its origin lacks may be edited by systems that knew the agreed
 * value, and filled by others where they were empty.
 */
function completeAgreed(
  type: FieldType,
  origin: SystemField | undefined,
  sides: readonly PartialSide[],
  agreed: MaybeValue,
): MaybeValue {
  const parts = origin?.parts
  if (type.kind !== 'group' || parts === undefined) return agreed
  return composeGroup(type.fields, agreed, (name) => {
    const own = partOf(agreed, name)
    if (parts.has(name)) return own
    const editor = sides.find(
      (side) => hasEdited(side, name) && (isEmpty(own) || knewPart(side, name, agreed)),
    )
    return editor === undefined ? own : partOf(editor.value, name)
  })
}

/** True when a value contains everything that the agreed one holds in parts that its origin lacks. */
export function keepsOtherParts(
  type: FieldType,
  origin: SystemField,
  agreed: MaybeValue,
  value: MaybeValue,
): boolean {
  const { parts } = origin
  if (type.kind !== 'group' || parts === undefined) return true
  return Object.keys(type.fields).every((name) => {
    const part = partOf(agreed, name)
    return parts.has(name) || isEmpty(part) || sameValue(part, partOf(value, name))
  })
}

/** Returns the parts of a group that a system has; other values unchanged. */
export function withinParts({ parts }: SystemField, value: CanonicalValue): CanonicalValue {
  if (parts === undefined || !isCanonicalObject(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([name]) => parts.has(name)))
}

/**
 * Completes a group to be written: parts that the system has and the value lacks are cleared, since a patch
 * leaves unnamed properties unchanged.
 */
export function clearMissingParts(
  type: FieldType,
  settings: SystemField,
  value: CanonicalValue,
): CanonicalValue {
  if (type.kind !== 'group' || !isCanonicalObject(value)) return value
  const names = Object.keys(type.fields).filter((name) => settings.parts?.has(name) !== false)
  if (names.every((name) => Object.hasOwn(value, name))) return value
  return { ...Object.fromEntries(names.map((name) => [name, null])), ...value }
}

/** Returns a group to be created with only its existing parts. */
export function leaveOutMissingParts(type: FieldType, value: CanonicalValue): CanonicalValue {
  if (type.kind !== 'group' || !isCanonicalObject(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== null))
}

function composeGroup(
  fields: Readonly<Record<string, FieldType>>,
  fallback: MaybeValue,
  part: (name: string) => MaybeValue,
): MaybeValue {
  const entries = Object.keys(fields).flatMap((name): [string, CanonicalValue][] => {
    const value = part(name)
    return value === undefined ? [] : [[name, value]]
  })
  return entries.every(([, value]) => value === null) ? fallbackOf(fallback) : Object.fromEntries(entries)
}

/** Nothing is left: the kind of empty value stays the previous one. */
function fallbackOf(value: MaybeValue): MaybeValue {
  return isCanonicalObject(value) ? null : value
}

function hasEdited({ settings, value, base }: PartialSide, name: string): boolean {
  if (settings.parts?.has(name) === false) return false
  return !sameValue(partOf(value, name), partOf(base, name))
}

function knewPart({ settings, base }: PartialSide, name: string, agreed: MaybeValue): boolean {
  return sameValue(partOf(base, name), partOf(asStored(settings, agreed), name))
}

function partOf(value: MaybeValue, name: string): MaybeValue {
  return isCanonicalObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}
