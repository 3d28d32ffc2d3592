/** Responses that are odd, or about something else: none may turn into a fact about a record. */
import { afterEach, describe, expect, test } from 'vitest'
import { sendJson } from '../../../test/support/local-server.ts'
import type { ApiRequest } from '../../../test/support/salesforce/api.ts'
import {
  changesOf,
  closeAll,
  context,
  create,
  listOf,
  once,
  org,
  update,
} from '../../../test/support/salesforce/bound-org.ts'
import { toEighteen } from '../../../test/support/salesforce/ids.ts'
import { wholeId } from './record.ts'

afterEach(closeAll)

const isCollection = ({ path, method }: ApiRequest): boolean => path[0] === 'composite' && method === 'PATCH'
const isQuery = ({ path }: ApiRequest): boolean => path[0] === 'query' || path[0] === 'queryAll'

describe('reads', () => {
  test('a query that lost its rows on the way does not make a record gone', async () => {
    const { fake, accounts } = await org({
      intercept: (request, response) => {
        if (request.path[0] !== 'queryAll') return false
        sendJson(response, 200, { totalSize: 1, done: true, records: [] })
        return true
      },
    })
    const nativeId = fake.org.create('Account', { Name: 'A' })
    fake.org.remove('Account', nativeId)
    expect(await accounts.read(nativeId, context)).toMatchObject({ kind: 'unknown' })
    expect(await accounts.readMany?.([nativeId], context)).toMatchObject([{ kind: 'unknown' }])
  })

  test('a listing whose rows were lost on the way is no empty list', async () => {
    const { fake, accounts } = await org({
      intercept: once(isQuery, 200, { totalSize: 3, done: true, records: [] }),
    })
    fake.org.create('Account', { Name: 'A' })
    await expect(listOf(accounts)).rejects.toMatchObject({ code: 'CONNECTOR_RESPONSE_UNUSABLE' })
  })

  test('a bulk result with other columns than were asked for brings no record by the name of a column', async () => {
    const { fake, accounts } = await org(
      {
        intercept: (request, response) => {
          if (request.path[3] !== 'results') return false
          response.writeHead(200, { 'content-type': 'text/csv', 'sforce-locator': 'null' })
          response.end('"ID","SYSTEMMODSTAMP","NAME","PHONE","ISTHMUS_ID__C"\n')
          return true
        },
      },
      { bulk: { from: 1, poll: '10ms' }, resources: { Account: { fields: ['Name', 'Phone'] } } },
    )
    for (let n = 0; n < 3; n += 1) fake.org.create('Account', { Name: `A${n}` })
    const nativeIds: string[] = []
    const walk = async (): Promise<void> => {
      for await (const page of accounts.list(context)) nativeIds.push(...page.map(({ nativeId }) => nativeId))
    }
    await expect(walk()).rejects.toMatchObject({ code: 'CONNECTOR_RESPONSE_UNUSABLE' })
    expect(nativeIds).toHaveLength(1)
  })
})

describe('changes', () => {
  test('a record that was restored and then erased is changed, although its first deletion was changed before', async () => {
    const { fake, accounts } = await org()
    const start = Date.UTC(2026, 4, 1, 12, 0, 0)
    const at = (seconds: number): void => fake.org.setTime(start + seconds * 1_000)
    at(0)
    const nativeId = fake.org.create('Account', { Name: 'A' })
    let { cursor } = await changesOf(accounts)
    at(30)
    fake.org.remove('Account', nativeId)
    at(70)
    ;({ cursor } = await changesOf(accounts, cursor))
    at(80)
    fake.org.restore('Account', nativeId)
    at(90)
    fake.org.remove('Account', nativeId)
    fake.org.emptyRecycleBin('Account')
    at(130)
    expect((await changesOf(accounts, cursor)).changed).toContainEqual({ nativeId, deleted: true })
  })
})

describe('notices', () => {
  const secret = 'a secret of some length'

  test('an id in its short form is that of the record which is known by the long one', async () => {
    const { fake, system } = await org({}, { webhooks: { secret } })
    const nativeId = fake.org.create('Account', { Name: 'A' })
    const notice = async (recordId: string) => {
      const ChangeEventHeader = { entityName: 'Account', changeType: 'UPDATE', recordIds: [recordId] }
      return await system.webhook?.({
        headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
        body: Buffer.from(JSON.stringify({ payload: { ChangeEventHeader } })),
        receivedAt: Date.now(),
      })
    }
    for (const id of [nativeId, nativeId.slice(0, 15)]) {
      expect(await notice(id)).toMatchObject({
        kind: 'accepted',
        changed: [{ resource: 'Account', nativeId }],
      })
    }
    expect(await notice(`${nativeId.slice(0, 15)}A`)).toMatchObject({ kind: 'refused' })
    expect([wholeId('001D000000IqhSL'), wholeId('00Q3x00001hJKLm')]).toEqual([
      toEighteen('001D000000IqhSL'),
      toEighteen('00Q3x00001hJKLm'),
    ])
  })
})

