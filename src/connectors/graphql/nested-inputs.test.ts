/**
 * Nested objects of a change, which are completed from the record last read: only properties of the input
 * types are sent.
 */
import { buildSchema, introspectionFromSchema } from 'graphql'
import { afterEach, expect, test } from 'vitest'
import { closeAll, connect, context, open, readThing } from '../../../test/support/graphql/connected.ts'
import { sendJson, startServer } from '../../../test/support/local-server.ts'

afterEach(closeAll)

const schema = buildSchema(`
  type Query { thing(id: ID!): Thing }
  type Mutation { thingUpdate(id: ID!, input: ThingInput!): ThingPayload }
  type ThingPayload { thing: Thing }
  type Thing { id: ID! name: String place: Place lines: [Line!] }
  type Place { city: String notes: String checkedBy: String }
  type Line { sku: String qty: Int total: Int }
  input ThingInput { name: String place: PlaceInput lines: [LineInput!] }
  input PlaceInput { city: String notes: String }
  input LineInput { sku: String qty: Int }
`)

const patch = {
  name: 'n',
  place: { city: 'Bern', notes: 'kept', checkedBy: 'the API', __typename: 'Place' },
  lines: [{ sku: 'A', qty: 2, total: 20 }],
}

async function started(introspection: boolean, omit: readonly string[] = []) {
  const inputs: unknown[] = []
  let introspections = 0
  const server = await startServer((request, response) => {
    const { query, variables } = JSON.parse(request.body) as { query: string; variables: { input?: unknown } }
    if (query.includes('__schema')) {
      introspections += 1
      const data = introspection
        ? { data: introspectionFromSchema(schema) }
        : { errors: [{ message: 'no introspection' }] }
      sendJson(response, 200, data)
      return
    }
    inputs.push(variables.input)
    sendJson(response, 200, { data: { thingUpdate: { thing: { id: '1', name: 'n' } } } })
  })
  open.push(server)
  const update = {
    query:
      'mutation ($id: ID!, $input: ThingInput!) { thingUpdate(id: $id, input: $input) { thing { ...record } } }',
    omit,
  }
  const things = { type: 'Thing', fields: 'id name', read: { query: readThing }, update }
  const resource = connect(server.url, { manifest: { resources: { things } } }).resource('things')
  const send = (changes: Readonly<Record<string, unknown>>) =>
    resource.update?.({ nativeId: '1', patch: changes, idempotencyKey: 'k' }, context)
  return { send, inputs, introspections: () => introspections }
}

test('what no input type has is left out, by a schema that is asked for once and only for nested objects', async () => {
  const { send, inputs, introspections } = await started(true)
  await send({ name: 'flat' })
  expect(introspections()).toBe(0)
  expect(await send(patch)).toMatchObject({ kind: 'ok' })
  await send(patch)
  expect(introspections()).toBe(1)
  const fitting = { name: 'n', place: { city: 'Bern', notes: 'kept' }, lines: [{ sku: 'A', qty: 2 }] }
  expect(inputs).toEqual([{ name: 'flat' }, fitting, fitting])
})

test('where the API tells no schema, the manifest says what is left out', async () => {
  const { send, inputs } = await started(false, [
    'place.checkedBy',
    'place.__typename',
    'lines.total',
    'name',
  ])
  expect(await send(patch)).toMatchObject({ kind: 'ok' })
  // A mapped top-level property is sent: it is the subject of the change.
  expect(inputs).toEqual([
    { name: 'n', place: { city: 'Bern', notes: 'kept' }, lines: [{ sku: 'A', qty: 2 }] },
  ])
})
