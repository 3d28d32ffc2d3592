import { expect, test } from 'vitest'
import { run } from '../harness/run-example.ts'
import { customers } from './customers.ts'

test('an ERP of files and a CRM agree after half, cut and damaged files, restarts, lost responses and kills', async () => {
  const result = await run(customers, { records: 20 })
  expect(result).toMatchObject({ converged: true, duplicates: 0, problems: [], writesAtQuiescence: 0 })
  expect(result.records).toBe(84)
}, 300_000)
