import { describe, expect, test } from 'vitest'
import { entityOf, syncedOf } from '../../../test/support/merge-cases.ts'
import type { EntitySystem } from '../integration.ts'
import type { PlannedWrite } from './contract.ts'
import { absorbOutcome, openIntentFields, rejectedFields, withdrawIntentFields } from './outcome.ts'

function erp(readable = true): EntitySystem {
  const part = entityOf({ fields: { name: { in: { erp: { readable } } }, city: {} } }).systems.get('erp')
  if (part === undefined) throw new TypeError('the entity has no erp')
  return part
}

const planned: PlannedWrite = {
  system: 'erp',
  operation: 'update',
  values: { name: 'Bea' },
  revs: { name: 2 },
}
const before = { name: syncedOf('Ann'), city: syncedOf('Rome') }

describe('an acknowledged write', () => {
  test('is absorbed at once when body and version came back, and only for the written fields (H11)', () => {
    const answer = { stored: { name: 'Bea', city: 'Oslo' }, version: '2' }
    expect(absorbOutcome(erp(), before, planned, answer)).toEqual({
      fields: { name: { shadow: 'Bea', acked: 2 }, city: syncedOf('Rome') },
      coerced: [],
      unverified: false,
    })
  })

  test('is accepted in the form in which the system stored it', () => {
    const absorbed = absorbOutcome(erp(), before, planned, { stored: { name: 'BEA' }, version: '2' })
    expect(absorbed.fields.name).toEqual({ shadow: 'BEA', acked: 2, coerced: true })
    expect(absorbed.coerced).toEqual(['name'])
  })

  test.each([
    ['no body', {}],
    ['a body without a version', { stored: { name: 'Bea' } }],
    ['a body that cannot be read', { stored: {}, version: '2', unknown: new Set(['name']) }],
  ])(
    'with %s is acknowledged, and the value from before is kept until a look has verified it',
    (_, answer) => {
      const absorbed = absorbOutcome(erp(), before, planned, answer)
      expect(absorbed.fields.name).toMatchObject({
        shadow: 'Bea',
        acked: 2,
        replaced: { value: 'Ann', acked: 1 },
      })
      expect(absorbed.fields.name).not.toHaveProperty('provisional')
      expect(absorbed.unverified).toBe(true)
    },
  )

  test.each([
    ['the new value', 'Bea', { name: 'Bea' }, true],
    ['the old value', 'Bea', { name: 'Ann' }, undefined],
    ['the new value with something appended', 'Bea', { name: 'Bea (7)' }, true],
    ['the old value, which happens to contain the new one', 'An', { name: 'Ann' }, undefined],
    ['a third value', 'Bea', { name: 'Eve' }, undefined],
    ['an empty text that was written', '', { name: '' }, true],
    ['no property for a field that was emptied', '', {}, undefined],
  ] as const)('records whether a body without a version showed it: %s', (_, name, stored, shown) => {
    const absorbed = absorbOutcome(erp(), before, { ...planned, values: { name } }, { stored })
    expect(absorbed.fields.name?.replaced?.shown).toBe(shown)
  })

  test('that was only accepted is not acknowledged before an observation has shown it', () => {
    const answer = { stored: { name: 'Bea' }, version: '2', accepted: true }
    const absorbed = absorbOutcome(erp(), before, planned, answer)
    expect(absorbed.fields.name).toMatchObject({ shadow: 'Bea', acked: 1, provisional: 2 })
    expect(absorbed.unverified).toBe(true)
  })

  test('of a write-only field is acknowledged without verification', () => {
    const absorbed = absorbOutcome(erp(false), before, planned, {})
    expect(absorbed).toMatchObject({ fields: { name: { shadow: 'Bea', acked: 2 } }, unverified: false })
  })

  test('ends an earlier refusal', () => {
    const refused = rejectedFields(before, planned, { code: 'X', version: 'v1' })
    expect(absorbOutcome(erp(), refused, planned, {}).fields.name).not.toHaveProperty('rejected')
  })
})

describe('an opened write', () => {
  const body = { name: 'Bea', city: 'Rome' }

  test('records every value of its body as our own, and its own fields as written (H12)', () => {
    expect(openIntentFields(erp(), before, { planned, body, notAfter: 9 })).toEqual({
      name: { ...before.name, wrote: true, own: [{ value: 'Bea', rev: 2, notAfter: 9 }] },
      city: { ...before.city, own: [{ value: 'Rome', rev: 1, notAfter: 9 }] },
    })
  })

  test('is known to have ended once the system has confirmed that it was applied, and only then', () => {
    const opened = openIntentFields(erp(), before, { planned, body, notAfter: 9 })
    const applied = absorbOutcome(erp(), opened, planned, { notAfter: 9 }).fields
    expect(applied.name?.own).toEqual([{ value: 'Bea', rev: 2, notAfter: 9, applied: true }])
    expect(applied.city?.own).toEqual([{ value: 'Rome', rev: 1, notAfter: 9, applied: true }])
    const accepted = absorbOutcome(erp(), opened, planned, { notAfter: 9, accepted: true }).fields
    expect(accepted.name?.own).toEqual(opened.name?.own)
    // Another write of the same value, with an unknown outcome, may still take effect.
    const doubtful = openIntentFields(erp(), applied, { planned, body, notAfter: 10 })
    const later = { planned: { ...planned, values: { name: 'Cleo' } }, body: { name: 'Cleo' }, notAfter: 11 }
    expect(openIntentFields(erp(), doubtful, later).name?.own).toEqual([
      { value: 'Bea', rev: 2, notAfter: 10 },
      { value: 'Cleo', rev: 2, notAfter: 11 },
    ])
  })

  test('leaves no trace once it is known never to have been sent', () => {
    const write = { planned, body, notAfter: 9 }
    expect(withdrawIntentFields(openIntentFields(erp(), before, write), write)).toEqual(before)
  })

  test('keeps an earlier one with the same value that is still in doubt', () => {
    const doubtful = openIntentFields(erp(), before, { planned, body, notAfter: 5 })
    const write = { planned, body, notAfter: 9 }
    const withdrawn = withdrawIntentFields(openIntentFields(erp(), doubtful, write), write)
    expect(withdrawn.name?.own).toEqual([{ value: 'Bea', rev: 2, notAfter: 5 }])
  })

  test('is remembered in bounded space, however often it is repeated', () => {
    let fields = openIntentFields(erp(), before, { planned, body, notAfter: 0 })
    for (let notAfter = 1; notAfter < 100; notAfter += 1) {
      fields = openIntentFields(erp(), fields, { planned, body, notAfter })
    }
    expect(fields.name?.own).toHaveLength(2)
  })
})

test('a refusal is remembered for the fields that were named, or for all of them', () => {
  const write: PlannedWrite = {
    ...planned,
    values: { name: 'Bea', city: 'Oslo' },
    revs: { name: 2, city: 3 },
  }
  const refusal = { code: 'TAKEN', version: 'v1' }
  expect(rejectedFields(before, write, { ...refusal, fields: ['name'] })).toEqual({
    name: { ...before.name, rejected: { rev: 2, version: 'v1', code: 'TAKEN', named: true } },
    city: before.city,
  })
  expect(rejectedFields(before, write, refusal).city?.rejected?.rev).toBe(3)
})
