/** The context of the demo's steps: two systems with simulated users, output, and time measurement. */
import { IsthmusError } from '../model/errors.ts'
import type { Store } from '../store/contract.ts'
import { type Comparison, type CrmCustomer, compareSystems } from './compare.ts'
import type { Crm } from './crm.ts'
import type { Erp, ErpPartner } from './erp.ts'
import type { CrmUser } from './people.ts'

/** Prints progress. */
export interface Narrator {
  /** Starts a new step. */
  step(title: string): void
  /** Prints an action or an observation. */
  emit(line: string): void
  /** Prints the progress of long-running work. */
  progress(line: string): void
}

/** Actions that the demo starts manually, like `isthmus full`. */
export interface DemoEngine {
  readonly store: Store
  /** Runs a full run of both systems; resolves once everything that it found is settled. */
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
  /** Expectations for the end, with descriptions; added by the steps and checked over HTTP. */
  readonly expectations: Expectation[]
  /** Milliseconds from an edit's response until the other system shows it, of single edits. */
  readonly latencies: number[]
}

/** An expectation of a step that must be true in both systems at the end. */
export interface Expectation {
  readonly what: string
  holds(comparison: Comparison): boolean
}

const waitMs = 120_000
const lookEveryMs = 25

/** Waits until a condition holds. @throws DEMO_STUCK after two minutes, naming the missing condition */
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

/**
 * Waits until no record is due, in progress or waiting, and changes of the systems had time to be detected.
 */
export async function untilQuiet(context: StepContext): Promise<void> {
  let quiet = 0
  await until(
    'all records settled',
    async () => {
      const { queue, records } = await context.engine.store.admin.status()
      const moving = queue.due + queue.running + queue.waiting + (records.candidate ?? 0)
      quiet = moving === 0 ? quiet + 1 : 0
      // The ERP is polled once a second: three checks without work, half a second apart, cover at least one
      // poll.
      return quiet >= 4
    },
    500,
  )
}

// ── actions of users

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

/** Adds a customer to the CRM, as a user would. */
export async function addToCrm(context: StepContext, user: CrmUser): Promise<CrmCustomer> {
  return (await request('POST', `${context.crm.url}/users`, user)) as CrmCustomer // the CRM's own response
}

/** Edits a customer in the CRM, as a user would. */
export async function editInCrm(context: StepContext, id: number | string, change: object): Promise<void> {
  await request('PATCH', `${context.crm.url}/users/${id}`, change)
}

/** Deletes a customer in the CRM, as a user would. */
export async function deleteInCrm(context: StepContext, id: number | string): Promise<void> {
  await request('DELETE', `${context.crm.url}/users/${id}`)
}

/** Returns the current customer in the CRM; undefined if it does not exist. */
export async function lookInCrm(context: StepContext, id: number | string): Promise<CrmCustomer | undefined> {
  const response = await fetch(`${context.crm.url}/users/${id}`)
  const text = await response.text()
  return response.ok ? (JSON.parse(text) as CrmCustomer) : undefined // the CRM's own response
}

/** Returns the partner with that e-mail address in the ERP. */
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

/** Adds an expectation for both systems at the end. */
export function expect(context: StepContext, what: string, holds: (comparison: Comparison) => boolean): void {
  context.expectations.push({ what, holds })
}
