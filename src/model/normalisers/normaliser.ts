/**
 * Compiles the declared normalisers of a field into one function.
 *
 * A chain of idempotent steps need not be idempotent itself: `trim, maxLength 4` turns `"abc d"` into `"abc
 * "` and, applied again, into `"abc"`. The whole chain is therefore repeated until nothing changes.
 */
import { sortSet } from '../canonical/collection.ts'
import { isEqualCanonical } from '../canonical/equality.ts'
import { isCanonicalList, isCanonicalObject } from '../canonical/object.ts'
import { IsthmusError } from '../errors.ts'
import type { CanonicalValue, FieldType } from '../values.ts'
import type { EmptySpelling, NormaliserName, NormaliserSpec } from './contract.ts'
import { escapeHtml, escapeOnce, unescapeHtml, unescapeOnce } from './html.ts'
import { roundDigits } from './number.ts'
import * as text from './text.ts'
import { cutInstant, cutLocalTime } from './time.ts'

/** Returns the normal form of a canonical value. Idempotent; null stays null unless a step changes it. */
export type Normaliser = (value: CanonicalValue) => CanonicalValue

/** A chain that still changes the value after this many rounds has steps that undo each other. */
const roundsMax = 8

const textNormalisers: Readonly<Record<NormaliserName, text.TextNormaliser>> = {
  trim: text.trim,
  collapse: text.collapse,
  lowercase: text.lowercase,
  uppercase: text.uppercase,
  nfc: text.nfc,
  nfkc: text.nfkc,
  newlines: text.newlines,
  digits: text.digits,
  email: text.email,
  phone: text.phone,
  postalCode: text.postalCode,
  escapeHtml,
  unescapeHtml,
}

/**
 * Compiles normalisers for values of a type, applied in the order given. Sets are sorted again afterwards.
 *
 * @throws NORMALISER_INVALID for an invalid length, scale or name, or a step that never applies to values of
 *   this type
 */
export function compileNormaliser(specs: readonly NormaliserSpec[], type: FieldType): Normaliser {
  const steps = specs.map((spec) => compileStep(spec, type))
  if (steps.length === 0) return (value) => value
  const chain: Normaliser = (value) => steps.reduce((current, step) => step(current), value)
  return (value) => settle(chain, value)
}

/** Chains normalisers into one that is idempotent again. */
export function composeNormalisers(...normalisers: readonly Normaliser[]): Normaliser {
  return (value) => settle((start) => normalisers.reduce((current, next) => next(current), start), value)
}

function settle(chain: Normaliser, value: CanonicalValue): CanonicalValue {
  let current = value
  for (let round = 0; round < roundsMax; round += 1) {
    const next = chain(current)
    if (isEqualCanonical(next, current)) return next
    current = next
  }
  return current
}

function compileStep(spec: NormaliserSpec, type: FieldType): Normaliser {
  switch (spec.kind) {
    case 'maxLength':
      requireWhole('maxLength', spec.length, 1)
      return forLeaves(spec.kind, type, ['string'], (value) => text.cutText(value, spec.length))
    case 'scale':
      requireWhole('scale', spec.scale, 0)
      return forLeaves(spec.kind, type, ['decimal', 'money'], (value) =>
        roundDigits(value, spec.scale, spec.rounding ?? 'half-up'),
      )
    case 'precision':
      return forLeaves(spec.kind, type, ['instant', 'localDateTime'], (value, kind) =>
        kind === 'instant' ? cutInstant(value, spec.unit) : cutLocalTime(value, spec.unit),
      )
    case 'empties':
      return (value) => foldEmpties(type, value, spec.empties)
    case 'function':
      return spec.normalise
    case 'escaped':
      return escapedStep(spec.steps, type)
    default:
      return forLeaves(spec.kind, type, ['string', 'enum'], compileText(spec.kind))
  }
}

/**
 * For a system that escapes texts when it stores them: returns the plain text that the stored, normalised
 * value stands for. The steps apply to the escaped text, and the result is unescaped again. Without such
 * steps the value itself.
 */
function escapedStep(specs: readonly NormaliserSpec[], type: FieldType): Normaliser {
  const inner = compileNormaliser(specs, { kind: 'string' })
  return forLeaves('escapeHtml', type, ['string', 'enum'], (value) => {
    const stored = inner(escapeOnce(value))
    return typeof stored === 'string' ? unescapeOnce(stored) : value
  })
}

