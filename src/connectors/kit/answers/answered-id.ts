/** Which record an answer is about, and the failure of an answer that is about another one. */
import type { NativeRecord } from '../../../model/values.ts'
import type { CallFailure, Resource } from '../contract.ts'
import { sameText } from './same-id.ts'

/** What an answer says about its subject: the id that the connector reports, and the record itself where there is one. */
export interface AnsweredRecord {
  readonly rid: string
  readonly native?: NativeRecord
}

/** Whether two ids name the same record, as the resource compares them. */
export function isSameId(resource: Resource, one: string, other: string): boolean {
  return (resource.sameId ?? sameText)(one, other)
}

/**
 * The id of the record that the answer is about, where that is not the record asked for. The id inside the record counts as well as the one
 * that the connector reports, so that a connector which repeats the id it was given can't hide a wrong answer.
 */
export function otherThan(
  resource: Resource,
  rid: string,
  { rid: reported, native }: AnsweredRecord,
): string | undefined {
  const inside = native === undefined ? undefined : resource.idOf?.(native)
  return [reported, inside].find((id) => id !== undefined && !isSameId(resource, rid, id))
}

/** The failure of an answer that is about another record. */
export function otherRecord(rid: string, other: string): CallFailure {
  return {
    code: 'CONNECTOR_OTHER_RECORD',
    message: `The call was about record ${rid}, and its answer is about record ${other}.`,
    scope: 'record',
  }
}

/** The failure of a call for several records whose answers can't be told apart. */
export const disordered: CallFailure = {
  code: 'CONNECTOR_OTHER_RECORD',
  message: 'A call for several records was answered in another order, or with other records.',
  scope: 'record',
}
