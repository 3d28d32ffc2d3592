/**
 * Tags that a server returns in one form and accepts in another, and the fields and messages of refusals in
 * the common formats.
 */
import { afterEach, describe, expect, test } from 'vitest'
import { type Respond, sendJson } from '../../../test/support/local-server.ts'
import { closeAll, context, scripted } from '../../../test/support/rest/connected.ts'

afterEach(closeAll)

const version = { header: 'etag', ifMatch: '{version}' }

/** A server that accepts one form of its tag, and records the preconditions of its requests. */
function server(accepts: string): { readonly respond: Respond; readonly asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    respond: (request, response) => {
      const tag = String(request.headers['if-match'])
      asked.push(tag)
      sendJson(response, tag === accepts ? 200 : 412, { id: 1 })
    },
  }
}

describe('If-Match', () => {
  test.each([
    ['"1-gzip"', '"1"', ['"1-gzip"', '"1"', '"1"']],
    ['"1--gzip"', '"1"', ['"1--gzip"', '"1"', '"1"']],
    ['"1;br"', '"1"', ['"1;br"', '"1"', '"1"']],
    ['W/"1-gzip"', '"1"', ['W/"1-gzip"', '"1"', '"1"']],
    ['W/"1"', '"1"', ['W/"1"', '"1"', '"1"']],
    ['W/"1"', 'W/"1"', ['W/"1"', 'W/"1"']],
    ['"1"', '"1"', ['"1"', '"1"']],
  ])(
    '%s is sent as it is, then in its plain form, and the accepted one is kept',
    async (shown, accepts, forms) => {
      const { respond, asked } = server(accepts)
      const things = await scripted(respond, { version })
      const request = { nativeId: '1', patch: { name: 'Ada' }, ifVersion: shown, idempotencyKey: 'k' }
      expect(await things.update?.(request, context)).toMatchObject({ kind: 'ok' })
      expect(await things.update?.(request, context)).toMatchObject({ kind: 'ok' })
      expect(asked).toEqual(forms)
    },
  )

  test('a version that is out of date in either form is out of date', async () => {
    const { respond, asked } = server('"2"')
    const things = await scripted(respond, { version })
    const request = { nativeId: '1', patch: { name: 'Ada' }, ifVersion: '"1-gzip"', idempotencyKey: 'k' }
    expect(await things.update?.(request, context)).toEqual({ kind: 'stale' })
    expect(asked).toEqual(['"1-gzip"', '"1"'])
  })
})

test('a refusal names its field and says why without a word of the manifest, and without what was sent', async () => {
  const body = { error: 'the login ada-lovelace is taken', field: 'login' }
  const things = await scripted((_request, response) => sendJson(response, 409, body))
  const request = { nativeId: '1', patch: { login: 'ada-lovelace', name: 'Ada' }, idempotencyKey: 'k' }
  expect(await things.update?.(request, context)).toMatchObject({
    kind: 'rejected',
    fields: ['login'],
    failure: { message: expect.stringContaining('In its own words: the login … is taken') },
  })
})
