/** The connector bound to a fake org, for its tests. */
import { expect } from 'vitest'
import type { CallContext, ConnectedSystem, ListEnd, Resource } from '../../../src/connectors/kit/contract.ts'
import { connectSystem } from '../../../src/connectors/registry.ts'
import { sendJson } from '../local-server.ts'
import type { ApiRequest } from './api.ts'
import { type FakeSalesforce, type FakeSalesforceOptions, startFakeSalesforce } from './fake-salesforce.ts'

const open: { close(): Promise<void> }[] = []
export const clock = { now: () => Date.now(), monotonic: () => performance.now() }
export const context: CallContext = { signal: new AbortController().signal, priority: 'hand' }

/** Ends everything that a test has bound and started. */
export async function closeAll(): Promise<void> {
  for (const one of open.splice(0).reverse()) await one.close()
}

export interface Bound {
  readonly fake: FakeSalesforce
  readonly system: ConnectedSystem
  readonly accounts: Resource
}

export async function org(
  options: FakeSalesforceOptions = {},
  config: Record<string, unknown> = {},
): Promise<Bound> {
  const fake = await startFakeSalesforce(options)
  open.push(fake)
  const system = connect(fake, { externalId: 'Isthmus_Id__c', commitLag: '2s', ...config })
  return { fake, system, accounts: system.resource('Account') }
}

export function connect(fake: FakeSalesforce, config: Record<string, unknown>): ConnectedSystem {
  const system = connectSystem(
    {
      name: 'crm',
      connector: 'salesforce',
      config: { url: fake.url, allowHttp: true, auth: clientCredentials(fake), ...config },
      timing: { readTimeoutMs: 5_000, writeTimeoutMs: 5_000, concurrency: 8 },
    },
    { clock },
  )
  open.push(system)
  return system
}

export function clientCredentials(fake: FakeSalesforce): Record<string, unknown> {
  const { clientId, clientSecret } = fake.credentials
  const tokenUrl = `${fake.url}/services/oauth2/token`
  return { type: 'oauth2-client-credentials', tokenUrl, clientId, clientSecret }
}

/** Responds to one request, chosen by the test, instead of the org. */
export function once(
  fits: (request: ApiRequest) => boolean,
  status: number,
  body: unknown,
): NonNullable<FakeSalesforceOptions['intercept']> {
  let used = false
  return (request, response) => {
    if (used || !fits(request)) return false
    used = true
    sendJson(response, status, body)
    return true
  }
}

export async function listOf(
  resource: Resource,
): Promise<{ nativeIds: string[]; names: unknown[]; end: ListEnd }> {
  const nativeIds: string[] = []
  const names: unknown[] = []
  const pages = resource.list(context)
  for (;;) {
    const next = await pages.next()
    if (next.done === true) return { nativeIds, names, end: next.value }
    nativeIds.push(...next.value.map(({ nativeId }) => nativeId))
    names.push(...next.value.map(({ native }) => native.Name))
  }
}

/** Reads the feed to its end. */
export async function changesOf(
  resource: Resource,
  from?: string,
): Promise<{ changed: { nativeId: string; deleted?: boolean }[]; cursor: string }> {
  const changed: { nativeId: string; deleted?: boolean }[] = []
  let cursor = from
  for (;;) {
    const page = await resource.changes?.(cursor, context)
    if (page?.kind !== 'page') return expect.fail(JSON.stringify(page))
    changed.push(...page.changed)
    cursor = page.cursor
    if (!page.more) return { changed, cursor }
  }
}

export const create = (resource: Resource, recordId: string, body: Record<string, unknown>) =>
  resource.create?.({ body, recordId, idempotencyKey: recordId }, context)

export const update = (
  resource: Resource,
  nativeId: string,
  patch: Record<string, unknown>,
  ifVersion?: string,
) =>
  resource.update?.(
    { nativeId, patch, idempotencyKey: 'k', ...(ifVersion === undefined ? {} : { ifVersion }) },
    context,
  )
