import { expect, test } from 'vitest'
import { agreedOf, entityOf, inputOf, syncedOf, testNow } from '../../../test/support/merge-cases.ts'
import { planWrites } from '../plan.ts'
import type { MemberField } from '../state.ts'
import { mergeRecord } from './merge-record.ts'

const day = 24 * 60 * 60 * 1000
const counted = (count: number, age = 0) => ({ oscillation: { count, since: testNow - age } })

/** The ERP shows a change at the first read after a write of ours. */
function induced(erp: Partial<MemberField>, crm: Partial<MemberField> = {}) {
  return inputOf({
    entity: entityOf({ oscillationLimit: 5 }),
    fields: { name: agreedOf('ours') },
    members: {
      crm: { fields: { name: syncedOf('ours', 1, crm) } },
      erp: { fields: { name: syncedOf('ours', 1, { wrote: true, ...erp }) } },
    },
    shown: { crm: { name: 'ours' }, erp: { name: 'theirs' } },
  })
}

test('counts a change first observed after our own write, and absorbs it like any other (H9)', () => {
  const decision = mergeRecord(induced({}))
  expect(decision.members.get('erp')?.name).toEqual({ ...counted(1), shadow: 'theirs', acked: 2 })
  expect(decision.fields.name?.value).toBe('theirs')
})

test('does not count an edit that was made later', () => {
  const { wrote: _, ...later } = syncedOf('ours')
  const input = inputOf({ fields: { name: agreedOf('ours') }, members: { erp: { fields: { name: later } } } })
  const seen = { ...input, observations: induced({}).observations }
  expect(mergeRecord(seen).members.get('erp')?.name).not.toHaveProperty('oscillation')
})

test('does not count a change observed long after our write: people may change a field in turn', () => {
  const notAfter = testNow - 1000
  const noticed = (noticeMs: number) => {
    const input = induced({ own: [{ value: 'ours', rev: 1, notAfter }] })
    const erp = input.members.get('erp')
    if (erp === undefined) throw new TypeError('there is an erp')
    const members = new Map([...input.members, ['erp', { ...erp, noticeMs }]])
    return mergeRecord({ ...input, members }).members.get('erp')?.name
  }
  expect(noticed(1000)).toHaveProperty('oscillation')
  expect(noticed(900)).toMatchObject({ shadow: 'theirs' })
  expect(noticed(900)).not.toHaveProperty('oscillation')
  expect(noticed(900)).not.toHaveProperty('wrote')
})

test('does not count an edit made after an observation has shown our write in the form that the system keeps', () => {
  const written = { shadow: 'Anna Long', wrote: true as const, replaced: { acked: 0, value: 'Bob' } }
  const input = inputOf({
    entity: entityOf({ oscillationLimit: 5 }),
    fields: { name: agreedOf('Anna Long') },
    members: {
      crm: { fields: { name: syncedOf('Anna Long') } },
      erp: { fields: { name: syncedOf('Anna Long', 1, written) } },
    },
    shown: { crm: { name: 'Anna Long' }, erp: { name: 'Anna L' } },
  })
  const seen = mergeRecord(input).members.get('erp')?.name
  expect(seen).toMatchObject({ shadow: 'Anna L', coerced: true })
  expect(seen).not.toHaveProperty('wrote')
})

test('holds the field in that system at the limit, counting both systems that alternate', () => {
  const input = induced(counted(2), counted(2))
  const decision = mergeRecord(input)
  expect(decision.oscillations).toEqual([{ system: 'erp', field: 'name', count: 5 }])
  expect(decision.members.get('erp')?.name?.hold).toEqual({ reason: 'oscillation', at: testNow })
  expect(planWrites(input, decision).writes.map(({ system }) => system)).toEqual(['crm'])
})

test('forgets changes of more than a day ago', () => {
  const decision = mergeRecord(induced(counted(4, day + 1), counted(4, day + 1)))
  expect(decision.oscillations).toEqual([])
  expect(decision.members.get('erp')?.name?.oscillation).toEqual({ count: 1, since: testNow })
})
