import { afterEach, describe, expect, test } from 'vitest'
import { sendJson } from '../../../../test/support/local-server.ts'
import type { ApiRequest } from '../../../../test/support/salesforce/api.ts'
import {
  closeAll,
  context,
  create,
  once,
  org,
  update,
} from '../../../../test/support/salesforce/bound-org.ts'
import type { WriteResult } from '../../kit/contract.ts'

afterEach(closeAll)

describe('writing', () => {
  test('the same create twice makes one record, which carries our id', async () => {
    const { fake, accounts } = await org()
    const first = await create(accounts, 'r-1', { Name: 'A' })
    const again = await create(accounts, 'r-1', { Name: 'A' })
    expect(first).toMatchObject({ kind: 'ok' })
    expect(again).toEqual(first)
    expect([...fake.org.records('Account')]).toHaveLength(1)
    const nativeId = first?.kind === 'ok' ? first.nativeId : ''
    const read = await accounts.read(nativeId, context)
    expect(read.kind === 'live' && accounts.markerOf?.(read.native)).toBe('r-1')
    expect(await accounts.find?.({ by: 'marker', recordId: 'r-1' }, context)).toEqual({
      kind: 'found',
      nativeIds: [nativeId],
      capped: false,
    })
  })

  test('a field that the org does not keep unique holds no create back, so none is sent', async () => {
    const { fake, accounts } = await org({}, { externalId: 'AccountNumber' })
    expect(await create(accounts, 'r-1', { Name: 'A' })).toMatchObject({
      kind: 'not-sent',
      failure: { code: 'CONNECTOR_CONFIG_INVALID', scope: 'system' },
    })
    expect([...fake.org.records('Account')]).toEqual([])
  })

  test('without an external id a create is found again by its values', async () => {
    const { accounts } = await org({}, { externalId: undefined })
    expect(accounts.capabilities).toMatchObject({ create: 'naturalKey', search: { lagMs: 0 } })
    const made = await create(accounts, 'r-1', { Name: "O'Hara \\ Söhne", NumberOfEmployees: 5 })
    const values = { Name: "O'Hara \\ Söhne", NumberOfEmployees: 5 }
    expect(await accounts.find?.({ by: 'values', values }, context)).toMatchObject({
      kind: 'found',
      nativeIds: [made?.kind === 'ok' ? made.nativeId : ''],
    })
    expect(await accounts.find?.({ by: 'values', values: { Description: 'long' } }, context)).toMatchObject({
      kind: 'unknown',
    })
  })

  test.each<[string, Record<string, unknown>, Partial<WriteResult>]>([
    ['a picklist', { Segment__c: 'Z' }, { kind: 'rejected', fields: ['Segment__c'] }],
    ['a length', { AccountNumber: 'x'.repeat(41) }, { kind: 'rejected', fields: ['AccountNumber'] }],
    ['an unknown field', { Nope__c: 1 }, { kind: 'rejected' }],
  ])(
    '%s that does not fit is a refusal with its field and without its value',
    async (_what, patch, expected) => {
      const { fake, accounts } = await org()
      const nativeId = fake.org.create('Account', { Name: 'A' })
      const result = await update(accounts, nativeId, patch)
      expect(result).toMatchObject(expected)
      expect(JSON.stringify(result)).not.toContain('xxxx')
    },
  )

  test('a locked row, a spent quota and a deleted record are told apart', async () => {
    const { fake, accounts } = await org()
    const nativeId = fake.org.create('Account', { Name: 'A' })
    fake.org.lock(nativeId)
    expect(await update(accounts, nativeId, { Name: 'B' })).toMatchObject({
      kind: 'not-sent',
      failure: { scope: 'record', message: expect.stringContaining('UNABLE_TO_LOCK_ROW') },
    })
    fake.org.remove('Account', nativeId)
    expect(await update(accounts, nativeId, { Name: 'B' })).toEqual({ kind: 'gone' })
    fake.dailyRequests = 0
    expect(await update(accounts, nativeId, { Name: 'B' })).toMatchObject({
      kind: 'not-sent',
      failure: { scope: 'system', retryAfterMs: 60_000 },
    })
    // Quotas slide: the next attempt is due in a minute, not in a day.
    const next = await update(accounts, nativeId, { Name: 'B' })
    expect(next?.kind === 'not-sent' && (next.failure.retryAfterMs ?? 0)).toBeLessThanOrEqual(60_000)
  })

  test('what is not found for a write is gone only when a look says so too, and a merge names who survived', async () => {
    const fits = (request: ApiRequest): boolean => request.method === 'DELETE'
    const body = [{ errorCode: 'NOT_FOUND', message: 'The requested resource does not exist' }]
    const { fake, accounts } = await org({ intercept: once(fits, 404, body) })
    const [a = '', b = ''] = ['A', 'B'].map((Name) => fake.org.create('Account', { Name }))
    expect(await accounts.remove?.({ nativeId: a, mode: 'delete' }, context)).toMatchObject({
      kind: 'not-sent',
    })
    fake.org.merge('Account', a, [b])
    expect(await update(accounts, b, { Phone: '1' })).toEqual({ kind: 'gone', mergedInto: a })
    expect(await accounts.remove?.({ nativeId: b, mode: 'delete' }, context)).toEqual({
      kind: 'gone',
      mergedInto: a,
    })
  })

  test('a code that promises no effect is not believed under a status that says that the server failed', async () => {
    const fits = (request: ApiRequest): boolean => request.method === 'PATCH'
    const body = [{ errorCode: 'UNABLE_TO_LOCK_ROW', message: 'x' }]
    const { fake, accounts } = await org({ intercept: once(fits, 500, body) })
    const nativeId = fake.org.create('Account', { Name: 'A' })
    expect(await update(accounts, nativeId, { Name: 'B' })).toMatchObject({ kind: 'unknown' })
  })

  test('250 creates travel in two calls, and each has its own result', async () => {
    const { fake, accounts } = await org()
    const requests = Array.from({ length: 250 }, (_, n) => ({
      body: { Name: n === 7 ? '' : `A${n}` },
      recordId: `r-${n}`,
      idempotencyKey: `k-${n}`,
    }))
    const results = (await accounts.createMany?.(requests, context)) ?? []
    expect(results.map(({ kind }) => kind).filter((kind) => kind !== 'ok')).toEqual(['rejected'])
    expect(results[7]).toMatchObject({ kind: 'rejected', fields: ['Name'] })
    expect(fake.seen.filter((one) => one.includes('/composite/sobjects'))).toHaveLength(2)
    expect([...fake.org.records('Account')]).toHaveLength(249)
  })

  test('a call that is refused as a whole is cut in halves until only the record to blame is refused', async () => {
    const fits = (request: ApiRequest): boolean =>
      request.method === 'PATCH' && JSON.stringify(request.body).includes('poison')
    const { fake, accounts } = await org({
      intercept: (request, response) => {
        if (!fits(request)) return false
        sendJson(response, 400, [{ errorCode: 'JSON_PARSER_ERROR', message: 'poison' }])
        return true
      },
    })
    const nativeIds = Array.from({ length: 9 }, (_, n) => fake.org.create('Account', { Name: `A${n}` }))
    const requests = nativeIds.map((nativeId, n) => ({
      nativeId,
      patch: { AccountNumber: n === 4 ? 'poison' : `${n}` },
      idempotencyKey: 'k',
    }))
    const results = await accounts.updateMany?.(requests, context)
    const kinds = results?.map(({ kind }) => kind).join(' ')
    expect(kinds).toBe('ok ok ok ok rejected ok ok ok ok')
  })

  test('a call whose response has no place for a record leaves that record in doubt', async () => {
    const fits = (request: ApiRequest): boolean =>
      request.path[0] === 'composite' && request.method === 'PATCH'
    const { fake, accounts } = await org({
      intercept: once(fits, 200, [{ id: 'x', success: true, errors: [] }]),
    })
    const nativeIds = ['A', 'B'].map((Name) => fake.org.create('Account', { Name }))
    const requests = nativeIds.map((nativeId) => ({ nativeId, patch: { Phone: '1' }, idempotencyKey: 'k' }))
    expect(await accounts.updateMany?.(requests, context)).toMatchObject([
      { kind: 'unknown' },
      { kind: 'unknown' },
    ])
  })
})

