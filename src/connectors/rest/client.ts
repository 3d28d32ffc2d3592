/** The API client of one REST system, with what each kind of call needs. */

import type { ApiResponse } from '../../http/api-response.ts'
import type { Method } from '../../http/call.ts'
import type { ApiClient } from '../../http/client.ts'
import type { CallOptions } from '../../http/options.ts'
import type { Page, PagesOptions } from '../../http/pagination/walk.ts'
import type { SystemTiming } from '../../model/integration.ts'
import { callOptions, writeOptions } from '../kit/call-options.ts'
import type { CallContext } from '../kit/contract.ts'

/** Query parameters of a call; `undefined` ones are omitted. */
export type Query = NonNullable<CallOptions['query']>

/** The two kinds of calls: a read may be repeated, a write is sent once. */
export interface RestClient {
  /** A read: retried over short disruptions within the read timeout. */
  read(target: string, options: CallOptions, context: CallContext): Promise<ApiResponse<unknown>>
  /** A list, page by page; each page is a read. */
  pages(target: string, options: PagesOptions, context: CallContext): AsyncGenerator<Page>
  /** A write: sent once. The engine decides everything after that, since it knows what was written before. */
  write(
    method: Method,
    target: string,
    options: CallOptions,
    context: CallContext,
  ): Promise<ApiResponse<unknown>>
}

/**
 * Applies the system's timeouts and the call's context to an API client.
 *
 * @param mediaType accepted, and sent for bodies. Default: the client's own, which is application/json
 */
export function restClient(client: ApiClient, timing: SystemTiming, mediaType?: string): RestClient {
  const typed = <Options extends CallOptions>(options: Options, hasBody: boolean): Options => {
    if (mediaType === undefined) return options
    const headers = { accept: mediaType, ...(hasBody ? { 'content-type': mediaType } : {}) }
    return { ...options, headers: { ...headers, ...options.headers } }
  }
  return {
    read: (target, options, context) =>
      client.send('GET', target, {
        ...typed(options, false),
        ...callOptions(context),
        totalMs: timing.readTimeoutMs,
      }),
    pages: (target, options, context) =>
      client.pages(target, {
        ...typed(options, false),
        ...callOptions(context),
        totalMs: timing.readTimeoutMs,
      }),
    write: (method, target, options, context) =>
      client.send(method, target, {
        ...typed(options, options.json !== undefined),
        ...writeOptions(context),
        retries: 0,
        totalMs: timing.writeTimeoutMs,
      }),
  }
}
