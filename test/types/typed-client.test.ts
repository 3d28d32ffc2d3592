import { readFileSync } from 'node:fs'
import openapiTS, { astToString } from 'openapi-typescript'
import { expect, expectTypeOf, test } from 'vitest'
import { ApiClient, createTypedClient } from '../../src/http.ts'
import { mockTransport } from '../../src/testing.ts'
import type { components, paths } from './fixtures/user-api.ts'

const mock = mockTransport(({ method, url, body }) => ({
  json: `${method} ${url.pathname}${url.search} ${body}`,
}))
const client = new ApiClient({ baseUrl: 'https://api.example.com', transport: mock.transport })
const users = createTypedClient<paths>(client)

type User = components['schemas']['User']

test('the types that these tests are compiled with are generated from the document by openapi-typescript', async () => {
  const made = astToString(await openapiTS(new URL('fixtures/user-api.yaml', import.meta.url)))
  expect(readFileSync(new URL('fixtures/user-api.ts', import.meta.url), 'utf8')).toBe(made)
})

test('responses have the types of the document', async () => {
  expectTypeOf<User>().toExtend<{ id: number; name: string; email?: string }>()
  expectTypeOf(await users.get('/users')).toEqualTypeOf<User[]>()
  expectTypeOf(await users.get('/users/{id}', { path: { id: 1 } })).toEqualTypeOf<User>()
  expectTypeOf(await users.post('/users', { json: { name: 'Ada' } })).toEqualTypeOf<User>()
  const gone = users.delete('/users/{id}', {
    path: { id: 1 },
    query: { reason: 'x' },
    headers: { 'if-match': '*' },
  })
  expectTypeOf(await gone).toEqualTypeOf<undefined>()
})

test('parameters and bodies are sent as the document specifies', async () => {
  expect(await users.get('/users', { query: { page: 2, role: 'admin' }, totalMs: 1_000 })).toBe(
    'GET /users?page=2&role=admin ',
  )
  expect(await users.patch('/users/{id}', { path: { id: 7 }, json: { name: 'B' } })).toBe(
    'PATCH /users/7 {"name":"B"}',
  )
  expect(await users.patch('/users/{id}', { path: { id: 7 } })).toBe('PATCH /users/7 ')
})
