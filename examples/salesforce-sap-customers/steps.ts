/** Simulated actions of users and faults of the network for the two systems. */
import type { StoredRecord } from '../../test/support/odata/model.ts'
import type { Step, StepContext } from '../harness/run-example.ts'
import { nameOf, termOf } from './audit.ts'
import type { Customers } from './systems.ts'

type CustomerScene = StepContext<Customers>

const account = ({ systems }: CustomerScene, number: string) =>
  systems.accounts().find((one) => one.number === number)

function partner({ systems }: CustomerScene, number: string): StoredRecord | undefined {
  return systems.erp.partners.all().find((one) => termOf(one) === number)
}

const numberOf = (n: number): string => `C-${String(n).padStart(5, '0')}`

/** Before Isthmus: half of the customers are in both systems, spelt differently; the others in one of the two. */
export function fill({ crm, erp }: Customers, records: number): void {
  for (let n = 1; n <= records; n += 1) {
    const name = `Customer ${n}`
    if (n % 4 !== 0) crm.org.create('Account', { Name: name, AccountNumber: numberOf(n), Active__c: true })
    if (n % 4 !== 1)
      erp.partners.create({
        BusinessPartnerCategory: '2',
        OrganizationBPName1: name,
        SearchTerm1: numberOf(n),
        BusinessPartnerIsBlocked: false,
      })
  }
}

const firstLoad: Step<Customers> = {
  title: 'First load: what both systems know is recognised, the rest is created',
  run: async (context) => {
    await context.settled()
    const { systems } = context
    context.say(
      `${systems.accounts().length} accounts, ${systems.erp.partners.count()} partners, each the other's counterpart.`,
    )
    context.say('SAP numbers its partners itself; the number is in each account now: only SAP may change it.')
  },
}

const edits: Step<Customers> = {
  title: 'Edits on both sides',
  run: async (context) => {
    const { systems } = context
    const one = account(context, numberOf(1))
    const long = 'The Worshipful Company of Mapmakers, Navigators and Engravers'
    context.say(`In Salesforce, ${one?.name} becomes "${long}". SAP holds 40 characters.`)
    systems.crm.org.update('Account', one?.id ?? '', { Name: long })
    await systems.notify(one?.id ?? '')
    await context.until('the name in SAP', () => {
      const there = partner(context, numberOf(1))
      return there !== undefined && nameOf(there) === long.slice(0, 40).trim()
    })
    context.say('SAP has its 40, Salesforce keeps all of them.')
    context.say('In SAP, a partner is blocked: in Salesforce the account is no longer active.')
    const other = partner(context, numberOf(2))
    systems.erp.partners.change(
      { BusinessPartner: other?.BusinessPartner ?? '' },
      { BusinessPartnerIsBlocked: true },
    )
    await context.until('the account inactive', () => account(context, numberOf(2))?.active === false)
  },
}

const conflict: Step<Customers> = {
  title: 'The same name, edited in both at once',
  run: async (context) => {
    const { systems } = context
    const there = partner(context, numberOf(3))
    const here = account(context, numberOf(3))
    systems.erp.partners.change(
      { BusinessPartner: there?.BusinessPartner ?? '' },
      { OrganizationBPName1: 'Third, says SAP' },
    )
    systems.crm.org.update('Account', here?.id ?? '', { Name: 'Third, says Salesforce' })
    await systems.notify(here?.id ?? '')
    context.say('The definition leaves names to a person. Until somebody decides, neither is overwritten.')
    let open: readonly { readonly id: string }[] = []
    await context.until('an open conflict', async () => {
      open = conflictsOf(await context.isthmus('conflicts', 'list', '--json'))
      return open.length > 0
    })
    await context.isthmus('conflicts', 'resolve', open[0]?.id ?? '', '--take', 'crm')
    await context.until('one name', () => {
      const now = partner(context, numberOf(3))
      return now !== undefined && nameOf(now) === 'Third, says Salesforce'
    })
    context.say('Somebody took the one from Salesforce; it is in both.')
  },
}

function conflictsOf(output: string): readonly { readonly id: string }[] {
  const response = JSON.parse(output) as { readonly conflicts?: readonly { readonly id: string }[] } // the CLI's own document
  return response.conflicts ?? []
}

const orders: Step<Customers> = {
  title: 'A won opportunity becomes an order of that customer',
  run: async (context) => {
    const { systems } = context
    context.say(
      'A new account and a won opportunity of it, in the same second: the order has to wait for the partner.',
    )
    const id = systems.crm.org.create('Account', {
      Name: 'New customer',
      AccountNumber: 'C-NEW',
      Active__c: true,
    })
    const opportunity = (name: string, stage: string) =>
      systems.crm.org.create('Opportunity', {
        Name: name,
        AccountId: id,
        StageName: stage,
        CloseDate: '2027-03-01',
      })
    const won = opportunity('First order', 'Closed Won')
    opportunity('Not yet', 'Negotiation/Review')
    await context.until(
      'an order number in Salesforce',
      () => systems.crm.org.live('Opportunity', won).values.Order_Number__c != null,
    )
    context.say(
      `Order ${systems.crm.org.live('Opportunity', won).values.Order_Number__c}; the one that is still negotiated has none.`,
    )
  },
}

const faults: Step<Customers> = {
  title: 'Restarts, a lost response, a limit, and a killed Isthmus',
  run: async (context) => {
    const { systems } = context
    const create = (n: number) =>
      systems.crm.org.create('Account', {
        Name: `Late customer ${n}`,
        AccountNumber: `L-${n}`,
        Active__c: true,
      })
    context.say(
      'SAP makes a partner, but its response is lost. S/4HANA is restarted, and all sessions are over.',
    )
    systems.erpFaults.loseNextResponse({ method: 'POST' })
    for (let n = 1; n <= 20; n += 1) create(n)
    await context.until('the first ones in SAP', () => partner(context, 'L-1') !== undefined)
    const sapAway = systems.erpFront.restart(3_000)
    systems.erp.server.sessions.endAll()
    for (let n = 21; n <= 40; n += 1) create(n)
    await sapAway
    context.say('Salesforce is restarted; its sessions are over, its request limit is reached for a moment.')
    systems.crmFaults.respondNext({
      status: 403,
      body: JSON.stringify([
        { errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'TotalRequests Limit exceeded.' },
      ]),
    })
    const crmAway = systems.crmFront.restart(3_000)
    systems.crm.oauth.endSessions()
    for (let n = 41; n <= 60; n += 1) create(n)
    await crmAway
    context.say('Isthmus is killed in the middle of it, and started again.')
    await context.killAndRestart()
    await context.until('all of them in SAP', () => partner(context, 'L-60') !== undefined)
    await context.settled()
    context.say('Sixty new customers, sixty new partners.')
  },
}

export const steps: readonly Step<Customers>[] = [firstLoad, edits, conflict, orders, faults]
