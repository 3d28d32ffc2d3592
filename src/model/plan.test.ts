import { describe, expect, test } from 'vitest'
import { agreedOf, entityOf, type InputSpec, inputOf, syncedOf } from '../../test/support/merge-cases.ts'
import { mergeRecord } from './merge/merge-record.ts'
import { planWrites } from './plan.ts'

function plan(spec: InputSpec) {
  const input = inputOf(spec)
  return planWrites(input, mergeRecord(input))
}

const behind = { fields: { name: syncedOf('Ann', 1) } }
const edited = { rev: 2, fields: { name: agreedOf('Bea', 2) } }

describe('an update', () => {
  test('is planned where the system is behind', () => {
    expect(plan({ ...edited, members: { erp: behind }, shown: { erp: { name: 'Ann' } } }).writes).toEqual([
      { system: 'erp', operation: 'update', values: { name: 'Bea' }, revs: { name: 2 } },
    ])
  })

  test.each<[string, InputSpec]>([
    ['that was not read', { members: { erp: behind } }],
    [
      'whose lane is closed',
      { members: { erp: { ...behind, writable: false } }, shown: { erp: { name: 'Ann' } } },
    ],
    [
      'whose field is held',
      {
        members: {
          erp: { fields: { name: syncedOf('Ann', 1, { hold: { reason: 'oscillation', at: 0 } }) } },
        },
        shown: { erp: { name: 'Ann' } },
      },
    ],
    [
      'that refused this revision',
      {
        members: {
          erp: { fields: { name: syncedOf('Ann', 1, { rejected: { rev: 2, version: 'v1', code: 'X' } }) } },
        },
        shown: { erp: { name: 'Ann' } },
      },
    ],
    [
      'whose observation does not reveal the field',
      {
        members: { erp: behind },
        shown: { erp: {} },
        observations: { erp: { unknown: new Set(['name']) } },
      },
    ],
    ['that is gone', { members: { erp: { ...behind, state: 'suspect' } }, shown: { erp: { name: 'Ann' } } }],
  ])('is not planned for a system %s', (_, spec) => {
    expect(plan({ ...edited, ...spec }).writes).toEqual([])
  })

  test('of a refused revision is planned again under another definition', () => {
    const rejected = { rev: 2, version: 'v0', code: 'X' }
    const members = { erp: { fields: { name: syncedOf('Ann', 1, { rejected }) } } }
    expect(plan({ ...edited, members, shown: { erp: { name: 'Ann' } } }).writes).toHaveLength(1)
  })

  test('to a guarded system is based on its shadow, and is acknowledged when that is sufficient', () => {
    expect(plan({ ...edited, members: { erp: behind }, guarded: ['erp'] }).writes).toHaveLength(1)
    const same = plan({
      ...edited,
      members: { erp: { fields: { name: syncedOf('Bea', 1) } } },
      guarded: ['erp'],
    })
    expect(same.writes).toEqual([])
    expect(same.members.get('erp')?.name?.acked).toBe(2)
  })

  test('to a guarded system is not skipped while another value of ours may still take effect there', () => {
    const own = [{ value: 'Cleo', rev: 1, notAfter: 0 }]
    const members = { erp: { fields: { name: syncedOf('Bea', 1, { own }) } } }
    expect(plan({ ...edited, members, guarded: ['erp'] }).writes).toHaveLength(1)
  })

  test('clears a value that was cleared elsewhere', () => {
    const spec = { rev: 2, fields: { name: agreedOf(undefined, 2) }, members: { erp: behind } }
    expect(plan({ ...spec, shown: { erp: { name: 'Ann' } } }).writes).toMatchObject([
      { values: { name: null } },
    ])
  })
})

describe('a create', () => {
  const absent = { members: { erp: { state: 'absent' as const } } }

  test('carries every existing value', () => {
    const entity = entityOf({ fields: { name: {}, city: {}, note: {} } })
    const fields = { name: agreedOf('Ann'), city: agreedOf(null), note: agreedOf('') }
    expect(plan({ entity, fields, ...absent }).writes).toEqual([
      { system: 'erp', operation: 'create', values: { name: 'Ann', note: '' }, revs: { name: 1, note: 1 } },
    ])
  })

  test('without values is not made', () => {
    expect(plan({ fields: { name: agreedOf('') }, ...absent }).writes).toEqual([])
  })

  test.each([
    ['forbidden', { operations: { create: false } }],
    ['at a source', { direction: 'source' as const }],
  ])('that is %s is not planned', (_, erp) => {
    const entity = entityOf({ systems: { crm: {}, erp } })
    expect(plan({ entity, fields: { name: agreedOf('Ann') }, ...absent }).writes).toEqual([])
  })

  test('waits for a required field that is held', () => {
    const fields = { name: { ...agreedOf('Ann'), heldBy: 'c' }, city: agreedOf('Rome') }
    const entity = (required: boolean) => entityOf({ fields: { name: { required }, city: {} } })
    expect(plan({ entity: entity(true), fields, ...absent }).writes).toEqual([])
    expect(plan({ entity: entity(false), fields, ...absent }).writes).toMatchObject([
      { values: { city: 'Rome' } },
    ])
  })

  test('that was refused is not repeated with the same values', () => {
    const rejected = { rev: 1, version: 'v1', code: 'X' }
    const members = { erp: { state: 'absent' as const, fields: { name: { acked: 0, rejected } } } }
    expect(plan({ fields: { name: agreedOf('Ann') }, members }).writes).toEqual([])
  })
})

describe('a reference to a record without a counterpart (H29)', () => {
  const customer = { kind: 'ref' as const, entity: 'customer' }
  const fields = { name: agreedOf('Order 1'), buyer: agreedOf('record-7') }
  const entity = (nullable: boolean) =>
    entityOf({ fields: { name: {}, buyer: { type: customer, in: { crm: {}, erp: { nullable } } } } })
  const referable = () => false

  test('is left out of a create that can go without it, and waits', () => {
    const planned = plan({ entity: entity(true), fields, members: { erp: { state: 'absent' } }, referable })
    expect(planned.writes).toMatchObject([{ values: { name: 'Order 1' }, revs: { name: 1 } }])
    expect(planned.waiting).toEqual([
      { system: 'erp', field: 'buyer', recordId: 'record-7', blocksLane: false },
    ])
  })

  test('delays a create that needs it', () => {
    const planned = plan({ entity: entity(false), fields, members: { erp: { state: 'absent' } }, referable })
    expect(planned.writes).toEqual([])
    expect(planned.waiting).toMatchObject([{ blocksLane: true }])
  })

  test('waits alone in an update', () => {
    const members = { erp: { fields: { name: syncedOf('Order', 0), buyer: syncedOf(null, 0) } } }
    const shown = { erp: { name: 'Order', buyer: null } }
    const planned = plan({ entity: entity(true), fields, members, shown, referable })
    expect(planned.writes).toMatchObject([{ operation: 'update', revs: { name: 1 } }])
    expect(planned.waiting).toHaveLength(1)
  })

  test('is found inside sets and groups', () => {
    const type = { kind: 'group' as const, fields: { buyers: { kind: 'set' as const, of: customer } } }
    const value = { buyers: ['record-7', 'record-8'] }
    const spec = { entity: entityOf({ fields: { name: { type } } }), fields: { name: agreedOf(value) } }
    const planned = plan({
      ...spec,
      members: { erp: { state: 'absent' } },
      referable: (_, id) => id === 'record-7',
    })
    expect(planned.waiting).toMatchObject([{ recordId: 'record-8' }])
  })
})
