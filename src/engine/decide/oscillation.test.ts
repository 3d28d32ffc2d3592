import { expect, test } from 'vitest'
import { memoryIntegration } from '../../../test/support/memory-systems/memory-integration.ts'
import { MemorySystem } from '../../../test/support/memory-systems/memory-system.ts'
import { MemoryWorld } from '../../../test/support/memory-systems/memory-world.ts'

const minute = 60_000

/**
 * Changes the same field in each system in turn, every time this long after our write of the previous change.
 */
async function changedInTurn(waitMs: number, looksBetween = false): Promise<MemoryWorld> {
  const integration = memoryIntegration({
    systems: ['crm', 'erp'],
    part: (part) => ({ ...part, triggers: [{ kind: 'webhook', name: 'changed' }] }),
  })
  const memory = new MemoryWorld(integration, [new MemorySystem('crm'), new MemorySystem('erp')])
  memory.start()
  await memory.load()
  const crm = memory.system('crm').put({ name: '0', email: 'ada@example.org' })
  await memory.mark('crm', crm)
  await memory.pass(10_000)
  const [erp] = memory.system('erp').records.keys()
  for (let turn = 1; turn <= 6; turn += 1) {
    const [system, nativeId] = turn % 2 === 0 ? (['crm', crm] as const) : (['erp', erp ?? ''] as const)
    memory.system(system).put({ name: `Name ${turn}` }, nativeId)
    await memory.mark(system, nativeId)
    await memory.pass(waitMs)
    if (!looksBetween) continue
    // Any mark will do: our value is still there, so the next change is not an effect of our write.
    await memory.mark('crm', crm)
    await memory.mark('erp', erp ?? '')
    await memory.pass(waitMs)
  }
  return memory
}

test('does not hold a field that people change in turn', async () => {
  const memory = await changedInTurn(11 * minute)
  expect(await memory.holds()).toEqual([])
  expect(memory.system('erp').all()).toEqual(memory.system('crm').all())
})

test('attributes a change to a person when a read after our write still showed our value', async () => {
  const memory = await changedInTurn(10_000, true)
  expect(await memory.holds()).toEqual([])
})

test('holds a field that is changed right after each of our writes (H9)', async () => {
  const memory = await changedInTurn(10_000)
  expect(await memory.holds()).toMatchObject([{ kind: 'oscillation', field: 'name' }])
})

test('closes the hold of a field that its system has dropped, with the read that forgets the field', async () => {
  const memory = await changedInTurn(10_000)
  const [hold] = await memory.holds()
  const system = hold?.system ?? ''
  // The definition of a later start, otherwise the same.
  const fields: unknown = memory.integration.entities.get('thing')?.systems.get(system)?.fields
  if (!(fields instanceof Map)) throw new TypeError('twins keep their fields in maps')
  fields.delete('name')
  const [nativeId = ''] = memory.system(system).records.keys()
  memory.system(system).put({ email: 'lovelace@example.org' }, nativeId)
  await memory.mark(system, nativeId)
  await memory.pass(10_000)
  expect(await memory.holds()).toEqual([])
})
