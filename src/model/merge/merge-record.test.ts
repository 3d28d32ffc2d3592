import { describe, expect, test } from 'vitest'
import {
  agreedOf,
  entityOf,
  inputOf,
  syncedOf,
  testNow,
  truncateTo,
} from '../../../test/support/merge-cases.ts'
import { mergeAndPlan } from '../merge-and-plan.ts'
import { mergeRecord } from './merge-record.ts'

describe('an observation of known values', () => {
  test('changes nothing when every system shows what it showed before, however much they differ', async () => {
    const input = inputOf({
      fields: { name: agreedOf('Ann') },
      members: { crm: { fields: { name: syncedOf('Bob') } }, erp: { fields: { name: syncedOf('Cid') } } },
      shown: { crm: { name: 'Bob' }, erp: { name: 'Cid' } },
    })
    expect(await mergeAndPlan(input)).toMatchObject({ changed: false, writes: [], conflicts: [], rev: 1 })
  })

  test('confirms a provisional write by the value itself', () => {
    const result = mergeRecord(
      inputOf({
        fields: { name: agreedOf('Bob', 2) },
        members: { erp: { fields: { name: syncedOf('Bob', 1, { provisional: 2, wrote: true }) } } },
        shown: { erp: { name: 'Bob' } },
      }),
    )
    expect(result.members.get('erp')).toEqual({ name: { shadow: 'Bob', acked: 2 } })
  })
})

describe('an edit', () => {
  test('becomes agreed and is written to the others, once', async () => {
    const result = await mergeAndPlan(
      inputOf({
        fields: { name: agreedOf('Ann') },
        members: { crm: { fields: { name: syncedOf('Ann') } }, erp: { fields: { name: syncedOf('Ann') } } },
        shown: { crm: { name: 'Anna' }, erp: { name: 'Ann' } },
      }),
    )
    expect(result.fields.name).toEqual({ value: 'Anna', rev: 2, src: 'crm', at: testNow })
    expect(result.writes).toEqual([
      { system: 'erp', operation: 'update', values: { name: 'Anna' }, revs: { name: 2 } },
    ])
    expect(result.conflicts).toEqual([])
    expect(result.members.get('crm')).toEqual({ name: { shadow: 'Anna', acked: 2 } })
  })

  test('is concurrent when its system had not acknowledged the agreed revision (H3)', () => {
    const result = mergeRecord(
      inputOf({
        rev: 2,
        fields: { name: agreedOf('Anna', 2, 'crm') },
        members: {
          crm: { fields: { name: syncedOf('Anna', 2) } },
          erp: { fields: { name: syncedOf('Ann', 1) } },
        },
        shown: { crm: { name: 'Anna' }, erp: { name: 'Annette' } },
      }),
    )
    expect(result.conflicts).toEqual([
      {
        id: 'conflict-1',
        field: 'name',
        policy: 'prefer',
        winner: 'agreed',
        candidates: [
          { system: 'erp', value: 'Annette', at: testNow },
          { system: 'agreed', value: 'Anna', at: 0 },
        ],
      },
    ])
    expect(result.fields.name).toMatchObject({ value: 'Anna', rev: 3 })
  })

  test('in two systems to the same value is no conflict', () => {
    const result = mergeRecord(
      inputOf({
        fields: { name: agreedOf('Ann') },
        members: { crm: { fields: { name: syncedOf('Ann') } }, erp: { fields: { name: syncedOf('Ann') } } },
        shown: { crm: { name: 'Eve' }, erp: { name: 'Eve' } },
      }),
    )
    expect(result.conflicts).toEqual([])
    expect(result.members.get('erp')).toEqual({ name: { shadow: 'Eve', acked: 2 } })
  })
})

