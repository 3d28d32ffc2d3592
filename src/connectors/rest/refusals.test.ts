/**
 * Responses with a success status that are not successes: refusals in a body, another record, a failed part,
 * nothing at all.
 */
import { afterEach, describe, expect, test } from 'vitest'
import { type Respond, sendJson } from '../../../test/support/local-server.ts'
import { closeAll, context, listOf, scripted } from '../../../test/support/rest/connected.ts'
import type { Resource, WriteResult } from '../kit/contract.ts'

afterEach(closeAll)

const responses =
  (status: number, body: unknown, headers: Record<string, string> = {}): Respond =>
  (_request, response) =>
    sendJson(response, status, body, headers)

const update = (resource: Resource): Promise<WriteResult> | undefined =>
  resource.update?.({ nativeId: '1', patch: { name: 'Ada Lovelace' }, idempotencyKey: 'k' }, context)
const create = (resource: Resource): Promise<WriteResult> | undefined =>
  resource.create?.({ body: { name: 'Ada Lovelace' }, recordId: 'r', idempotencyKey: 'k' }, context)

describe('an update answered with success', () => {
  const proven = { kind: 'ok', nativeId: '1', native: { id: 1 } }
  const untold = { kind: 'ok', nativeId: '1' }
  test.each([
    ['the record', 200, { id: 1, name: 'Ada Lovelace' }, proven],
    ['a list of one', 200, [{ id: 1 }], proven],
    ['an empty object', 200, {}, untold],
    ['success: false', 200, { success: false, message: 'no' }, { kind: 'rejected' }],
    ['ok: false beside data', 200, { ok: false, data: { id: 1 } }, { kind: 'rejected' }],
    ['an error', 200, { error: { code: 'E7', message: 'no' } }, { kind: 'rejected' }],
    ['an error as a text', 200, { error: 'no' }, { kind: 'rejected' }],
    ['a list of errors', 201, { errors: [{ message: 'no' }] }, { kind: 'rejected' }],
    ['a failed state', 200, { status: 'FAILED' }, { kind: 'rejected' }],
    ['a status of its own', 200, { status: 422, message: 'no' }, { kind: 'rejected' }],
    ['a record with a state of its own', 200, { id: 1, status: 'failed' }, proven],
    ['an empty list of errors', 200, { errors: [], data: {} }, untold],
    ['an error beside the record', 200, { id: 1, error: 'no' }, untold],
    ['202 with the record', 202, { id: 1 }, { kind: 'ok', nativeId: '1', accepted: true }],
    [
      '207 with a part that failed',
      207,
      { items: [{ status: 200 }, { status: '422 Unprocessable' }] },
      { kind: 'unknown' },
    ],
    ['207 where all went well', 207, { items: [{ status: 200 }] }, untold],
    ['another record', 200, { id: 2 }, { kind: 'unknown', others: ['2'] }],
    ['a list of other records', 200, [{ id: 2 }, { id: 3 }], untold],
  ])('%s', async (_title, status, body, result) => {
    const got = await update(await scripted(responses(status, body)))
    expect(got).toMatchObject(result)
    if (result === untold) expect(got).toEqual(untold)
  })

  test('nothing at all, and a web page', async () => {
    const empty = await scripted((_request, response) => void response.writeHead(200).end())
    expect(await update(empty)).toEqual({ kind: 'ok', nativeId: '1' })
    const page = await scripted(responses(200, '<html></html>', { 'content-type': 'text/html' }))
    expect(await update(page)).toMatchObject({ kind: 'unknown', failure: { code: 'HTTP_RESPONSE_IS_HTML' } })
  })
})

test('the words of the API are kept, without what was sent', async () => {
  const message = 'Ada Lovelace (ada@example.org, 0301234567) is blocked by rule 17'
  const result = await update(await scripted(responses(200, { success: false, code: 'BLOCKED', message })))
  const reported = result?.kind === 'rejected' ? result.failure.message : ''
  expect(reported).toContain('BLOCKED')
  expect(reported).toContain('is blocked by rule 17')
  for (const value of ['Ada Lovelace', 'ada@', '0301234567']) expect(reported).not.toContain(value)
})