describe('writes', () => {
  const deletedReference = [{ statusCode: 'ENTITY_IS_DELETED', message: 'entity is deleted', fields: [] }]

  test('in a collection, too, a record is gone only when a look says so', async () => {
    const lost = { success: false, errors: [{ statusCode: 'NOT_FOUND', message: 'x', fields: [] }] }
    const refused = { success: false, errors: deletedReference }
    const { fake, accounts } = await org({ intercept: once(isCollection, 200, [lost, lost, refused]) })
    const nativeIds = ['A', 'B', 'C'].map((Name) => fake.org.create('Account', { Name }))
    fake.org.remove('Account', nativeIds[1] ?? '')
    const requests = nativeIds.map((nativeId) => ({ nativeId, patch: { Phone: '1' }, idempotencyKey: 'k' }))
    expect(await accounts.updateMany?.(requests, context)).toMatchObject([
      { kind: 'not-sent' },
      { kind: 'gone' },
      { kind: 'rejected', failure: { message: expect.stringContaining('points to') } },
    ])
  })

  test('in a composite request, too', async () => {
    const body = [{ errorCode: 'ENTITY_IS_DELETED', message: 'entity is deleted' }]
    const compositeResponse = ['r0', 'r1'].map((referenceId) => ({ body, httpStatusCode: 400, referenceId }))
    const isComposite = ({ path }: ApiRequest): boolean => path.join('/') === 'composite'
    const { fake, accounts } = await org(
      { intercept: once(isComposite, 200, { compositeResponse }) },
      { resources: { Account: { precondition: 'etag' } } },
    )
    const nativeIds = ['A', 'B'].map((Name) => fake.org.create('Account', { Name }))
    fake.org.remove('Account', nativeIds[1] ?? '')
    const requests = nativeIds.map((nativeId) => ({
      nativeId,
      patch: { Phone: '1' },
      ifVersion: '"x"',
      idempotencyKey: 'k',
    }))
    expect(await accounts.updateMany?.(requests, context)).toMatchObject([
      { kind: 'rejected' },
      { kind: 'gone' },
    ])
  })

  test('an update that points to a deleted record is refused, once and for all', async () => {
    const isUpdate = ({ method }: ApiRequest): boolean => method === 'PATCH'
    const body = [{ errorCode: 'ENTITY_IS_DELETED', message: 'entity is deleted' }]
    const { fake, accounts } = await org({ intercept: once(isUpdate, 400, body) })
    const nativeId = fake.org.create('Account', { Name: 'A' })
    expect(await update(accounts, nativeId, { Phone: '1' })).toMatchObject({ kind: 'rejected' })
  })

  test.each(['INSUFFICIENT_ACCESS_OR_READONLY', 'INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY'])(
    '%s is about one record and holds nothing else back',
    async (errorCode) => {
      const isWrite = ({ method, path }: ApiRequest): boolean => method === 'PATCH' && path[0] === 'sobjects'
      const body = [{ errorCode, message: 'insufficient access rights on object id' }]
      const { fake, accounts } = await org({
        intercept: (request, response) => {
          if (!isWrite(request)) return false
          sendJson(response, 403, body)
          return true
        },
      })
      const nativeId = fake.org.create('Account', { Name: 'A' })
      const expected = { kind: 'rejected', failure: { scope: 'record' } }
      expect(await update(accounts, nativeId, { Phone: '1' })).toMatchObject(expected)
      expect(await create(accounts, 'r-9', { Name: 'B' })).toMatchObject(expected)
    },
  )

  test.each(['etag', 'lastModified'])(
    'where %s guards updates, one without a version is not sent',
    async (precondition) => {
      const { fake, accounts } = await org({}, { resources: { Account: { precondition } } })
      const nativeIds = ['A', 'B'].map((Name) => fake.org.create('Account', { Name }))
      const notSent = { kind: 'not-sent', failure: { scope: 'record', retryAfterMs: 2_000 } }
      expect(await update(accounts, nativeIds[0] ?? '', { Phone: '1' })).toMatchObject(notSent)
      const requests = nativeIds.map((nativeId) => ({ nativeId, patch: { Phone: '1' }, idempotencyKey: 'k' }))
      expect(await accounts.updateMany?.(requests, context)).toMatchObject([notSent, notSent])
      expect([...fake.org.records('Account')].map(({ values }) => values.Phone ?? null)).toEqual([null, null])
    },
  )
})