describe('our own values', () => {
  test('that resurface late lower the acknowledgement, so that the newer value is written again (H14)', async () => {
    const own = [
      { value: 'old', rev: 2, notAfter: testNow },
      { value: 'new', rev: 3, notAfter: testNow },
    ]
    const result = await mergeAndPlan(
      inputOf({
        rev: 3,
        fields: { name: agreedOf('new', 3) },
        members: { erp: { fields: { name: syncedOf('new', 3, { own, wrote: true }) }, settleMs: 10 } },
        shown: { erp: { name: 'old' } },
      }),
    )
    expect(result.notes).toEqual([{ kind: 'resurfaced', system: 'erp', field: 'name' }])
    expect(result.members.get('erp')?.name).toMatchObject({ shadow: 'old', acked: 2 })
    expect(result.writes).toHaveLength(1)
    expect(result.conflicts).toEqual([])
  })

  test.each([
    ['applied and observed to be replaced', { applied: true }, {}, 'an edit'],
    ['whose outcome is unknown', {}, {}, 'ours'],
    ['applied, before the newer one was observed', { applied: true }, { replaced: { acked: 1 } }, 'ours'],
    [
      'applied and observed, before a newer one was',
      { applied: true },
      { replaced: { acked: 2, value: 'other' } },
      'an edit',
    ],
  ] as const)('that are observed again after a write %s', async (_, known, unverified, meaning) => {
    const own = [
      { value: 'old', rev: 2, notAfter: testNow, ...known },
      { value: 'new', rev: 3, notAfter: testNow, applied: true },
    ] as const
    const result = await mergeAndPlan(
      inputOf({
        rev: 3,
        fields: { name: agreedOf('new', 3) },
        members: { erp: { fields: { name: syncedOf('new', 3, { own, ...unverified }) }, settleMs: 10 } },
        shown: { erp: { name: 'old' } },
      }),
    )
    expect(result.fields.name).toMatchObject(
      meaning === 'an edit' ? { value: 'old', rev: 4 } : { value: 'new' },
    )
    expect(result.writes).toHaveLength(meaning === 'an edit' ? 0 : 1)
  })

  test('that may still be applied are followed by the value agreed meanwhile, though the system shows it now', async () => {
    const result = await mergeAndPlan(
      inputOf({
        rev: 3,
        fields: { name: agreedOf('new', 3) },
        members: {
          crm: { fields: { name: syncedOf('new', 3) } },
          erp: {
            fields: {
              name: {
                shadow: 'new',
                acked: 2,
                provisional: 3,
                replaced: { value: 'old', acked: 2 },
                own: [{ value: 'new', rev: 3, notAfter: testNow }],
              },
            },
            settleMs: 10,
          },
        },
        shown: { crm: { name: 'old' }, erp: { name: 'old' } },
      }),
    )
    expect(result.fields.name).toMatchObject({ value: 'old', rev: 4 })
    expect(result.writes).toMatchObject([{ system: 'erp', values: { name: 'old' } }])
  })

  test.each([
    ['none', undefined, { value: 'Zoe', src: 'erp' }],
    ['another one', 'Ann', { value: 'Ann', src: 'crm' }],
  ] as const)(
    'that were sent for another record become the value of one that has %s',
    async (_, value, agreed) => {
      // The counterpart was moved after a merge, before the value had arrived there.
      const own = [{ value: 'Zoe', rev: 0, notAfter: testNow }]
      const city = syncedOf('Rome', 1)
      const result = await mergeAndPlan(
        inputOf({
          rev: 2,
          fields: { ...(value === undefined ? {} : { name: agreedOf(value, 2) }), city: agreedOf('Rome', 1) },
          members: {
            crm: {
              fields: {
                city,
                name: value === undefined ? { acked: 0, shadowAbsent: true } : syncedOf(value, 2),
              },
            },
            erp: { fields: { city, name: { acked: 0, own } }, settleMs: 10 },
          },
          shown: {
            crm: { city: 'Rome', ...(value === undefined ? {} : { name: value }) },
            erp: { name: 'Zoe', city: 'Rome' },
          },
        }),
      )
      expect(result.fields.name).toMatchObject(agreed)
      expect(result.conflicts).toEqual([])
      expect(result.writes.map(({ system }) => system)).toEqual([value === undefined ? 'crm' : 'erp'])
    },
  )

  test('that were truncated are accepted and not written again (H7)', async () => {
    const own = [{ value: 'Consolidated', rev: 2, notAfter: testNow }]
    const result = await mergeAndPlan(
      inputOf({
        rev: 2,
        fields: { name: agreedOf('Consolidated', 2) },
        members: { erp: { fields: { name: syncedOf('Con', 1, { own }) }, settleMs: 10 } },
        shown: { erp: { name: 'Consol' } },
      }),
    )
    expect(result.members.get('erp')?.name).toMatchObject({ shadow: 'Consol', acked: 2, coerced: true })
    expect(result.writes).toEqual([])
  })

  test('never propagate back to the master in truncated form (H8)', async () => {
    const entity = entityOf({ fields: { name: { in: { crm: {}, erp: { normalise: truncateTo(3) } } } } })
    const result = await mergeAndPlan(
      inputOf({
        entity,
        rev: 2,
        fields: { name: agreedOf('Consolidated', 2) },
        members: {
          crm: { fields: { name: syncedOf('Consolidated', 2) } },
          erp: { fields: { name: syncedOf('Old', 1) } },
        },
        shown: { crm: { name: 'Consolidated' }, erp: { name: 'Con' } },
      }),
    )
    expect(result.fields.name).toMatchObject({ value: 'Consolidated', rev: 2 })
    expect(result.writes).toEqual([])
  })
})

describe('a first contact, without a base (H2)', () => {
  test('adopts a value where nothing is agreed', async () => {
    const result = await mergeAndPlan(
      inputOf({ rev: 0, members: { crm: {}, erp: {} }, shown: { crm: { name: 'Ann' }, erp: { name: '' } } }),
    )
    expect(result.fields.name).toMatchObject({ value: 'Ann', src: 'crm', rev: 1 })
    expect(result.conflicts).toEqual([])
    expect(result.writes).toMatchObject([{ system: 'erp', values: { name: 'Ann' } }])
  })

  test('writes an agreed value where the system has none', async () => {
    const result = await mergeAndPlan(
      inputOf({ fields: { name: agreedOf('Ann') }, members: { erp: {} }, shown: { erp: { name: null } } }),
    )
    expect(result.writes).toMatchObject([{ system: 'erp', values: { name: 'Ann' } }])
    expect(result.rev).toBe(1)
  })

  test('keeps the losing value when both have different values', () => {
    const result = mergeRecord(
      inputOf({ fields: { name: agreedOf('Ann') }, members: { erp: {} }, shown: { erp: { name: 'Bea' } } }),
    )
    expect(result.conflicts).toMatchObject([
      { winner: 'agreed', candidates: [{ value: 'Bea' }, { value: 'Ann' }] },
    ])
  })
})
