import { hasBase } from '../../src/model/merge/member-field.ts'
import type { CanonicalValue } from '../../src/model/values.ts'
import type { RecordDetail } from '../../src/store/admin-contract.ts'

/** What was agreed before, as far as it counts against a value of this system: at a first contact, an empty value gives way to any. */
export function agreedBefore(
  before: RecordDetail | undefined,
  field: string,
  src: string,
): CanonicalValue | undefined {
  const was = before?.record.fields[field]?.value
  const known = before?.members.find(({ system }) => system === src)?.fields[field]
  return was === '' && (known === undefined || !hasBase(known)) ? undefined : was
}
