/** Compares the Stripe account and the warehouse as an auditor would: object by row, cent by cent, knowing nothing of Isthmus' books. */
import type { Native } from '../../test/support/stripe/account.ts'
import type { Audit } from '../harness/run-example.ts'
import type { Payments, Row, Table } from './systems.ts'

/** Expected content of a row for an object. */
const expected: Readonly<Record<Table, (object: Native) => Readonly<Record<string, unknown>>>> = {
  customers: ({ name, email, address, created }) => ({
    name,
    email,
    country: (address as Native | null)?.country ?? null,
    created_at: isoOf(created),
  }),
  payments: ({ customer, amount, amount_received: received, currency, status, created }) => ({
    customer,
    amount: inUnits(amount, currency),
    received: inUnits(received, currency),
    currency: String(currency).toUpperCase(),
    status,
    created_at: isoOf(created),
  }),
  charges: ({ payment_intent: payment, amount, amount_refunded: refunded, currency, status, created }) => ({
    payment,
    amount: inUnits(amount, currency),
    refunded: inUnits(refunded, currency),
    currency: String(currency).toUpperCase(),
    status,
    created_at: isoOf(created),
  }),
}

export async function auditPayments(systems: Payments): Promise<Audit> {
  const customers = await auditTable(systems, 'customers')
  const payments = await auditTable(systems, 'payments')
  const charges = await auditTable(systems, 'charges')
  return {
    records: customers.records + payments.records + charges.records,
    // Keys are unique in the warehouse, so a second row would be one of an object that does not exist: a problem.
    duplicates: 0,
    problems: [...customers.problems, ...payments.problems, ...charges.problems],
  }
}

async function auditTable(systems: Payments, table: Table): Promise<Pick<Audit, 'records' | 'problems'>> {
  const objects = new Map(systems.objects(table).map((object) => [String(object.id), object]))
  const rows = new Map((await systems.rows(table)).map((row) => [row.stripe_id, row]))
  const problems: string[] = []
  for (const [id, object] of objects) {
    const row = rows.get(id)
    if (row === undefined) problems.push(`${id} is not in ${table}`)
    else problems.push(...differences(id, expected[table](object), row))
  }
  for (const [id, row] of rows) {
    if (objects.has(id)) continue
    if (row.deleted_at == null) problems.push(`${table} has ${id}, which is not in Stripe`)
  }
  return { records: objects.size, problems }
}

function differences(id: string, wanted: Readonly<Record<string, unknown>>, row: Row): string[] {
  const found = Object.entries(wanted).map(([column, value]) => [column, value, plain(row[column])] as const)
  const wrong = found
    .filter(([, value, there]) => value !== there)
    .map(([column, value, there]) => `${id}: ${column} is ${value} in Stripe and ${there} in the warehouse`)
  return row.deleted_at == null ? wrong : [...wrong, `${id} is marked as deleted in the warehouse`]
}

const plain = (value: string | Date | null | undefined): string | null =>
  value instanceof Date ? value.toISOString() : (value ?? null)

const isoOf = (seconds: unknown): string => new Date(Number(seconds) * 1_000).toISOString()

/** Digits between Stripe's smallest unit and the unit, written down here once more: the auditor does not trust the connector's table. */
const digits: Readonly<Record<string, number>> = { eur: 2, usd: 2, jpy: 0, kwd: 3 }

/** `1099` of `eur` → `10.990`, as the warehouse's numeric with three places spells it. */
export function inUnits(minor: unknown, currency: unknown): string {
  const places = digits[String(currency)]
  if (places === undefined) throw new RangeError(`no digits are known for ${String(currency)}`)
  const thousandths = BigInt(String(minor)) * 10n ** BigInt(3 - places)
  return `${thousandths / 1_000n}.${String(thousandths % 1_000n).padStart(3, '0')}`
}