test('a manifest says where errors are, and then nothing else is one', async () => {
  const errors = { reported: { path: 'result.problems', message: 'text', code: 'kind' } }
  const reported = await scripted(
    responses(200, { id: 1, result: { problems: [{ kind: 'LIMIT', text: 'too much' }] } }),
    { errors },
  )
  expect(await update(reported)).toMatchObject({
    kind: 'rejected',
    failure: { message: expect.stringMatching(/LIMIT.*too much/) },
  })
  const none = await scripted(responses(200, { id: 1, success: false, result: { problems: [] } }), { errors })
  expect(await update(none)).toMatchObject({ kind: 'ok', native: { id: 1 } })
  const flagged = await scripted(responses(200, { id: 1, state: 'no', why: 'closed' }), {
    errors: { reported: { when: { path: 'state', equals: ['no'] }, message: 'why' } },
  })
  expect(await update(flagged)).toMatchObject({
    kind: 'rejected',
    failure: { message: expect.stringContaining('closed') },
  })
  await expect(scripted(responses(200, {}), { errors: { reported: {} } })).rejects.toThrow(
    /path, when, or both/,
  )
})

test('an API that changes records only under a precondition is told from one that refuses the record', async () => {
  const result = await update(
    await scripted(responses(428, { error: 'send If-Match' }), { version: undefined }),
  )
  expect(result).toMatchObject({
    kind: 'rejected',
    failure: {
      message: expect.stringMatching(/send If-Match.*declare the version of the resource and ifMatch/),
    },
  })
})

test('the words of a 4xx are kept where the manifest says where they are', async () => {
  const resource = await scripted(responses(422, { error: { text: 'Ada Lovelace is too young' } }), {
    errors: { message: 'error.text' },
  })
  const result = await update(resource)
  expect(result).toMatchObject({
    kind: 'rejected',
    failure: { message: expect.stringContaining('… is too young') },
  })
})

describe('creates', () => {
  test('one that reports an error and has no record is refused; with a record it is open', async () => {
    expect(await create(await scripted(responses(200, { success: false })))).toMatchObject({
      kind: 'rejected',
    })
    const both = { id: 5, problems: ['half'] }
    const declared = await scripted(responses(201, both), { errors: { reported: { path: 'problems' } } })
    expect(await create(declared)).toMatchObject({ kind: 'unknown', failure: { answered: true } })
  })

  test('one under an id of ours is done only when it is seen', async () => {
    let made = false
    const resource = (isThere: boolean) =>
      scripted(
        ({ method }, response) => {
          if (method === 'PUT') {
            made = isThere
            return sendJson(response, 200, {})
          }
          return made ? sendJson(response, 200, { id: 'r' }) : sendJson(response, 404, {})
        },
        { create: { as: 'clientId' } },
      )
    expect(await create(await resource(true))).toMatchObject({ kind: 'ok', nativeId: 'r' })
    expect(await create(await resource(false))).toMatchObject({ kind: 'unknown' })
  })
})

test('a read that is answered with another record is no information, or a merge where that is declared', async () => {
  const respond: Respond = ({ url }, response) =>
    sendJson(response, 200, { id: url.endsWith('/ABC') ? 'abc' : 1, merged: '2; 3' })
  expect(await (await scripted(respond)).read('2', context)).toMatchObject({
    kind: 'unknown',
    failure: { code: 'CONNECTOR_OTHER_RECORD' },
  })
  const merged = { kind: 'gone', mergedInto: '1' }
  expect(await (await scripted(respond, { redirects: true })).read('2', context)).toEqual(merged)
  expect(await (await scripted(respond, { mergedIds: 'merged' })).read('3', context)).toEqual(merged)
  expect(await (await scripted(respond, { mergedIds: 'merged' })).read('4', context)).toMatchObject({
    kind: 'unknown',
  })
  expect(await (await scripted(respond)).read('ABC', context)).toMatchObject({ kind: 'unknown' })
  expect(await (await scripted(respond, { idComparison: 'ignoreCase' })).read('ABC', context)).toMatchObject({
    kind: 'live',
    nativeId: 'ABC',
  })
})

test('the filter of a resource holds for lists and reads alike', async () => {
  const rows = [
    { id: 1, type: 'customer', amount: '12.50' },
    { id: 2, type: 'person', amount: 12.5 },
    { id: 3, type: 'customer', amount: 12.5 },
    { id: 4, type: 'customer', amount: null },
  ]
  const resource = await scripted(
    ({ url }, response) => {
      const id = /\/things\/(\d+)/.exec(url)?.[1]
      sendJson(response, 200, id === undefined ? rows : rows.find((row) => String(row.id) === id))
    },
    { where: { type: 'customer', amount: 12.5 }, list: { paging: 'single' } },
  )
  expect(await listOf(resource)).toEqual({ nativeIds: ['1', '3'], end: { complete: true } })
  expect(await resource.read('3', context)).not.toHaveProperty('inScope')
  for (const nativeId of ['2', '4'])
    expect(await resource.read(nativeId, context)).toMatchObject({ kind: 'live', inScope: false })
})
