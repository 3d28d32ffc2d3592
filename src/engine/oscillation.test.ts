import { expect, it } from 'vitest'
import { twinIntegration } from '../../test/support/twins/twin-integration.ts'
import { TwinSystem } from '../../test/support/twins/twin-system.ts'
import { TwinWorld } from '../../test/support/twins/twin-world.ts'

const minute = 60_000

/** The same field is changed on either side in turn, each time so long after our write of the change before. */
async function changedInTurn(waitMs: number, looksBetween = false): Promise<TwinWorld> {
  const integration = twinIntegration({
    systems: ['crm', 'erp'],
    part: (part) => ({ ...part, triggers: [{ kind: 'webhook', name: 'changed' }] }),
  })
  const twins = new TwinWorld(integration, [new TwinSystem('crm'), new TwinSystem('erp')])
  twins.start()
  await twins.load()
  const crm = twins.system('crm').put({ name: '0', email: 'ada@example.org' })
  await twins.mark('crm', crm)
  await twins.pass(10_000)
  const [erp] = twins.system('erp').records.keys()
  for (let turn = 1; turn <= 6; turn += 1) {
    const [system, rid] = turn % 2 === 0 ? (['crm', crm] as const) : (['erp', erp ?? ''] as const)
    twins.system(system).put({ name: `Name ${turn}` }, rid)
    await twins.mark(system, rid)
    await twins.pass(waitMs)
    if (!looksBetween) continue
    // Whatever made somebody look: our value still stands, so that what comes next is not our write's doing.
    await twins.mark('crm', crm)
    await twins.mark('erp', erp ?? '')
    await twins.pass(waitMs)
  }
  return twins
}

it('takes people who change a field in turn for people', async () => {
  const twins = await changedInTurn(11 * minute)
  expect(await twins.holds()).toEqual([])
  expect(twins.system('erp').all()).toEqual(twins.system('crm').all())
})

it('takes a change for one of a person where a look after our write still showed our value', async () => {
  const twins = await changedInTurn(10_000, true)
  expect(await twins.holds()).toEqual([])
})

it('holds a field that is changed right after each of our writes (H9)', async () => {
  const twins = await changedInTurn(10_000)
  expect(await twins.holds()).toMatchObject([{ kind: 'oscillation', field: 'name' }])
})

it('closes the hold of a field that its system has dropped, with the look that forgets the field', async () => {
  const twins = await changedInTurn(10_000)
  const [hold] = await twins.holds()
  const system = hold?.system ?? ''
  // The definition of a later start: the same in all else.
  const fields: unknown = twins.integration.entities.get('thing')?.systems.get(system)?.fields
  if (!(fields instanceof Map)) throw new TypeError('twins keep their fields in maps')
  fields.delete('name')
  const [rid = ''] = twins.system(system).records.keys()
  twins.system(system).put({ email: 'lovelace@example.org' }, rid)
  await twins.mark(system, rid)
  await twins.pass(10_000)
  expect(await twins.holds()).toEqual([])
})
