import { afterEach, expect, test } from 'vitest'
import { World } from '../../../test/support/engine-fixture.ts'
import type { EntitySystem, Integration } from '../../model/integration.ts'

let world: World | undefined

afterEach(async () => {
  await world?.stop()
  world = undefined
})

test('the state of a field that a system has dropped is forgotten at the next read', async () => {
  let part: EntitySystem | undefined
  const it = new World({
    adjust: (integration: Integration) => {
      part = integration.entities.get('customer')?.systems.get('a')
      return integration
    },
  }).start()
  world = it
  await it.linked('a', 'x', { code: '1', name: 'Ann', phone: '7' })
  expect((await it.member('a', 'x', 'a')).fields).toHaveProperty('phone')

  // The definition of a later start, otherwise the same.
  const fields: unknown = part?.fields
  if (!(fields instanceof Map)) throw new TypeError('the fixture keeps its fields in a map')
  fields.delete('phone')
  await it.edit('a', 'x', { name: 'Anne' })
  await it.advance(5_000)
  expect((await it.member('a', 'x', 'a')).fields).not.toHaveProperty('phone')
})
