/**
 * `agreed` is reported only when it is true: each test makes one thing wrong in a running pair of systems, over HTTP and PostgreSQL, and checks the
 * status.
 */

import { describe, expect, test, vi } from 'vitest'
import type { StatusResource } from '../../src/api/status.ts'
import type { IsthmusRuntime } from '../../src/runtime/create-runtime.ts'
import { createStatusReader } from '../../src/runtime/status/status-reader.ts'
import { createClearCodec } from '../../src/store/clear-codec.ts'
import { PostgresStore } from '../../src/store/postgres/postgres-store.ts'
import { elapse } from '../support/elapse.ts'
import { type JoinedSystems, recordOf, useJoinedSystems } from '../support/joined-systems.ts'
import { customerRecord } from '../support/two-systems.ts'

const { join, database } = useJoinedSystems()
vi.setConfig({ testTimeout: 180_000 })

const three = { inCrm: [customerRecord(1), customerRecord(2), customerRecord(3)] }

/** Reads the status like `isthmus status` in another process. */
function ask({ integration, store }: IsthmusRuntime): Promise<StatusResource> {
  return createStatusReader({ integration, admin: store.admin }).read()
}

async function statusWhen(
  joined: JoinedSystems,
  what: string,
  holds: (status: StatusResource) => boolean,
): Promise<StatusResource> {
  let status = await ask(joined.runtime())
  await joined.until(what, async () => {
    status = await ask(joined.runtime())
    return holds(status)
  })
  return status
}

const needsAttention = ({ state }: StatusResource) => state === 'attention'
const agrees = ({ state }: StatusResource) => state === 'agreed'
const placeOf = (status: StatusResource, system: string) =>
  status.places.find((place) => place.system === system)

test('agreed is reported when it is true', async () => {
  const joined = await join(three)
  // Before the records are discovered both places are empty, which counts as agreement too.
  const status = await statusWhen(
    joined,
    'agreed about all three',
    (now) => agrees(now) && now.places.every(({ linked }) => linked === 3),
  )
  expect(status).toMatchObject({
    state: 'agreed',
    summary: '3 records in agreement.',
    reasons: [],
    database: { writable: true },
  })
  expect(status.places).toHaveLength(2)
  for (const place of status.places) {
    expect(place).toMatchObject({ entity: 'customer', state: 'agreed', linked: 3, backlog: { count: 0 } })
    expect(place.lastHeardAt).toBeGreaterThan(0)
    expect(place.lastComparedAt).toBeGreaterThan(0)
    expect(place.nextTryAt).toBeGreaterThan(0)
  }
})

