import { expect, test } from 'vitest'
import { World } from '../../../test/support/engine-fixture.ts'
import { createFirstLoads } from './first-loads.ts'

test('the end of a first load is known at once to those who ask as of now, and a second later to everybody', async () => {
  const { store, clock, integration, systems, scheduler } = new World({
    systems: { a: { list: { paging: 'keyset', pageSize: 10 } }, b: {} },
  })
  const firstLoads = createFirstLoads({ store, clock, integration, systems })
  const customer = integration.entities.get('customer')!
  expect(await firstLoads.listedAt(customer)).toBeUndefined()
  await store.saveFact({ kind: 'first-load-listed', entity: 'customer' }, clock.now())
  expect(await firstLoads.listedAt(customer)).toBeUndefined()
  expect(await firstLoads.listedNow(customer)).toBe(scheduler.now)
  expect(await firstLoads.listedAt(customer)).toBe(scheduler.now)
})
