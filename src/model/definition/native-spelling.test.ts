import { parse, stringify } from 'lossless-json'
import { describe, expect, test } from 'vitest'
import { checkLaws, lawSubject } from '../laws/laws.ts'
import type { CanonicalValue, NativeRecord } from '../values.ts'
import { checkDefinition } from './compile-integration.ts'
import { findingText } from './finding.ts'

function compiled(field: object | string, mapping: object | string) {
  const triggers = [{ poll: '1s' }]
  const result = checkDefinition(
    {
      integration: 'small',
      systems: { a: { connector: 'rest' }, b: { connector: 'rest' } },
      entities: {
        person: {
          fields: { name: 'string' },
          match: 'never',
          systems: {
            a: { resource: 'p', map: { name: 'n' }, triggers },
            b: { resource: 'p', map: { name: 'n' }, triggers },
          },
        },
        thing: {
          fields: { value: field },
          match: 'never',
          systems: {
            a: { resource: 'a', map: { value: mapping }, triggers },
            b: { resource: 'b', map: { value: { read: 'v', write: 'v' } }, triggers },
          },
        },
      },
    },
    { hash: () => 'h' },
  )
  const entity = result.integration?.entities.get('thing')
  return { findings: result.findings, entity, system: entity?.systems.get('a') }
}

/** Parses and serialises a record like the HTTP layer. */
function wire(record: NativeRecord): NativeRecord {
  return parse(stringify(record) ?? '{}') as NativeRecord
}

const group = (part: string) => ({ type: 'group', fields: { part, other: 'string' } })
const setOf = (of: object | string) => ({ type: 'set', of })

describe("a mapping declares the format of a system's values", () => {
  test.each<[field: object | string, mapping: object | string, value: CanonicalValue, native: NativeRecord]>([
    ['decimal', 'v', '10.5', { v: 10.5 }],
    ['decimal', { path: 'v', as: 'number' }, '10.5', { v: 10.5 }],
    ['decimal', { path: 'v', as: 'text' }, '10.5', { v: '10.5' }],
    ['decimal', { path: 'v', as: 'text', fractionDigits: 2 }, '10.5', { v: '10.50' }],
    ['decimal', { path: 'v', as: 'text', fractionDigits: 2, decimalSeparator: ',' }, '10', { v: '10,00' }],
    ['integer', { path: 'v', as: 'text' }, '9007199254740993', { v: '9007199254740993' }],
    [
      'money',
      { path: 'v', as: 'text', currency: 'c' },
      { amount: '3', currency: 'EUR' },
      { v: '3', c: 'EUR' },
    ],
    ['instant', { path: 'v', as: 'text' }, '2031-05-01T10:00:00Z', { v: '2031-05-01T10:00:00Z' }],
    ['instant', { path: 'v', as: 'epochSeconds' }, '2031-05-01T10:00:00Z', { v: 1935396000 }],
    ['instant', { path: 'v', as: 'epochMillis' }, '2031-05-01T10:00:00.5Z', { v: 1935396000500 }],
    ['instant', { path: 'v', offset: '+02:00' }, '2031-05-01T10:00:00Z', { v: '2031-05-01T12:00:00' }],
    [
      'instant',
      { path: 'v', timeZone: 'Europe/Berlin' },
      '2031-05-01T10:00:00Z',
      { v: '2031-05-01T12:00:00' },
    ],
    ['instant', { path: 'v', as: 'sql' }, '2031-05-01T10:00:00.5Z', { v: '2031-05-01 10:00:00.5' }],
    ['date', { path: 'v', as: 'compact' }, '2031-05-01', { v: '20310501' }],
    ['boolean', { path: 'v', values: { Y: true, N: false } }, true, { v: 'Y' }],
    ['boolean', { path: 'v', as: 'number', values: { 1: true, 0: false } }, false, { v: 0 }],
    [setOf('string'), { path: 'v', separator: ';' }, ['a', 'b'], { v: 'a;b' }],
    [setOf('integer'), { path: 'v', separator: ';' }, ['9007199254740993'], { v: '9007199254740993' }],
    [setOf('decimal'), { path: 'v', as: 'text' }, ['1', '2.5'], { v: ['1', '2.5'] }],
    [setOf('date'), { path: 'v', as: 'compact', separator: '|' }, ['2031-05-01'], { v: '20310501' }],
    [{ type: 'ref', entity: 'person' }, { path: 'v', as: 'number' }, 'ref:17', { v: 17 }],
    [
      group('decimal'),
      { part: { path: 'v', as: 'text' }, other: 'o' },
      { part: '1.5', other: 'x' },
      { v: '1.5', o: 'x' },
    ],
  ])('%j mapped as %j', async (field, mapping, value, native) => {
    const { findings, entity, system } = compiled(field, mapping)
    expect(findings.filter(({ severity }) => severity === 'error').map(findingText)).toEqual([])
    if (entity === undefined || system === undefined) return
    const { patch, problems } = await system.lens.write({ value }, undefined)
    expect(problems).toEqual([])
    expect(wire(patch)).toEqual(wire(native))
    expect((await system.lens.read(wire(native))).values).toEqual({ value })
    expect(await checkLaws(lawSubject(entity, system, 'replace'), wire(native), { value })).toEqual([])
  })

  test('truncates instants to the precision of the system', () => {
    const { system } = compiled('instant', { path: 'v', as: 'epochSeconds', precision: 'second' })
    expect(system?.fields.get('value')?.normalise('2031-05-01T10:00:00.75Z')).toBe('2031-05-01T10:00:00Z')
  })
})

