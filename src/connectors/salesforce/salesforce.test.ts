import { generateKeyPairSync } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { sendJson } from '../../../test/support/local-server.ts'
import type { ApiRequest } from '../../../test/support/salesforce/api.ts'
import {
  type FakeSalesforce,
  type FakeSalesforceOptions,
  startFakeSalesforce,
} from '../../../test/support/salesforce/fake-salesforce.ts'
import type { CallContext, ConnectedSystem, ListEnd, Resource, WriteResult } from '../kit/contract.ts'
import { connectSystem } from '../registry.ts'

const open: { close(): Promise<void> }[] = []
const clock = { now: () => Date.now(), monotonic: () => performance.now() }
const context: CallContext = { signal: new AbortController().signal, priority: 'hand' }

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

interface Bound {
  readonly fake: FakeSalesforce
  readonly system: ConnectedSystem
  readonly accounts: Resource
}

async function org(
  options: FakeSalesforceOptions = {},
  config: Record<string, unknown> = {},
): Promise<Bound> {
  const fake = await startFakeSalesforce(options)
  open.push(fake)
  const system = connect(fake, { externalId: 'Isthmus_Id__c', commitLag: '2s', ...config })
  return { fake, system, accounts: system.resource('Account') }
}

function connect(fake: FakeSalesforce, config: Record<string, unknown>): ConnectedSystem {
  const system = connectSystem(
    {
      name: 'crm',
      connector: 'salesforce',
      config: { url: fake.url, allowHttp: true, auth: clientCredentials(fake), ...config },
      timing: { readTimeoutMs: 5_000, writeTimeoutMs: 5_000, concurrency: 8 },
    },
    { clock },
  )
  open.push(system)
  return system
}

function clientCredentials(fake: FakeSalesforce): Record<string, unknown> {
  const { clientId, clientSecret } = fake.credentials
  const tokenUrl = `${fake.url}/services/oauth2/token`
  return { type: 'oauth2-client-credentials', tokenUrl, clientId, clientSecret }
}

/** Answers one request, chosen by the test, instead of the org. */
function once(
  fits: (request: ApiRequest) => boolean,
  status: number,
  body: unknown,
): NonNullable<FakeSalesforceOptions['intercept']> {
  let used = false
  return (request, response) => {
    if (used || !fits(request)) return false
    used = true
    sendJson(response, status, body)
    return true
  }
}

async function listOf(resource: Resource): Promise<{ rids: string[]; names: unknown[]; end: ListEnd }> {
  const rids: string[] = []
  const names: unknown[] = []
  const pages = resource.list(context)
  for (;;) {
    const next = await pages.next()
    if (next.done === true) return { rids, names, end: next.value }
    rids.push(...next.value.map(({ rid }) => rid))
    names.push(...next.value.map(({ native }) => native.Name))
  }
}

/** Follows the feed to its end. */
async function changesOf(
  resource: Resource,
  from?: string,
): Promise<{ told: { rid: string; deleted?: boolean }[]; cursor: string }> {
  const told: { rid: string; deleted?: boolean }[] = []
  let cursor = from
  for (;;) {
    const page = await resource.changes?.(cursor, context)
    if (page?.kind !== 'page') return expect.fail(JSON.stringify(page))
    told.push(...page.changed)
    cursor = page.cursor
    if (!page.more) return { told, cursor }
  }
}

const create = (resource: Resource, recordId: string, body: Record<string, unknown>) =>
  resource.create?.({ body, recordId, idempotencyKey: recordId }, context)

const update = (resource: Resource, rid: string, patch: Record<string, unknown>, ifVersion?: string) =>
  resource.update?.(
    { rid, patch, idempotencyKey: 'k', ...(ifVersion === undefined ? {} : { ifVersion }) },
    context,
  )

