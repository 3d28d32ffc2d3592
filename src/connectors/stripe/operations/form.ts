/**
 * Converts a native patch to Stripe's form format.
 *
 * - A nested object in a request is replaced whole: omitted properties are cleared. Patches therefore carry
 *   it whole. Parts that are empty before and after are left out, because some of them are read-only.
 * - `metadata` is the exception: keys are set individually, and an empty text removes one. Only keys that
 *   differ from the record last read are sent, so that those of other applications stay unchanged.
 * - An empty text clears a value; null and an empty list are sent as an empty text.
 */
import type { FormFields, FormValue } from '../../../http/bodies/form.ts'
import { isLosslessNumber } from '../../../http/json.ts'
import { IsthmusError } from '../../../model/errors.ts'
import type { NativeRecord } from '../../../model/values.ts'
import { isNativeRecord } from '../../kit/native.ts'
import { withMinorAmounts } from '../amounts.ts'
import type { StripeResource } from '../catalogue.ts'

/** Input for building a body. */
export interface BodyInput {
  readonly resource: StripeResource
  readonly amounts: 'minor' | 'decimal'
  /** Our own metadata key: no patch ever removes it. */
  readonly marker: string
  /** The record last read; undefined for creates. */
  readonly base?: NativeRecord | undefined
}

/** @throws IsthmusError MAPPING_FAILED · VALUE_INEXACT · VALUE_TYPE for values that can't be sent */
export function formOf(patch: NativeRecord, input: BodyInput): FormFields {
  const { resource, amounts, base } = input
  const counted = amounts === 'decimal' ? withMinorAmounts(patch, resource.amounts, base) : patch
  return Object.fromEntries(
    Object.entries(counted).map(([name, value]) => [name, partOf(name, value, input)]),
  )
}

function partOf(name: string, value: unknown, { base, marker, resource }: BodyInput): FormValue {
  // Canonical codes are upper case, Stripe's are lower case.
  if (name === 'currency' && typeof value === 'string') return value.toLowerCase()
  const before = base?.[name]
  if (Array.isArray(value) && value.length === 0) {
    if (isNothing(before) || (Array.isArray(before) && before.length === 0)) return undefined
    if (!resource.lastingLists?.includes(name)) return null
    throw new IsthmusError('MAPPING_FAILED', `${name} can be changed, and Stripe offers no way to empty it`)
  }
  // There is nothing to clear, and some properties can't be cleared at all.
  if (isNothing(value) && isNothing(before)) return undefined
  if (name === 'metadata' && isNativeRecord(value)) return metadataChanges(value, before, marker)
  return formValue(value, before, name)
}

function metadataChanges(metadata: NativeRecord, before: unknown, marker: string): FormFields {
  const known = isNativeRecord(before) ? before : {}
  const removed = Object.keys(known).filter((key) => key !== marker && !Object.hasOwn(metadata, key))
  const changed = Object.entries(metadata).filter(
    ([key, value]) => !Object.hasOwn(known, key) || known[key] !== value,
  )
  return Object.fromEntries([
    ...changed.map(([key, value]): [string, FormValue] => [
      key,
      formValue(value, undefined, `metadata.${key}`),
    ]),
    ...removed.map((key): [string, FormValue] => [key, null]),
  ])
}

function formValue(value: unknown, before: unknown, place: string): FormValue {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint') return value
  if (typeof value === 'number') return value
  if (isLosslessNumber(value)) return value.toString()
  if (Array.isArray(value)) {
    return value.length === 0 ? null : value.map((one) => formValue(one, undefined, place))
  }
  if (isNativeRecord(value)) return objectValue(value, before, place)
  throw new IsthmusError('MAPPING_FAILED', `${place} holds a value that can't be sent in a form`)
}

function objectValue(value: NativeRecord, before: unknown, place: string): FormValue {
  const known = isNativeRecord(before) ? before : {}
  const parts = Object.entries(value).filter(
    ([key, part]) => !(isNothing(part) && isNothing(Object.hasOwn(known, key) ? known[key] : undefined)),
  )
  if (parts.length === 0) return isNothing(before) ? undefined : null
  return Object.fromEntries(
    parts.map(([key, part]) => [
      key,
      formValue(part, Object.hasOwn(known, key) ? known[key] : undefined, `${place}.${key}`),
    ]),
  )
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined
}
