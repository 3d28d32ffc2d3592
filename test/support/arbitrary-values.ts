/** Generators of field types, canonical values, formats and mapped fields for the property tests. */
import fc from 'fast-check'
import { sortSet } from '../../src/model/canonical/collection.ts'
import { formatInstant } from '../../src/model/canonical/instant.ts'
import { canonicalDigits } from '../../src/model/canonical/number.ts'
import type { Spelling } from '../../src/model/canonical/spelling.ts'
import type { CanonicalValue, FieldType } from '../../src/model/values.ts'

export const canonicalText = (maxLength = 40): fc.Arbitrary<string> =>
  fc
    .oneof(
      fc.string({ maxLength }),
      fc.string({ unit: 'grapheme', maxLength }),
      fc.string({ unit: 'binary', maxLength }),
      fc.constantFrom(
        '  two  blanks ',
        'Straße',
        'ΟΔΥΣΣΕΥΣ',
        'İstanbul',
        'ﬁne ①',
        'A &amp;amp; <b>',
        '__proto__',
        '👩‍👩‍👧 👨‍🚀',
      ),
    )
    .map((text) => text.replaceAll('\u0000', '').normalize('NFC'))

export const decimalDigits: fc.Arbitrary<string> = fc
  .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.nat({ max: 12 }))
  .map(([digits, scale]) => {
    const parsed = canonicalDigits(`${digits}e-${scale}`)
    return parsed.ok ? parsed.value : '0'
  })

export const instant: fc.Arbitrary<string> = fc
  .tuple(fc.integer({ min: -62_000_000_000, max: 253_000_000_000 }), fc.nat({ max: 999_999_999 }))
  .map(([seconds, nanoseconds]) =>
    formatInstant({ seconds, fraction: String(nanoseconds).padStart(9, '0').replace(/0+$/, '') }),
  )

const scalarTypes: readonly FieldType[] = [
  { kind: 'string' },
  { kind: 'decimal' },
  { kind: 'integer' },
  { kind: 'boolean' },
  { kind: 'instant' },
  { kind: 'date' },
  { kind: 'localDateTime' },
  { kind: 'enum', values: ['prospect', 'active', 'blocked'] },
  { kind: 'money' },
  { kind: 'blob' },
]

export const scalarType: fc.Arbitrary<FieldType> = fc.constantFrom(...scalarTypes)

export const partNames = ['street', 'city', 'constructor', 'weird name'] as const

export const groupType: fc.Arbitrary<FieldType> = fc
  .uniqueArray(fc.constantFrom(...partNames), { minLength: 1 })
  .chain((names) =>
    fc.tuple(...names.map(() => scalarType)).map((types) => ({
      kind: 'group' as const,
      fields: Object.fromEntries(
        names.map((name, index) => [name, types[index] ?? { kind: 'string' as const }]),
      ),
    })),
  )

export const fieldType: fc.Arbitrary<FieldType> = fc.oneof(
  { weight: 6, arbitrary: scalarType },
  { weight: 2, arbitrary: groupType },
  { weight: 1, arbitrary: scalarType.map((of) => ({ kind: 'set' as const, of })) },
  { weight: 1, arbitrary: scalarType.map((of) => ({ kind: 'list' as const, of })) },
)

/** A canonical value of a type, never null at the top. */
export function canonicalValue(type: FieldType): fc.Arbitrary<CanonicalValue> {
  switch (type.kind) {
    case 'string':
      return canonicalText()
    case 'decimal':
      return decimalDigits
    case 'integer':
      return fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String)
    case 'boolean':
      return fc.boolean()
    case 'instant':
      return instant
    case 'date':
      return instant.map((text) => text.slice(0, 10))
    case 'localDateTime':
      return fc.tuple(instant, fc.constantFrom('Europe/Berlin', 'UTC', '+05:30')).map(([text, zone]) => ({
        local: text.slice(0, -1),
        zone,
      }))
    case 'enum':
      return fc.constantFrom(...type.values)
    case 'money':
      return fc
        .tuple(decimalDigits, fc.constantFrom('EUR', 'USD', 'JPY'))
        .map(([amount, currency]) => ({ amount, currency }))
    case 'group':
      return groupValue(type.fields)
    case 'ref':
      return fc.string({ minLength: 1, maxLength: 10 }).map((id) => `ref:${id.replaceAll('\u0000', 'x')}`)
    case 'set':
      return fc.array(canonicalValue(type.of), { maxLength: 5 }).map(sortSet)
    case 'list':
      return fc.array(canonicalValue(type.of), { maxLength: 5 })
    case 'blob':
      return fc.stringMatching(/^[0-9a-f]{64}$/).map((hash) => `sha256:${hash}`)
  }
}

function groupValue(fields: Readonly<Record<string, FieldType>>): fc.Arbitrary<CanonicalValue> {
  const entries = Object.entries(fields)
  return fc
    .tuple(...entries.map(([, type]) => fc.option(canonicalValue(type))))
    .filter((parts) => parts.some((part) => part !== null))
    .map((parts) => Object.fromEntries(entries.map(([name], index) => [name, parts[index] ?? null])))
}

/** Formats that preserve every value of the type. */
export function losslessSpelling(type: FieldType): fc.Arbitrary<Spelling> {
  switch (type.kind) {
    case 'decimal':
    case 'integer':
    case 'money':
      return fc.constantFrom<Spelling>(
        {},
        { as: 'text' },
        { as: 'text', decimalSeparator: ',' },
        { as: 'text', fractionDigits: 2 },
      )
    case 'instant':
      return fc.constantFrom<Spelling>({}, { offset: '+05:30' }, { offset: 'Z' })
    case 'date':
      return fc.constantFrom<Spelling>({}, { as: 'compact' })
    case 'boolean':
      return fc.constantFrom<Spelling>(
        {},
        { boolean: { true: 'Y', false: 'N' } },
        { boolean: { true: 1, false: 0 } },
      )
    default:
      return fc.constant({})
  }
}

/** A type together with one of its values. */
export const typedValue: fc.Arbitrary<{ type: FieldType; value: CanonicalValue }> = fieldType.chain((type) =>
  canonicalValue(type).map((value) => ({ type, value })),
)
