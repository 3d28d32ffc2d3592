/** The admin API in three generated forms: the OpenAPI document, the types of a client, and the reference page. */
import openapiTs, { astToString } from 'openapi-typescript'
import { z } from 'zod'
import { grants } from '../../src/api/contract/permissions.ts'
import type { RouteContract } from '../../src/api/contract/route.ts'
import { apiRoutes } from '../../src/api/contract/routes.ts'
import { openApiDocument, problemsOf } from '../../src/api/open-api.ts'
import { requestsMax } from '../../src/server/admin/admin-api.ts'
import { answerMsDefault } from '../../src/server/admin/in-time.ts'

/** The OpenAPI document as it is committed. */
export function openApiFile(): string {
  return `${JSON.stringify(openApiDocument(apiRoutes), null, 2)}\n`
}

/** Types for `openapi-fetch`, made by a foreign generator from the document. */
export async function clientTypesFile(): Promise<string> {
  const nodes = await openapiTs(JSON.stringify(openApiDocument(apiRoutes)))
  return `/** Generated from schema/openapi.json by \`npm run docs -- --write\`. */\n${astToString(nodes)}`
}

/** The reference page. */
export function adminApiPage(): string {
  const routes: readonly (readonly [string, RouteContract])[] = Object.entries(apiRoutes)
  const tags = [...new Set(routes.map(([, { tag }]) => tag))]
  return [
    '# Admin API',
    '',
    'Everything that a person can see or decide, over HTTP. `isthmus start` serves it with the role `web`; `/api/v1/openapi.json` describes it for machines, and',
    '[schema/openapi.json](../../schema/openapi.json) is the same document.',
    '',
    '## Access',
    '',
    'A request carries a token: `Authorization: Bearer isth_…`. `isthmus tokens create` makes the first one. A token has roles and an end; only the hash of its',
    'secret is stored. People have the cookie of a session instead: see [Sign people in](../how-to/sign-people-in.md). A route needs one permission, which some role of the caller has to grant:',
    '',
    `| role | grants |`,
    '|---|---|',
    ...Object.entries(grants).map(
      ([role, granted]) => `| \`${role}\` | ${granted.map((one) => `\`${one}\``).join(', ')} |`,
    ),
    '',
    'Values of records are contained only with the permission `read-values`, and each response that contains some is recorded in the journal before it is sent.',
    'Routes without a permission need no token: they contain no values. A caller has ' +
      `${requestsMax.toLocaleString('en')} requests a minute; after that the response is 429 with \`Retry-After\`. ` +
      `While the database hangs, the response is 503 after ${answerMsDefault / 1000} s; it says when an action may take effect all the same.`,
    '',
    'An action may carry the header `Idempotency-Key`: for a day, a repeat of the request with the same key gets the response of the first one and changes nothing. The action, its line in the',
    '[audit trail](../how-to/audit.md) and the response are committed together, so that a client that got no response can repeat the request whatever has happened. The key with another request is refused (422).',
    '',
    'Problems are described as in RFC 9457, with a code of the [error codes](error-codes.md). A list has pages: `cursor` of one page names the next.',
    ...tags.flatMap((tag) => [
      '',
      `## ${tag}`,
      '',
      ...routes.filter(([, route]) => route.tag === tag).flatMap(section),
    ]),
  ].join('\n')
}

function section([id, route]: readonly [string, RouteContract]): string[] {
  const { method, path, summary, permission } = route
  const parameters = [
    ...keysOf(route.params, 'path'),
    ...keysOf(route.query, 'query'),
    ...keysOf(route.body, 'body'),
  ]
  const needs = permission === 'none' ? 'no token' : `\`${permission}\``
  return [
    `### \`${method} ${path}\``,
    '',
    `${summary} Operation \`${id}\`, needs ${needs}. Problems: ${problemsOf(route).join(', ')}.`,
    '',
    ...(parameters.length === 0 ? [] : ['| parameter | in | meaning |', '|---|---|---|', ...parameters, '']),
  ]
}

function keysOf(schema: z.ZodType | undefined, where: string): string[] {
  if (schema === undefined) return []
  const node = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Node
  return [node, ...(node.anyOf ?? [])].flatMap(({ properties = {} }) =>
    Object.entries(properties).map(([name, part]) => `| \`${name}\` | ${where} | ${describe(part)} |`),
  )
}

interface Node {
  readonly description?: string
  readonly type?: string
  readonly enum?: readonly string[]
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, Node>>
  readonly anyOf?: readonly Node[]
}

function describe({ description, type, enum: values, default: standard }: Node): string {
  const kind = values === undefined ? (type ?? '') : values.map((one) => `\`${one}\``).join(', ')
  const without = standard === undefined ? '' : ` Default: \`${JSON.stringify(standard)}\`.`
  return `${[kind, description].filter((part) => part !== undefined && part !== '').join('. ')}${without}`.replaceAll(
    '|',
    '\\|',
  )
}
