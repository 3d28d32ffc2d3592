/** Makes the OpenAPI 3.1 document of the admin API from its routes. */
import { z } from 'zod'
import { problemResource } from './contract/resources.ts'
import type { RouteContract } from './contract/route.ts'

type JsonObject = Readonly<Record<string, unknown>>

const phrases = {
  400: 'The request is invalid.',
  401: 'The credentials are missing, unknown, expired or revoked.',
  403: 'The caller does not have the permission, or the request comes from another site.',
  404: 'There is no such thing.',
  409: 'The state does not allow it.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  422: 'The idempotency key was used for another request.',
  429: 'Too many requests.',
  503: 'The database does not respond.',
} as const

/** Returns the document. Its order is that of the routes, so that equal routes make equal documents. */
export function openApiDocument(routes: Readonly<Record<string, RouteContract>>): JsonObject {
  const schemas = new Map<string, JsonObject>()
  const paths: Record<string, Record<string, unknown>> = {}
  for (const [id, route] of Object.entries(routes)) {
    const path = paths[route.path] ?? {}
    paths[route.path] = path
    path[route.method.toLowerCase()] = operationOf(id, route, schemas)
  }
  schemaOf(problemResource, 'output', schemas)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Isthmus admin API',
      version: '1',
      description:
        'Everything a person can see or do. Times are milliseconds since 1970. Lists come in pages: pass `cursor` of one page to get the next. Problems are described as in RFC 9457.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { session: [] }],
    tags: [...new Set(Object.values(routes).map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'A token of `isthmus tokens create`.',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-isthmus-<integration>',
          description:
            'The session of a person. Requests that change something need the header `X-Isthmus-Request` too. On plain HTTP from loopback, the name has no prefix.',
        },
      },
      schemas: Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  }
}

const locationHeader = { required: true, schema: { type: 'string' } } as const

function operationOf(id: string, route: RouteContract, schemas: Map<string, JsonObject>): JsonObject {
  const {
    tag,
    summary,
    permission,
    params,
    query,
    body,
    reply,
    mediaType = 'application/json',
    isRedirect = false,
  } = route
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(permission === 'none'
      ? { security: [] }
      : { description: `Requires the permission \`${permission}\`.` }),
    parameters: [
      ...parametersOf(params, 'path', schemas),
      ...parametersOf(query, 'query', schemas),
      ...(isKeyed(route) ? [keyParameter] : []),
    ],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(body, 'input', schemas) } },
          },
        }),
    responses: {
      ...(reply === undefined
        ? { 204: { description: 'Done.' } }
        : isRedirect
          ? {
              303: {
                description: 'The response leads to another address.',
                headers: { location: locationHeader },
              },
            }
          : {
              200: {
                description: 'The response.',
                content: { [mediaType]: { schema: schemaOf(reply, 'output', schemas) } },
              },
            }),
      ...Object.fromEntries(problemsOf(route).map((status) => [status, problem(status)])),
    },
  }
}

/** True for actions, which a repeat with the same key does not do again. */
function isKeyed({ method, permission }: RouteContract): boolean {
  return method !== 'GET' && permission !== 'none'
}

const keyParameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Names the action, for a day: a repeat with the same key gets the response of the first request, and changes nothing.',
  schema: { type: 'string', minLength: 1, maxLength: 200 },
} as const

/** Statuses of the problems that a route can respond with. */
export function problemsOf(route: RouteContract) {
  const { permission, body, params, query, problems = [] } = route
  const validated = body !== undefined || params !== undefined || query !== undefined || isKeyed(route)
  return [
    ...(validated ? ([400] as const) : []),
    ...(permission === 'none' ? [] : ([401, 403] as const)),
    ...problems,
    ...(body === undefined ? [] : ([413, 415] as const)),
    ...(isKeyed(route) ? ([422] as const) : []),
    ...(permission === 'none' ? [] : ([429] as const)),
    503,
  ] as (keyof typeof phrases)[]
}

function problem(status: keyof typeof phrases): JsonObject {
  return {
    description: phrases[status],
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  }
}

function parametersOf(
  schema: z.ZodType | undefined,
  where: 'path' | 'query',
  schemas: Map<string, JsonObject>,
): JsonObject[] {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = schemaOf(schema, 'input', schemas) as {
    readonly properties?: Readonly<Record<string, JsonObject>>
    readonly required?: readonly string[]
  }
  return Object.entries(properties).map(([name, { description, ...node }]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: node,
  }))
}

/** Returns the JSON Schema; named parts go to the components. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', schemas: Map<string, JsonObject>): JsonObject {
  const {
    $schema: _dialect,
    $defs = {},
    ...node
  } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
  }) as JsonObject & { readonly $defs?: Readonly<Record<string, JsonObject>> }
  const { id } = schema.meta() ?? {}
  for (const [name, part] of Object.entries($defs)) schemas.set(name, withComponents(part))
  const whole = withComponents(node)
  if (id === undefined) return whole
  // zod refers to a named root that contains itself; every other one is inline.
  if (!schemas.has(id)) schemas.set(id, whole)
  return { $ref: `#/components/schemas/${id}` }
}

/** Points references to local definitions at the components, and drops the ids that zod writes. */
function withComponents(node: JsonObject): JsonObject {
  const { id: _id, ...rest } = JSON.parse(
    JSON.stringify(node).replaceAll('"#/$defs/', '"#/components/schemas/'),
  ) as Record<string, unknown>
  return rest
}
