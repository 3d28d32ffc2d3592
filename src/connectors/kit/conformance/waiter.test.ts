import { afterEach, expect, test, vi } from 'vitest'
import { graceMs, reportAfterMs, Waiter } from './waiter.ts'

const hour = 3_600_000

afterEach(() => {
  vi.useRealTimers()
})

test('a fixed wait beyond the bound is not begun, and says what it would take', async () => {
  const waiter = new Waiter({ waitMaxMs: 60_000 })
  await expect(waiter.pass('what the search knows', hour)).rejects.toMatchObject({
    code: 'CONNECTOR_PROBE_SKIPPED',
    message: expect.stringMatching(/may take 1 h as declared, which --max-wait 60m allows/),
  })
})

test('what shows early is taken early, however long it might have taken', async () => {
  let looks = 0
  const seen = await new Waiter({ waitMaxMs: 60_000 }).until({
    what: 'a new record in the search',
    lagMs: hour,
    observe: async () => (looks += 1),
    holds: (count) => count === 3,
  })
  expect(seen).toBe(3)
})

test('what does not show within the bound is not tried, and what does not show as declared is handed back', async () => {
  vi.useFakeTimers()
  const reported: [string, number][] = []
  const waiter = new Waiter({ waitMaxMs: 1_500, onWait: (what, ms) => reported.push([what, ms]) })
  const observe = { what: 'a new record in the search', observe: async () => 'nothing', holds: () => false }
  const tooLong = expect(waiter.until({ ...observe, lagMs: hour })).rejects.toMatchObject({
    code: 'CONNECTOR_PROBE_SKIPPED',
    message: expect.stringMatching(/did not show within 2 s.*--max-wait 60m/),
  })
  await vi.advanceTimersByTimeAsync(10_000)
  await tooLong
  expect(reported).toEqual([['a new record in the search', 1_500 + graceMs]])
  const shown = waiter.until({ ...observe, lagMs: 0 })
  await vi.advanceTimersByTimeAsync(10_000)
  expect(await shown).toBe('nothing')
})

test('a wait of a moment is not reported', async () => {
  const reported: string[] = []
  await new Waiter({ onWait: (what) => reported.push(what) }).pass('a moment', 5)
  expect([reported, reportAfterMs > 5]).toEqual([[], true])
})
