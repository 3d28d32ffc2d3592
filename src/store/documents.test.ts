import { LosslessNumber } from 'lossless-json'
import { describe, expect, test } from 'vitest'
import type { AgreedFields, MemberField, MemberFields } from '../model/state.ts'
import type { CanonicalDocument, CanonicalValue } from '../model/values.ts'
import { createClearCodec } from './clear-codec.ts'
import {
  decodeAgreed,
  decodeLossless,
  decodeMember,
  decodePlain,
  encodeAgreed,
  encodeMember,
  encodePlain,
  encodeSeldomRead,
  readAgreed,
  rebasedMember,
  shadowMac,
  valuesMac,
  writeAgreed,
} from './documents.ts'

const codec = createClearCodec(Buffer.from('test key'))

function isUnchanged(fields: MemberFields, listed: CanonicalDocument): boolean {
  return Buffer.compare(shadowMac(codec, fields), valuesMac(codec, listed)) === 0
}

describe('a listed record', () => {
  test('is unchanged when it holds the absorbed values', () => {
    const fields = { name: { shadow: 'Ann', acked: 1 }, tags: { shadow: ['a'], acked: 1 } }
    expect(isUnchanged(fields, { tags: ['a'], name: 'Ann' })).toBe(true)
    expect(isUnchanged(fields, { tags: ['b'], name: 'Ann' })).toBe(false)
  })

  test('is unchanged when it represents an empty value differently: absent and null are the same to a merge', () => {
    const absorbed = { name: { shadow: null, acked: 1 }, mail: { shadowAbsent: true as const, acked: 1 } }
    expect(isUnchanged(absorbed, {})).toBe(true)
    expect(isUnchanged(absorbed, { mail: null })).toBe(true)
    expect(isUnchanged(absorbed, { mail: '' })).toBe(false)
    const address = { address: { shadow: { city: 'Bonn', street: null }, acked: 1 } }
    expect(isUnchanged(address, { address: { city: 'Bonn' } })).toBe(true)
    expect(isUnchanged(address, { address: { city: 'Bonn', street: '' } })).toBe(false)
  })
})

/** As the codec that stores plain text has them. */
function stored(document: unknown): Uint8Array {
  return Buffer.from(`\u0001${JSON.stringify(document)}`)
}

const ownWrite = (value: CanonicalValue, rev: number, notAfter: number) =>
  ({ value, rev, notAfter, applied: true }) as const

/** A field as it is after a write that the system has confirmed. */
function written(value: CanonicalValue, rev: number, notAfter: number): MemberField {
  return { shadow: value, acked: rev, wrote: true, own: [ownWrite(value, rev, notAfter)] }
}

/** For documents that contain all shadows. */
const unread = () => {
  throw new Error('the agreed values are not needed')
}

const wrongShape = expect.objectContaining({ code: 'STORE_DOCUMENT_UNREADABLE' })

