import { expect, test } from 'vitest'
import { run } from '../harness/run-example.ts'
import { customers } from './customers.ts'

test('Salesforce and SAP agree about customers and orders after conflicts, restarts, lost responses and a kill', async () => {
  const result = await run(customers, { records: 40 })
  expect(result).toMatchObject({ converged: true, duplicates: 0, problems: [], writesAtQuiescence: 0 })
  expect(result.records).toBe(102)
}, 300_000)
