/** The connector `sap-s4` connected to the fake S/4HANA, and helpers of its tests. */
import { afterEach } from 'vitest'
import type {
  CallContext,
  ConnectedSystem,
  ListEnd,
  Resource,
  WriteResult,
} from '../../../src/connectors/kit/contract.ts'
import { connectSystem } from '../../../src/connectors/registry.ts'
import type { SeenRequest } from '../odata/server.ts'
import { type SapServer, type SapServerOptions, startSapServer } from './server.ts'

export const open: { close(): Promise<void> }[] = []
const clock = { now: () => Date.now(), monotonic: () => performance.now() }
export const context: CallContext = { signal: new AbortController().signal, priority: 'hand' }
export const basic = { type: 'basic', username: 'ISTHMUS', password: 'Welcome1' }

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

export function connect(url: string, config: Record<string, unknown> = {}): ConnectedSystem {
  const system = connectSystem(
    {
      name: 'erp',
      connector: 'sap-s4',
      config: { url, allowHttp: true, client: '100', auth: basic, ...config },
      timing: { readTimeoutMs: 5_000, writeTimeoutMs: 5_000, concurrency: 8 },
    },
    { clock },
  )
  open.push(system)
  return system
}

export async function start(
  options: SapServerOptions = {},
  config: Record<string, unknown> = {},
): Promise<{ sap: SapServer; system: ConnectedSystem; partners: Resource }> {
  const sap = await startSapServer(options)
  open.push(sap)
  const system = connect(sap.url, config)
  return { sap, system, partners: system.resource('BusinessPartner') }
}

export const idOf = (n: number): string => `0190f0a1-0000-7000-8000-${String(n).padStart(12, '0')}`
export const partner = { BusinessPartnerCategory: '2', OrganizationBPName1: 'Nordwind AG' }
export const orderHead = {
  SalesOrderType: 'OR',
  SalesOrganization: '1010',
  DistributionChannel: '10',
  OrganizationDivision: '00',
}

export async function make(
  resource: Resource,
  body: Record<string, unknown> = partner,
  n = 1,
): Promise<WriteResult> {
  const result = await resource.create?.({ body, recordId: idOf(n), idempotencyKey: `k${n}` }, context)
  if (result === undefined) throw new Error('creates are not offered')
  return result
}

export async function nativeIdOf(result: Promise<WriteResult>): Promise<string> {
  const settled = await result
  if (settled.kind !== 'ok') throw new Error(`not made: ${JSON.stringify(settled)}`)
  return settled.nativeId
}

export async function versionOf(resource: Resource, nativeId: string): Promise<string> {
  const read = await resource.read(nativeId, context)
  return read.kind === 'live' ? (read.version ?? '') : ''
}

export async function listOf(
  resource: Resource,
): Promise<{ nativeIds: string[]; pages: number; end: ListEnd }> {
  const nativeIds: string[] = []
  const walk = resource.list(context)
  for (let pages = 0; ; pages += 1) {
    const next = await walk.next()
    if (next.done === true) return { nativeIds, pages, end: next.value }
    nativeIds.push(...next.value.map(({ nativeId }) => nativeId))
  }
}

export async function drained(
  resource: Resource,
  cursor?: string,
): Promise<{ nativeIds: string[]; cursor: string }> {
  const nativeIds: string[] = []
  for (let at = cursor; ; ) {
    const result = await resource.changes?.(at, context)
    if (result?.kind !== 'page') throw new Error(`no page: ${JSON.stringify(result)}`)
    nativeIds.push(...result.changed.map(({ nativeId }) => nativeId))
    at = result.cursor
    if (!result.more) return { nativeIds, cursor: result.cursor }
  }
}

export const writesTo = (seen: readonly SeenRequest[]): readonly SeenRequest[] =>
  seen.filter(({ method }) => method !== 'GET')
export const tokenFetches = (seen: readonly SeenRequest[]): readonly SeenRequest[] =>
  seen.filter(({ headers }) => headers['x-csrf-token'] === 'Fetch')
