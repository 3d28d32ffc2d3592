import { expect, it } from 'vitest'
import { play } from '../stage/play.ts'
import { catalogue } from './catalogue.ts'

it('a shop, Salesforce and a database have the same products after absences, lost answers and a kill', async () => {
  const result = await play(catalogue, { records: 24 })
  expect(result).toMatchObject({ converged: true, duplicates: 0, problems: [], writesAtQuiescence: 0 })
  expect(result.records).toBe(59)
}, 300_000)
