import { describe, expect, it } from 'vitest'
import { twinIntegration } from '../../test/support/twins/twin-integration.ts'
import { TwinSystem } from '../../test/support/twins/twin-system.ts'
import { TwinWorld } from '../../test/support/twins/twin-world.ts'
import type { WebhookDelivery } from '../connectors/kit/contract.ts'
import { createWebhookIntake } from './webhook-intake.ts'

function world(): TwinWorld {
  return new TwinWorld(twinIntegration({ systems: ['crm', 'erp'] }), [
    new TwinSystem('crm'),
    new TwinSystem('erp'),
  ])
}

function delivery(rids: string, headers: Readonly<Record<string, string>> = {}): WebhookDelivery {
  return { headers: { signature: 'good', ...headers }, body: new TextEncoder().encode(rids), receivedAt: 0 }
}

describe('createWebhookIntake', () => {
  it('answers only after the delivery and its marks are committed', async () => {
    const twins = world()
    const intake = createWebhookIntake(twins.context)
    let committed = false
    const { intake: commit } = twins.store
    twins.store.intake = async (batch) => {
      await twins.clock.sleep(500)
      committed = true
      return commit.call(twins.store, batch)
    }
    let answered = false
    const receiving = intake.receive('crm', delivery('crm-1,crm-2')).then((answer) => {
      answered = true
      expect(committed).toBe(true)
      return answer
    })
    await twins.pass(400)
    expect(answered).toBe(false)
    await twins.pass(200)
    expect(await receiving).toEqual({ kind: 'accepted', marks: 2, duplicate: false })
    expect(await twins.detail('crm', 'crm-2')).toBeDefined()
  })

  it('hands on what the sender wants to hear, once the delivery is committed', async () => {
    const twins = world()
    const answer = { contentType: 'text/xml', body: '<Ack>true</Ack>' }
    const { systems } = twins.context
    const crm = systems.get('crm')
    if (crm === undefined) return expect.fail('no crm')
    const acknowledging: typeof crm = {
      ...crm,
      webhook: async () => ({ kind: 'accepted', deliveryId: 'd-1', changed: [], answer }),
    }
    const intake = createWebhookIntake({
      ...twins.context,
      systems: new Map([...systems, ['crm', acknowledging]]),
    })
    const receiving = twins.finish(intake.receive('crm', delivery('crm-1')))
    expect(await receiving).toEqual({ kind: 'accepted', marks: 0, duplicate: false, answer })
  })

  it('does not accept what could not be committed', async () => {
    const twins = world()
    twins.store.intake = async () => {
      throw new TypeError('the database is away')
    }
    const intake = createWebhookIntake(twins.context)
    const receiving = intake.receive('crm', delivery('crm-1'))
    const refused = expect(receiving).rejects.toThrow('away')
    await twins.pass(10)
    await refused
  })

  it('H31: lost, doubled and reordered deliveries converge, the lost ones by the next full run', async () => {
    const twins = world()
    const crm = twins.system('crm')
    const intake = createWebhookIntake(twins.context)
    twins.start()
    await twins.load()
    const rids = Array.from({ length: 30 }, (_, index) =>
      crm.put({ name: `N${index}`, email: `${index}@example.org` }),
    )
    const notices = rids.filter((_, index) => index % 3 !== 0).flatMap((rid) => [rid, rid])
    for (const [index, rid] of notices.reverse().entries()) {
      const sent = intake.receive('crm', delivery(rid, { id: `d-${index >> 1}` }))
      expect(await twins.finish(sent)).toMatchObject({ kind: 'accepted', duplicate: index % 2 === 1 })
    }
    await twins.pass(60_000)
    expect(twins.system('erp').records.size).toBe(20)
    await twins.full('crm')
    await twins.pass(60_000)
    expect(twins.system('erp').records.size).toBe(30)
    expect(twins.system('erp').counts.creates).toBe(30)
  })

  it('refuses what is not signed, counts the reasons, and stores nothing', async () => {
    const twins = world()
    const intake = createWebhookIntake(twins.context)
    const forged = delivery('crm-1', { signature: 'forged' })
    expect(await twins.finish(intake.receive('crm', forged))).toEqual({ kind: 'refused' })
    expect(intake.refusals().get('crm')?.get('signature')).toBe(1)
    expect(twins.heard('WebhookRefused')).toMatchObject([{ system: 'crm', reason: 'signature' }])
    expect(await twins.detail('crm', 'crm-1')).toBeUndefined()
  })

  it('knows no webhooks of systems that are not there', async () => {
    const twins = world()
    const intake = createWebhookIntake(twins.context)
    expect(await twins.finish(intake.receive('nobody', delivery('x')))).toEqual({ kind: 'unknown' })
  })

  it('commits many deliveries with few requests to the store', async () => {
    const twins = world()
    let commits = 0
    const { intake: commit } = twins.store
    twins.store.intake = async (batch) => {
      commits += 1
      return commit.call(twins.store, batch)
    }
    const intake = createWebhookIntake(twins.context)
    const all = Promise.all(
      Array.from({ length: 500 }, (_, index) => intake.receive('crm', delivery(`r${index}`))),
    )
    await twins.finish(all)
    expect(commits).toBeLessThan(10)
  })
})
