/** The interpretation of Stripe's refusals, one by one, with responses that the test defines. */
import { expect, test } from 'vitest'
import { sendJson, startServer } from '../../../test/support/local-server.ts'
import { connectStripeAt, context } from '../../../test/support/stripe/connected.ts'
import type { Resource } from '../kit/contract.ts'

async function receiving<T>(
  status: number,
  error: Readonly<Record<string, unknown>>,
  run: (resource: Resource) => Promise<T>,
): Promise<T> {
  await using server = await startServer((_request, response) => {
    sendJson(response, status, { error }, { 'request-id': 'req_7' })
  })
  const system = connectStripeAt(server.url, 'sk_test_x')
  try {
    return await run(system.resource('customers'))
  } finally {
    await system.close()
  }
}

const update = (resource: Resource) =>
  Promise.resolve(
    resource.update?.({ nativeId: 'cus_1', patch: { name: 'x' }, idempotencyKey: 'k' }, context),
  )
const create = (resource: Resource) =>
  Promise.resolve(resource.create?.({ body: {}, recordId: 'r', idempotencyKey: 'k' }, context))

const invalid = 'invalid_request_error'
const missing = { type: invalid, code: 'resource_missing', message: "No such customer: 'cus_1'" }

test.each([
  ['its own id', 404, { ...missing, param: 'id' }, 'gone'],
  ['its own id by its name', 404, { ...missing, param: 'customer' }, 'gone'],
  ['another parameter', 404, { ...missing, param: 'coupon' }, 'rejected'],
  ['a parameter of the request', 400, { ...missing, param: 'customer' }, 'rejected'],
  ['no parameter', 404, missing, 'rejected'],
  ['a path', 404, { type: invalid, message: 'Unrecognized request URL' }, 'unknown'],
  [
    'a record of the other mode',
    404,
    {
      ...missing,
      param: 'id',
      message:
        "No such customer: 'cus_1'; a similar object exists in live mode, but a test mode key was used",
    },
    'not-sent',
  ],
  ['a used-up rate', 429, { type: invalid, code: 'rate_limit' }, 'not-sent'],
  ['a lock', 429, { type: invalid, code: 'lock_timeout' }, 'not-sent'],
  ['a key that is in use', 409, { type: 'idempotency_error', code: 'idempotency_key_in_use' }, 'unknown'],
  ['a conflict', 409, { type: invalid }, 'unknown'],
  ['a key used for something else', 400, { type: 'idempotency_error' }, 'unknown'],
  ['somebody else who failed', 424, { type: 'api_error' }, 'unknown'],
  ['a card that is declined', 402, { type: 'card_error', code: 'card_declined' }, 'rejected'],
  ['a wrong key', 401, { type: invalid }, 'not-sent'],
  ['a key without the right', 403, { type: invalid, code: 'more_permissions_required' }, 'not-sent'],
  ['an error of Stripe', 500, { type: 'api_error' }, 'unknown'],
])('a write refused for %s', async (_what, status, error, kind) => {
  expect(await receiving(status, error, update)).toMatchObject({ kind })
  // A create concerns no record that could be gone.
  const created = await receiving(status, error, create)
  expect(created?.kind).toBe(kind === 'gone' ? 'rejected' : kind)
})

test('a payment that was made and declined is an unknown outcome of its create', async () => {
  const declined = { type: 'card_error', code: 'card_declined', payment_intent: { id: 'pi_1' } }
  expect(await receiving(402, declined, create)).toMatchObject({ kind: 'unknown' })
  expect(await receiving(402, declined, update)).toMatchObject({ kind: 'rejected' })
})

test('a read is gone on the same words, and knows nothing on all others', async () => {
  const read = (resource: Resource) => resource.read('cus_1', context)
  expect(await receiving(404, { ...missing, param: 'id' }, read)).toEqual({ kind: 'gone' })
  const other = `${missing.message}; a similar object exists in test mode, but a live mode key was used`
  for (const [status, error] of [
    [404, { ...missing, param: 'id', message: other }],
    [404, missing],
    [400, { ...missing, param: 'id' }],
    [410, { ...missing, param: 'id' }],
    [403, { type: invalid }],
  ] as const) {
    expect(await receiving(status, error, read)).toMatchObject({
      kind: 'unknown',
      failure: { message: expect.stringContaining('Request req_7.') },
    })
  }
})

test('codes are reported, sentences are not: they may quote values', async () => {
  const error = { type: invalid, code: 'email_invalid', param: 'email', message: 'Invalid email: canary@x' }
  const result = await receiving(400, error, update)
  expect(result).toMatchObject({
    kind: 'rejected',
    fields: ['email'],
    failure: { message: expect.stringContaining('Stripe says: email_invalid. Request req_7.') },
  })
  expect(JSON.stringify(result)).not.toContain('canary')
})
