import { expect, test } from 'vitest'
import { run } from '../harness/run-example.ts'
import { users } from './users.ts'

test('json-server and a table agree about users after edits, a deletion, restarts and a kill', async () => {
  const result = await run(users, { records: 20 })
  expect(result).toMatchObject({ converged: true, duplicates: 0, problems: [], writesAtQuiescence: 0 })
  expect(result.records).toBe(31)
}, 300_000)
