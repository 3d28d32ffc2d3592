/** Compares the records of the two fake systems over HTTP, independently of Isthmus. */
import type { RemoteFake } from '../support/fake-system/spawn.ts'

export interface Comparison {
  readonly crmRecords: number
  readonly erpRecords: number
  /** Codes that a system holds more than once. */
  readonly duplicates: number
  /** Initial codes that are missing in some system. */
  readonly lost: number
  readonly onlyInCrm: number
  readonly onlyInErp: number
  readonly different: number
}

const compared = ['name', 'email', 'phone', 'city'] as const

export async function compareSystems(crm: RemoteFake, erp: RemoteFake): Promise<Comparison> {
  const [left, right] = [await byCode(crm, 'contacts'), await byCode(erp, 'partners')]
  let different = 0
  let onlyInCrm = 0
  for (const [code, records] of left) {
    const [a] = records
    const [b] = right.get(code) ?? []
    if (b === undefined) onlyInCrm += 1
    // The ERP truncates names to 40 characters; nothing else may differ.
    else if (compared.some((name) => String(a?.[name] ?? '').slice(0, 40) !== String(b[name] ?? '')))
      different += 1
  }
  const onlyInErp = [...right.keys()].filter((code) => !left.has(code)).length
  return {
    crmRecords: sizeOf(left),
    erpRecords: sizeOf(right),
    duplicates: repeated(left) + repeated(right),
    lost: onlyInCrm + onlyInErp,
    onlyInCrm,
    onlyInErp,
    different,
  }
}

type ByCode = ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]>

async function byCode(fake: RemoteFake, resource: string): Promise<ByCode> {
  return Map.groupBy(await fake.records(resource), (record) => String(record.code))
}

function sizeOf(records: ByCode): number {
  return [...records.values()].reduce((sum, group) => sum + group.length, 0)
}

function repeated(records: ByCode): number {
  return [...records.values()].filter((group) => group.length > 1).length
}
