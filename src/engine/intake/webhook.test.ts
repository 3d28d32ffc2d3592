import { describe, expect, test } from 'vitest'
import { memoryIntegration } from '../../../test/support/memory-systems/memory-integration.ts'
import { MemorySystem } from '../../../test/support/memory-systems/memory-system.ts'
import { MemoryWorld } from '../../../test/support/memory-systems/memory-world.ts'
import type { WebhookDelivery } from '../../connectors/kit/contract.ts'
import { createWebhookIntake } from './webhook.ts'

function world(): MemoryWorld {
  return new MemoryWorld(memoryIntegration({ systems: ['crm', 'erp'] }), [
    new MemorySystem('crm'),
    new MemorySystem('erp'),
  ])
}

function delivery(nativeIds: string, headers: Readonly<Record<string, string>> = {}): WebhookDelivery {
  return {
    headers: { signature: 'good', ...headers },
    body: new TextEncoder().encode(nativeIds),
    receivedAt: 0,
  }
}

describe('createWebhookIntake', () => {
  test('refuses deliveries beyond its queue, commits the others, and accepts the refused ones later', async () => {
    const memory = world()
    let release = (): void => {}
    const blocked = new Promise<void>((resolve) => {
      release = resolve
    })
    const { intake: commit } = memory.store
    memory.store.intake = async (batch) => {
      await blocked
      return commit.call(memory.store, batch)
    }
    const intake = createWebhookIntake(memory.context)
    const ids = Array.from({ length: 12_000 }, (_, index) => `crm-${index}`)
    const settled = ids.map((id) =>
      intake.receive('crm', delivery(id)).then(
        () => id,
        (error: { readonly code?: string }) => ({ id, code: error.code }),
      ),
    )
    await memory.pass(10)
    release()
    const ends = await memory.finish(Promise.all(settled))
    const refused = ends.filter((end) => typeof end !== 'string')
    expect(refused.length).toBe(2_000)
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['ENGINE_BUSY']))
    const again = refused.map(({ id }) => intake.receive('crm', delivery(id)))
    expect((await memory.finish(Promise.all(again))).every(({ kind }) => kind === 'accepted')).toBe(true)
    for (const id of ['crm-0', 'crm-9999', 'crm-11999', refused[0]?.id ?? ''])
      expect(await memory.detail('crm', id)).toBeDefined()
  })

  test('keeps the records that a delivery names, and nothing else of it', async () => {
    const memory = world()
    const kept: string[] = []
    const { intake: commit } = memory.store
    memory.store.intake = (batch) => {
      for (const { delivery: one } of batch) kept.push(new TextDecoder().decode(one?.body))
      return commit.call(memory.store, batch)
    }
    const intake = createWebhookIntake(memory.context)
    await memory.finish(intake.receive('crm', delivery('crm-1', { 'x-note': 'never mapped' })))
    expect(kept.map((text) => JSON.parse(text))).toEqual([
      [expect.objectContaining({ entity: 'thing', nativeId: 'crm-1' })],
    ])
  })

  test('responds only after the delivery and its marks are committed', async () => {
    const memory = world()
    const intake = createWebhookIntake(memory.context)
    let committed = false
    const { intake: commit } = memory.store
    memory.store.intake = async (batch) => {
      await memory.clock.sleep(500)
      committed = true
      return commit.call(memory.store, batch)
    }
    let answered = false
    const receiving = intake.receive('crm', delivery('crm-1,crm-2')).then((response) => {
      answered = true
      expect(committed).toBe(true)
      return response
    })
    await memory.pass(400)
    expect(answered).toBe(false)
    await memory.pass(200)
    expect(await receiving).toEqual({ kind: 'accepted', marks: 2, duplicate: false })
    expect(await memory.detail('crm', 'crm-2')).toBeDefined()
  })

  test('reports a resource that no entity uses, once', async () => {
    const memory = world()
    const { systems } = memory.context
    const crm = systems.get('crm')
    if (crm === undefined) return expect.fail('no crm')
    const naming: typeof crm = {
      ...crm,
      webhook: async ({ body }) => ({
        kind: 'accepted',
        deliveryId: new TextDecoder().decode(body),
        changed: [
          { resource: 'singular', nativeId: 'crm-1' },
          { resource: 'things', nativeId: 'crm-2' },
        ],
      }),
    }
    const intake = createWebhookIntake({ ...memory.context, systems: new Map([...systems, ['crm', naming]]) })
    for (const id of ['d-1', 'd-2'])
      expect(await memory.finish(intake.receive('crm', delivery(id)))).toMatchObject({ marks: 1 })
    const [reported, ...others] = memory.heard('WebhookUnused')
    expect(others).toEqual([])
    expect(reported).toMatchObject({ system: 'crm', resource: 'singular' })
    expect(reported?.message).toContain('resource.names')
  })

  test('returns the response body that the sender expects, once the delivery is committed', async () => {
    const memory = world()
    const response = { contentType: 'text/xml', body: '<Ack>true</Ack>' }
    const { systems } = memory.context
    const crm = systems.get('crm')
    if (crm === undefined) return expect.fail('no crm')
    const acknowledging: typeof crm = {
      ...crm,
      webhook: async () => ({ kind: 'accepted', deliveryId: 'd-1', changed: [], response }),
    }
    const intake = createWebhookIntake({
      ...memory.context,
      systems: new Map([...systems, ['crm', acknowledging]]),
    })
    const receiving = memory.finish(intake.receive('crm', delivery('crm-1')))
    expect(await receiving).toEqual({ kind: 'accepted', marks: 0, duplicate: false, response })
  })

  test('does not accept what could not be committed', async () => {
    const memory = world()
    memory.store.intake = async () => {
      throw new TypeError('the database is away')
    }
    const intake = createWebhookIntake(memory.context)
    const receiving = intake.receive('crm', delivery('crm-1'))
    const refused = expect(receiving).rejects.toThrow('away')
    await memory.pass(10)
    await refused
  })

  test('H31: lost, repeated and reordered deliveries converge, the lost ones by the next full run', async () => {
    const memory = world()
    const crm = memory.system('crm')
    const intake = createWebhookIntake(memory.context)
    memory.start()
    await memory.load()
    const nativeIds = Array.from({ length: 30 }, (_, index) =>
      crm.put({ name: `N${index}`, email: `${index}@example.org` }),
    )
    const notices = nativeIds
      .filter((_, index) => index % 3 !== 0)
      .flatMap((nativeId) => [nativeId, nativeId])
    for (const [index, nativeId] of notices.reverse().entries()) {
      const sent = intake.receive('crm', delivery(nativeId, { id: `d-${index >> 1}` }))
      expect(await memory.finish(sent)).toMatchObject({ kind: 'accepted', duplicate: index % 2 === 1 })
    }
    await memory.pass(60_000)
    expect(memory.system('erp').records.size).toBe(20)
    await memory.full('crm')
    await memory.pass(60_000)
    expect(memory.system('erp').records.size).toBe(30)
    expect(memory.system('erp').counts.creates).toBe(30)
  })

  test('refuses unsigned deliveries, counts the reasons, and stores nothing', async () => {
    const memory = world()
    const intake = createWebhookIntake(memory.context)
    const forged = delivery('crm-1', { signature: 'forged' })
    expect(await memory.finish(intake.receive('crm', forged))).toEqual({ kind: 'refused' })
    expect(intake.refusals().get('crm')?.get('signature')).toBe(1)
    expect(memory.heard('WebhookRefused')).toMatchObject([{ system: 'crm', reason: 'signature' }])
    expect(await memory.detail('crm', 'crm-1')).toBeUndefined()
  })

  test('knows no webhooks of unknown systems', async () => {
    const memory = world()
    const intake = createWebhookIntake(memory.context)
    expect(await memory.finish(intake.receive('nobody', delivery('x')))).toEqual({ kind: 'unknown' })
  })

  test('commits many deliveries with few requests to the store', async () => {
    const memory = world()
    let commits = 0
    const { intake: commit } = memory.store
    memory.store.intake = async (batch) => {
      commits += 1
      return commit.call(memory.store, batch)
    }
    const intake = createWebhookIntake(memory.context)
    const all = Promise.all(
      Array.from({ length: 500 }, (_, index) => intake.receive('crm', delivery(`r${index}`))),
    )
    await memory.finish(all)
    expect(commits).toBeLessThan(10)
  })
})