describe.each([1, 2, 3] as const)('in format %i', (format) => {
  const writer = { codec, format }
  const agreed = {
    name: { value: 'Ann', rev: 2, src: 'crm', at: 7, changedAt: 5 },
    7: { value: 'a name that is an integer', rev: 9, src: 'crm', at: 7, changedAt: 5 },
    phone: { value: '1', rev: 3, src: 'crm', at: 7, changedAt: 5 },
    toString: { value: 'inherited', rev: 4, src: 'crm', at: 7, changedAt: 5 },
    city: { value: undefined, rev: 1, src: 'erp', at: 6, heldBy: 'c1' },
    mail: { value: null, rev: 3, src: 'person', at: 8 },
    lat: {
      value: '52.5',
      rev: 4,
      src: 'rule',
      at: 9,
      answers: [{ lookup: 'geocode', argument: 'Linden 1', value: { lat: 52.5 } }],
    },
    // The first format has no place for the answers of a field without a value.
    lon: { value: undefined, rev: 5, src: 'rule', at: 9, ...(format > 1 ? { answers: [] } : {}) },
    hasOwnProperty: { value: undefined, rev: 6, src: 'rule', at: 9 },
  }

  test('agreed fields are restored unchanged, with the time of change reported by their source, and the answers they depend on', () => {
    expect(decodeAgreed(codec, 'r1', encodeAgreed(writer, 'r1', agreed))).toStrictEqual(agreed)
    expect(decodeAgreed(codec, 'r1', encodeAgreed(writer, 'r1', {}))).toStrictEqual({})
  })

  test('fields of a member are restored unchanged: never read, absent, null and empty stay different', () => {
    const fields: MemberFields = {
      name: { shadow: 'Ann', acked: 5 },
      12: { shadow: 'x', acked: 4 },
      valueOf: { shadow: 'y', acked: 6 },
      empty: { shadow: '', acked: 2 },
      owner: { acked: 0, awaits: { since: 3, reported: true } },
      nothing: { shadow: null, acked: 0 },
      absent: { shadowAbsent: true, acked: 2 },
      never: { acked: 0 },
      written: { shadow: 'old', acked: 1, own: [{ value: 'new', rev: 7, notAfter: 9 }], wrote: true },
      created: written('Ann', 3, 9),
      tags: written(['a', 'b'], 2, 9),
      other: written('Bo', 8, 10),
      older: { ...written('Bo', 8, 10), acked: 7 },
      seen: { ...written('Bo', 8, 10), coerced: true },
      twice: { ...written('Bo', 8, 10), own: [ownWrite('Bo', 8, 10), ownWrite('Al', 7, 5)] },
      elsewhere: { ...written('Bo', 8, 10), shadow: 'B' },
      open: { ...written('Bo', 8, 10), own: [{ value: 'Bo', rev: 8, notAfter: 10 }] },
    }
    const restored = (one: MemberFields) =>
      decodeMember(codec, 'r1', 'crm', encodeMember(writer, 'r1', 'crm', one), unread)
    expect(restored(fields)).toStrictEqual(fields)
    expect(restored({})).toStrictEqual({})
  })

  test('intents and lines of the journal are restored with numbers of any size', () => {
    const place = { table: 'intent', column: 'document', rowId: 'i1' }
    for (const text of ['short', 'a long text '.repeat(200)]) {
      const document = { text, big: new LosslessNumber('12345678901234567890.10') }
      const bytes = encodeSeldomRead(writer, place, document)
      expect(decodeLossless(codec, place, bytes)).toEqual(document)
      expect(bytes.length < text.length / 2).toBe(format > 1 && text.length > 1000)
    }
  })
})

test('fields of a member are stored under the names that released versions read, in the first format', () => {
  const fields: MemberFields = {
    city: { shadow: 'Ulm', acked: 1, awaits: { since: 5 } },
    owner: { acked: 0, awaits: { since: 3, reported: true } },
    name: { shadow: 'Ann', acked: 2 },
  }
  const place = { table: 'member', column: 'fields', rowId: 'r1/crm' }
  expect(decodePlain(codec, place, encodeMember({ codec, format: 1 }, 'r1', 'crm', fields))).toStrictEqual({
    city: { shadow: 'Ulm', acked: 1, awaits: { since: 5 } },
    owner: { acked: 0, awaits: { since: 3, told: true } },
    name: [2, 'Ann'],
  })
})

test('fields of one source and time take less than half the bytes in the second format', () => {
  const names = Array.from({ length: 20 }, (_, n) => `field${n}`)
  const agreed = Object.fromEntries(
    names.map((name, n) => [
      name,
      {
        value: `${name} of a record`,
        rev: n + 1,
        src: 'crm',
        at: 1_700_000_000_000,
        changedAt: 1_700_000_000_000,
      },
    ]),
  )
  const [first, second] = ([1, 2] as const).map(
    (format) => encodeAgreed({ codec, format }, 'r1', agreed).length,
  )
  expect(second).toBeLessThan((first ?? 0) * 0.5)
  const fields = Object.fromEntries(names.map((name, n) => [name, written(`${name} of a record`, n + 1, 9)]))
  const [verbose, grouped] = ([1, 2] as const).map(
    (format) => encodeMember({ codec, format }, 'r1', 'crm', fields).length,
  )
  expect(grouped).toBeLessThan((verbose ?? 0) * 0.3)
})

