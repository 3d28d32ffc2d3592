/**
 * Compares the two systems of the demo over HTTP, with plain requests and independently of Isthmus' own
 * records.
 *
 * Customers are the same if their e-mail addresses are equal. Values that the ERP can't store (names above 40
 * characters) count as equal only in their truncated form.
 */
import type { ErpPartner } from './erp.ts'
import type { CrmUser } from './people.ts'

/** Result of the comparison. */
export interface Comparison {
  /** Customers present in both and equal in every compared field. */
  readonly agreeing: number
  /** Surplus customers whose e-mail address another one in the same system has. */
  readonly duplicates: number
  /** Present in one system only. */
  readonly missing: readonly string[]
  /** Present in both, different in some field: `address: field`. */
  readonly different: readonly string[]
  readonly crm: ReadonlyMap<string, CrmCustomer>
  readonly erp: ReadonlyMap<string, ErpPartner>
}

/** A user as returned by the CRM; any part may be missing. */
export interface CrmCustomer extends Partial<Omit<CrmUser, 'id' | 'address' | 'creditLimit'>> {
  readonly id: number | string
  readonly address?: Partial<CrmUser['address']>
  readonly creditLimit?: number | string
}

const pageSize = 1000
const pagesMax = 1000
const erpNameLength = 40

async function getJson(url: string, headers: Record<string, string> = {}): Promise<unknown> {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(60_000) })
  if (!response.ok) throw new RangeError(`${url} answered ${response.status}`)
  return await response.json()
}

async function readCrm(url: string): Promise<CrmCustomer[]> {
  return (await getJson(`${url}/users`)) as CrmCustomer[] // the CRM's own document
}

async function readErp(url: string, token: string): Promise<ErpPartner[]> {
  const all: ErpPartner[] = []
  let after = ''
  for (let page = 0; page < pagesMax; page += 1) {
    const reply = (await getJson(`${url}/partners?limit=${pageSize}&after=${after}`, {
      authorization: `Bearer ${token}`,
    })) as {
      readonly partners: readonly ErpPartner[]
      readonly next: string | null
    } // the ERP's own document
    all.push(...reply.partners)
    if (reply.next === null) return all
    after = reply.next
  }
  throw new RangeError(`the ERP lists more than ${pagesMax * pageSize} partners`)
}

function index<Row>(rows: readonly Row[], key: (row: Row) => string) {
  const byKey = new Map<string, Row>()
  let duplicates = 0
  for (const row of rows) {
    if (byKey.has(key(row))) duplicates += 1
    else byKey.set(key(row), row)
  }
  return { byKey, duplicates }
}

const cents = (value: number | string | undefined): number => Math.round(Number(value ?? 0) * 100)

/** Pairs of field values from the CRM and the ERP. */
function differences(user: CrmCustomer, partner: ErpPartner): string[] {
  const pairs: readonly (readonly [string, string, string])[] = [
    ['name', (user.name ?? '').slice(0, erpNameLength).trimEnd(), partner.name],
    ['phone', user.phone ?? '', partner.telephone],
    ['website', user.website ?? '', partner.webPage],
    ['street', user.address?.street ?? '', partner.street],
    ['city', user.address?.city ?? '', partner.city],
    ['postal code', user.address?.zipcode ?? '', partner.postalCode],
    ['credit limit', String(cents(user.creditLimit)), String(cents(partner.creditLimit))],
  ]
  return pairs.filter(([, left, right]) => left !== right).map(([field]) => field)
}

/** Addresses of the systems, and the token of the ERP. */
export interface AuditedSystems {
  readonly crm: { readonly url: string }
  readonly erp: { readonly url: string }
  readonly erpToken: string
}

/** Reads both systems completely and compares them. */
export async function compareSystems(systems: AuditedSystems): Promise<Comparison> {
  const { crm: crmSystem, erp: erpSystem, erpToken } = systems
  const [users, partners] = await Promise.all([readCrm(crmSystem.url), readErp(erpSystem.url, erpToken)])
  const crm = index(users, (user) => (user.email ?? '').toLowerCase())
  const erp = index(partners, (partner) => partner.mail.toLowerCase())
  const missing: string[] = []
  const different: string[] = []
  let agreeing = 0
  for (const [email, user] of crm.byKey) {
    const partner = erp.byKey.get(email)
    if (partner === undefined) {
      missing.push(`${email} (not in the ERP)`)
      continue
    }
    const fields = differences(user, partner)
    if (fields.length === 0) agreeing += 1
    else different.push(...fields.map((field) => `${email}: ${field}`))
  }
  for (const email of erp.byKey.keys()) if (!crm.byKey.has(email)) missing.push(`${email} (not in the CRM)`)
  return {
    agreeing,
    duplicates: crm.duplicates + erp.duplicates,
    missing,
    different,
    crm: crm.byKey,
    erp: erp.byKey,
  }
}

/** Returns true if no customer is missing, duplicated or different. */
export function agrees(comparison: Comparison): boolean {
  return comparison.duplicates === 0 && comparison.missing.length === 0 && comparison.different.length === 0
}
