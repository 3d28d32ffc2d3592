/** The fake, tested with a third-party client. */
import { generateKeyPairSync } from 'node:crypto'
import { Connection } from 'jsforce'
import { afterEach, expect, test } from 'vitest'
import { type FakeSalesforce, type FakeSalesforceOptions, startFakeSalesforce } from './fake-salesforce.ts'

const running: FakeSalesforce[] = []

afterEach(async () => {
  for (const fake of running.splice(0)) await fake.close()
})

async function start(
  options: FakeSalesforceOptions = {},
): Promise<{ readonly fake: FakeSalesforce; readonly conn: Connection }> {
  const fake = await startFakeSalesforce(options)
  running.push(fake)
  const conn = new Connection({
    instanceUrl: fake.url,
    accessToken: fake.oauth.newSession(),
    version: '60.0',
    maxRequest: 5,
  })
  return { fake, conn }
}

test('jsforce gets a session by client credentials and by refresh token', async () => {
  const { fake } = await start()
  const { clientId, clientSecret, refreshToken } = fake.credentials
  const conn = new Connection({ oauth2: { loginUrl: fake.url, clientId, clientSecret }, version: '60.0' })
  await conn.authorize({ grant_type: 'client_credentials' })
  expect(conn.instanceUrl).toBe(fake.url)
  expect((await conn.identity().catch(() => undefined)) === undefined).toBe(true)
  expect((await conn.describeGlobal()).sobjects.map(({ name }) => name)).toContain('Account')

  const again = new Connection({
    oauth2: { loginUrl: fake.url, clientId, clientSecret },
    instanceUrl: fake.url,
    accessToken: 'expired',
    refreshToken,
    version: '60.0',
  })
  expect((await again.query('SELECT Id FROM Organization')).totalSize).toBe(1)
})