describe('preconditions', () => {
  test.each(['etag', 'lastModified'])(
    '%s refuses an update over somebody else’s, alone and among others',
    async (precondition) => {
      const { fake, accounts } = await org({}, { resources: { Account: { precondition } } })
      expect(accounts.capabilities).toMatchObject({
        conditionalWrites: true,
        version: 'opaque',
        remove: 'none',
      })
      const start = Date.UTC(2026, 4, 1, 12, 0, 0)
      fake.org.setTime(start)
      const nativeIds = ['A', 'B'].map((Name) => fake.org.create('Account', { Name }))
      fake.org.setTime(start + 10_000)
      const versions = await Promise.all(
        nativeIds.map(async (nativeId) => {
          const read = await accounts.read(nativeId, context)
          return read.kind === 'live' ? read.version : undefined
        }),
      )
      const [a = '', b = ''] = nativeIds
      const [versionA = '', versionB = ''] = versions
      fake.org.update('Account', a, { Phone: '1' })
      expect(await update(accounts, a, { Phone: '2' }, versionA)).toEqual({ kind: 'stale' })
      const many = await accounts.updateMany?.(
        [
          { nativeId: a, patch: { Phone: '3' }, ifVersion: versionA, idempotencyKey: 'k' },
          { nativeId: b, patch: { Phone: '4' }, ifVersion: versionB, idempotencyKey: 'k' },
        ],
        context,
      )
      expect(many).toEqual([{ kind: 'stale' }, { kind: 'ok', nativeId: b }])
      expect([...fake.org.records('Account')].map(({ values }) => values.Phone)).toEqual(['1', '4'])
    },
  )

  test('a time whose second is not over is no version: the record could change again under it', async () => {
    const { fake, accounts } = await org({}, { resources: { Account: { precondition: 'lastModified' } } })
    fake.org.setTime(Date.UTC(2026, 4, 1, 12, 0, 0, 200))
    const nativeId = fake.org.create('Account', { Name: 'A' })
    const read = await accounts.read(nativeId, context)
    expect(read.kind === 'live' && read.version).toBeUndefined()
  })
})
