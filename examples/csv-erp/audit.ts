/** Compares the ERP and the CRM independently of Isthmus' own records: by number, field by field. */
import type { Audit } from '../harness/run-example.ts'
import type { Customer, Invoice } from './erp.ts'
import type { CrmRecord, Systems } from './systems.ts'

type Pair = readonly [field: string, inErp: unknown, inCrm: unknown]

export function auditFiles(systems: Systems): Audit {
  const customers = systems.inCrm('customers')
  const invoices = systems.inCrm('invoices')
  const problems = [
    ...compare('customer', systems.erp.customers, customers, customerPairs),
    ...compare('invoice', systems.erp.invoices, invoices, (invoice, record) =>
      invoicePairs(invoice, record, customers),
    ),
  ]
  return {
    records: systems.erp.customers.size + systems.erp.invoices.size,
    duplicates: [...customers.values(), ...invoices.values()].filter(({ length }) => length > 1).length,
    problems,
  }
}

function compare<Row>(
  kind: string,
  erp: ReadonlyMap<string, Row>,
  crm: ReadonlyMap<string, readonly CrmRecord[]>,
  pairs: (row: Row, record: CrmRecord) => readonly Pair[],
): string[] {
  const problems: string[] = []
  for (const [number, row] of erp) {
    const [record] = crm.get(number) ?? []
    if (record === undefined) problems.push(`${kind} ${number} is not in the CRM`)
    else
      for (const [field, left, right] of pairs(row, record))
        if (left !== right) problems.push(`${kind} ${number}: ${field} is ${left} and ${right}`)
  }
  for (const number of crm.keys()) if (!erp.has(number)) problems.push(`${kind} ${number} is not in the ERP`)
  return problems
}

function customerPairs(row: Customer, { body }: CrmRecord): readonly Pair[] {
  return [
    // Values that the ERP can't store completely count as equal in their truncated form.
    ['name', row.company, String(body.name).slice(0, 30).trim()],
    ['city', row.city, body.city ?? ''],
    ['credit', row.credit.replace(',', '.'), body.credit],
    ['blocked', row.blocked === 'J', body.blocked],
  ]
}

function invoicePairs(
  row: Invoice,
  { body }: CrmRecord,
  customers: ReadonlyMap<string, readonly CrmRecord[]>,
): readonly Pair[] {
  return [
    ['customer', customers.get(row.customer)?.[0]?.nativeId, body.customer],
    ['total', row.total.replace(',', '.'), body.total],
    ['due', row.due, String(body.due).replaceAll('-', '')],
    ['paid', row.paid === 'J', body.paid],
  ]
}
