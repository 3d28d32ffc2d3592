import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import type { WebhookDelivery } from './contract.ts'
import { webhookVerifier } from './webhook-verification.ts'

const secret = `whsec_${Buffer.from('a secret of some length').toString('base64')}`
const other = `whsec_${Buffer.from('quite another secret 123').toString('base64')}`
const now = Date.UTC(2026, 0, 2, 3, 4, 5)

function standard(
  body: string,
  options: { secret?: string; at?: number; headers?: Record<string, string> } = {},
): WebhookDelivery {
  const at = new Date(options.at ?? now)
  return {
    headers: {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(options.secret ?? secret).sign('msg_1', at, body),
      ...options.headers,
    },
    body: Buffer.from(body),
    receivedAt: now,
  }
}

test('accepts what the reference library signed, whatever the bytes', () => {
  const verify = webhookVerifier({ kind: 'standard', secrets: [secret] })
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (body) => {
      expect(verify(standard(body))).toEqual({ ok: true, deliveryId: 'msg_1' })
    }),
  )
})

test('accepts the published vector of Standard Webhooks', () => {
  const verify = webhookVerifier({ kind: 'standard', secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] })
  const delivery: WebhookDelivery = {
    headers: {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
    body: Buffer.from('{"test": 2432232314}'),
    receivedAt: 1_614_265_330_000,
  }
  expect(verify(delivery)).toMatchObject({ ok: true })
  expect(verify({ ...delivery, body: Buffer.from('{"test":2432232314}') })).toMatchObject({ ok: false })
})

test('accepts 299 s of difference in both directions and refuses 301 s', () => {
  const verify = webhookVerifier({ kind: 'standard', secrets: [secret] })
  for (const [seconds, ok] of [
    [-299, true],
    [299, true],
    [-301, false],
    [301, false],
  ] as const) {
    expect(verify(standard('{}', { at: now + seconds * 1_000 })), `${seconds} s`).toMatchObject({ ok })
  }
})

test('refuses another key, another body, another id, another time, and missing or odd headers', () => {
  const verify = webhookVerifier({ kind: 'standard', secrets: [secret] })
  const good = standard('{"a":1}')
  const forged: WebhookDelivery[] = [
    standard('{"a":1}', { secret: other }),
    { ...good, body: Buffer.from('{"a": 1}') },
    { ...good, headers: { ...good.headers, 'webhook-id': 'msg_2' } },
    { ...good, headers: { ...good.headers, 'webhook-timestamp': String(now / 1_000 + 1) } },
    { ...good, headers: { ...good.headers, 'webhook-timestamp': `${now / 1_000} ` } },
    { ...good, headers: { ...good.headers, 'webhook-timestamp': 'NaN' } },
    { ...good, headers: { ...good.headers, 'webhook-signature': 'v1,' } },
    { ...good, headers: { ...good.headers, 'webhook-signature': '' } },
    {
      ...good,
      headers: {
        ...good.headers,
        'webhook-signature': (good.headers['webhook-signature'] ?? '').replace('v1,', 'v2,'),
      },
    },
    { ...good, headers: {} },
  ]
  for (const delivery of forged) expect(verify(delivery)).toMatchObject({ ok: false })
  expect(verify(good)).toMatchObject({ ok: true })
})

test('while a secret is changed, both are accepted, and a delivery signed by both is too', () => {
  const verify = webhookVerifier({ kind: 'standard', secrets: [secret, other] })
  const one = standard('{}')
  const two = standard('{}', { secret: other })
  const both = {
    ...one,
    headers: {
      ...one.headers,
      'webhook-signature': `${two.headers['webhook-signature']} ${one.headers['webhook-signature']}`,
    },
  }
  for (const delivery of [one, two, both]) expect(verify(delivery)).toMatchObject({ ok: true })
  expect(webhookVerifier({ kind: 'standard', secrets: [secret] })(both)).toMatchObject({ ok: true })
})

test('checks ed25519 signatures by a public key', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  const verify = webhookVerifier({ kind: 'standard', secrets: [`whpk_${raw.toString('base64')}`] })
  const body = '{"a":1}'
  const signature = sign(null, Buffer.from(`msg_1.${now / 1_000}.${body}`), privateKey).toString('base64')
  const delivery = standard(body, { headers: { 'webhook-signature': `v1a,${signature}` } })
  expect(verify(delivery)).toMatchObject({ ok: true })
  expect(verify({ ...delivery, body: Buffer.from('{"a":2}') })).toMatchObject({ ok: false })
  expect(
    verify({ ...delivery, headers: { ...delivery.headers, 'webhook-signature': `v1,${signature}` } }),
  ).toMatchObject({ ok: false })
})

test.each([
  ['hex', 'sha256', 'sha256='],
  ['base64', 'sha512', ''],
] as const)('checks a keyed hash in a header (%s)', (encoding, algorithm, prefix) => {
  const verify = webhookVerifier({
    kind: 'hmac',
    secrets: ['k', 'l'],
    header: 'X-Signature',
    encoding,
    algorithm,
    prefix,
  })
  const body = Buffer.from([0, 255, 10, 13])
  const hash = createHmac(algorithm, 'l').update(body).digest(encoding)
  const delivery: WebhookDelivery = { headers: { 'x-signature': prefix + hash }, body, receivedAt: now }
  expect(verify(delivery)).toEqual({ ok: true })
  expect(verify({ ...delivery, body: Buffer.from([0, 255, 10]) })).toMatchObject({ ok: false })
  expect(verify({ ...delivery, headers: {} })).toMatchObject({ ok: false })
  expect(verify({ ...delivery, headers: { 'x-signature': `${prefix}00` } })).toMatchObject({ ok: false })
})

test('a keyed hash over time and body is bound to its time', () => {
  const verify = webhookVerifier({ kind: 'hmac', secrets: ['k'], header: 'x-sig', timestampHeader: 'X-Time' })
  const signed = (seconds: number): WebhookDelivery => ({
    headers: {
      'x-time': String(seconds),
      'x-sig': createHmac('sha256', 'k').update(`${seconds}.{}`).digest('hex'),
    },
    body: Buffer.from('{}'),
    receivedAt: now,
  })
  expect(verify(signed(now / 1_000))).toEqual({ ok: true })
  expect(verify(signed(now / 1_000 - 301))).toMatchObject({ ok: false })
  expect(
    verify({
      ...signed(now / 1_000),
      headers: { ...signed(now / 1_000).headers, 'x-time': String(now / 1_000 - 1) },
    }),
  ).toMatchObject({ ok: false })
})

test('checks a fixed token', () => {
  const verify = webhookVerifier({
    kind: 'token',
    secrets: ['t1', 't2'],
    header: 'Authorization',
    prefix: 'Bearer ',
  })
  const delivery = (value: string | undefined): WebhookDelivery => ({
    headers: { authorization: value },
    body: Buffer.from(''),
    receivedAt: now,
  })
  expect(verify(delivery('Bearer t2'))).toEqual({ ok: true })
  for (const value of ['t2', 'Bearer t', 'Bearer t22', '', undefined])
    expect(verify(delivery(value))).toMatchObject({ ok: false })
})

test('refuses to be set up without a secret', () => {
  for (const secrets of [[], [''], ['whsec_']])
    expect(() => webhookVerifier({ kind: 'standard', secrets })).toThrow()
})
