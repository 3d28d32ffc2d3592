import { generateKeyPairSync } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { closeAll, connect, context, org } from '../../../test/support/salesforce/bound-org.ts'

afterEach(closeAll)

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
    expect(() => connect(fake, { apiVersion: 61 })).not.toThrow()
    expect(() => connect(fake, { resources: { Contact: { precondition: 'etag' } } })).toThrow(/Account only/)
    expect(() => system.resource('Account; DROP')).toThrow(/API name/)
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

  test('quotas are reported with their windows', async () => {
    const { system } = await org({ dailyRequests: 5_000 })
    const usage = await system.usage?.(context)
    expect(usage?.kind === 'known' && usage.quotas).toContainEqual({
      name: 'DailyApiRequests',
      limit: 5_000,
      remaining: 4_999,
      windowMs: 86_400_000,
      reportedAt: expect.any(Number),
    })
  })
})