describe('getting in', () => {
  test('JWT bearer signs for the user, and a session that ended is renewed without anybody noticing', async () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const { fake } = await org({
      oauth: { publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString() },
    })
    const { clientId, username, audience } = fake.credentials
    const system = connect(fake, {
      auth: {
        type: 'oauth2-jwt-bearer',
        tokenUrl: `${fake.url}/services/oauth2/token`,
        clientId,
        subject: username,
        audience,
        privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      },
    })
    expect(await system.fingerprint(context)).toEqual({ kind: 'known', value: fake.org.id })
    fake.oauth.endSessions()
    expect(await system.fingerprint(context)).toEqual({ kind: 'known', value: fake.org.id })
    expect(fake.oauth.issued).toBe(2)
  })

  test('a refresh token serves as well, and a refused one concerns the whole system', async () => {
    const { fake } = await org()
    const { clientId, clientSecret, refreshToken } = fake.credentials
    const tokenUrl = `${fake.url}/services/oauth2/token`
    const auth = { type: 'oauth2-refresh-token', tokenUrl, clientId, clientSecret, refreshToken }
    expect(await connect(fake, { auth }).fingerprint(context)).toMatchObject({ kind: 'known' })
    const revoked = connect(fake, { auth: { ...auth, refreshToken: 'revoked' } })
    expect(await revoked.resource('Account').read('001000000000001AAA', context)).toMatchObject({
      kind: 'unknown',
      failure: { code: 'HTTP_TOKEN_REFUSED', scope: 'system' },
    })
  })

  test('settings that can not work are refused by name', async () => {
    const { fake, system } = await org()
    expect(() => connect(fake, { apiVersion: '57.0' })).toThrow(/apiVersion/)
    expect(() => connect(fake, { resources: { Contact: { precondition: 'etag' } } })).toThrow(/Account only/)
    expect(() => system.resource('Account; DROP')).toThrow(/API name/)
  })
})

describe('reading', () => {
  test('numbers keep their digits, and every way of reading gives the same record', async () => {
    const { fake, accounts } = await org({ queryBatch: 2 }, { bulk: { from: 3, poll: '10ms' } })
    const body = { Name: 'A', Credit_Limit__c: '1234567890123456.78', Active__c: true, NumberOfEmployees: 7 }
    const rid = fake.org.create('Account', body)
    const byId = await accounts.read(rid, context)
    expect(byId.kind === 'live' && String(byId.native.Credit_Limit__c)).toBe('1234567890123456.78')
    expect(byId).toMatchObject({
      native: { Name: 'A', Active__c: true, NumberOfEmployees: 7, Industry: null },
    })
    expect(byId.kind === 'live' && 'BillingAddress' in byId.native).toBe(false)
    const byQuery = (await accounts.list(context).next()).value
    for (let n = 0; n < 3; n += 1) fake.org.create('Account', { Name: `B${n}` })
    const byJob: unknown[] = []
    for await (const page of accounts.list(context)) byJob.push(...page)
    const [batch] = (await accounts.readMany?.([rid], context)) ?? []
    const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
    expect(plain(batch)).toEqual(plain(byId))
    expect(plain({ kind: 'live', ...(byQuery as object[])[0] })).toEqual(plain(byId))
    expect(plain({ kind: 'live', ...(byJob as object[])[0] })).toEqual(plain(byId))
    expect(fake.seen.filter((one) => one.includes('/jobs/query')).length).toBeGreaterThan(2)
  })

  test('several are read in one call, in order, with what became of those that are gone', async () => {
    const { fake, accounts } = await org()
    const [a, b, c] = ['A', 'B', 'C'].map((Name) => fake.org.create('Account', { Name }))
    fake.org.merge('Account', a ?? '', [b ?? ''])
    fake.org.remove('Account', c ?? '')
    fake.seen.length = 0
    const results = await accounts.readMany?.([c ?? '', b ?? '', a ?? '', 'not an id'], context)
    expect(results).toMatchObject([
      { kind: 'gone' },
      { kind: 'gone', mergedInto: a },
      { kind: 'live', rid: a },
      { kind: 'gone' },
    ])
    expect(fake.seen.filter((one) => one.includes('/composite/sobjects/Account'))).toHaveLength(1)
  })

  test('a merge names the survivor, an emptied recycle bin is gone, and a proxy that says 404 proves nothing', async () => {
    const fits = (request: ApiRequest): boolean => request.path[2] === '001000000000004AAA'
    const { fake, accounts } = await org({ intercept: once(fits, 404, { error: 'no such route' }) })
    const [a, b, c] = ['A', 'B', 'C'].map((Name) => fake.org.create('Account', { Name }))
    fake.org.merge('Account', a ?? '', [b ?? ''])
    expect(await accounts.read(b ?? '', context)).toEqual({ kind: 'gone', mergedInto: a })
    fake.org.emptyRecycleBin('Account')
    expect(await accounts.read(b ?? '', context)).toEqual({ kind: 'gone' })
    expect(c).toBe('001000000000004AAA')
    expect(await accounts.read(c ?? '', context)).toMatchObject({ kind: 'unknown' })
    expect(await accounts.read(c ?? '', context)).toMatchObject({ kind: 'live' })
  })

  test('an object that the credential may not see is no reason to take its records for gone', async () => {
    const { system } = await org()
    expect(await system.resource('Invoice__c').read('a00000000000001AAA', context)).toMatchObject({
      kind: 'unknown',
      failure: { message: expect.stringContaining('NOT_FOUND') },
    })
  })
})

