import { expect, test } from 'vitest'
import type { FailureRow, HoldRow } from '../store/admin-contract.ts'
import { linkedOf } from './commands/matches.ts'
import { countOf, examplesOf, groupFailures, groupHolds, readForGroups } from './groups.ts'

const failure = (n: number, signature: string): FailureRow => ({
  recordId: `r${n}`,
  entity: 'customer',
  system: 'erp',
  operation: 'update',
  code: 'HTTP_STATUS_FINAL',
  message: 'refused',
  signature,
  replay: 'safe',
  firstAt: n,
  lastAt: 100 + n,
  count: 2,
})
const hold = (n: number, change: Partial<HoldRow> = {}): HoldRow => ({
  id: `h${n}`,
  recordId: `r${n}`,
  entity: 'customer',
  system: 'erp',
  kind: 'guard',
  reason: 'too many',
  at: n,
  ...change,
})

test('failures of one signature are one line, the most frequent first', () => {
  const groups = groupFailures([failure(1, 'b'), ...[2, 3, 4, 5].map((n) => failure(n, 'a'))])
  expect(groups).toMatchObject([
    { signature: 'a', records: 4, times: 8, firstAt: 2, lastAt: 105, examples: ['r2', 'r3', 'r4'] },
    { signature: 'b', records: 1, times: 2, examples: ['r1'] },
  ])
  expect(groups.map(examplesOf)).toEqual(['r2, r3, r4, …', 'r1'])
  expect(groups.map((group) => countOf(group, true))).toEqual(['4+', '1+'])
})

test('holds of one kind, place and reason are one line', () => {
  const holds = [hold(1), hold(2), hold(3, { field: 'name' }), hold(4, { kind: 'rule' })]
  expect(groupHolds(holds).map(({ kind, field, records }) => [kind, field, records])).toEqual([
    ['guard', undefined, 2],
    ['guard', 'name', 1],
    ['rule', undefined, 1],
  ])
})

test('more rows are counted than are reported one by one', async () => {
  const rows = Array.from({ length: 450 }, (_, n) => hold(n))
  const read = async ({ limit, cursor = '0' }: { limit: number; cursor?: string }) => {
    const next = Number(cursor) + limit
    return { rows: rows.slice(Number(cursor), next), ...(next < rows.length ? { cursor: String(next) } : {}) }
  }
  const { all, some, cut } = await readForGroups(100, read)
  expect([all.length, some.length, cut]).toEqual([450, 100, false])
})

test('a duplicate says which copy is linked, and with what', () => {
  const native = (system: string, nativeId: string, state = 'linked') => ({
    system,
    nativeId,
    state,
    madeHere: false,
  })
  const row = {
    id: 'd',
    entity: 'customer',
    cause: 'key',
    state: 'open',
    at: 0,
    sides: [
      { recordId: 'r1', state: 'active', natives: [native('crm', '1'), native('erp', '5')] },
      { recordId: 'r2', state: 'candidate', natives: [native('erp', '7')] },
    ],
    overlaps: [{ system: 'erp', suggested: '5' }],
    held: [],
  } as const
  expect(linkedOf(row)).toBe('erp:5 with crm:1; erp:7 with nothing')
})
