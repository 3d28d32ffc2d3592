/**
 * Empty is not absent: an explicitly empty value is propagated, and no default of another system takes its
 * place.
 */
import { describe, expect, test } from 'vitest'
import {
  agreedOf,
  entityOf,
  type InputSpec,
  inputOf,
  syncedOf,
  testNow,
} from '../../../test/support/merge-cases.ts'
import type { Entity } from '../integration.ts'
import { mergeAndPlan } from '../merge-and-plan.ts'
import type { MemberFields } from '../state.ts'
import type { CanonicalValue, FieldType } from '../values.ts'
import { absorbOutcome, openIntentFields, type WriteResponse, withdrawIntentFields } from './outcome.ts'

const text: FieldType = { kind: 'string' }
const group: FieldType = { kind: 'group', fields: { street: text, city: text } }
const code = { type: text }

/** A record of the CRM that has no counterpart yet. */
function onlyInCrm(
  type: FieldType,
  look: Readonly<Record<string, CanonicalValue>>,
  entity?: Entity,
): InputSpec {
  return {
    entity: entity ?? entityOf({ fields: { code, value: { type } } }),
    rev: 0,
    fields: {},
    members: { crm: {}, erp: { state: 'absent' } },
    shown: { crm: { code: '1', ...look } },
  }
}

describe('a create', () => {
  test.each<[what: string, type: FieldType, value: CanonicalValue]>([
    ['an empty text', text, ''],
    ['an empty list', { kind: 'list', of: text }, []],
    ['an empty set', { kind: 'set', of: text }, []],
    ['an empty object', group, {}],
    ['a group with an empty part', group, { street: '' }],
    ['zero', { kind: 'decimal' }, '0'],
    ['no', { kind: 'boolean' }, false],
  ])('carries %s', async (_, type, value) => {
    const result = await mergeAndPlan(inputOf(onlyInCrm(type, { value })))
    expect(result.writes).toMatchObject([
      { system: 'erp', operation: 'create', values: { code: '1', value } },
    ])
    expect(result.fields.value).toMatchObject({ value, src: 'crm' })
  })

  test.each<[what: string, look: Readonly<Record<string, CanonicalValue>>]>([
    ['absent', {}],
    ['null', { value: null }],
  ])('leaves out a value that is %s', async (_, look) => {
    const result = await mergeAndPlan(inputOf(onlyInCrm(text, look)))
    expect(result.writes).toMatchObject([{ operation: 'create', values: { code: '1' } }])
    expect(result.writes[0]?.values).not.toHaveProperty('value')
    expect(result.fields.value).toBeUndefined()
  })
})

describe('two records that were just matched', () => {
  const entity = entityOf({ fields: { value: {} } })
  const met = (crm: CanonicalValue | undefined, erp: CanonicalValue | undefined) =>
    mergeAndPlan(
      inputOf({
        entity,
        rev: 0,
        fields: {},
        members: { crm: {}, erp: {} },
        shown: { crm: crm === undefined ? {} : { value: crm }, erp: erp === undefined ? {} : { value: erp } },
      }),
    )

  test('a value fills an empty one on the other side, however that is represented', async () => {
    for (const empty of ['', null, undefined]) {
      const result = await met(empty, 'x')
      expect(result.writes).toMatchObject([{ system: 'crm', values: { value: 'x' } }])
      expect(result.conflicts).toEqual([])
    }
  })

  test('null and absent values are in agreement, and no write is made only to change the representation', async () => {
    for (const [left, right] of [
      ['', null],
      [null, ''],
      ['', undefined],
      ['', ''],
    ] as const) {
      const result = await met(left, right)
      expect([result.writes, result.conflicts]).toEqual([[], []])
    }
  })

  test('nor is one made to a system that was observed before', async () => {
    const input = inputOf({
      entity,
      rev: 0,
      fields: {},
      members: { crm: {}, erp: { fields: { value: { acked: 0, shadowAbsent: true } } } },
      shown: { crm: { value: '' } },
    })
    const first = await mergeAndPlan(input)
    const again = { ...input, rev: first.rev, fields: first.fields }
    const members = new Map(
      [...input.members].map(([name, member]) => [
        name,
        { ...member, fields: first.members.get(name) ?? member.fields },
      ]),
    )
    const look = { system: 'erp', values: {}, unknown: new Set<string>(), at: testNow }
    const second = await mergeAndPlan({ ...again, members, observations: new Map([['erp', look]]) })
    expect([first.writes, second.writes]).toEqual([[], []])
  })
})

