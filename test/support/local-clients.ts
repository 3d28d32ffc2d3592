/** Servers and API clients of one test file, closed after each test. */
import { afterEach, expect } from 'vitest'
import { ApiClient } from '../../src/http/client.ts'
import type { ApiClientOptions } from '../../src/http/options.ts'
import { type LocalServer, type Respond, startServer } from './local-server.ts'

export interface LocalClients {
  /** Closed after the test as well. */
  readonly open: { close(): Promise<void> }[]
  serve(respond: Respond): Promise<LocalServer>
  clientOf(url: string, options?: Partial<ApiClientOptions>): ApiClient
}

/** @param defaults options of every client, in addition to plain HTTP being allowed */
export function useLocalClients(defaults: Partial<ApiClientOptions> = {}): LocalClients {
  const open: { close(): Promise<void> }[] = []
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close()
  })
  return {
    open,
    async serve(respond) {
      const server = await startServer(respond)
      open.push(server)
      return server
    },
    clientOf(baseUrl, options = {}) {
      const client = new ApiClient({ baseUrl, allowHttp: true, ...defaults, ...options })
      open.push(client)
      return client
    },
  }
}

/** Returns the error of a call; a call that succeeds fails the test. */
export function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('the call should have failed'),
    (error: unknown) => error,
  )
}
