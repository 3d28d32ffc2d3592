/** The format of a system's values as declared by a mapping, checked against the type of the field. */
import { offsetSeconds } from '../canonical/instant.ts'
import type { Spelling } from '../canonical/spelling.ts'
import { isTimeZone } from '../canonical/time-zone.ts'
import type { FieldType } from '../values.ts'
import { problem } from './finding.ts'
import type { Report } from './report.ts'
import type { MappingLongForm } from './schema/mapping.ts'

/** The keys of a mapping that declare the format of a value. */
export const spellingKeys = [
  'as',
  'decimalSeparator',
  'fractionDigits',
  'offset',
  'timeZone',
  'separator',
] as const

type SpellingKey = (typeof spellingKeys)[number]
/** A problem of one key: what it is, and what to do. */
type Fault = readonly [message: string, hint: string]

/** Formats by type, the default first. Other types have only one format. */
const forms: Partial<Record<FieldType['kind'], readonly NonNullable<Spelling['as']>[]>> = {
  decimal: ['number', 'text'],
  integer: ['number', 'text'],
  money: ['number', 'text'],
  ref: ['text', 'number'],
  instant: ['text', 'epochSeconds', 'epochMillis', 'sql'],
  date: ['text', 'compact'],
}

/**
 * The format of a mapping at a path; undefined when it is the default one, `wrong` (and reported) when it is
 * invalid.
 */
export function nativeSpelling(
  mapping: MappingLongForm,
  type: FieldType,
  report: Report,
): Spelling | undefined | 'wrong' {
  const given = spellingKeys.filter((key) => mapping[key] !== undefined)
  if (given.length === 0) return undefined
  let isSound = true
  for (const key of given) {
    const fault = mapping.values === undefined ? faults[key](mapping, type) : besideValues(key)
    if (fault === undefined) continue
    report(problem('mapping', [key], ...fault))
    isSound = false
  }
  if (!isSound) return 'wrong'
  return mapping.values === undefined ? spellingOf(mapping) : undefined
}

function spellingOf(mapping: MappingLongForm): Spelling {
  const { as, decimalSeparator, fractionDigits, offset, timeZone, separator } = mapping
  return {
    // Only natives of a value map are booleans, and those were handled before.
    ...(as === undefined || as === 'boolean' ? {} : { as }),
    ...(decimalSeparator === undefined ? {} : { decimalSeparator }),
    ...(fractionDigits === undefined ? {} : { fractionDigits }),
    ...(offset === undefined ? {} : { offset }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(separator === undefined ? {} : { separator }),
  }
}

/**
 * A value map itself defines the representation of each value; `as` is then the JSON type of its natives (see
 * `valueMap`).
 */
function besideValues(key: SpellingKey): Fault | undefined {
  return key === 'as' ? undefined : ['it does not go with values', 'use read and write']
}

const faults: Readonly<
  Record<SpellingKey, (mapping: MappingLongForm, type: FieldType) => Fault | undefined>
> = {
  as: ({ as }, type) => {
    const { kind } = elementOf(type)
    const known = forms[kind]
    if (kind === 'boolean') return ['a boolean is written with values', 'set values: { Y: true, N: false }']
    if (known === undefined)
      return kind === 'string' || kind === 'enum'
        ? [`${articleOf(kind)} is always text`, 'leave as out']
        : [`${articleOf(kind)} has only one format`, 'leave as out, or use read and write']
    if (known.some((form) => form === as)) return undefined
    return [`${articleOf(kind)} is no ${as}`, `write one of: ${known.join(', ')}`]
  },
  decimalSeparator: (mapping, type) => fractionFault('decimalSeparator', mapping, type),
  fractionDigits: (mapping, type) => fractionFault('fractionDigits', mapping, type),
  offset: ({ as, offset = '' }, type) => {
    const fault = zoneFault('offset', as, type)
    if (fault !== undefined || offsetSeconds(offset) !== undefined) return fault
    return [`${offset} is not an offset`, 'write it like +01:00 or Z, or name a zone by timeZone']
  },
  timeZone: ({ as, offset, timeZone = '' }, type) => {
    if (offset !== undefined) return ['it does not go with offset', 'keep one of the two']
    const fault = zoneFault('timeZone', as, type)
    if (fault !== undefined || isTimeZone(timeZone)) return fault
    return [`${timeZone} is not a known zone`, 'write a name like Europe/Berlin, or an offset like +01:00']
  },
  separator: ({ separator, decimalSeparator }, type) => {
    if (type.kind !== 'set' && type.kind !== 'list')
      return ['only sets and lists have one', 'leave separator out']
    if (isCompound(type.of))
      return [`elements of type ${type.of.kind} can't be joined to one text`, 'use read and write']
    const point = type.of.kind === 'decimal' ? (decimalSeparator ?? '.') : undefined
    if (separator !== point) return undefined
    return ['it is the decimal separator too', 'choose another separator']
  },
}

function zoneFault(key: SpellingKey, as: MappingLongForm['as'], type: FieldType): Fault | undefined {
  if (elementOf(type).kind !== 'instant') return ['only instants have one', `leave ${key} out`]
  if (as === 'epochSeconds' || as === 'epochMillis') return ['an epoch has no zone', `leave ${key} out`]
  return undefined
}

function fractionFault(key: SpellingKey, { as }: MappingLongForm, type: FieldType): Fault | undefined {
  const { kind } = elementOf(type)
  if (kind === 'integer') return ['an integer has no fraction', `leave ${key} out`]
  if (kind !== 'decimal' && kind !== 'money')
    return ['only decimals and money have a fraction', `leave ${key} out`]
  return as === 'text' ? undefined : ['only numbers as text have it', 'add as: text']
}

function isCompound({ kind }: FieldType): boolean {
  return ['money', 'group', 'localDateTime', 'set', 'list'].includes(kind)
}

/** Elements of sets and lists have the format of single values. */
function elementOf(type: FieldType): FieldType {
  return type.kind === 'set' || type.kind === 'list' ? type.of : type
}

function articleOf(kind: string): string {
  return /^[aeio]/.test(kind) ? `an ${kind}` : `a ${kind}`
}
