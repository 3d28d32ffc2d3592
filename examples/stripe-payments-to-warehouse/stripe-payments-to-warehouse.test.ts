import { expect, test } from 'vitest'
import { run } from '../harness/run-example.ts'
import { payments } from './payments.ts'

test('Stripe and the warehouse agree to the last digit after lost webhooks, restarts, lost responses and a kill', async () => {
  const result = await run(payments, { records: 24 })
  expect(result).toMatchObject({ converged: true, duplicates: 0, problems: [], writesAtQuiescence: 0 })
  expect(result.records).toBeGreaterThan(250)
}, 300_000)
