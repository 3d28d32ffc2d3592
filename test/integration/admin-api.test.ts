/** The admin API of a running pair of systems, over HTTP and PostgreSQL, called by a generated client. */
import createClient from 'openapi-fetch'
import { expect, test, vi } from 'vitest'
import { createSecret, hashSecret } from '../../src/runtime/access-secrets.ts'
import type { paths } from '../support/admin-api/types.ts'
import { type JoinedSystems, recordOf, useJoinedSystems, valuesOf } from '../support/joined-systems.ts'
import { customerRecord } from '../support/two-systems.ts'

const { join } = useJoinedSystems()
vi.setConfig({ testTimeout: 180_000 })

const manual = { definition: { customer: { conflict: { default: 'manual' } } } }

async function clientOf(joined: JoinedSystems, url: string, name: string, roles: readonly string[]) {
  const secret = createSecret()
  const { store } = joined.runtime()
  const expiresAt = (await store.now()) + 3_600_000
  await store.admin.createAccessToken({ name, hash: hashSecret(secret), roles, expiresAt }, 'test')
  return createClient<paths>({ baseUrl: url, headers: { authorization: `Bearer ${secret}` } })
}

test('a record is found, shown, read again and explained by its events', async () => {
  const seldom = { triggers: [{ poll: '1h' }] }
  const joined = await join({
    inCrm: [customerRecord(1)],
    settle: false,
    definition: { crmPart: seldom, erpPart: seldom },
  })
  await joined.until('the first load', async () => {
    const { queue, systems } = await joined.runtime().store.admin.status()
    const linked = systems.every((place) => place.linked === 1)
    return linked && joined.partners.size === 1 && queue.due + queue.waiting + queue.running === 0
  })
  const { url } = await joined.serve()
  const api = await clientOf(joined, url, 'reader', ['data-reader', 'operator'])
  const { nativeId } = recordOf(joined.contacts, customerRecord(1).code as string)
  const { data: found } = await api.GET('/api/v1/systems/{system}/entities/{entity}/records/{nativeId}', {
    params: { path: { system: 'crm', entity: 'customer', nativeId } },
  })
  expect(found).toMatchObject({ entity: 'customer', state: 'active' })
  expect(found?.members.map(({ system, state }) => [system, state])).toEqual([
    ['crm', 'linked'],
    ['erp', 'linked'],
  ])
  const id = found?.id ?? ''
  const { data: list } = await api.GET('/api/v1/records', { params: { query: { entity: 'customer' } } })
  expect(list?.rows).toEqual([id])
  // Without a webhook or a poll: only the request makes it read.
  joined.contacts.patch(nativeId, { name: 'Changed by hand' }, 'user')
  const refreshed = await api.POST('/api/v1/records/{id}/refresh', { params: { path: { id } } })
  expect(refreshed.response.status).toBe(204)
  await joined.until('the change in the ERP', () =>
    valuesOf(joined.partners, 'name').includes('Changed by hand'),
  )
  const { data: events } = await api.GET('/api/v1/records/{id}/events', {
    params: { path: { id }, query: { limit: 200 } },
  })
  expect(events?.rows.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['decision', 'intent', 'outcome']),
  )
  const unknown = await api.GET('/api/v1/records/{id}', {
    params: { path: { id: '00000000-0000-7000-8000-000000000000' } },
  })
  expect(unknown.error).toMatchObject({ status: 404, code: 'API_NOT_FOUND' })
  const { data: runs } = await api.GET('/api/v1/runs')
  expect(runs?.rows.length).toBeGreaterThan(0)
})

test('of two people who decide one conflict, one wins and the other learns who did', async () => {
  const joined = await join({ ...manual, inCrm: [customerRecord(1)] })
  const { url } = await joined.serve()
  const [ada, bob] = await Promise.all(
    ['ada', 'bob'].map((name) => clientOf(joined, url, name, ['operator', 'data-reader'])),
  )
  if (ada === undefined || bob === undefined) throw new RangeError('no clients')
  const code = customerRecord(1).code as string
  joined.contacts.patch(recordOf(joined.contacts, code).nativeId, { name: 'From the CRM' }, 'user')
  joined.partners.patch(recordOf(joined.partners, code).nativeId, { name: 'From the ERP' }, 'user')
  await joined.until('a conflict', async () => {
    const { data } = await ada.GET('/api/v1/conflicts')
    return (data?.rows.length ?? 0) > 0
  })
  const { data: open } = await ada.GET('/api/v1/conflicts')
  const conflict = open?.rows[0]
  expect(conflict?.candidates).toHaveLength(2)
  const decide = (api: typeof ada, system: string) =>
    api.POST('/api/v1/conflicts/{id}/resolution', {
      params: { path: { id: conflict?.id ?? '' } },
      body: { system },
    })
  const [one, other] = await Promise.all([decide(ada, 'crm'), decide(bob, 'erp')])
  expect([one.response.status, other.response.status].sort()).toEqual([204, 409])
  const winner = one.response.status === 204 ? 'ada' : 'bob'
  const refused = one.response.status === 204 ? other : one
  expect(refused.error).toMatchObject({ detail: `the conflict has been decided by token:${winner}` })
  const name = winner === 'ada' ? 'From the CRM' : 'From the ERP'
  await joined.until('agreement', () =>
    [joined.contacts, joined.partners].every((table) => valuesOf(table, 'name').includes(name)),
  )
})

test('two processes serve the same state, and a token works at both until it is revoked', async () => {
  const joined = await join({ inCrm: [customerRecord(1)] })
  const first = await joined.serve()
  await joined.another()
  const second = await joined.serve()
  const admin = await clientOf(joined, first.url, 'admin', ['admin', 'viewer'])
  const { data: created } = await admin.POST('/api/v1/tokens', { body: { name: 'ci', roles: ['viewer'] } })
  const ci = createClient<paths>({
    baseUrl: second.url,
    headers: { authorization: `Bearer ${created?.secret}` },
  })
  expect((await ci.GET('/api/v1/caller')).data).toMatchObject({ name: 'ci', roles: ['viewer'] })
  expect((await ci.GET('/api/v1/tokens')).error).toMatchObject({ status: 403, code: 'API_FORBIDDEN' })
  await admin.DELETE('/api/v1/tokens/{name}', { params: { path: { name: 'ci' } } })
  expect((await ci.GET('/api/v1/caller')).error).toMatchObject({ status: 401 })
  const { data: status } = await createClient<paths>({ baseUrl: second.url }).GET('/api/v1/status')
  expect(status?.integration).toBe(joined.runtime().integration.id)
})
