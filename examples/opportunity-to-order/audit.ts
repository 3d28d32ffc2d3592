/**
 * Counts the orders of each opportunity in SAP, by the text of their position, which is the opportunity's name. Isthmus' marks, in both
 * systems, and its books are not looked at.
 */
import type { StoredRecord } from '../../test/support/odata/model.ts'
import type { StoredRecord as Opportunity } from '../../test/support/salesforce/org.ts'
import type { Audit } from '../harness/run-example.ts'
import type { Sales } from './systems.ts'

/** Each opportunity that is won is one order of its customer, for its day, over its amount. */
export function auditOrders(systems: Sales): Audit {
  const won = [...systems.crm.org.records('Opportunity')].filter(
    ({ deleted, values }) => !deleted && values.StageName === 'Closed Won',
  )
  const items = Map.groupBy(systems.erp.items.all(), itemText)
  const orders = new Map(systems.erp.orders.all().map((order) => [String(order.SalesOrder), order]))
  const numbers = new Map(
    systems.erp.partners
      .all()
      .map((partner) => [String(partner.BusinessPartner), String(partner.SearchTerm1)]),
  )
  const problems: string[] = []
  let duplicates = 0
  for (const opportunity of won) {
    const own = new Set((items.get(String(opportunity.values.Name)) ?? []).map(orderOf))
    duplicates += Math.max(0, own.size - 1)
    const [number] = own
    const order = number === undefined ? undefined : orders.get(number)
    if (order === undefined) problems.push(`${opportunity.values.Name} has no order`)
    else problems.push(...differences(systems, opportunity, order, numbers))
  }
  problems.push(...strangers(orders, items, won))
  return { records: won.length, duplicates, problems }
}

function differences(
  { crm }: Sales,
  { values }: Opportunity,
  order: StoredRecord,
  numbers: ReadonlyMap<string, string>,
): string[] {
  const account = crm.org.live('Account', String(values.AccountId))
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['customer', account.values.AccountNumber, numbers.get(String(order.SoldToParty))],
    ['delivery', values.CloseDate, String(order.RequestedDeliveryDate).slice(0, 10)],
    ['amount', Number(values.Amount), Number(order.TotalNetAmount)],
  ]
  return pairs
    .filter(([, left, right]) => left !== right)
    .map(([what, left, right]) => `${values.Name}: ${what} is ${left} and ${right}`)
}

/** Orders without a position, and orders of nothing that was won. */
function strangers(
  orders: ReadonlyMap<string, StoredRecord>,
  items: ReadonlyMap<string, readonly StoredRecord[]>,
  won: readonly Opportunity[],
): string[] {
  const names = new Set(won.map(({ values }) => String(values.Name)))
  const ofWon = [...items].filter(([name]) => names.has(name)).flatMap(([, rows]) => rows.map(orderOf))
  const known = new Set(ofWon)
  return [...orders.keys()]
    .filter((number) => !known.has(number))
    .map((number) => `order ${number} is nobody's`)
}

function itemText(item: StoredRecord): string {
  return String(item.SalesOrderItemText)
}

function orderOf(item: StoredRecord): string {
  return String(item.SalesOrder)
}
