import { hasBase } from '../../src/model/merge/member-field.ts'
import type { CanonicalValue } from '../../src/model/values.ts'
import type { RecordDetail } from '../../src/store/admin-contract.ts'

/** The previously agreed value, as far as it conflicts with a value of this system: at a first contact, any value replaces an empty one. */
export function agreedBefore(
  before: RecordDetail | undefined,
  field: string,
  src: string,
): CanonicalValue | undefined {
  const was = before?.record.fields[field]?.value
  const known = before?.members.find(({ system }) => system === src)?.fields[field]
  return was === '' && (known === undefined || !hasBase(known)) ? undefined : was
}
