/** Proposals from OpenAPI documents of APIs with different envelopes of records and lists. */
import { expect, test } from 'vitest'
import { readOpenApi } from './document.ts'
import { proposeSystem } from './propose-system.ts'

const text = { type: 'string' }
const properties = { id: text, name: text, email: text }
const person = { type: 'object', properties }
const object = (inner: object) => ({ type: 'object', properties: inner })
const list = (items: object) => ({ type: 'array', items })

interface Shapes {
  readonly all: object
  readonly one: object
  readonly body?: object
  readonly media?: string
  readonly query?: readonly string[]
}

function proposed({ all, one, body = one, media = 'application/json', query = [] }: Shapes) {
  const content = (schema: object) => ({ content: { [media]: { schema } } })
  const response = (schema: object) => ({ responses: { 200: { description: 'ok', ...content(schema) } } })
  const document = {
    openapi: '3.1.0',
    info: { title: 'People', version: '1' },
    paths: {
      '/people': {
        get: { parameters: query.map((name) => ({ name, in: 'query', schema: text })), ...response(all) },
        post: { requestBody: content(body), ...response(one) },
      },
      '/people/{id}': {
        get: response(one),
        patch: { requestBody: content(body), ...response(one) },
      },
    },
  }
  const { resources } = proposeSystem(readOpenApi(JSON.stringify(document), 'x'), 'x')
  const [resource] = resources
  if (resource === undefined) return expect.fail('nothing was proposed')
  return resource
}

const namesOf = ({ description }: ReturnType<typeof proposed>) =>
  description.fields.map(({ path, creatable, updatable }) => [path.join('.'), creatable, updatable])

test('a wrapped record: reads are taken apart, bodies are wrapped, and its fields are those inside', () => {
  const resource = proposed({
    all: object({ data: list(person), next: { type: 'string', format: 'uri' } }),
    one: object({ data: person }),
  })
  expect(resource.manifest).toMatchObject({
    envelope: 'data',
    list: { paging: 'next', next: 'next', items: 'data' },
  })
  expect(namesOf(resource)).toEqual([
    ['id', true, true],
    ['name', true, true],
    ['email', true, true],
  ])
})

test('wrapped in responses alone', () => {
  const resource = proposed({
    all: object({ data: list(person) }),
    one: object({ data: person }),
    body: person,
  })
  expect(resource.manifest.envelope).toEqual({ response: 'data' })
  expect(namesOf(resource)).toContainEqual(['email', true, true])
})

test('JSON:API: type and id go along with the attributes, under its media type, and the next page has an address', () => {
  const entry = object({
    type: { type: 'string', enum: ['persons'] },
    id: text,
    attributes: object({ name: text, email: text }),
  })
  const resource = proposed({
    all: object({ data: list(entry), links: object({ next: text }) }),
    one: object({ data: entry }),
    media: 'application/vnd.api+json',
  })
  expect(resource.manifest).toMatchObject({
    envelope: { response: 'data', body: 'data', with: { type: 'persons', id: '{id}' } },
    mediaType: 'application/vnd.api+json',
    list: { paging: 'next', next: 'links.next', items: 'data' },
    write: { nested: 'merge' },
  })
  expect(namesOf(resource)).toContainEqual(['attributes.email', true, true])
})

test('HAL: the list lies within _embedded, and the next page has an address', () => {
  const { manifest } = proposed({
    all: object({
      _embedded: object({ people: list(person) }),
      _links: object({ next: object({ href: text }) }),
    }),
    one: person,
  })
  expect(manifest.list).toMatchObject({
    paging: 'next',
    next: '_links.next.href',
    items: '_embedded.people',
  })
})

test('a Relay connection over REST: the record is the node of an edge, and the page says when it ends', () => {
  const { manifest } = proposed({
    all: object({
      edges: list(object({ node: person, cursor: text })),
      pageInfo: object({ hasNextPage: { type: 'boolean' }, endCursor: text }),
    }),
    one: person,
    query: ['after'],
  })
  expect(manifest).toMatchObject({
    envelope: { element: 'node' },
    list: {
      paging: 'cursor',
      after: 'after',
      next: 'pageInfo.endCursor',
      more: 'pageInfo.hasNextPage',
      items: 'edges',
    },
  })
})
