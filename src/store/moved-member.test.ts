import { describe, expect, test } from 'vitest'
import type { AgreedField, MemberField } from '../model/state.ts'
import { movedFields } from './moved-member.ts'

const agreed = (value: string, src: string, rest: Partial<AgreedField> = {}): AgreedField => ({
  ...{ value, rev: 3, src, at: 1 },
  ...rest,
})

function moved(before: AgreedField | undefined, field: MemberField, after: AgreedField | undefined) {
  return movedFields({
    system: 'erp',
    from: before === undefined ? {} : { name: before },
    fields: { name: field },
    to: after === undefined ? {} : { name: after },
    sent: {},
  }).name
}

describe('a counterpart that moves to another record', () => {
  const held: MemberField = { shadow: 'Ada', acked: 3 }
  const other = agreed('Eve', 'crm')
  const based = { shadow: 'Ada', acked: 0, inherited: true }

  test('keeps the base of values that we wrote there, under no revision of the other record', () => {
    expect(moved(agreed('Ada', 'crm'), held, other)).toEqual(based)
    expect(moved(agreed('Ada', 'person'), held, other)).toEqual(based)
    const unverified: MemberField = {
      ...held,
      provisional: 3,
      replaced: { value: 'A', acked: 2 },
      own: [{ value: 'Ada', rev: 3, notAfter: 9 }],
    }
    expect(moved(agreed('Ada', 'crm'), unverified, other)).toEqual({
      ...based,
      provisional: 0,
      replaced: { value: 'A', acked: 0 },
      own: [{ value: 'Ada', rev: 0, notAfter: 9 }],
    })
  })

  test.each<[why: string, before: AgreedField | undefined, after: AgreedField | undefined]>([
    ["entered by the system's own users", agreed('Ada', 'erp'), other],
    ['without a decision', agreed('Ada', 'crm', { heldBy: 'c1' }), other],
    ['was never agreed', undefined, other],
    ['that the other record has no value for', agreed('Ada', 'crm'), agreed('', 'crm')],
    ['that the other record has never agreed', agreed('Ada', 'crm'), undefined],
  ])('drops the base of a value %s', (_, before, after) => {
    const rest = { rejected: { rev: 3, version: 'v1', code: 'NO' }, coerced: true, lens: 'l1' } as const
    expect(moved(before, { ...held, ...rest }, after)).toEqual({ acked: 0, lens: 'l1' })
  })

  test('remembers values that the other record sent before it had a counterpart', () => {
    const sent = { name: { acked: 0, own: [{ value: 'Eve', rev: 5, notAfter: 9 }] } }
    const own = [{ value: 'Ada', rev: 3, notAfter: 8 }]
    const fields = { name: { ...held, own } }
    const to = { name: other }
    expect(movedFields({ system: 'erp', from: {}, fields, to, sent }).name?.own).toEqual([
      { value: 'Eve', rev: 5, notAfter: 9 },
      { value: 'Ada', rev: 0, notAfter: 8 },
    ])
  })
})
