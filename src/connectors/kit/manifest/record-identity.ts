/** A manifest's declarations about ids: how the system compares them, and how it reports merged records. */
import { z } from 'zod'
import type { NativePath } from '../../../model/lens/spec.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type { RemoteCapabilities } from '../capabilities.ts'
import type { Resource, SameId } from '../contract.ts'
import { textAt, valueAt } from '../native.ts'
import { idComparisons } from '../responses/same-id.ts'
import { path } from './values.ts'

/** Keys of a resource; a manifest's schema spreads them. */
export const recordIdentity = {
  idComparison: z
    .enum(['text', 'ignoreCase', 'number'])
    .default('text')
    .describe(
      'How ids are compared: text compares them exactly (UUIDs in upper or lower case), ignoreCase ignores case, number ignores leading zeros.',
    ),
  redirects: z
    .boolean()
    .default(false)
    .describe(
      'A read of a record that was merged into another one returns the surviving record. Without it, a response about another record is a failure.',
    ),
  mergedIds: path
    .optional()
    .describe(
      'Where a record lists the ids of records that were merged into it: a list, or a text separated by commas or semicolons.',
    ),
} as const

/** A resource's declarations about its ids. */
export interface RecordIdentity {
  readonly id: NativePath
  readonly idComparison: keyof typeof idComparisons
  readonly redirects: boolean
  readonly mergedIds?: NativePath | undefined
}

/** Returns the corresponding capability. */
export function redirectCapability({ redirects }: RecordIdentity): Pick<RemoteCapabilities, 'redirects'> {
  return redirects ? { redirects } : {}
}

/** Returns the part of a resource that lets the kit check which record a response is about. */
export function identityOf({
  id,
  idComparison,
  mergedIds,
}: RecordIdentity): Pick<Resource, 'sameId' | 'idOf' | 'mergedIdsOf'> {
  const sameId: SameId = idComparisons[idComparison]
  return {
    sameId,
    idOf: (native) => textAt(native, id),
    ...(mergedIds === undefined ? {} : { mergedIdsOf: (native) => idsAt(native, mergedIds) }),
  }
}

function idsAt(native: NativeRecord, at: NativePath): readonly string[] {
  const value = valueAt(native, at)
  const listed: readonly unknown[] = Array.isArray(value) ? value : (textAt(native, at) ?? '').split(/[;,]/)
  return listed.flatMap((one) => textAt({ one }, ['one'])?.trim() ?? []).filter((one) => one !== '')
}
