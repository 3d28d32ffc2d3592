import { expect, test } from 'vitest'
import { run } from '../harness/run-example.ts'
import { catalogue } from './catalogue.ts'

test('a shop, Salesforce and a database have the same products after absences, lost responses and a kill', async () => {
  const result = await run(catalogue, { records: 24 })
  expect(result).toMatchObject({ converged: true, duplicates: 0, problems: [], writesAtQuiescence: 0 })
  expect(result.records).toBe(59)
}, 300_000)
