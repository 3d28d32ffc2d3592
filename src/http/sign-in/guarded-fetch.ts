/**
 * A `fetch` for addresses from settings and from responses, such as the endpoints of an identity provider:
 * HTTPS alone, and no address of an inner network unless it is allowed (see `network/address-guard.ts`).
 */
import { ApiClient } from '../client.ts'
import { createFetch, type FetchLike } from '../fetch-adapter.ts'

const totalMs = 10_000
const responseBytesMax = 1024 * 1024

/** What a guarded fetch may reach. */
export interface GuardedFetchOptions {
  /** Addresses in addition to public ones: `private`, `loopback`, a network or an address. Plain HTTP is possible to loopback, where that is allowed. */
  readonly allow: readonly string[]
  /** Certificate authorities in PEM in addition to the built-in ones. @default none */
  readonly ca?: string
}

/** A fetch with connections of its own. */
export interface GuardedFetch {
  readonly fetch: FetchLike
  close(): Promise<void>
}

export function createGuardedFetch({ allow, ca }: GuardedFetchOptions): GuardedFetch {
  const clients = new Map<string, { readonly client: ApiClient; readonly fetch: FetchLike }>()
  const clientOf = (origin: string) => {
    const known = clients.get(origin)
    if (known !== undefined) return known
    const client = new ApiClient({
      baseUrl: origin,
      allowAddresses: allow,
      allowHttp: allow.includes('loopback'),
      retry: { retries: 0 },
      timeouts: { totalMs },
      response: { maxBytes: responseBytesMax },
      ...(ca === undefined ? {} : { ca }),
    })
    const made = { client, fetch: createFetch(client) }
    clients.set(origin, made)
    return made
  }
  return {
    fetch: async (input, init) => {
      const url = input instanceof Request ? input.url : String(input)
      return await clientOf(new URL(url).origin).fetch(input, init)
    },
    close: async () => {
      await Promise.all([...clients.values()].map(({ client }) => client.close()))
    },
  }
}
