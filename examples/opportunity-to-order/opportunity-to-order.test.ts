import { expect, test } from 'vitest'
import { run } from '../harness/run-example.ts'
import { orders } from './orders.ts'

test('each won opportunity is one order, through kills, lost responses, restarts, ended sessions and messages in no order', async () => {
  const result = await run(orders, { records: 16 })
  expect(result).toMatchObject({ converged: true, duplicates: 0, problems: [], writesAtQuiescence: 0 })
  expect(result.records).toBe(217)
}, 300_000)