/** The state after our create of a counterpart in the ERP, by the form of its response. */
function created(
  entity: Entity,
  values: Readonly<Record<string, CanonicalValue>>,
  answer: WriteResponse,
): MemberFields {
  const part = entity.systems.get('erp')
  if (part === undefined) throw new RangeError('there is no ERP')
  const revs = Object.fromEntries(Object.keys(values).map((name) => [name, 1]))
  const planned = { system: 'erp', operation: 'create' as const, values, revs }
  const opened = openIntentFields(part, {}, { planned, body: values, notAfter: testNow })
  return absorbOutcome(part, opened, planned, answer).fields
}

/** The first read of the ERP after a create there. */
async function firstObservation(
  entity: Entity,
  {
    agreed,
    fields,
    shows,
    version,
  }: {
    agreed: CanonicalValue | undefined
    fields: MemberFields
    shows: CanonicalValue
    version?: string
  },
) {
  const known = agreed === undefined ? { acked: 0, shadowAbsent: true as const } : syncedOf(agreed)
  return mergeAndPlan(
    inputOf({
      entity,
      rev: 1,
      fields: { code: agreedOf('1'), ...(agreed === undefined ? {} : { value: agreedOf(agreed) }) },
      members: { crm: { fields: { code: syncedOf('1'), value: known } }, erp: { fields } },
      shown: { erp: { code: '1', value: shows } },
      ...(version === undefined ? {} : { observations: { erp: { version } } }),
    }),
  )
}