describe('an invalid format is refused with what to do', () => {
  test.each<[field: object | string, mapping: object, expected: string]>([
    ['string', { path: 'v', as: 'text' }, 'as: a string is always text (leave as out)'],
    [
      'boolean',
      { path: 'v', as: 'number' },
      'as: a boolean is written with values (set values: { Y: true, N: false })',
    ],
    ['decimal', { path: 'v', as: 'compact' }, 'as: a decimal is no compact (write one of: number, text)'],
    [
      'date',
      { path: 'v', as: 'epochSeconds' },
      'as: a date is no epochSeconds (write one of: text, compact)',
    ],
    [
      'decimal',
      { path: 'v', decimalSeparator: ',' },
      'decimalSeparator: only numbers as text have it (add as: text)',
    ],
    [
      'integer',
      { path: 'v', as: 'text', fractionDigits: 2 },
      'fractionDigits: an integer has no fraction (leave fractionDigits out)',
    ],
    [
      'string',
      { path: 'v', separator: ';' },
      'separator: only sets and lists have one (leave separator out)',
    ],
    [
      setOf('money'),
      { path: 'v', separator: ';' },
      "separator: elements of type money can't be joined to one text (use read and write)",
    ],
    [
      setOf('decimal'),
      { path: 'v', as: 'text', separator: ',', decimalSeparator: ',' },
      'separator: it is the decimal separator too (choose another separator)',
    ],
    [
      'instant',
      { path: 'v', offset: 'Berlin' },
      'offset: Berlin is not an offset (write it like +01:00 or Z, or name a zone by timeZone)',
    ],
    [
      'instant',
      { path: 'v', offset: '+01:00', as: 'epochMillis' },
      'offset: an epoch has no zone (leave offset out)',
    ],
    [
      'instant',
      { path: 'v', timeZone: 'Europe/Atlantis' },
      'timeZone: Europe/Atlantis is not a known zone (write a name like Europe/Berlin, or an offset like +01:00)',
    ],
    [
      'instant',
      { path: 'v', timeZone: 'Europe/Berlin', offset: '+01:00' },
      'timeZone: it does not go with offset (keep one of the two)',
    ],
    [
      'date',
      { path: 'v', timeZone: 'Europe/Berlin' },
      'timeZone: only instants have one (leave timeZone out)',
    ],
    ['date', { path: 'v', offset: '+01:00' }, 'offset: only instants have one (leave offset out)'],
    ['date', { path: 'v', precision: 'day' }, 'precision does nothing to a field of type date'],
    [
      setOf('string'),
      { path: 'v', separator: ';', values: { A: 'a' } },
      'separator: it does not go with values (use read and write)',
    ],
    [
      'decimal',
      { read: 'v', write: 'v', as: 'text' },
      'as: as does not go with read and write (express it in the expressions)',
    ],
  ])('%j mapped as %j', (field, mapping, expected) => {
    const errors = compiled(field, mapping).findings.filter(({ severity }) => severity === 'error')
    const place = 'entities.thing.systems.a.map.value'
    expect(errors.map(findingText)).toEqual([
      expected.includes('does nothing') ? `${place}: ${expected}` : `${place}.${expected}`,
    ])
  })
})