describe('shadows that equal the agreed values', () => {
  const writer = { codec, format: 3 } as const
  const names = Array.from({ length: 20 }, (_, n) => `field${n}`)
  const agreedOf = (values: Readonly<Record<string, CanonicalValue>>, rev = 1): AgreedFields =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, { value, rev, src: 'crm', at: 7 }]),
    )
  const longValues = Object.fromEntries(names.map((name) => [name, `${name} of a record`]))
  const { bytes, agreed } = writeAgreed(writer, 'r1', {
    ...agreedOf(longValues),
    toString: { value: 'inherited', rev: 3, src: 'erp', at: 7 },
    7: { value: ['a', { b: null }], rev: 4, src: 'erp', at: 7 },
    nothing: { value: null, rev: 5, src: 'crm', at: 7 },
    absent: { value: undefined, rev: 6, src: 'crm', at: 7 },
  })
  const same = Object.fromEntries(names.map((name) => [name, { shadow: longValues[name] ?? '', acked: 1 }]))
  const encoded = (fields: MemberFields) => encodeMember(writer, 'r1', 'erp', fields, agreed)
  const decoded = (document: Uint8Array) =>
    decodeMember(codec, 'r1', 'erp', document, () => readAgreed(codec, 'r1', bytes))

  test.each<[string, MemberFields]>([
    [
      'all of them',
      { ...same, toString: { shadow: 'inherited', acked: 3 }, 7: { shadow: ['a', { b: null }], acked: 4 } },
    ],
    ['all but what the system lacks', same],
    ['one of them', { field3: { shadow: 'field3 of a record', acked: 1 } }],
    ['another value', { ...same, field3: { shadow: 'field3', acked: 1 } }],
    ['another revision', { ...same, field3: { shadow: 'field3 of a record', acked: 0 } }],
    ['null', { ...same, nothing: { shadow: null, acked: 5 } }],
    ['absent', { ...same, absent: { shadowAbsent: true, acked: 6 } }],
    ['never absorbed', { ...same, field3: { acked: 1 }, nothing: { acked: 5 } }],
    [
      'a field that is not agreed',
      { ...same, other: { shadow: 'x', acked: 1 }, valueOf: { shadow: 'y', acked: 1 } },
    ],
    [
      'written at several times',
      {
        ...same,
        field1: written('field1 of a record', 1, 9),
        field2: written('field2 of a record', 1, 9),
        field3: written('field3 of a record', 1, 10),
        field4: { ...written('field4 of a record', 1, 10), coerced: true },
        field5: written('field5 of a record', 1, 0),
      },
    ],
    ['all written', Object.fromEntries(names.map((name) => [name, written(longValues[name] ?? '', 1, 9)]))],
    ['none', { field3: { shadow: 'field3', acked: 1 } }],
  ])('are restored: %s', (_what, fields) => {
    expect(decoded(encoded(fields))).toStrictEqual(fields)
  })

  test('take no space', () => {
    expect(encoded(same).length).toBeLessThan(60)
    expect(encodeMember(writer, 'r1', 'erp', same).length).toBeGreaterThan(400)
  })

  test('stay what they were when the agreed values move, in a document that is written again', () => {
    const moved = writeAgreed(writer, 'r1', { ...agreedOf(longValues), ...agreedOf({ field3: 'moved' }, 9) })
    const before = { recordId: 'r1', system: 'erp', fields: encoded(same) }
    const rebased = rebasedMember(writer, before, () => agreed, moved.agreed)
    expect(decodeMember(codec, 'r1', 'erp', rebased ?? null, () => moved.agreed)).toStrictEqual(same)
    const detached = rebasedMember(writer, before, () => agreed)
    expect(decodeMember(codec, 'r1', 'erp', detached ?? null, unread)).toStrictEqual(same)
    // One that contains all shadows can stay as it is.
    expect(
      rebasedMember(writer, { ...before, fields: detached ?? null }, unread, moved.agreed),
    ).toBeUndefined()
    expect(rebasedMember(writer, { ...before, fields: null }, unread, moved.agreed)).toBeUndefined()
  })

  test('are refused beside other agreed values', () => {
    const moved = writeAgreed(writer, 'r1', agreedOf({ ...longValues, field3: 'moved' }))
    const refused = expect.objectContaining({
      code: 'STORE_DOCUMENT_UNREADABLE',
      message: expect.stringContaining('beside other agreed values'),
    })
    for (const other of [
      moved.agreed,
      { fields: agreed.fields, tag: undefined },
      readAgreed(codec, 'r1', null),
    ])
      expect(() => decodeMember(codec, 'r1', 'erp', encoded(same), () => other)).toThrowError(refused)
  })

  test('keep the tag of agreed values that are only written again', () => {
    const again = encodeAgreed({ codec, format: 3 }, 'r1', agreedOf({ a: 'x' }), agreed.tag)
    expect(readAgreed(codec, 'r1', again)).toStrictEqual({ fields: agreedOf({ a: 'x' }), tag: agreed.tag })
    expect(agreed).toStrictEqual(readAgreed(codec, 'r1', bytes))
  })

  test.each([
    ['without groups', []],
    ['groups that are none', [[7]]],
    ['names that are none', [[[0, [7]]]]],
    ['a name without an agreed value', [[[0, ['absent']]]]],
    ['a name that is not agreed', [[[0, ['valueOf']]]]],
    ['a rest that is none', [[[0, 0]], 7]],
    ['left out names that are none', [[[0, 0]], 0, 7]],
  ])('are refused in a document %s', (_what, rest) => {
    const place = { table: 'member', column: 'fields', rowId: 'r1/erp' }
    const document = encodePlain(codec, place, [agreed.tag, ...rest])
    expect(() => decoded(document)).toThrowError(wrongShape)
  })
})

