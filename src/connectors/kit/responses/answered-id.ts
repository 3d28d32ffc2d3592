/** Determines which record a response is about, and creates the failure for a response about another one. */
import type { NativeRecord } from '../../../model/values.ts'
import type { CallFailure, Resource } from '../contract.ts'
import { sameText } from './same-id.ts'

/** A response's subject: the id that the connector reports, and the record itself if there is one. */
export interface AnsweredRecord {
  readonly nativeId: string
  readonly native?: NativeRecord
}

/** Returns whether two ids name the same record, as the resource compares them. */
export function isSameId(resource: Resource, one: string, other: string): boolean {
  return (resource.sameId ?? sameText)(one, other)
}

/**
 * Returns the id of the record that the response is about, unless it is the requested record. The id inside
 * the record counts as well as the one that the connector reports, so that a connector that echoes the id it
 * was given can't hide a wrong response.
 */
export function otherThan(
  resource: Resource,
  nativeId: string,
  { nativeId: reported, native }: AnsweredRecord,
): string | undefined {
  const inside = native === undefined ? undefined : resource.idOf?.(native)
  return [reported, inside].find((id) => id !== undefined && !isSameId(resource, nativeId, id))
}

/** Creates the failure for a response about another record. */
export function otherRecord(nativeId: string, other: string): CallFailure {
  return {
    code: 'CONNECTOR_OTHER_RECORD',
    message: `The call was about record ${nativeId}, and its response is about record ${other}.`,
    scope: 'record',
  }
}

/** The failure of a call for several records whose responses can't be assigned. */
export const disordered: CallFailure = {
  code: 'CONNECTOR_OTHER_RECORD',
  message: 'A call for several records was answered in another order, or with other records.',
  scope: 'record',
}
