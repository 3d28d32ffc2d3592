import { describe, expect, test } from 'vitest'
import type { MemberFields } from '../model/state.ts'
import type { CanonicalDocument } from '../model/values.ts'
import { createClearCodec } from './clear-codec.ts'
import {
  decodeAgreed,
  decodeMember,
  decodePlain,
  encodeAgreed,
  encodeMember,
  shadowMac,
  valuesMac,
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

describe('agreed fields', () => {
  test('are restored unchanged, with the time of change reported by their source, and the answers they depend on', () => {
    const fields = {
      name: { value: 'Ann', rev: 2, src: 'crm', at: 7, changedAt: 5 },
      city: { value: undefined, rev: 1, src: 'erp', at: 6, heldBy: 'c1' },
      mail: { value: null, rev: 3, src: 'person', at: 8 },
      lat: {
        value: '52.5',
        rev: 4,
        src: 'rule',
        at: 9,
        answers: [{ lookup: 'geocode', argument: 'Linden 1', value: { lat: 52.5 } }],
      },
    }
    expect(decodeAgreed(codec, 'r1', encodeAgreed(codec, 'r1', fields))).toStrictEqual(fields)
  })
})

describe("a member's fields", () => {
  const place = { table: 'member', column: 'fields', rowId: 'r1/crm' }
  const fields: MemberFields = {
    city: { shadow: 'Ulm', acked: 1, awaits: { since: 5 } },
    owner: { acked: 0, awaits: { since: 3, reported: true } },
    name: { shadow: 'Ann', acked: 2 },
  }

  test('are restored unchanged', () => {
    const bytes = encodeMember(codec, 'r1', 'crm', fields)
    expect(decodeMember(codec, 'r1', 'crm', bytes)).toStrictEqual(fields)
  })

  test('are stored under the names that released versions read', () => {
    const stored = decodePlain(codec, place, encodeMember(codec, 'r1', 'crm', fields))
    expect(stored).toStrictEqual({
      city: { shadow: 'Ulm', acked: 1, awaits: { since: 5 } },
      owner: { acked: 0, awaits: { since: 3, told: true } },
      name: [2, 'Ann'],
    })
  })
})
