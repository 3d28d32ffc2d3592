/** INV-6 at the end: two records that share a key and have native records in one system are a duplicate, and the pair is reported. */
import type { RecordDetail } from '../../../src/store/admin-contract.ts'
import type { DuplicateRow } from '../../../src/store/duplicates-contract.ts'
import type { Oracle } from '../oracle.ts'

/** A code of more records than this distinguishes none of them. */
const holdersMax = 5

export function checkSameThings(
  details: readonly RecordDetail[],
  duplicates: readonly DuplicateRow[],
  oracle: Pick<Oracle, 'fail'>,
): void {
  const reported = new Set(
    duplicates
      .filter(({ state }) => state === 'open')
      .map(({ sides }) => pairOf(sides.map(({ recordId }) => recordId))),
  )
  const active = details.filter(({ record }) => record.state === 'active')
  for (const [code, holders] of Map.groupBy(active, ({ record }) => record.fields.code?.value)) {
    if (typeof code !== 'string' || holders.length > holdersMax) continue
    for (const [index, one] of holders.entries())
      for (const other of holders.slice(index + 1)) {
        const system = sharedSystem(one, other)
        if (system === undefined || reported.has(pairOf([one.record.id, other.record.id]))) continue
        oracle.fail(
          'INV-6',
          `${one.record.id} and ${other.record.id} are both ${code} in ${system}, and it is not reported`,
        )
      }
  }
}

function pairOf(ids: readonly string[]): string {
  return [...ids].sort().join(' ')
}

function sharedSystem(one: RecordDetail, other: RecordDetail): string | undefined {
  const places = (detail: RecordDetail): readonly string[] =>
    detail.members
      .filter(({ nativeId, state }) => nativeId !== undefined && state !== 'gone')
      .map(({ system }) => system)
  return places(one).find((system) => places(other).includes(system))
}
