/** What the acts of the demo work with: two systems and people at their keyboards, a narrator, and a stopwatch. */
import { IsthmusError } from '../model/errors.ts'
import type { Store } from '../store/contract.ts'
import { type Comparison, type CrmCustomer, compareSystems } from './compare.ts'
import type { Crm } from './crm.ts'
import type { Erp, ErpPartner } from './erp.ts'
import type { CrmUser } from './people.ts'

/** Tells what happens. */
export interface Narrator {
  /** A new act. */
  step(title: string): void
  /** What somebody does, or what was seen. */
  emit(line: string): void
  /** Long work. */
  progress(line: string): void
}

/** Actions that the demo starts by hand, as `isthmus full` would. */
export interface DemoEngine {
  readonly store: Store
  /** Lists both systems whole and compares; answers once everything it found is settled. */
  runFull(): Promise<void>
}

export interface StepContext {
  readonly crm: Crm
  readonly erp: Erp
  /** Bearer token of the ERP. */
  readonly erpToken: string
  readonly engine: DemoEngine
  readonly narrator: Narrator
  /** Generated customers in the load. */
  readonly loadSize: number
  /** What must hold at the end, in words; filled by the acts, checked over HTTP. */
  readonly expectations: Expectation[]
  /** Milliseconds from an edit's response until the other system shows it, of single edits. */
  readonly latencies: number[]
}

/** Something that an act did and that must be true in both systems at the end. */
export interface Expectation {
  readonly what: string
  holds(comparison: Comparison): boolean
}

const waitMs = 120_000
const lookEveryMs = 25

/** Waits until a condition holds. @throws DEMO_STUCK after two minutes, naming what did not happen */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  everyMs = lookEveryMs,
): Promise<void> {
  const started = performance.now()
  while (!(await holds())) {
    if (performance.now() - started > waitMs)
      throw new IsthmusError('DEMO_STUCK', `waited ${waitMs / 1000} s in vain: ${what}`)
    await pause(everyMs)
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Waits until nothing is due, in hand or waiting, and the changes of the systems had time to be noticed. */
export async function untilQuiet(context: StepContext): Promise<void> {
  let quiet = 0
  await until(
    'all records settled',
    async () => {
      const { queue, records } = await context.engine.store.admin.status()
      const moving = queue.due + queue.running + queue.waiting + (records.candidate ?? 0)
      quiet = moving === 0 ? quiet + 1 : 0
      // The ERP is polled once a second: three quiet looks, half a second apart, see at least one poll.
      return quiet >= 4
    },
    500,
  )
}

// ── people at their keyboards

async function request(method: string, url: string, body?: object): Promise<unknown> {
  const response = await fetch(url, {
    method,
    signal: AbortSignal.timeout(30_000),
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  const text = await response.text()
  if (!response.ok) throw new RangeError(`${method} ${url} answered ${response.status}`)
  return text === '' ? undefined : JSON.parse(text)
}

/** Somebody adds a customer to the CRM. */
export async function addToCrm(context: StepContext, user: CrmUser): Promise<CrmCustomer> {
  return (await request('POST', `${context.crm.url}/users`, user)) as CrmCustomer // the CRM's own response
}

/** Somebody edits a customer in the CRM. */
export async function editInCrm(context: StepContext, id: number | string, change: object): Promise<void> {
  await request('PATCH', `${context.crm.url}/users/${id}`, change)
}

/** Somebody deletes a customer in the CRM. */
export async function deleteInCrm(context: StepContext, id: number | string): Promise<void> {
  await request('DELETE', `${context.crm.url}/users/${id}`)
}

/** The customer as the CRM shows it now; undefined when it is not there. */
export async function lookInCrm(context: StepContext, id: number | string): Promise<CrmCustomer | undefined> {
  const response = await fetch(`${context.crm.url}/users/${id}`)
  const text = await response.text()
  return response.ok ? (JSON.parse(text) as CrmCustomer) : undefined // the CRM's own response
}

/** The partner with that e-mail address, as somebody at the ERP would find it. */
export function partnerOf(context: StepContext, email: string): ErpPartner | undefined {
  return context.erp.partners().find((partner) => partner.mail.toLowerCase() === email.toLowerCase())
}

/** The partner with that e-mail address. @throws DEMO_STUCK when there is none */
export function knownPartner(context: StepContext, email: string): ErpPartner {
  const partner = partnerOf(context, email)
  if (partner === undefined) throw new IsthmusError('DEMO_STUCK', `the ERP has no partner ${email}`)
  return partner
}

/** The customer with that e-mail address. @throws DEMO_STUCK when there is none */
export async function knownCustomer(context: StepContext, email: string): Promise<CrmCustomer> {
  const { crm } = await compareSystems(context)
  const customer = crm.get(email.toLowerCase())
  if (customer === undefined) throw new IsthmusError('DEMO_STUCK', `the CRM has no customer ${email}`)
  return customer
}

/** Both systems must show this at the end. */
export function expect(context: StepContext, what: string, holds: (comparison: Comparison) => boolean): void {
  context.expectations.push({ what, holds })
}
