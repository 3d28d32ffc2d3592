import { expect, test } from 'vitest'
import { presentMatch } from './lists.ts'

test('a score is shown from 0 to 1, which the store keeps in thousandths', () => {
  const id = '00000000-0000-7000-8000-000000000000'
  const match = presentMatch({
    recordId: id,
    entity: 'customer',
    system: 'crm',
    nativeId: '1',
    at: 1,
    candidates: [{ recordId: id, score: 857, why: 'name' }],
  })
  expect(match.candidates).toEqual([{ recordId: id, score: 0.857, why: 'name' }])
})
