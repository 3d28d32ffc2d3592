import { fileURLToPath } from 'node:url'
import type { CallContext, ConnectedSystem, ListEnd, Resource } from '../../../src/connectors/kit/contract.ts'
import { connectSystem } from '../../../src/connectors/registry.ts'
import { type FakeSystem, startFakeSystem } from '../fake-system/fake-system.ts'
import type { FakeResourceOptions } from '../fake-system/options.ts'
import { type Respond, startServer } from '../local-server.ts'

export const open: { close(): Promise<void> }[] = []
export const clock = { now: () => Date.now(), monotonic: () => performance.now() }
export const context: CallContext = { signal: new AbortController().signal, priority: 'hand' }
export const manifestFile = fileURLToPath(
  new URL('../../../src/connectors/rest/fixtures/erp.yaml', import.meta.url),
)
export const webhookSecret = `whsec_${Buffer.from('the secret of the erp').toString('base64')}`

/** Closes everything that a test opened, the latest first. */
export async function closeAll(): Promise<void> {
  for (const one of open.splice(0).reverse()) await one.close()
}

export function connect(
  url: string,
  config: Record<string, unknown>,
  readTimeoutMs = 5_000,
): ConnectedSystem {
  const system = connectSystem(
    {
      name: 'erp',
      connector: 'rest',
      config: { url, allowHttp: true, ...config },
      timing: { readTimeoutMs, writeTimeoutMs: readTimeoutMs, concurrency: 8 },
    },
    { clock },
  )
  open.push(system)
  return system
}

export async function fakeErp(
  options: Partial<FakeResourceOptions> = {},
  config: Record<string, unknown> = {},
): Promise<{ fake: FakeSystem; partners: Resource; system: ConnectedSystem }> {
  const fake = await startFakeSystem({
    name: 'erp',
    token: 'let-me-in',
    resources: [{ name: 'partners', write: 'put', conditional: 'required', ...options }],
  })
  open.push(fake)
  const auth = { type: 'bearer', token: 'let-me-in' }
  const system = connect(fake.url, { auth, manifest: manifestFile, ...config })
  return { fake, system, partners: system.resource('partners') }
}

/** A REST system whose responses are defined by the test. */
export async function scripted(respond: Respond, resource: Record<string, unknown> = {}): Promise<Resource> {
  const server = await startServer(respond)
  open.push(server)
  const defaults = {
    path: '/things',
    create: { as: 'none' },
    remove: { delete: true },
    version: { path: 'v', ifMatch: '{version}' },
  }
  const manifest = { resources: { things: { ...defaults, ...resource } } }
  return connect(server.url, { manifest }, 500).resource('things')
}

export async function listOf(resource: Resource): Promise<{ nativeIds: string[]; end: ListEnd }> {
  const nativeIds: string[] = []
  const pages = resource.list(context)
  for (;;) {
    const next = await pages.next()
    if (next.done === true) return { nativeIds, end: next.value }
    nativeIds.push(...next.value.map(({ nativeId }) => nativeId))
  }
}