describe('agreed is not reported', () => {
  test('while both systems are down; and it is again when they are back', async () => {
    const joined = await join(three)
    joined.crm.outage(true)
    joined.erp.outage(true)
    const status = await statusWhen(joined, 'both failing', ({ places }) =>
      places.every(({ state }) => state === 'attention'),
    )
    for (const place of status.places) {
      expect(place.error).toMatchObject({ way: 'feed', code: 'HTTP_NETWORK' })
      expect(place.error?.failures).toBeGreaterThan(1)
      const [reason] = place.reasons
      expect(reason).toMatchObject({ code: 'read-failing', since: place.error?.since })
      expect(reason?.action).not.toBe('')
    }
    expect(status.summary).toContain("its feed can't be read")
    // An unreachable remote is no reason to take this process out of service: its webhooks would be lost.
    await expect(joined.runtime().checkReady()).resolves.toBeUndefined()
    joined.crm.outage(false)
    joined.erp.outage(false)
    await statusWhen(joined, 'agreed again', agrees)
  })

  test("after the token of a system was revoked, and the system's own message is shown", async () => {
    const joined = await join(three)
    joined.crm.token = 'another-token'
    const status = await statusWhen(joined, 'attention', needsAttention)
    expect(placeOf(status, 'crm')).toMatchObject({
      state: 'attention',
      error: { code: 'HTTP_UNAUTHENTICATED', message: expect.stringContaining('Wrong or missing token.') },
    })
    expect(placeOf(status, 'erp')?.state).toBe('agreed')
  })

  test('while the path of a feed is wrong and each poll responds with 404', async () => {
    const joined = await join({
      ...three,
      settle: false,
      definition: {
        crmResource: {
          changes: {
            by: 'sequence',
            path: '/contacts/no/such/feed',
            since: 'since',
            next: 'next',
            items: 'changes',
            id: 'id',
            size: { parameter: 'limit', value: 1000 },
          },
        },
      },
    })
    const status = await statusWhen(joined, 'attention', needsAttention)
    const [reason] = placeOf(status, 'crm')?.reasons ?? []
    expect(reason?.message).toMatch(/its feed can't be read.*404.*no such path/)
  })

  test('for a system that was never readable', async () => {
    const joined = await join({
      ...three,
      settle: false,
      definition: { erpSystem: { url: 'http://127.0.0.1:1' } },
    })
    const status = await statusWhen(
      joined,
      'attention at the ERP',
      (one) => placeOf(one, 'erp')?.state === 'attention',
    )
    expect(placeOf(status, 'erp')).not.toHaveProperty('lastHeardAt')
    expect(
      placeOf(status, 'erp')
        ?.reasons.map(({ message }) => message)
        .join(),
    ).toMatch(/never read|in doubt/)
  })

  test('while a quota is exhausted and the system refuses calls', async () => {
    const joined = await join(three)
    joined.erp.fault({ kind: 'status', status: 429, retryAfter: '1' })
    const status = await statusWhen(joined, 'attention', needsAttention)
    expect(placeOf(status, 'erp')).toMatchObject({
      state: 'attention',
      error: { code: 'HTTP_RATE_LIMITED' },
    })
    joined.erp.faults.clear()
    await statusWhen(joined, 'agreed again', agrees)
  })

  test('when no process is running; a started process makes it true again', async () => {
    const joined = await join(three)
    await statusWhen(joined, 'agreed', agrees)
    let status: StatusResource | undefined
    const before = joined.runtime()
    await joined.restart({
      meanwhile: async () => {
        status = await askStopped(before)
      },
    })
    expect(status).toMatchObject({ state: 'attention', counts: { workers: 0 } })
    expect(status?.reasons[0]).toMatchObject({ code: 'no-worker', action: 'isthmus start' })
    await statusWhen(joined, 'agreed again', agrees)
  })

  test('while the disk of the database is full: nor is the process ready', async () => {
    const joined = await join(three)
    await statusWhen(joined, 'agreed', agrees)
    const schema = await newestSchema()
    // The error of a full disk when space is allocated.
    await database().query(
      `create function ${schema}.no_room() returns trigger language plpgsql as
       $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`,
    )
    await database().query(
      `create trigger no_room before insert on ${schema}.write_probe execute function ${schema}.no_room()`,
    )
    const status = await statusWhen(joined, 'not writable', ({ database }) => !database.writable)
    expect(status.state).toBe('attention')
    expect(status.reasons[0]).toMatchObject({ code: 'database-not-writable' })
    expect(status.summary).toContain('the disk is full')
    await joined.until('not ready', () =>
      joined
        .runtime()
        .checkReady()
        .then(
          () => false,
          (error: { readonly code?: string }) => error.code === 'STORE_DISK_FULL',
        ),
    )
    await database().query(`drop trigger no_room on ${schema}.write_probe`)
    await statusWhen(joined, 'agreed again', agrees)
    await joined.until('ready again', () =>
      joined
        .runtime()
        .checkReady()
        .then(
          () => true,
          () => false,
        ),
    )
  })

  test('for records that an offset list misses; a manual full run reads them by id and resolves it', async () => {
    const joined = await join({
      ...three,
      definition: {
        erpResource: {
          list: {
            paging: 'offset',
            parameter: 'offset',
            items: 'data',
            size: { parameter: 'limit', value: 500 },
          },
          changes: undefined,
        },
      },
    })
    const before = await statusWhen(joined, 'agreed', agrees)
    expect(placeOf(before, 'erp')?.notes.join()).toContain('never proves a deletion')
    joined.partners.remove(recordOf(joined.partners, 'C000002').nativeId, 'user')
    const status = await statusWhen(joined, 'attention', needsAttention)
    expect(placeOf(status, 'erp')?.reasons[0]).toMatchObject({
      code: 'missing',
      message: expect.stringContaining(
        "1 known record was not in its last list, which can't prove a deletion",
      ),
      action: expect.stringContaining('isthmus full --system erp'),
    })
    expect(
      [...joined.contacts.nativeIds()].filter((nativeId) => joined.contacts.current(nativeId)?.body),
    ).toHaveLength(3)
    await joined.runtime().byHand.runFull({ system: 'erp' }, AbortSignal.timeout(60_000))
    const settled = await statusWhen(joined, 'agreed again', agrees)
    expect(settled.counts.records).toMatchObject({ active: 2 })
    expect(
      [...joined.contacts.nativeIds()].filter((nativeId) => joined.contacts.current(nativeId)?.body),
    ).toHaveLength(2)
  })

  test('for a place that nothing reads regularly', async () => {
    const joined = await join({
      ...three,
      definition: { crmPart: { triggers: [{ webhook: 'changes' }] } },
    })
    const status = await statusWhen(joined, 'unwatched', ({ state }) => state === 'unwatched')
    expect(placeOf(status, 'crm')).toMatchObject({
      state: 'unwatched',
      reasons: [{ code: 'not-watched', action: expect.stringContaining('objectives.freshness') }],
    })
    expect(status.summary).toContain('not everything is watched')
  })

  test('while the work is paused: nothing is propagated until it is resumed', async () => {
    const joined = await join(three)
    const { admin } = joined.runtime().store
    await admin.pause('ann', 'the ERP is being upgraded')
    const status = await ask(joined.runtime())
    expect(status).toMatchObject({
      state: 'paused',
      summary: 'paused by ann: the ERP is being upgraded.',
      paused: { actor: 'ann' },
    })
    joined.contacts.patch(recordOf(joined.contacts, 'C000001').nativeId, { city: 'Paused' }, 'user')
    await elapse(1_500, 'a pass would have written by then')
    expect(recordOf(joined.partners, 'C000001').body.city).not.toBe('Paused')
    await admin.resume('ann')
    await joined.until('carried over', () => recordOf(joined.partners, 'C000001').body.city === 'Paused')
  })
})

/** The store of a stopped runtime is closed: the status is read by another process. */
async function askStopped({ integration }: IsthmusRuntime): Promise<StatusResource> {
  const store = new PostgresStore({
    connection: database().connection,
    schema: await newestSchema(),
    codec: createClearCodec(new Uint8Array(32)),
  })
  try {
    return await createStatusReader({ integration, admin: store.admin }).read()
  } finally {
    await store.close()
  }
}

/** Each pair has a numbered schema of its own. */
async function newestSchema(): Promise<string> {
  const rows = await database().query<{ schema: string }>(
    `select table_schema as schema from information_schema.tables where table_name = 'write_probe'`,
  )
  const numberOf = (schema: string): number => Number(schema.split('_').at(-1))
  return rows.map(({ schema }) => schema).reduce((a, b) => (numberOf(b) > numberOf(a) ? b : a))
}
