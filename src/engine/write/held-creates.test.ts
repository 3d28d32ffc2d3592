import { afterEach, expect, test } from 'vitest'
import { World } from '../../../test/support/engine-fixture.ts'

let world: World | undefined

afterEach(async () => {
  await world?.stop()
  world = undefined
})

test('a record that may be deleted is not created anywhere until that is decided', async () => {
  const it = new World({ systems: { a: {}, b: {}, c: {} } }).start()
  world = it
  for (const n of [1, 2, 3, 4]) await it.linked('a', `w${n}`, { code: `w${n}` })
  const busy = { code: 'HTTP_RATE_LIMITED', message: 'busy', scope: 'record', retryAfterMs: 2_000 } as const
  it.system('c').faults.push({
    on: 'create',
    fault: { kind: 'response', result: { kind: 'not-sent', failure: busy } },
  })
  await it.edit('a', 'x', { code: '1', name: 'Ann' })
  await it.advance(500)
  const kept = { ...it.system('a').body('x') }
  it.system('a').table('customer').delete('x')
  await it.mark('a', 'x', 'customer', { force: true })
  // Longer than c is busy, shorter than a deletion takes to be confirmed.
  await it.advance(2_700)
  expect((await it.member('a', 'x', 'a')).state).toBe('suspect')
  expect(it.system('c').bodies()).toHaveLength(4)

  await it.edit('a', 'x', kept)
  await it.advance(20_000)
  expect((await it.member('a', 'x', 'c')).state).toBe('linked')
  expect(it.system('c').bodies()).toHaveLength(5)
})
