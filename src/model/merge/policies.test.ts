import { describe, expect, test } from 'vitest'
import { agreedOf, entityOf, type FieldSpec, inputOf, syncedOf } from '../../../test/support/merge-cases.ts'
import { mergeAndPlan } from '../merge-and-plan.ts'
import type { CanonicalValue } from '../values.ts'
import type { ObservedValues } from './contract.ts'
import { mergeRecord } from './merge-record.ts'

interface Clash {
  readonly field: FieldSpec
  readonly base: CanonicalValue
  readonly crm: CanonicalValue
  readonly erp: CanonicalValue
  readonly changed?: readonly [crm: number | undefined, erp: number | undefined]
}

/** Both systems changed the field since they last agreed. */
function clash({ field, base, crm, erp, changed = [undefined, undefined] }: Clash) {
  const at = (changedAt: number | undefined): Partial<ObservedValues> =>
    changedAt === undefined ? {} : { changedAt }
  const state = { fields: { name: syncedOf(base) } }
  return mergeRecord(
    inputOf({
      entity: entityOf({ fields: { name: field } }),
      fields: { name: agreedOf(base) },
      members: { crm: state, erp: state },
      shown: { crm: { name: crm }, erp: { name: erp } },
      observations: { crm: at(changed[0]), erp: at(changed[1]) },
    }),
  )
}

const names = { base: 'Ann', crm: 'Bea', erp: 'Cleo' }
const tags: FieldSpec = { type: { kind: 'set', of: { kind: 'string' } }, policy: { kind: 'union' } }
const stock: FieldSpec = { type: { kind: 'decimal' }, policy: { kind: 'sum', rank: ['erp'] } }

describe('prefer', () => {
  test('takes the first named system and keeps the other value', () => {
    const result = clash({ field: { policy: { kind: 'prefer', rank: ['erp'] } }, ...names })
    expect(result.fields.name).toMatchObject({ value: 'Cleo', src: 'erp' })
    expect(result.conflicts).toMatchObject([
      { policy: 'prefer', winner: 'erp', candidates: [{ value: 'Bea' }, { value: 'Cleo' }] },
    ])
  })

  test("ranks a person's decision before every system", () => {
    const result = mergeRecord(
      inputOf({
        rev: 2,
        fields: { name: agreedOf('Ann', 2, 'person') },
        members: { crm: { fields: { name: syncedOf('old', 1) } } },
        shown: { crm: { name: 'Bea' } },
      }),
    )
    expect(result.fields.name).toMatchObject({ value: 'Ann', src: 'person', rev: 3 })
    expect(result.conflicts).toMatchObject([{ winner: 'agreed' }])
  })
})

describe('latest', () => {
  const field: FieldSpec = { policy: { kind: 'latest', skewMs: 1000, rank: ['erp'] } }

  test('takes the later change when the clocks can tell', () => {
    const result = clash({ field, ...names, changed: [5000, 3000] })
    expect(result.fields.name).toMatchObject({ value: 'Bea', changedAt: 5000 })
    expect(result.conflicts).toMatchObject([{ policy: 'latest' }])
  })

  test.each([
    ['lie within the skew', [5000, 4000] as const],
    ['are not reported by both', [5000, undefined] as const],
  ])('falls back to the rank when the times %s', (_, changed) => {
    const result = clash({ field, ...names, changed })
    expect(result.fields.name?.value).toBe('Cleo')
    expect(result.conflicts).toMatchObject([{ policy: 'prefer' }])
  })
})

describe('union', () => {
  test('adds what each side added and removes what each side removed', () => {
    const result = clash({ field: tags, base: ['a', 'b'], crm: ['a', 'b', 'c'], erp: ['b', 'd'] })
    expect(result.fields.name).toMatchObject({ value: ['b', 'c', 'd'], src: 'merge' })
    expect(result.conflicts).toMatchObject([{ policy: 'union', winner: 'merge' }])
  })
})

describe('sum', () => {
  test('adds the differences, exactly', () => {
    const result = clash({ field: stock, base: '10.1', crm: '10.3', erp: '7.1' })
    expect(result.fields.name).toMatchObject({ value: '7.3', src: 'merge' })
    const large = '9007199254740993.000000000000000000000000001'
    expect(clash({ field: stock, base: '0', crm: large, erp: '-1' }).fields.name?.value).toBe(
      '9007199254740992.000000000000000000000000001',
    )
  })

  test('falls back to the rank when a difference cannot be computed', () => {
    expect(clash({ field: stock, base: null, crm: '1', erp: '2' }).fields.name?.value).toBe('2')
  })
})

