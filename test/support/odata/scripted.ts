/** A connected resource of a service whose responses are defined by the test. */

import type { CallContext, ListEnd, Resource } from '../../../src/connectors/kit/contract.ts'
import { connectSystem } from '../../../src/connectors/registry.ts'
import { type LocalServer, type SeenRequest, startServer } from '../local-server.ts'
import { contactsService, productsService } from './catalogue.ts'
import { metadataOf } from './metadata.ts'

const open: { close(): Promise<void> }[] = []
const clock = { now: () => Date.now(), monotonic: () => performance.now() }
export const context: CallContext = { signal: new AbortController().signal, priority: 'hand' }

/** Ends everything that a test has started. */
export async function closeScripted(): Promise<void> {
  for (const one of open.splice(0).reverse()) await one.close()
}

export interface Reply {
  readonly status?: number
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

/** A resource of a service whose responses are defined by the test; the metadata is the service's own unless given. */
export async function scripted(
  name: 'Products' | 'Contacts',
  settings: Record<string, unknown>,
  reply: (request: SeenRequest) => Reply,
  options: { readonly metadata?: string; readonly batchFormat?: string } = {},
): Promise<{ resource: Resource; server: LocalServer }> {
  const service = name === 'Products' ? productsService : contactsService
  const metadata = options.metadata ?? metadataOf({ ...service, path: '' })
  const server = await startServer((request, response) => {
    const isMetadata = request.url.includes('$metadata')
    const {
      status = 200,
      type = 'application/json',
      headers,
      body,
    }: Reply = isMetadata ? { body: metadata } : reply(request)
    response.writeHead(status, { 'content-type': isMetadata ? 'application/xml' : type, ...headers })
    response.end(body)
  })
  open.push(server)
  const system = connectSystem(
    {
      name: 'shop',
      connector: 'odata',
      config: {
        url: server.url,
        allowHttp: true,
        resources: { [name]: settings },
        ...(options.batchFormat === undefined ? {} : { batchFormat: options.batchFormat }),
      },
      timing: { readTimeoutMs: 3_000, writeTimeoutMs: 3_000, concurrency: 8 },
    },
    { clock },
  )
  open.push(system)
  return { resource: system.resource(name), server }
}

export async function listOf(resource: Resource): Promise<{ nativeIds: string[]; end: ListEnd }> {
  const nativeIds: string[] = []
  const walk = resource.list(context)
  for (;;) {
    const next = await walk.next()
    if (next.done === true) return { nativeIds, end: next.value }
    nativeIds.push(...next.value.map(({ nativeId }) => nativeId))
  }
}

export const product = (ID: string, more: Record<string, unknown> = {}) => ({ ID, Name: `N${ID}`, ...more })
export const page = (value: readonly unknown[], more: Record<string, unknown> = {}): Reply => ({
  body: JSON.stringify({ value, ...more }),
})
