/** The context of all operations on one resource, and the conversion of a response to a record. */
import type { NativeRecord } from '../../model/values.ts'
import type { ListedRecord } from '../kit/contract.ts'
import { isNativeRecord, textAt, valueAt } from '../kit/native.ts'
import type { OutcomeRules } from '../kit/outcome.ts'
import { timeAt } from '../kit/times.ts'
import { unusable } from '../kit/unusable.ts'
import { withDecimalAmounts } from './amounts.ts'
import type { StripeResource } from './catalogue.ts'
import type { Query, StripeClient, Target } from './client.ts'

/** One resource with its client and rules. */
export interface ResourceContext {
  readonly resource: StripeResource
  readonly client: StripeClient
  readonly rules: OutcomeRules
  readonly amounts: 'minor' | 'decimal'
  /** Key of metadata that holds our record id. */
  readonly marker: string
  /** Paths of references that are expanded within a record. */
  readonly expand: readonly string[]
  readonly searchLagMs: number
  /** Objects in one page of a list; Stripe returns 100 at most. */
  readonly pageSize: number
  readonly clock: { now(): number; monotonic(): number }
}

/** The object of a response: existing, or deleted with only its id left. */
export type Received =
  | { readonly kind: 'record'; readonly record: ListedRecord }
  | { readonly kind: 'deleted'; readonly nativeId: string }

/** Returns the address of one object. */
export function itemOf({ resource }: ResourceContext, nativeId: string): Target {
  return { route: `${resource.path}/{id}`, id: nativeId }
}

/** The query that expands references; the objects of a list are below its `data`. */
export function expansion({ expand }: ResourceContext, inList: boolean): Query {
  if (expand.length === 0) return {}
  return { 'expand[]': inList ? expand.map((path) => `data.${path}`) : expand }
}

/** @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE when it is not an object of this resource */
export function received({ resource, amounts }: ResourceContext, value: unknown): Received {
  if (!isNativeRecord(value)) throw unusable('an object is not a JSON object')
  const nativeId = textAt(value, ['id'])
  if (nativeId === undefined) throw unusable('an object has no id')
  if (value.object !== resource.object) throw unusable(`${nativeId} is no ${resource.object}`)
  if (value.deleted === true) return { kind: 'deleted', nativeId }
  const native = amounts === 'decimal' ? withDecimalAmounts(value, resource.amounts) : value
  const changedAt = changedAtOf(resource, value)
  return { kind: 'record', record: { nativeId, native, ...(changedAt === undefined ? {} : { changedAt }) } }
}

function changedAtOf({ changedAt }: StripeResource, native: NativeRecord): number | undefined {
  return changedAt === undefined ? undefined : timeAt(native, [changedAt], { format: 'epochSeconds' })
}

/** A page of a list. */
export interface ListResponse {
  readonly data: readonly unknown[]
  readonly more: boolean
}

/**
 * @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE when it is not a list, or does not say whether it
 *   continues
 */
export function listOf(body: unknown): ListResponse {
  const data = valueAt(body, ['data'])
  const more = valueAt(body, ['has_more'])
  if (Array.isArray(data) && typeof more === 'boolean') return { data, more }
  throw unusable('the response is no list')
}
