import { expect, it } from 'vitest'
import { play } from '../stage/play.ts'
import { orders } from './orders.ts'

it('each won opportunity is one order, through kills, lost answers, restarts, ended sessions and messages in no order', async () => {
  const result = await play(orders, { records: 16 })
  expect(result).toMatchObject({ converged: true, duplicates: 0, problems: [], writesAtQuiescence: 0 })
  expect(result.records).toBe(217)
}, 300_000)
