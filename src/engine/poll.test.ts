import { describe, expect, it } from 'vitest'
import { twinIntegration } from '../../test/support/twins/twin-integration.ts'
import { TwinSystem } from '../../test/support/twins/twin-system.ts'
import { TwinWorld } from '../../test/support/twins/twin-world.ts'
import type { ConnectedSystem, Resource } from '../connectors/kit/contract.ts'
import { createRuns } from './runs.ts'

function world(crm = new TwinSystem('crm')): TwinWorld {
  return new TwinWorld(twinIntegration({ systems: ['crm', 'erp'] }), [crm, new TwinSystem('erp')])
}

/** The same twin with another feed. */
function withFeed(twin: TwinSystem, changes: Resource['changes']): ConnectedSystem {
  return {
    name: twin.name,
    connector: 'twin',
    resource: (name) => ({ ...twin.resource(name), ...(changes === undefined ? {} : { changes }) }),
    fingerprint: () => twin.fingerprint(),
    close: () => twin.close(),
  }
}

async function pollWith(twins: TwinWorld, changes: Resource['changes']) {
  const systems = new Map<string, ConnectedSystem>(twins.systems)
  systems.set('crm', withFeed(twins.system('crm'), changes))
  const runs = createRuns({ ...twins.context, systems })
  const signal = new AbortController().signal
  return twins.finish(runs.poll({ system: 'crm', entity: 'thing', priority: 'batch', signal }))
}

describe('pollChanges', () => {
  it('takes the feed page by page and remembers where it was', async () => {
    const twins = world()
    for (let index = 0; index < 7; index += 1) twins.system('crm').put({ name: `N${index}` })
    expect(await twins.poll('crm')).toMatchObject({ kind: 'done', changed: 7 })
    expect(await twins.store.cursor('crm', 'thing')).toBe('7')
    expect(await twins.poll('crm')).toMatchObject({ kind: 'done', changed: 0 })
  })

  it('H23, INV-13: a cursor never stands behind changes that are not marked, whichever page fails', async () => {
    const twins = world()
    let calls = 0
    const result = await pollWith(twins, async (cursor) => {
      calls += 1
      if (calls === 2) throw new TypeError('connection reset')
      return {
        kind: 'page',
        changed: [{ rid: `r${calls}` }],
        cursor: `after-${cursor ?? 'start'}`,
        more: true,
      }
    })
    expect(result).toMatchObject({ kind: 'failed', code: 'ENGINE_CALL_FAILED' })
    expect(await twins.store.cursor('crm', 'thing')).toBe('after-start')
    expect(await twins.detail('crm', 'r1')).toBeDefined()
  })

  it('H23: commits the marks of a page and its cursor in one request to the store', async () => {
    const twins = world()
    const requests: unknown[] = []
    const { intake } = twins.store
    twins.store.intake = async (batch) => {
      requests.push(...batch)
      return intake.call(twins.store, batch)
    }
    twins.system('crm').put({ name: 'Ada' })
    await twins.poll('crm')
    expect(requests).toEqual([
      {
        marks: [{ system: 'crm', entity: 'thing', rid: 'crm-1' }],
        cursor: { system: 'crm', entity: 'thing', position: '1' },
      },
    ])
  })

  it('H23: an expired cursor leads to a full run and then to the beginning of the feed, never to now', async () => {
    const twins = world()
    const crm = twins.system('crm')
    crm.put({ name: 'Old' })
    await twins.poll('crm')
    crm.put({ name: 'Missed by the feed' })
    crm.cursorExpired = true
    expect(await twins.poll('crm')).toMatchObject({ kind: 'more' })
    expect(twins.heard('CursorExpired')).toHaveLength(1)
    expect(twins.heard('RunFinished')).toMatchObject([{ complete: true, seen: 2 }])
    expect(await twins.detail('crm', 'crm-2')).toBeDefined()
    crm.cursorExpired = false
    expect(await twins.store.cursor('crm', 'thing')).toBeUndefined()
    await twins.poll('crm')
    expect(await twins.store.cursor('crm', 'thing')).toBe('2')
  })

  it('H23: an expired cursor is kept while the full run does not come through', async () => {
    const twins = world()
    const crm = twins.system('crm')
    crm.put({ name: 'Ada' })
    await twins.poll('crm')
    crm.cursorExpired = true
    crm.listLie = 'breaks'
    expect(await twins.poll('crm')).toMatchObject({
      kind: 'failed',
      code: 'ENGINE_LIST_INCOMPLETE',
      message: expect.stringContaining('the list broke off'),
    })
    expect(await twins.store.cursor('crm', 'thing')).toBe('1')
  })

  it('H21, H22: takes a record that the feed gives again for no news when its version is absorbed', async () => {
    const twins = world()
    twins.start()
    const rid = twins.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    await twins.load()
    const { reads } = twins.system('crm').counts
    const version = String(twins.system('crm').records.get(rid)?.version)
    const again = { kind: 'page', changed: [{ rid, version }], cursor: 'overlap', more: false } as const
    expect(await pollWith(twins, async () => again)).toMatchObject({ kind: 'done', changed: 0 })
    await twins.pass(60_000)
    expect(twins.system('crm').counts.reads).toBe(reads)
  })

  it('H22: finds at the next full run what the feed let slip', async () => {
    const twins = world()
    twins.start()
    const rid = twins.system('crm').put({ name: 'Ada', email: 'ada@example.org' })
    await twins.load()
    twins.system('crm').put({ name: 'Committed late, behind the cursor' }, rid)
    const nothing = { kind: 'page', changed: [], cursor: 'far', more: false } as const
    await pollWith(twins, async () => nothing)
    expect(await twins.full('crm')).toMatchObject({ changed: 1 })
    await twins.pass(60_000)
    expect(twins.system('erp').all()).toMatchObject([{ name: 'Committed late, behind the cursor' }])
  })

  it('stops at a feed that does not move on', async () => {
    const stuck = { kind: 'page', changed: [], cursor: 'same', more: true } as const
    expect(await pollWith(world(), async () => stuck)).toMatchObject({
      kind: 'failed',
      code: 'ENGINE_CURSOR_STUCK',
    })
  })

  it('gives up on a feed that does not answer in time', async () => {
    const result = await pollWith(world(), () => new Promise(() => {}))
    expect(result).toMatchObject({ kind: 'failed', code: 'ENGINE_CALL_LATE' })
  })

  it('passes on when the system says to come back', async () => {
    const failure = { code: 'THROTTLED', message: 'Slow down.', scope: 'system', retryAfterMs: 9000 } as const
    expect(await pollWith(world(), async () => ({ kind: 'unknown', failure }))).toEqual({
      kind: 'failed',
      code: 'THROTTLED',
      message: 'Slow down.',
      retryAfterMs: 9000,
    })
  })

  it('lists a system that has no feed', async () => {
    const twins = world(new TwinSystem('crm', { changes: { cursor: 'none', commitLagMs: 0 } }))
    twins.system('crm').put({ name: 'Ada' })
    expect(await twins.poll('crm')).toMatchObject({ kind: 'done', changed: 1 })
    expect(twins.heard('RunFinished')).toHaveLength(1)
  })
})
