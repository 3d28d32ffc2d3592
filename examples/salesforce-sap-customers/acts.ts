/** What people and networks do to the two systems. */
import type { StoredRecord } from '../../test/support/odata/model.ts'
import type { Act, Scene } from '../stage/play.ts'
import { nameOf, termOf } from './audit.ts'
import type { Customers } from './cast.ts'

type CustomerScene = Scene<Customers>

const account = ({ cast }: CustomerScene, number: string) =>
  cast.accounts().find((one) => one.number === number)

function partner({ cast }: CustomerScene, number: string): StoredRecord | undefined {
  return cast.erp.partners.all().find((one) => termOf(one) === number)
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

const firstLoad: Act<Customers> = {
  title: 'First load: what both systems know is recognised, the rest is created',
  play: async (scene) => {
    await scene.settled()
    const { cast } = scene
    scene.say(
      `${cast.accounts().length} accounts, ${cast.erp.partners.count()} partners, each the other's counterpart.`,
    )
    scene.say('SAP numbers its partners itself; the number is in each account now: only SAP may change it.')
  },
}

const edits: Act<Customers> = {
  title: 'Edits on both sides',
  play: async (scene) => {
    const { cast } = scene
    const one = account(scene, numberOf(1))
    const long = 'The Worshipful Company of Mapmakers, Navigators and Engravers'
    scene.say(`In Salesforce, ${one?.name} becomes "${long}". SAP holds 40 characters.`)
    cast.crm.org.update('Account', one?.id ?? '', { Name: long })
    await cast.notify(one?.id ?? '')
    await scene.until('the name in SAP', () => {
      const there = partner(scene, numberOf(1))
      return there !== undefined && nameOf(there) === long.slice(0, 40).trim()
    })
    scene.say('SAP has its 40, Salesforce keeps all of them.')
    scene.say('In SAP, a partner is blocked: in Salesforce the account is no longer active.')
    const other = partner(scene, numberOf(2))
    cast.erp.partners.change(
      { BusinessPartner: other?.BusinessPartner ?? '' },
      { BusinessPartnerIsBlocked: true },
    )
    await scene.until('the account inactive', () => account(scene, numberOf(2))?.active === false)
  },
}

const conflict: Act<Customers> = {
  title: 'The same name, edited in both at once',
  play: async (scene) => {
    const { cast } = scene
    const there = partner(scene, numberOf(3))
    const here = account(scene, numberOf(3))
    cast.erp.partners.change(
      { BusinessPartner: there?.BusinessPartner ?? '' },
      { OrganizationBPName1: 'Third, says SAP' },
    )
    cast.crm.org.update('Account', here?.id ?? '', { Name: 'Third, says Salesforce' })
    await cast.notify(here?.id ?? '')
    scene.say('The definition leaves names to a person. Until somebody decides, neither is overwritten.')
    let open: readonly { readonly id: string }[] = []
    await scene.until('an open conflict', async () => {
      open = conflictsOf(await scene.isthmus('conflicts', 'list', '--json'))
      return open.length > 0
    })
    await scene.isthmus('conflicts', 'resolve', open[0]?.id ?? '', '--take', 'crm')
    await scene.until('one name', () => {
      const now = partner(scene, numberOf(3))
      return now !== undefined && nameOf(now) === 'Third, says Salesforce'
    })
    scene.say('Somebody took the one from Salesforce; it is in both.')
  },
}

function conflictsOf(output: string): readonly { readonly id: string }[] {
  const answer = JSON.parse(output) as { readonly conflicts?: readonly { readonly id: string }[] } // the CLI's own document
  return answer.conflicts ?? []
}

const orders: Act<Customers> = {
  title: 'A won opportunity becomes an order of that customer',
  play: async (scene) => {
    const { cast } = scene
    scene.say(
      'A new account and a won opportunity of it, in the same second: the order has to wait for the partner.',
    )
    const id = cast.crm.org.create('Account', {
      Name: 'New customer',
      AccountNumber: 'C-NEW',
      Active__c: true,
    })
    const opportunity = (name: string, stage: string) =>
      cast.crm.org.create('Opportunity', {
        Name: name,
        AccountId: id,
        StageName: stage,
        CloseDate: '2027-03-01',
      })
    const won = opportunity('First order', 'Closed Won')
    opportunity('Not yet', 'Negotiation/Review')
    await scene.until(
      'an order number in Salesforce',
      () => cast.crm.org.live('Opportunity', won).values.Order_Number__c != null,
    )
    scene.say(
      `Order ${cast.crm.org.live('Opportunity', won).values.Order_Number__c}; the one that is still negotiated has none.`,
    )
  },
}

const faults: Act<Customers> = {
  title: 'Restarts, a lost answer, a limit, and a killed Isthmus',
  play: async (scene) => {
    const { cast } = scene
    const create = (n: number) =>
      cast.crm.org.create('Account', { Name: `Late customer ${n}`, AccountNumber: `L-${n}`, Active__c: true })
    scene.say('SAP makes a partner, but its answer is lost. S/4HANA is restarted, and all sessions are over.')
    cast.erpFaults.loseNextAnswer({ method: 'POST' })
    for (let n = 1; n <= 20; n += 1) create(n)
    await scene.until('the first ones in SAP', () => partner(scene, 'L-1') !== undefined)
    const sapAway = cast.erpFront.restart(3_000)
    cast.erp.server.sessions.endAll()
    for (let n = 21; n <= 40; n += 1) create(n)
    await sapAway
    scene.say('Salesforce is restarted; its sessions are over, its request limit is reached for a moment.')
    cast.crmFaults.answerNext({
      status: 403,
      body: JSON.stringify([
        { errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'TotalRequests Limit exceeded.' },
      ]),
    })
    const crmAway = cast.crmFront.restart(3_000)
    cast.crm.oauth.endSessions()
    for (let n = 41; n <= 60; n += 1) create(n)
    await crmAway
    scene.say('Isthmus is killed in the middle of it, and started again.')
    await scene.killAndRestart()
    await scene.until('all of them in SAP', () => partner(scene, 'L-60') !== undefined)
    await scene.settled()
    scene.say('Sixty new customers, sixty new partners.')
  },
}

export const acts: readonly Act<Customers>[] = [firstLoad, edits, conflict, orders, faults]