describe('listing', () => {
  test('wide rows that come in small answers are all listed, and the end is evidence', async () => {
    const { fake, accounts } = await org({ queryBatch: 7 })
    for (let n = 0; n < 100; n += 1) fake.org.create('Account', { Name: `A${n}` })
    const { rids, end } = await listOf(accounts)
    expect([new Set(rids).size, end]).toEqual([100, { complete: true, expected: 100 }])
    expect(fake.seen.filter((one) => /\/query\/01g/.test(one)).length).toBeGreaterThan(10)
  })

  test.each([true, false])(
    'a bulk job of several result pages is read to its end (names on every page: %s)',
    async (bulkHeaders) => {
      const { fake, accounts } = await org(
        { bulkPage: 100, bulkHeaders, bulkPolls: 3 },
        { bulk: { from: 10, poll: '10ms' } },
      )
      for (let n = 0; n < 430; n += 1) fake.org.create('Account', { Name: `A, "${n}"\nsecond line` })
      const { rids, names, end } = await listOf(accounts)
      expect([new Set(rids).size, end]).toEqual([430, { complete: true, expected: 430 }])
      expect(names[429]).toBe('A, "429"\nsecond line')
      expect(fake.seen.filter((one) => one.endsWith('/results'))).toHaveLength(5)
      expect(fake.seen.at(-1)).toMatch(/^GET .*\/query$|^DELETE .*\/jobs\/query\//)
      expect(fake.seen.some((one) => one.startsWith('DELETE'))).toBe(true)
    },
  )

  test('a result page that breaks off is read again from its place, without a record twice', async () => {
    let broken = false
    const { fake, accounts } = await org(
      {
        bulkPage: 5_000,
        intercept: (request, response) => {
          if (broken || request.path[3] !== 'results') return false
          broken = true
          response.writeHead(200, {
            'content-type': 'text/csv',
            'sforce-locator': 'null',
            'sforce-numberofrecords': '3000',
          })
          response.write('"Id","SystemModstamp","Name","Isthmus_Id__c"\n')
          setTimeout(() => response.destroy(), 50)
          return true
        },
      },
      { bulk: { from: 10, poll: '10ms' }, resources: { Account: { fields: ['Name'] } } },
    )
    for (let n = 0; n < 3_000; n += 1) fake.org.create('Account', { Name: `A${n}` })
    const { rids, end } = await listOf(accounts)
    expect([rids.length, new Set(rids).size, end.complete, broken]).toEqual([3_000, 3_000, true, true])
  })

  test('a bulk result that lost rows on its way ends the listing instead of counting as all there is', async () => {
    const { fake, accounts } = await org(
      {
        intercept: (request, response) => {
          if (request.path[3] !== 'results') return false
          response.writeHead(200, {
            'content-type': 'text/csv',
            'sforce-locator': 'null',
            'sforce-numberofrecords': '20',
          })
          response.end('"Id","SystemModstamp","Name"\n"001000000000001AAA","2026-05-01T00:00:00.000Z","A"\n')
          return true
        },
      },
      { bulk: { from: 10, poll: '10ms' }, resources: { Account: { fields: ['Name'] } } },
    )
    for (let n = 0; n < 20; n += 1) fake.org.create('Account', { Name: `A${n}` })
    await expect(listOf(accounts)).rejects.toMatchObject({ code: 'CONNECTOR_ANSWER_UNUSABLE' })
  })

  test('a list that is shorter than the count is not complete', async () => {
    const fits = (request: ApiRequest): boolean =>
      request.path[0] === 'query' && /ORDER BY Id/.test(request.query.get('q') ?? '')
    const { fake, accounts } = await org({
      intercept: once(fits, 200, { totalSize: 0, done: true, records: [] }),
    })
    fake.org.create('Account', { Name: 'A' })
    expect(await listOf(accounts)).toMatchObject({ rids: [], end: { complete: false, expected: 1 } })
  })

  test('a listing that is left in the middle leaves no job behind', async () => {
    const { fake, accounts } = await org({ bulkPolls: 100 }, { bulk: { from: 1, poll: '10ms' } })
    fake.org.create('Account', { Name: 'A' })
    const pages = accounts.list(context)
    expect(await pages.next()).toEqual({ done: false, value: [] })
    await pages.return({ complete: false })
    expect(fake.seen.at(-1)).toMatch(/^PATCH .*\/jobs\/query\/750/)
  })
})

describe('changes', () => {
  test('3,000 records of one second are all told once', async () => {
    const { fake, accounts } = await org()
    fake.org.setTime(Date.now() - 60_000)
    for (let n = 0; n < 3_000; n += 1) fake.org.create('Account', { Name: `A${n}` })
    fake.org.setTime(undefined)
    const first = await changesOf(accounts)
    expect([first.told.length, new Set(first.told.map(({ rid }) => rid)).size]).toEqual([3_000, 3_000])
    expect((await changesOf(accounts, first.cursor)).told).toEqual([])
  })

  test('a second change within the second that was just read is told', async () => {
    const { fake, accounts } = await org()
    fake.org.setTime(Math.floor(Date.now() / 1_000) * 1_000 + 300)
    const rid = fake.org.create('Account', { Name: 'A' })
    const first = await changesOf(accounts)
    expect(first.told).toMatchObject([{ rid }])
    fake.org.update('Account', rid, { Name: 'B' })
    const second = await changesOf(accounts, first.cursor)
    expect(second.told).toMatchObject([{ rid }])
  })

  test('what a transaction changed that was open for minutes is told when it commits', async () => {
    const { fake, accounts } = await org({}, { commitLag: '1s' })
    const start = Date.UTC(2026, 4, 1, 12, 0, 0)
    fake.org.setTime(start)
    const transaction = fake.org.transaction()
    const late = transaction.create('Account', { Name: 'Late' })
    fake.org.setTime(start + 300_000)
    const early = fake.org.create('Account', { Name: 'Early' })
    let { told, cursor } = await changesOf(accounts)
    expect(told.map(({ rid }) => rid)).toEqual([early])
    fake.org.setTime(start + 420_000)
    ;({ cursor } = await changesOf(accounts, cursor))
    transaction.commit()
    ;({ told } = await changesOf(accounts, cursor))
    expect(told.map(({ rid }) => rid)).toContain(late)
  })

  test('deletions are told: from the recycle bin, and from the log when the bin was emptied', async () => {
    const { fake, accounts } = await org()
    const [a, b] = ['A', 'B'].map((Name) => fake.org.create('Account', { Name }))
    const first = await changesOf(accounts)
    fake.org.remove('Account', a ?? '')
    const second = await changesOf(accounts, first.cursor)
    expect(second.told).toContainEqual({ rid: a, deleted: true })
    fake.org.remove('Account', b ?? '')
    fake.org.emptyRecycleBin('Account')
    const third = await changesOf(accounts, second.cursor)
    expect(third.told).toEqual([{ rid: b, deleted: true }])
    expect((await changesOf(accounts, third.cursor)).told).toEqual([])
  })

  test('a position older than the delete log reaches back is expired', async () => {
    const { fake, accounts } = await org()
    const { cursor } = await changesOf(accounts)
    fake.org.advance(31 * 86_400_000)
    expect(await accounts.changes?.(cursor, context)).toEqual({ kind: 'expired' })
    expect(await accounts.changes?.('nonsense', context)).toEqual({ kind: 'expired' })
  })
})

describe('writing', () => {
  test('the same create twice makes one record, which carries our id', async () => {
    const { fake, accounts } = await org()
    const first = await create(accounts, 'r-1', { Name: 'A' })
    const again = await create(accounts, 'r-1', { Name: 'A' })
    expect(first).toMatchObject({ kind: 'ok' })
    expect(again).toEqual(first)
    expect([...fake.org.records('Account')]).toHaveLength(1)
    const rid = first?.kind === 'ok' ? first.rid : ''
    const read = await accounts.read(rid, context)
    expect(read.kind === 'live' && accounts.markerOf?.(read.native)).toBe('r-1')
    expect(await accounts.find?.({ by: 'marker', recordId: 'r-1' }, context)).toEqual({
      kind: 'found',
      rids: [rid],
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
      rids: [made?.kind === 'ok' ? made.rid : ''],
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
      const rid = fake.org.create('Account', { Name: 'A' })
      const result = await update(accounts, rid, patch)
      expect(result).toMatchObject(expected)
      expect(JSON.stringify(result)).not.toContain('xxxx')
    },
  )

  test('a locked row, a spent quota and a deleted record are told apart', async () => {
    const { fake, accounts } = await org()
    const rid = fake.org.create('Account', { Name: 'A' })
    fake.org.lock(rid)
    expect(await update(accounts, rid, { Name: 'B' })).toMatchObject({
      kind: 'not-sent',
      failure: { scope: 'record', message: expect.stringContaining('UNABLE_TO_LOCK_ROW') },
    })
    fake.org.remove('Account', rid)
    expect(await update(accounts, rid, { Name: 'B' })).toEqual({ kind: 'gone' })
    fake.dailyRequests = 0
    expect(await update(accounts, rid, { Name: 'B' })).toMatchObject({
      kind: 'not-sent',
      failure: { scope: 'system', retryAfterMs: 60_000 },
    })
    // Quotas slide: the next look is due in a minute, not in a day.
    const next = await update(accounts, rid, { Name: 'B' })
    expect(next?.kind === 'not-sent' && (next.failure.retryAfterMs ?? 0)).toBeLessThanOrEqual(60_000)
  })

  test('a code that promises no effect is not believed under a status that says that the server failed', async () => {
    const fits = (request: ApiRequest): boolean => request.method === 'PATCH'
    const body = [{ errorCode: 'UNABLE_TO_LOCK_ROW', message: 'x' }]
    const { fake, accounts } = await org({ intercept: once(fits, 500, body) })
    const rid = fake.org.create('Account', { Name: 'A' })
    expect(await update(accounts, rid, { Name: 'B' })).toMatchObject({ kind: 'unknown' })
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
    const rids = Array.from({ length: 9 }, (_, n) => fake.org.create('Account', { Name: `A${n}` }))
    const requests = rids.map((rid, n) => ({
      rid,
      patch: { AccountNumber: n === 4 ? 'poison' : `${n}` },
      idempotencyKey: 'k',
    }))
    const results = await accounts.updateMany?.(requests, context)
    const kinds = results?.map(({ kind }) => kind).join(' ')
    expect(kinds).toBe('ok ok ok ok rejected ok ok ok ok')
  })

  test('a call whose answer has no place for a record leaves that record in doubt', async () => {
    const fits = (request: ApiRequest): boolean =>
      request.path[0] === 'composite' && request.method === 'PATCH'
    const { fake, accounts } = await org({
      intercept: once(fits, 200, [{ id: 'x', success: true, errors: [] }]),
    })
    const rids = ['A', 'B'].map((Name) => fake.org.create('Account', { Name }))
    const requests = rids.map((rid) => ({ rid, patch: { Phone: '1' }, idempotencyKey: 'k' }))
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
      const rids = ['A', 'B'].map((Name) => fake.org.create('Account', { Name }))
      fake.org.setTime(start + 10_000)
      const versions = await Promise.all(
        rids.map(async (rid) => {
          const read = await accounts.read(rid, context)
          return read.kind === 'live' ? read.version : undefined
        }),
      )
      const [a = '', b = ''] = rids
      const [versionA = '', versionB = ''] = versions
      fake.org.update('Account', a, { Phone: '1' })
      expect(await update(accounts, a, { Phone: '2' }, versionA)).toEqual({ kind: 'stale' })
      const many = await accounts.updateMany?.(
        [
          { rid: a, patch: { Phone: '3' }, ifVersion: versionA, idempotencyKey: 'k' },
          { rid: b, patch: { Phone: '4' }, ifVersion: versionB, idempotencyKey: 'k' },
        ],
        context,
      )
      expect(many).toEqual([{ kind: 'stale' }, { kind: 'ok', rid: b }])
      expect([...fake.org.records('Account')].map(({ values }) => values.Phone)).toEqual(['1', '4'])
    },
  )

  test('a time whose second is not over is no version: the record could change again under it', async () => {
    const { fake, accounts } = await org({}, { resources: { Account: { precondition: 'lastModified' } } })
    fake.org.setTime(Date.UTC(2026, 4, 1, 12, 0, 0, 200))
    const rid = fake.org.create('Account', { Name: 'A' })
    const read = await accounts.read(rid, context)
    expect(read.kind === 'live' && read.version).toBeUndefined()
  })
})

describe('schema and quotas', () => {
  test('an object is described with types, lengths, picklists and keys', async () => {
    const { system } = await org()
    const described = await system.describe?.(['Account'], context)
    if (described?.kind !== 'known') return expect.fail('unknown')
    const [account] = described.resources
    const field = (name: string) => account?.fields.find(({ path }) => path[0] === name)
    expect(account?.key).toEqual([['Id']])
    expect(field('Name')).toMatchObject({ nativeType: 'string(255)', required: true, maxLength: 255 })
    expect(field('Credit_Limit__c')).toMatchObject({
      nativeType: 'currency(18,2)',
      type: { kind: 'decimal', scale: 2 },
      precision: 18,
    })
    expect(field('Segment__c')).toMatchObject({ values: ['A', 'B', 'C'], type: { kind: 'enum' } })
    expect(field('ParentId')).toMatchObject({ references: ['Account'] })
    expect(field('SystemModstamp')).toMatchObject({ creatable: false, updatable: false, required: false })
    expect(field('BillingAddress')?.type).toBeUndefined()
    const all = await system.describe?.(undefined, context)
    expect(all?.kind === 'known' && all.resources.map(({ name }) => name)).toEqual([
      'Account',
      'Contact',
      'Opportunity',
      'Product2',
    ])
    expect(await system.describe?.(['Nope__c'], context)).toMatchObject({ kind: 'unknown' })
  })

  test('quotas are told with their windows', async () => {
    const { system } = await org({ dailyRequests: 5_000 })
    const usage = await system.usage?.(context)
    expect(usage?.kind === 'known' && usage.quotas).toContainEqual({
      name: 'DailyApiRequests',
      limit: 5_000,
      remaining: 4_999,
      windowMs: 86_400_000,
      toldAt: expect.any(Number),
    })
  })
})
