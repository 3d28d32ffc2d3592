/** The API client of one Stripe account, with what each kind of call needs. */

import type { ApiResponse } from '../../http/api-response.ts'
import type { FormFields } from '../../http/bodies/form.ts'
import type { ApiClient } from '../../http/client.ts'
import type { CallOptions } from '../../http/options.ts'
import type { SystemTiming } from '../../model/integration.ts'
import { callOptions, writeOptions } from '../kit/call-options.ts'
import { connectClient } from '../kit/connection.ts'
import type { CallContext } from '../kit/contract.ts'
import type { ConnectorBinding } from '../kit/define-connector.ts'
import type { StripeConfig } from './config.ts'

/** Query parameters of a call. */
export type Query = NonNullable<CallOptions['query']>

/** The target of a call. */
export interface Target {
  /** Path template below the address: `/v1/customers/{id}`. */
  readonly route: string
  readonly id?: string
}

/** The two kinds of calls: a read may be repeated, a write is sent once. */
export interface StripeClient {
  read(target: Target, query: Query, context: CallContext): Promise<ApiResponse<unknown>>
  /**
   * With an `idempotencyKey`, Stripe responds to a repetition of the same request with the original response.
   */
  post(target: Target, request: PostRequest, context: CallContext): Promise<ApiResponse<unknown>>
  remove(target: Target, context: CallContext): Promise<ApiResponse<unknown>>
}

/** The content of a POST. */
export interface PostRequest {
  readonly form: FormFields
  readonly idempotencyKey?: string
}

/**
 * Stripe allows 100 calls per second in live mode and 25 in test mode; the rest is left to other users of the
 * account.
 */
const callsPerSecond = { live: 80, test: 20 } as const

/** `live` unless the key is a test key. */
export function modeOf(key: string): 'live' | 'test' {
  return /^(sk|rk)_test_/.test(key) ? 'test' : 'live'
}

/** Creates the API client of a system; the caller closes it. @throws UsageError HTTP_OPTIONS_INVALID */
export function connectStripe(config: StripeConfig, binding: ConnectorBinding): ApiClient {
  return connectClient(config, binding, {
    headers: {
      'stripe-version': config.apiVersion,
      ...(config.account === undefined ? {} : { 'stripe-account': config.account }),
    },
    limits: { rates: [{ requests: callsPerSecond[modeOf(config.auth.token)], perMs: 1_000 }] },
  })
}

/** Applies the system's timeouts and the call's context to an API client. */
export function stripeClient(client: ApiClient, timing: SystemTiming): StripeClient {
  const writing = (context: CallContext): CallOptions => ({
    ...writeOptions(context),
    // The engine decides what follows a write, since it knows what was written before.
    retries: 0,
    totalMs: timing.writeTimeoutMs,
  })
  return {
    read: (target, query, context) =>
      client.send('GET', target.route, {
        ...pathOf(target),
        query,
        ...callOptions(context),
        totalMs: timing.readTimeoutMs,
      }),
    post: (target, { form, idempotencyKey }, context) =>
      client.send('POST', target.route, {
        ...writing(context),
        ...pathOf(target),
        form,
        // Sent as a header, not as an option of the client: a write of ours is never resent automatically.
        ...(idempotencyKey === undefined ? {} : { headers: { 'idempotency-key': idempotencyKey } }),
      }),
    remove: (target, context) =>
      client.send('DELETE', target.route, { ...writing(context), ...pathOf(target) }),
  }
}

function pathOf({ id }: Target): Pick<CallOptions, 'path'> {
  return id === undefined ? {} : { path: { id } }
}
