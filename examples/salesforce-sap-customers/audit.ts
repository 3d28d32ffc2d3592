/** Compares the org and the S/4HANA independently of Isthmus' own records: customer by customer, order by order. */
import type { StoredRecord } from '../../test/support/odata/model.ts'
import type { Audit } from '../harness/run-example.ts'
import type { AccountRow, Customers } from './systems.ts'

export function auditCustomers(systems: Customers): Audit {
  const accounts = systems.accounts()
  const partners = systems.erp.partners.all().filter((one) => one.IsMarkedForArchiving !== true)
  const byNumber = new Map(partners.map((partner) => [String(partner.BusinessPartner), partner]))
  const problems: string[] = []
  for (const account of accounts) {
    const partner = byNumber.get(account.erpNumber)
    if (partner === undefined) problems.push(`${account.name} has no partner`)
    else problems.push(...differences(account, partner))
  }
  const known = new Set(accounts.map(({ erpNumber }) => erpNumber))
  for (const partner of partners) {
    if (!known.has(String(partner.BusinessPartner))) problems.push(`${nameOf(partner)} has no account`)
  }
  const orders = auditOrders(systems)
  return {
    records: accounts.length + orders.records,
    duplicates: repeated(accounts.map(({ number }) => number)) + repeated(partners.map(termOf)),
    problems: [...problems, ...orders.problems],
  }
}

function differences(account: AccountRow, partner: StoredRecord): string[] {
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    // Values that SAP can't store completely count as equal in their truncated form.
    ['name', account.name.slice(0, 40).trim(), nameOf(partner)],
    ['number', account.number.slice(0, 20).trim(), termOf(partner)],
    ['active', account.active, partner.BusinessPartnerIsBlocked !== true],
  ]
  return pairs
    .filter(([, left, right]) => left !== right)
    .map(([field, left, right]) => `${account.name}: ${field} is ${left} and ${right}`)
}

/** Each won opportunity is one order of its customer's partner, for its day. */
function auditOrders({ crm, erp, accounts }: Customers): Pick<Audit, 'records' | 'problems'> {
  const partnerOf = new Map(accounts().map(({ id, erpNumber }) => [id, erpNumber]))
  const orders = new Map(erp.orders.all().map((order) => [String(order.SalesOrder), order]))
  const won = [...crm.org.records('Opportunity')].filter(
    ({ deleted, values }) => !deleted && values.StageName === 'Closed Won',
  )
  const problems: string[] = []
  for (const { values } of won) {
    const order = orders.get(String(values.Order_Number__c))
    if (order === undefined) problems.push(`${values.Name} has no order`)
    else if (order.SoldToParty !== partnerOf.get(String(values.AccountId)))
      problems.push(`${values.Name}: the order is another customer's`)
    else if (!String(order.RequestedDeliveryDate).startsWith(String(values.CloseDate)))
      problems.push(`${values.Name}: ${values.CloseDate} and ${order.RequestedDeliveryDate}`)
  }
  if (orders.size !== won.length) problems.push(`${orders.size} orders for ${won.length} won opportunities`)
  return { records: won.length, problems }
}

export function nameOf(partner: StoredRecord): string {
  return String(partner.OrganizationBPName1)
}

export function termOf(partner: StoredRecord): string {
  return String(partner.SearchTerm1)
}

function repeated(keys: readonly string[]): number {
  const given = keys.filter((key) => key !== '')
  return given.length - new Set(given).size
}