describe('a function', () => {
  test('decides, and the rank decides when it fails', () => {
    const policy = (decide: () => CanonicalValue): FieldSpec => ({
      policy: { kind: 'function', decide, rank: ['erp'] },
    })
    expect(clash({ field: policy(() => 'Both'), ...names }).fields.name).toMatchObject({
      value: 'Both',
      src: 'merge',
    })
    const failing = policy(() => {
      throw new TypeError('unexpected value')
    })
    expect(clash({ field: failing, ...names }).fields.name).toMatchObject({ value: 'Cleo', src: 'erp' })
  })
})

describe('an owner', () => {
  const entity = entityOf({ fields: { name: { owner: 'erp' } } })
  const state = { fields: { name: syncedOf('Ann') } }

  test('has its value restored where somebody else changed it, and the refused value is kept', async () => {
    const result = await mergeAndPlan(
      inputOf({
        entity,
        fields: { name: agreedOf('Ann', 1, 'erp') },
        members: { crm: state, erp: state },
        shown: { crm: { name: 'Bea' }, erp: { name: 'Ann' } },
      }),
    )
    expect(result.fields.name).toMatchObject({ value: 'Ann', rev: 2 })
    expect(result.writes).toEqual([
      { system: 'crm', operation: 'update', values: { name: 'Ann' }, revs: { name: 2 } },
    ])
    expect(result.conflicts).toMatchObject([
      { policy: 'owner', winner: 'agreed', candidates: [{ value: 'Bea' }, { value: 'Ann' }] },
    ])
  })

  test('wins against every other system', () => {
    const result = mergeRecord(
      inputOf({
        entity,
        fields: { name: agreedOf('Ann', 1, 'erp') },
        members: { crm: state, erp: state },
        shown: { crm: { name: 'Bea' }, erp: { name: 'Cleo' } },
      }),
    )
    expect(result.fields.name).toMatchObject({ value: 'Cleo', src: 'erp', rev: 2 })
    expect(result.conflicts[0]?.candidates.map(({ value }) => value)).toContain('Bea')
  })

  test('that has no value yet takes nothing away from the others', async () => {
    const result = await mergeAndPlan(
      inputOf({ entity, rev: 0, members: { crm: {}, erp: {} }, shown: { crm: { name: 'Bea' }, erp: {} } }),
    )
    expect(result).toMatchObject({ rev: 0, writes: [], conflicts: [] })
  })
})

describe('a one-way target', () => {
  test('has edits reverted under a new revision', async () => {
    const result = await mergeAndPlan(
      inputOf({
        entity: entityOf({ systems: { crm: {}, erp: { direction: 'target' } } }),
        fields: { name: agreedOf('Ann') },
        members: { crm: { fields: { name: syncedOf('Ann') } }, erp: { fields: { name: syncedOf('Ann') } } },
        shown: { crm: { name: 'Ann' }, erp: { name: 'Mallory' } },
      }),
    )
    expect(result.changes).toMatchObject([{ by: 'one-way', from: 'Ann', to: 'Ann', rev: 2 }])
    expect(result.writes).toMatchObject([{ system: 'erp', values: { name: 'Ann' } }])
    expect(result.members.get('crm')?.name?.acked).toBe(2)
  })
})

describe('a lossy copy', () => {
  const entity = entityOf({ fields: { name: { in: { crm: {}, erp: { neverOrigin: true } } } } })
  const look = (erp: string) =>
    mergeRecord(
      inputOf({
        entity,
        fields: { name: agreedOf('Consolidated Widgets') },
        members: { erp: { fields: { name: syncedOf('something') } } },
        shown: { erp: { name: erp } },
      }),
    )

  test('is accepted where it is a poorer form of the agreed value', () => {
    expect(look('Consolidated').members.get('erp')?.name).toMatchObject({ acked: 1, coerced: true })
  })

  test('is corrected where it is something else', () => {
    expect(look('Mallory')).toMatchObject({ rev: 2, conflicts: [{ policy: 'one-way', winner: 'agreed' }] })
  })

  test('counts where no system has a better one', () => {
    const result = mergeRecord(
      inputOf({ entity, rev: 0, members: { erp: {} }, shown: { erp: { name: 'Acme' } } }),
    )
    expect(result.fields.name).toMatchObject({ value: 'Acme', src: 'erp' })
  })
})
