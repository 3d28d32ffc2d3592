/** The connector `stripe`, connected to a fake account, for its tests. */
import type { CallContext, ConnectedSystem, ListEnd, Resource } from '../../../src/connectors/kit/contract.ts'
import { connectSystem } from '../../../src/connectors/registry.ts'
import { type FakeStripe, type FakeStripeOptions, startFakeStripe } from './fake-stripe.ts'

export const context: CallContext = { signal: new AbortController().signal, priority: 'hand' }

export interface ConnectedFake extends AsyncDisposable {
  readonly fake: FakeStripe
  readonly system: ConnectedSystem
  resource(name: string): Resource
  /** The connector once more, with another configuration. */
  again(config: Readonly<Record<string, unknown>>): ConnectedSystem
}

/** Connects to a fake whose clock the connector shares. */
export async function connectFake(
  config: Readonly<Record<string, unknown>> = {},
  options: FakeStripeOptions = {},
): Promise<ConnectedFake> {
  const fake = await startFakeStripe(options)
  const systems: ConnectedSystem[] = []
  const again = (more: Readonly<Record<string, unknown>>): ConnectedSystem => {
    const system = connectStripeAt(fake.url, fake.key, more, () => fake.now)
    systems.push(system)
    return system
  }
  const system = again(config)
  return {
    fake,
    system,
    again,
    resource: (name) => system.resource(name),
    [Symbol.asyncDispose]: async () => {
      for (const one of systems) await one.close()
      await fake.close()
    },
  }
}

/** Connects to any server with Stripe's API. */
export function connectStripeAt(
  url: string,
  key: string,
  config: Readonly<Record<string, unknown>> = {},
  now: () => number = () => Date.now(),
): ConnectedSystem {
  return connectSystem(
    {
      name: 'shop',
      connector: 'stripe',
      config: {
        url,
        allowHttp: true,
        auth: { type: 'bearer', token: key },
        limits: { perSecond: 10_000 },
        ...config,
      },
      timing: { readTimeoutMs: 5_000, writeTimeoutMs: 5_000, concurrency: 8 },
    },
    { clock: { now, monotonic: () => performance.now() } },
  )
}

/** Returns all records of a list, and its end. `between` runs after each page. */
export async function listAllOf(
  resource: Resource,
  between: (page: number) => void = () => undefined,
): Promise<{ nativeIds: string[]; end: ListEnd }> {
  const nativeIds: string[] = []
  const pages = resource.list(context)
  for (let page = 1; ; page += 1) {
    const next = await pages.next()
    if (next.done === true) return { nativeIds, end: next.value }
    nativeIds.push(...next.value.map(({ nativeId }) => nativeId))
    between(page)
  }
}