/** Escapes every text in a value as it is stored, or unescapes it as it is read. */
export function escapedTexts(type: FieldType, way: 'escape' | 'unescape'): Normaliser {
  const change = way === 'escape' ? escapeOnce : unescapeOnce
  return (value) => changeLeaves(type, value, ['string', 'enum'], change)
}

function compileText(name: NormaliserName): text.TextNormaliser {
  if (!Object.hasOwn(textNormalisers, name)) {
    throw new IsthmusError('NORMALISER_INVALID', `there is no normaliser called ${name}`)
  }
  const normalise = textNormalisers[name]
  return (value) => {
    const normal = normalise(value)
    // A text in NFC stays in NFC; another form is kept, since only the declared steps may change the value.
    return value === value.normalize('NFC') ? normal.normalize('NFC') : normal
  }
}

function requireWhole(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return
  throw new IsthmusError('NORMALISER_INVALID', `${name} must be a whole number of at least ${least}`)
}

type LeafKind = 'string' | 'enum' | 'decimal' | 'money' | 'instant' | 'localDateTime'
type ChangeLeaf = (text: string, kind: LeafKind) => string

/**
 * Applies a change to every text of the named kinds inside a value: elements of sets and lists, parts of
 * groups.
 */
function forLeaves(
  name: string,
  type: FieldType,
  kinds: readonly LeafKind[],
  change: ChangeLeaf,
): Normaliser {
  if (!hasLeaf(type, kinds)) {
    throw new IsthmusError('NORMALISER_INVALID', `${name} does nothing to a field of type ${type.kind}`)
  }
  return (value) => changeLeaves(type, value, kinds, change)
}

function hasLeaf(type: FieldType, kinds: readonly string[]): boolean {
  if (type.kind === 'set' || type.kind === 'list') return hasLeaf(type.of, kinds)
  if (type.kind === 'group') return Object.values(type.fields).some((part) => hasLeaf(part, kinds))
  return kinds.includes(type.kind)
}

function changeLeaves(
  type: FieldType,
  value: CanonicalValue,
  kinds: readonly LeafKind[],
  change: ChangeLeaf,
): CanonicalValue {
  if (typeof value === 'string') {
    const kind = kinds.find((candidate) => candidate === type.kind)
    return kind === undefined ? value : change(value, kind)
  }
  if (isCanonicalList(value)) {
    if (type.kind !== 'set' && type.kind !== 'list') return value
    const changed = value.map((element) => changeLeaves(type.of, element, kinds, change))
    return type.kind === 'set' ? sortSet(changed) : changed
  }
  return isCanonicalObject(value) ? changeParts(type, value, kinds, change) : value
}

function changeParts(
  type: FieldType,
  value: { readonly [part: string]: CanonicalValue },
  kinds: readonly LeafKind[],
  change: ChangeLeaf,
): CanonicalValue {
  const changed = Object.entries(value).map(([name, part]): [string, CanonicalValue] => {
    if (type.kind === 'group') {
      const partType = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined
      return [name, partType === undefined ? part : changeLeaves(partType, part, kinds, change)]
    }
    const kind = leafOfPart(type.kind, name)
    const applies = kind !== undefined && kinds.includes(kind) && typeof part === 'string'
    return [name, applies ? change(part, kind) : part]
  })
  return Object.fromEntries(changed)
}

function leafOfPart(kind: FieldType['kind'], part: string): LeafKind | undefined {
  if (kind === 'money' && part === 'amount') return 'money'
  return kind === 'localDateTime' && part === 'local' ? 'localDateTime' : undefined
}

/**
 * Turns one kind of empty value into the one that the system reads back. *Absent* is not a value: where a
 * system drops a null altogether the null stays here, and the empty-for-empty coercion accepts the value read
 * back.
 */
function foldEmpties(type: FieldType, value: CanonicalValue, { write, read }: EmptySpelling): CanonicalValue {
  if (value === null) return read[write.null] === 'empty' ? emptyOf(type) : null
  const empty = value === '' || (isCanonicalList(value) && value.length === 0)
  return empty && read[write.empty] === 'null' ? null : value
}

/** Only texts, sets and lists can be empty; other values are present or null. */
function emptyOf(type: FieldType): CanonicalValue {
  if (type.kind === 'string') return ''
  return type.kind === 'set' || type.kind === 'list' ? [] : null
}