describe('a default that the target fills in', () => {
  const entity = entityOf({ fields: { code, value: { type: text } } })

  test.each([
    ['an observation of the version that the create made', { version: '7' }, '7'],
    ['the body of the response', { stored: { code: '1', value: 'active' } }, undefined],
    ['the body, in a later version', { stored: { code: '1', value: 'active' }, version: '7' }, '8'],
  ])('for a field that we did not send is not propagated when known by %s', async (_, response, version) => {
    const fields = created(entity, { code: '1' }, response)
    const seen = version === undefined ? {} : { version }
    const result = await firstObservation(entity, { agreed: undefined, fields, shows: 'active', ...seen })
    expect([result.writes, result.conflicts, result.changes]).toEqual([[], [], []])
    const later = await mergeAndPlan(
      inputOf({
        entity,
        rev: 1,
        fields: result.fields,
        members: {
          crm: { fields: { code: syncedOf('1'), value: { acked: 0, shadowAbsent: true } } },
          erp: { fields: { ...fields, ...result.members.get('erp') } },
        },
        shown: { erp: { code: '1', value: 'blocked' } },
      }),
    )
    expect(later.changes).toMatchObject([{ field: 'value', to: 'blocked', src: 'erp' }])
  })

  test.each([
    ['a later version', { version: '7' }, '8'],
    ['no version', {}, undefined],
    ['another value than the response showed', { stored: { code: '1', value: 'new' }, version: '7' }, '8'],
  ])('is treated as an edit where nothing is agreed, by %s', async (_, response, version) => {
    const fields = created(entity, { code: '1' }, response)
    const seen = version === undefined ? {} : { version }
    const result = await firstObservation(entity, { agreed: undefined, fields, shows: 'Aachen', ...seen })
    expect(result.fields.value).toMatchObject({ value: 'Aachen', src: 'erp' })
  })

  test('is not propagated in a field that another system owns, whoever entered it', async () => {
    const owned = entityOf({ fields: { code, value: { type: text, owner: 'crm' } } })
    const fields = created(owned, { code: '1' }, {})
    const result = await firstObservation(owned, { agreed: undefined, fields, shows: 'Aachen' })
    expect([result.writes, result.changes]).toEqual([[], []])
  })

  test.each([
    ['owns the field', { owner: 'erp' }],
    ['is ranked before the others', { policy: { kind: 'prefer', rank: ['erp', 'crm'] } }],
  ] as const)('fills an absent value where its system %s', async (_, spec) => {
    const ranked = entityOf({ fields: { code, value: { type: text, ...spec } } })
    const fields = created(ranked, { code: '1' }, {})
    const result = await firstObservation(ranked, { agreed: undefined, fields, shows: 'active' })
    expect(result.fields.value).toMatchObject({ value: 'active', src: 'erp' })
  })

  test('fills an absent value where we can not write the field: the system assigns it', async () => {
    const assigned = entityOf({
      fields: { code, value: { type: text, in: { crm: {}, erp: { writable: false } } } },
    })
    const fields = created(assigned, { code: '1' }, {})
    const result = await firstObservation(assigned, { agreed: undefined, fields, shows: '4711' })
    expect(result.fields.value).toMatchObject({ value: '4711', src: 'erp' })
  })

  test.each([
    ['', {}],
    ['kept', {}],
    ['', { policy: { kind: 'prefer', rank: ['erp', 'crm'] }, owner: 'erp' }],
  ] as const)(
    'never replaces %j, which the source holds and which is written again',
    async (agreed, spec) => {
      const strict = entityOf({ fields: { code, value: { type: text, ...spec } } })
      const sent = agreed === '' ? { code: '1', value: agreed } : { code: '1' }
      const fields = created(strict, sent, {})
      const result = await firstObservation(strict, { agreed, fields, shows: 'active' })
      expect(result.fields.value).toMatchObject({ value: agreed, rev: 1 })
      expect(result.writes).toMatchObject([{ system: 'erp', operation: 'update', values: { value: agreed } }])
      expect(result.changes).toEqual([])
    },
  )

  test.each([
    ['the version that the create made', '7', '7', []],
    ['a later version, which a person may have made', '7', '8', ['active']],
    ['no version', undefined, undefined, ['active']],
  ])('is kept in a conflict, or recognised as a default, by %s', async (_, made, seen, kept) => {
    const answer = made === undefined ? {} : { version: made }
    const fields = created(entity, { code: '1', value: '' }, answer)
    const look = { agreed: '', fields, shows: 'active', ...(seen === undefined ? {} : { version: seen }) }
    const { conflicts, writes } = await firstObservation(entity, look)
    expect(writes).toMatchObject([{ system: 'erp', values: { value: '' } }])
    const competed = conflicts.flatMap(({ candidates, policy, winner }) => {
      expect([policy, winner, candidates[1]?.value]).toEqual(['target-default', 'agreed', ''])
      return [candidates[0]?.value]
    })
    expect(competed).toEqual(kept)
  })

  test('is not propagated when the system keeps it through every write', async () => {
    const part = entity.systems.get('erp')
    if (part === undefined) throw new RangeError('there is no ERP')
    const planned = { system: 'erp', operation: 'update' as const, values: { value: '' }, revs: { value: 1 } }
    let fields = created(entity, { code: '1', value: '' }, {})
    const writes: number[] = []
    for (let round = 0; round < 4; round += 1) {
      const look = await firstObservation(entity, { agreed: '', fields, shows: 'active' })
      expect([look.changes, look.conflicts.length]).toEqual([[], round === 0 ? 1 : 0])
      writes.push(look.writes.length)
      fields = look.members.get('erp') ?? fields
      if (look.writes.length === 0) continue
      const opened = openIntentFields(part, fields, { planned, body: planned.values, notAfter: testNow - 1 })
      fields = absorbOutcome(part, opened, planned, {}).fields
    }
    expect(writes).toEqual([1, 1, 0, 0])
    expect(fields.value).toMatchObject({ shadow: 'active', rejected: { rev: 1 } })
  })

  test('in the response to a create is read once more, and our empty value written again', async () => {
    const answer = { stored: { code: '1', value: 'active' }, version: '7' }
    const fields = created(entity, { code: '1', value: '' }, answer)
    expect(fields.value).toMatchObject({ shadow: 'active', acked: 0 })
    const result = await firstObservation(entity, { agreed: '', fields, shows: 'active' })
    expect(result.writes).toMatchObject([{ system: 'erp', values: { value: '' } }])
  })

  test('is not assumed any more once the system has shown that there is none', async () => {
    const fields = created(entity, { code: '1' }, { stored: { code: '1' }, version: '7' })
    const result = await firstObservation(entity, { agreed: undefined, fields, shows: 'typed by a person' })
    expect(result.fields.value).toMatchObject({ value: 'typed by a person', src: 'erp' })
    const seen = await firstObservation(entity, {
      agreed: '',
      fields: created(entity, { code: '1', value: '' }, {}),
      shows: '',
    })
    expect(seen.members.get('erp')?.value).not.toHaveProperty('blank')
  })

  test('is not expected of a record that our create did not make', () => {
    const part = entity.systems.get('erp')
    if (part === undefined) throw new RangeError('there is no ERP')
    const planned = { system: 'erp', operation: 'create' as const, values: { code: '1' }, revs: { code: 1 } }
    const write = { planned, body: planned.values, notAfter: testNow }
    const opened = openIntentFields(part, {}, write)
    expect(opened.value).toMatchObject({ blank: true })
    expect(withdrawIntentFields(opened, write).value).toEqual({ acked: 0 })
  })
})
