import { describe, expect, it } from 'vitest'
import { twinIntegration } from '../../test/support/twins/twin-integration.ts'
import { TwinSystem } from '../../test/support/twins/twin-system.ts'
import { TwinWorld } from '../../test/support/twins/twin-world.ts'
import type { RemoteCapabilities } from '../connectors/kit/contract.ts'
import { createByHand } from './by-hand.ts'

const { signal } = new AbortController()

function world(crm: Partial<RemoteCapabilities> = {}) {
  const twins = new TwinWorld(twinIntegration({ systems: ['crm', 'erp'] }), [
    new TwinSystem('crm', crm),
    new TwinSystem('erp'),
  ])
  return { twins, byHand: createByHand(twins.context, twins.runs) }
}

describe('by hand', () => {
  it('syncs one record by its native id, known or not', async () => {
    const { twins, byHand } = world()
    twins.start()
    await twins.load()
    const rid = twins.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    await byHand.syncRecord({ system: 'crm', entity: 'thing', rid })
    await twins.pass(10_000)
    expect(twins.system('erp').all()).toMatchObject([{ name: 'Ada' }])
    twins.system('crm').put({ name: 'Ada L.' }, rid)
    const recordId = (await twins.detail('crm', rid))?.record.id ?? ''
    await byHand.syncRecord({ recordId })
    await twins.pass(10_000)
    expect(twins.system('erp').all()).toMatchObject([{ name: 'Ada L.' }])
  })

  it('syncs everything: by feed where there is one, else by list', async () => {
    const { twins, byHand } = world({ changes: { cursor: 'none', commitLagMs: 0 } })
    twins.system('crm').put({ name: 'Ada' })
    twins.system('erp').put({ name: 'Bob' })
    const results = await twins.finish(byHand.syncEverything({}, signal))
    expect(results).toMatchObject([
      { system: 'crm', how: 'listed', changed: 1 },
      { system: 'erp', how: 'polled', changed: 1 },
    ])
  })

  it('looks at each known record of a system that can neither be listed nor polled', async () => {
    const { twins } = world()
    twins.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    twins.start()
    await twins.load()
    const mute = createByHand(
      {
        ...twins.context,
        systems: new Map(twins.systems).set(
          'crm',
          new TwinSystem('crm', {
            list: { paging: 'none', pageSize: 1 },
            changes: { cursor: 'none', commitLagMs: 0 },
          }),
        ),
      },
      twins.runs,
    )
    expect(await mute.syncEverything({ system: 'crm' }, signal)).toMatchObject([
      { how: 'marked', changed: 1 },
    ])
  })

  it('says why a full run did not come through', async () => {
    const { twins, byHand } = world()
    twins.system('crm').put({ name: 'Ada' })
    twins.system('crm').listLie = 'breaks'
    const [result] = await twins.finish(byHand.runFull({ system: 'crm' }, signal))
    expect(result?.failure).toContain('connection reset')
  })

  it('names what there is when asked for what there is not', async () => {
    const { byHand } = world()
    await expect(byHand.syncRecord({ system: 'shop', entity: 'thing', rid: '1' })).rejects.toMatchObject({
      code: 'ENGINE_UNKNOWN_PLACE',
      message: expect.stringContaining('crm, erp'),
    })
    await expect(byHand.syncRecord({ recordId: 'nobody' })).rejects.toMatchObject({
      code: 'ENGINE_UNKNOWN_RECORD',
    })
    await expect(byHand.runFull({ system: 'shop' }, signal)).rejects.toMatchObject({
      code: 'ENGINE_UNKNOWN_PLACE',
    })
  })
})