test.each([
  ['a group that is none', [7, 7]],
  ['a group without values', [['crm', 1, 0, [1, 1]]]],
  ['more revisions than fields', [['crm', 1, 0, [1, 2], { name: 'Ann' }]]],
  ['fewer revisions than fields', [['crm', 1, 0, [], { name: 'Ann' }]]],
  ['a run of no length', [['crm', 1, 0, [1, 0, 1, 1], { name: 'Ann' }]]],
  ['runs that end early', [['crm', 1, 0, [1], { name: 'Ann' }]]],
])('agreed fields in a form that no version stores are refused: %s', (_what, document) => {
  expect(() => decodeAgreed(codec, 'r1', stored(document))).toThrowError(wrongShape)
})

test.each([
  ['nothing', []],
  ['no values', [[1, 1]]],
  ['more revisions than fields', [[1, 3], { name: 'Ann' }]],
  ['revisions that are none', [['1', 1], { name: 'Ann' }]],
  ['written fields that are none', [[], {}, { name: 7 }]],
  ['written fields without a time', [[], {}, [[[1, 1], { name: 'Ann' }]]]],
  ['written fields without revisions', [[], {}, [[9, [], { name: 'Ann' }]]]],
  ['a field that is none', [[], {}, [], { name: 7 }]],
  ['a field without a revision', [[], {}, [], { name: { shadow: 'Ann' } }]],
])('fields of a member in a form that no version stores are refused: %s', (_what, document) => {
  expect(() => decodeMember(codec, 'r1', 'crm', stored(document), unread)).toThrowError(wrongShape)
})