test('a wrong secret and a wrong assertion are refused as OAuth errors', async () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { fake } = await start({
    oauth: { publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() },
  })
  const ask = async (form: Record<string, string>): Promise<unknown> => {
    const response = await fetch(`${fake.url}/services/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    })
    return [response.status, await response.json()]
  }
  expect(
    await ask({
      grant_type: 'client_credentials',
      client_id: fake.credentials.clientId,
      client_secret: 'x',
    }),
  ).toMatchObject([400, { error: 'invalid_client' }])
  const jwt = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
  expect(await ask({ grant_type: jwt, assertion: 'a.b.c' })).toMatchObject([400, { error: 'invalid_grant' }])
})

test('jsforce creates, reads, changes, upserts and deletes', async () => {
  const { conn, fake } = await start()
  const created = await conn.sobject('Account').create({ Name: ' Nordwind ', AnnualRevenue: 1_000_000 })
  expect(created).toMatchObject({ success: true, errors: [] })
  const id = created.id ?? ''
  expect(await conn.sobject('Account').retrieve(id)).toMatchObject({
    Id: id,
    Name: 'Nordwind',
    AnnualRevenue: 1_000_000,
    attributes: { type: 'Account', url: `/services/data/v60.0/sobjects/Account/${id}` },
  })
  await conn.sobject('Account').update({ Id: id, Industry: 'Energy' })
  const upserted = await conn
    .sobject('Account')
    .upsert({ ERP_Number__c: 'A1', Name: 'Upserted' }, 'ERP_Number__c')
  const twice = await conn.sobject('Account').upsert({ ERP_Number__c: 'A1', Name: 'Again' }, 'ERP_Number__c')
  expect([upserted.success, twice.id]).toEqual([true, upserted.id])
  expect([...fake.org.records('Account')].map(({ values }) => values.Name)).toEqual(['Nordwind', 'Again'])
  await conn.sobject('Account').destroy(id)
  await expect(conn.sobject('Account').retrieve(id)).rejects.toMatchObject({ errorCode: 'ENTITY_IS_DELETED' })
  await expect(conn.sobject('Account').create({ Industry: 'Energy' })).rejects.toMatchObject({
    errorCode: 'REQUIRED_FIELD_MISSING',
  })
})

test('jsforce reads a query over several pages, and counts', async () => {
  const { conn, fake } = await start({ queryBatch: 200 })
  for (let n = 0; n < 450; n += 1) fake.org.create('Account', { Name: `Account ${n}` })
  const records = await conn
    .query('SELECT Id, Name FROM Account ORDER BY Id')
    .execute({ autoFetch: true, maxFetch: 1_000 })
  expect((records as unknown as { records?: unknown[] }).records ?? records).toHaveLength(450)
  const first = await conn.query('SELECT Id FROM Account')
  expect([first.done, first.records.length, first.totalSize]).toEqual([false, 200, 450])
  const next = await conn.queryMore(first.nextRecordsUrl ?? '')
  expect(next.records).toHaveLength(200)
  expect(await conn.sobject('Account').count({ Name: { $like: 'Account 1%' } })).toBe(111)
})

test('jsforce finds by conditions of all kinds', async () => {
  const { conn, fake } = await start()
  for (const [Name, Industry, NumberOfEmployees] of [
    ["O'Hara", 'Energy', 5],
    ['Beta', 'Retail', 50],
    ['Gamma', null, 500],
  ] as const) {
    fake.org.create('Account', { Name, Industry, NumberOfEmployees })
  }
  const names = async (where: object): Promise<unknown> =>
    (await conn.sobject('Account').find(where, ['Name']).sort('Name')).map((one) => one.Name)
  expect(await names({ Name: "O'Hara" })).toEqual(["O'Hara"])
  expect(await names({ Industry: null })).toEqual(['Gamma'])
  expect(await names({ Industry: { $in: ['Energy', 'Retail'] } })).toEqual(['Beta', "O'Hara"])
  expect(await names({ $or: [{ NumberOfEmployees: { $gte: 500 } }, { Name: { $like: 'B%' } }] })).toEqual([
    'Beta',
    'Gamma',
  ])
  await expect(conn.query('SELECT Nope FROM Account')).rejects.toMatchObject({ errorCode: 'INVALID_FIELD' })
  await expect(conn.query('SELECT Id FROM Nope')).rejects.toMatchObject({ errorCode: 'INVALID_TYPE' })
  await expect(conn.query('SELECT Id Account')).rejects.toMatchObject({ errorCode: 'MALFORMED_QUERY' })
})

test('jsforce writes collections, each record with a result of its own', async () => {
  const { conn, fake } = await start()
  const results = await conn
    .sobject('Account')
    .create([{ Name: 'One' }, { Name: '' }, { Name: 'Three', Segment__c: 'Z' }], { allOrNone: false })
  expect(results.map(({ success }) => success)).toEqual([true, false, false])
  expect(results.flatMap(({ errors }) => errors)).toMatchObject([
    { statusCode: 'REQUIRED_FIELD_MISSING' },
    { statusCode: 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST' },
  ])
  const [one] = results
  const read = await conn.sobject('Account').retrieve([one?.id ?? '', '001000000000999AAA'])
  expect(read).toMatchObject([{ Name: 'One' }, null])
  const upserted = await conn.sobject('Account').upsert(
    [
      { ERP_Number__c: 'E1', Name: 'E1' },
      { ERP_Number__c: 'E2', Name: 'E2' },
    ],
    'ERP_Number__c',
  )
  expect(upserted.map(({ success }) => success)).toEqual([true, true])
  expect([...fake.org.records('Account')]).toHaveLength(3)
})

test('a composite request uses in a later part what an earlier part gave', async () => {
  const { conn, fake } = await start()
  const base = '/services/data/v60.0/sobjects'
  const reply = await conn.requestPost<{ compositeResponse: { httpStatusCode: number }[] }>(
    '/services/data/v60.0/composite',
    {
      allOrNone: false,
      compositeRequest: [
        { method: 'POST', url: `${base}/Account`, referenceId: 'a', body: { Name: 'A' } },
        {
          method: 'POST',
          url: `${base}/Contact`,
          referenceId: 'c',
          body: { LastName: 'C', AccountId: '@{a.id}' },
        },
        { method: 'GET', url: `${base}/Contact/@{c.id}?fields=LastName`, referenceId: 'g' },
        { method: 'GET', url: `${base}/Nope__c/x`, referenceId: 'n' },
      ],
    },
  )
  expect(reply.compositeResponse.map(({ httpStatusCode }) => httpStatusCode)).toEqual([201, 201, 200, 404])
  const [contact] = fake.org.records('Contact')
  expect(contact?.values.AccountId).toBe([...fake.org.records('Account')][0]?.id)
})

test('jsforce describes, and queries changed and deleted records', async () => {
  const { conn, fake } = await start()
  const described = await conn.describe('Account')
  expect(described.fields.find(({ name }) => name === 'Isthmus_Id__c')).toMatchObject({
    type: 'string',
    externalId: true,
    unique: true,
  })
  const now = Date.UTC(2026, 4, 1, 12, 0, 30)
  fake.org.setTime(now)
  const id = fake.org.create('Account', { Name: 'A' })
  const gone = fake.org.create('Account', { Name: 'B' })
  fake.org.remove('Account', gone)
  fake.org.setTime(now + 120_000)
  const [start_, end] = [new Date(now - 60_000), new Date(now + 60_000)]
  expect(await conn.sobject('Account').updated(start_, end)).toMatchObject({ ids: [id] })
  expect(await conn.sobject('Account').deleted(start_, end)).toMatchObject({
    deletedRecords: [{ id: gone, deletedDate: '2026-05-01T12:00:30.000+0000' }],
    latestDateCovered: '2026-05-01T12:01:00.000+0000',
  })
  await expect(conn.sobject('Account').deleted(new Date(now - 40 * 86_400_000), end)).rejects.toMatchObject({
    errorCode: 'INVALID_REPLICATION_DATE',
  })
})

test('jsforce loads and reads in bulk, on one page', async () => {
  const { conn, fake } = await start()
  conn.bulk2.pollInterval = 5
  const loaded = await conn.bulk2.loadAndWaitForResults({
    object: 'Account',
    operation: 'insert',
    pollInterval: 5,
    input: [
      { Name: 'A, "quoted"', Segment__c: 'A' },
      { Name: 'B', Segment__c: 'Z' },
    ],
  })
  expect(loaded.successfulResults).toMatchObject([{ Name: 'A, "quoted"', sf__Created: 'true' }])
  expect(loaded.failedResults).toHaveLength(1)
  expect([...fake.org.records('Account')]).toHaveLength(1)
  const rows = await (await conn.bulk2.query('SELECT Id, Name FROM Account')).toArray()
  expect(rows).toMatchObject([{ Name: 'A, "quoted"' }])
})

test('an exhausted quota is a 403 with its code, and every response reports the usage', async () => {
  const { conn, fake } = await start({ dailyRequests: 2 })
  const reply = await fetch(`${fake.url}/services/data/v60.0/limits`, {
    headers: { authorization: `Bearer ${fake.oauth.newSession()}` },
  })
  expect(reply.headers.get('sforce-limit-info')).toBe('api-usage=1/2')
  expect(await reply.json()).toMatchObject({ DailyApiRequests: { Max: 2, Remaining: 1 } })
  await conn.describeGlobal()
  await expect(conn.describeGlobal()).rejects.toMatchObject({ errorCode: 'REQUEST_LIMIT_EXCEEDED' })
})
