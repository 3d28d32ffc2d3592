/** Writes the definition and the list of variables it needs, from a plan. */
import { Document, type Pair, type Scalar, type YAMLMap } from 'yaml'
import { matchComments } from './match-comments.ts'
import type { InitPlan, PlannedSystem } from './plan.ts'

function variable(system: string, what: string): string {
  return `${system.toUpperCase().replace(/-/g, '_')}_${what}`
}

/** An API that gave a record to a stranger asks for no credential; of any other, a bearer token is the likeliest. */
function needsCredential(system: PlannedSystem): boolean {
  return system.manifest === undefined && system.sample === undefined
}

function systemSection(system: PlannedSystem): Record<string, unknown> {
  const loopback = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])/.test(system.url)
  return {
    connector: 'rest',
    url: `\${env:${variable(system.name, 'URL')}}`,
    ...(loopback ? { allowHttp: true } : {}),
    ...(system.manifest === undefined
      ? {
          ...(needsCredential(system)
            ? { auth: { type: 'bearer', token: `\${env:${variable(system.name, 'TOKEN')}}` } }
            : {}),
          manifest: {
            resources: {
              [system.resource]: {
                path: system.path,
                id: system.id,
                list: {
                  paging: 'single',
                  ...(system.items === undefined ? {} : { items: system.items }),
                },
                create: { as: 'none' },
                write: { with: 'patch', nested: 'replace', returns: 'body' },
              },
            },
          },
        }
      : { manifest: system.manifest }),
  }
}

function entitySection(plan: InitPlan): Record<string, unknown> {
  return {
    fields: Object.fromEntries(plan.fields.map((field) => [field.name, field.type])),
    match: plan.match.length === 0 ? 'never' : plan.match.map((exact) => ({ exact })),
    conflict: { default: `prefer ${plan.systems.map((system) => system.name).join(' ')}` },
    systems: Object.fromEntries(
      plan.systems.map((system) => [
        system.name,
        {
          resource: system.resource,
          acceptRaceWindow: true,
          map: Object.fromEntries(
            plan.fields.map((field) => [field.name, field.paths[system.name] ?? field.name]),
          ),
          triggers: [{ poll: '1m' }, { full: '0 3 * * *' }],
        },
      ]),
    ),
  }
}

const comments: Readonly<Record<string, string>> = {
  auth: ' bearer, basic, api-key or oauth2-client-credentials; remove it if the API asks for none',
  list: ' single: everything in one response. keyset, cursor, link, page or offset where the API has pages',
  create:
    ' none: at most one attempt, then a person. Better, if the API offers it: clientId, upsertKey, idempotencyKey, or marker with a field to search by',
  write:
    ' with: put where the API replaces whole objects; add version with ifMatch where it honours If-Match',
  acceptRaceWindow:
    ' without conditional writes an edit made during our write may be lost; remove it once the manifest has ifMatch',
}

/** The text of `isthmus.yaml`. */
export function writeDefinition(plan: InitPlan): string {
  const document = new Document({
    integration: plan.integration,
    systems: Object.fromEntries(plan.systems.map((system) => [system.name, systemSection(system)])),
    entities: { [plan.entity]: entitySection(plan) },
  })
  document.commentBefore =
    ' Check it with `isthmus check`, try one record with `isthmus try`, run it with `isthmus start`.'
  explain(document.contents as YAMLMap, {
    ...comments,
    match: commentText(
      matchComments({
        rules: plan.match,
        perhaps: plan.perhaps,
        systems: plan.systems.map(({ name }) => name),
      }),
    ),
  })
  return document.toString({ lineWidth: 120 })
}

function commentText(lines: readonly string[]): string {
  return lines.map((line) => ` ${line}`).join('\n')
}

/** Puts each comment above the first key of its name. */
function explain(map: YAMLMap, comments: Readonly<Record<string, string>>, said = new Set<string>()): void {
  for (const pair of map.items as Pair<Scalar<string>, unknown>[]) {
    const name = pair.key.value
    const comment = comments[name]
    if (comment !== undefined && !said.has(name)) {
      pair.key.commentBefore = comment
      said.add(name)
    }
    if (isMap(pair.value)) explain(pair.value, comments, said)
  }
}

function isMap(value: unknown): value is YAMLMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    'items' in value &&
    !('flow' in value && value.flow === true) &&
    isPairs(value.items)
  )
}

function isPairs(items: unknown): boolean {
  return (
    Array.isArray(items) &&
    items.every((item: unknown) => typeof item === 'object' && item !== null && 'key' in item)
  )
}

/** The text of `.env.example`. */
export function writeVariables(plan: InitPlan): string {
  const lines = plan.systems.flatMap((system) => [
    `${variable(system.name, 'URL')}=${system.url}`,
    ...(needsCredential(system) ? [`${variable(system.name, 'TOKEN')}=`] : []),
  ])
  return ['# Copy to .env and fill in. Never commit .env.', ...lines, ''].join('\n')
}
