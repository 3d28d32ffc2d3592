/**
 * Recognises changes that systems make to values on their own: truncation, trimming, rounding, a changed
 * case.
 *
 * The merge applies this only to values that *we* wrote, in cases that no declared normaliser covers. It
 * decides whether the stored value can be explained as a poorer form of the sent one; anything else is a
 * change by somebody. Ambiguous cases count as a change: mistaking an edit for a coercion would lose the
 * edit.
 */

import { isEqualCanonical } from './canonical/equality.ts'
import { isCanonicalList, isCanonicalObject } from './canonical/object.ts'
import type { CoercionName } from './coercion/names.ts'
import { isNumberCoercion } from './coercion/number.ts'
import { recogniseText } from './coercion/text.ts'
import { isSameMoment, isTimeCoercion } from './coercion/time.ts'
import type { CanonicalValue, FieldType } from './values.ts'

type MaybeValue = CanonicalValue | undefined

/** Elements compared pairwise in a set; beyond it only equal sets count. */
const setElementsMax = 200

/**
 * Names the coercion that turns a value we sent into the value that a system now shows.
 *
 * @param sent what we wrote; `undefined` = absent
 * @param stored what the system shows
 * @returns the name (`truncation`, `whitespace+case`), or undefined when the values are equal or nothing
 *   explains the difference
 */
export function isRecognisedCoercion(
  sent: MaybeValue,
  stored: MaybeValue,
  type: FieldType,
): string | undefined {
  if (isEqualCanonical(sent, stored)) return undefined
  const names = explain(sent, stored, type)
  return names === undefined ? undefined : [...new Set(names)].join('+')
}

/**
 * The coercions between two values; an empty list when they are equal, undefined when there is no
 * explanation.
 */
function explain(sent: MaybeValue, stored: MaybeValue, type: FieldType): readonly CoercionName[] | undefined {
  if (isEqualCanonical(sent, stored)) return []
  if (isNothing(stored)) return explainNothing(sent)
  if (isNothing(sent)) return undefined
  if (typeof sent === 'string' && typeof stored === 'string') return explainText(sent, stored, type)
  if (isCanonicalList(sent) && isCanonicalList(stored)) {
    if (type.kind === 'set') return explainSet(sent, stored, type.of)
    return type.kind === 'list' ? explainList(sent, stored, type.of) : undefined
  }
  if (isCanonicalObject(sent) && isCanonicalObject(stored)) return explainParts(sent, stored, type)
  return undefined
}

/** True for absent, null, empty, and a group whose parts are all empty. */
function isNothing(value: MaybeValue): boolean {
  if (value === undefined || value === null || value === '') return true
  if (isCanonicalList(value)) return value.length === 0
  return isCanonicalObject(value) && Object.values(value).every(isNothing)
}

function explainNothing(sent: MaybeValue): readonly CoercionName[] | undefined {
  if (isNothing(sent)) return ['empty']
  return typeof sent === 'string' && sent.trim() === '' ? ['whitespace', 'empty'] : undefined
}

function explainText(sent: string, stored: string, type: FieldType): readonly CoercionName[] | undefined {
  switch (type.kind) {
    case 'string':
      return recogniseText(sent, stored, type.format)
    case 'decimal':
      return isNumberCoercion(sent, stored) ? ['rounding'] : undefined
    case 'instant':
      return isTimeCoercion(sent, stored) ? ['precision'] : undefined
    default:
      return undefined
  }
}

function explainList(
  sent: readonly CanonicalValue[],
  stored: readonly CanonicalValue[],
  of: FieldType,
): readonly CoercionName[] | undefined {
  if (sent.length !== stored.length) return undefined
  const names: CoercionName[] = []
  for (const [index, value] of sent.entries()) {
    const found = explain(value, stored[index], of)
    if (found === undefined) return undefined
    names.push(...found)
  }
  return names
}

/**
 * Each element must have a counterpart on the other side: `["A", "a"]` may have become `["a"]`, but no
 * element may be new and none may be missing.
 */
function explainSet(
  sent: readonly CanonicalValue[],
  stored: readonly CanonicalValue[],
  of: FieldType,
): readonly CoercionName[] | undefined {
  if (stored.length > sent.length || sent.length > setElementsMax) return undefined
  const names: CoercionName[] = []
  const met = new Set<CanonicalValue>()
  for (const value of sent) {
    const partner = stored
      .map((candidate) => ({ candidate, found: explain(value, candidate, of) }))
      .filter(({ found }) => found !== undefined)
      .sort((left, right) => (left.found?.length ?? 0) - (right.found?.length ?? 0))[0]
    if (partner?.found === undefined) return undefined
    met.add(partner.candidate)
    names.push(...partner.found)
  }
  return met.size === stored.length ? names : undefined
}

/** Part by part: money is explained by its amount alone, a currency is never coerced. */
function explainParts(
  sent: { readonly [part: string]: CanonicalValue },
  stored: { readonly [part: string]: CanonicalValue },
  type: FieldType,
): readonly CoercionName[] | undefined {
  if (type.kind === 'localDateTime') return explainLocalTime(sent, stored)
  const names: CoercionName[] = []
  for (const part of new Set([...Object.keys(sent), ...Object.keys(stored)])) {
    const partType = partTypeOf(type, part)
    const found =
      partType === undefined ? undefined : explain(ownPart(sent, part), ownPart(stored, part), partType)
    if (found === undefined) return undefined
    names.push(...found)
  }
  return names
}

function explainLocalTime(
  sent: { readonly [part: string]: CanonicalValue },
  stored: { readonly [part: string]: CanonicalValue },
): readonly CoercionName[] | undefined {
  const { local: from, zone: fromZone } = sent
  const { local: to, zone: toZone } = stored
  if (typeof from !== 'string' || typeof to !== 'string') return undefined
  if (fromZone === toZone) return isTimeCoercion(`${from}Z`, `${to}Z`) ? ['precision'] : undefined
  return isSameMoment(from, fromZone, to, toZone) ? ['zone'] : undefined
}

function partTypeOf(type: FieldType, part: string): FieldType | undefined {
  if (type.kind === 'group') return Object.hasOwn(type.fields, part) ? type.fields[part] : undefined
  if (type.kind !== 'money') return undefined
  return part === 'amount' ? { kind: 'decimal' } : { kind: 'enum', values: [] }
}

function ownPart(value: { readonly [part: string]: CanonicalValue }, part: string): MaybeValue {
  return Object.hasOwn(value, part) ? value[part] : undefined
}
