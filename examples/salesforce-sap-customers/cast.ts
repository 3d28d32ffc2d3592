/** The systems of this example: a Salesforce org and an S/4HANA, both fakes on this machine, each behind a proxy that can give faults. */
import { type FaultProxy, startFaultProxy } from '../../test/support/counterparts/fault-proxy.ts'
import type { StoredRecord } from '../../test/support/odata/model.ts'
import { type FakeSalesforce, startFakeSalesforce } from '../../test/support/salesforce/fake-salesforce.ts'
import { sendOutboundMessage } from '../../test/support/salesforce/outbound.ts'
import { type SapServer, startSapServer } from '../../test/support/sap/server.ts'
import { type Front, httpFront } from '../stage/front.ts'
import type { Cast } from '../stage/play.ts'

export interface Customers extends Cast {
  readonly crm: FakeSalesforce
  readonly erp: SapServer
  readonly crmFaults: FaultProxy['faults']
  readonly erpFaults: FaultProxy['faults']
  readonly crmFront: Front
  readonly erpFront: Front
  /** Accounts that exist. */
  accounts(): readonly AccountRow[]
  /** Tells Isthmus of an account by an outbound message, as a workflow rule would. */
  notify(id: string): Promise<boolean>
}

/** An account as people see it. */
export interface AccountRow {
  readonly id: string
  readonly name: string
  readonly number: string
  readonly active: boolean
  readonly erpNumber: string
}

const secret = 'an-address-that-nobody-guesses'

export async function openSystems(hooks: string): Promise<Customers> {
  const crm = await startFakeSalesforce({ bulkPolls: 1 })
  const erp = await startSapServer()
  const crmProxy = await startFaultProxy(crm.url, { spare: (path) => path.startsWith('/services/oauth2/') })
  const erpProxy = await startFaultProxy(erp.url, { spare: (path) => path.includes('/$metadata') })
  const crmFront = await httpFront(crmProxy.url)
  const erpFront = await httpFront(erpProxy.url)
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  return {
    crm,
    erp,
    crmFaults: crmProxy.faults,
    erpFaults: erpProxy.faults,
    crmFront,
    erpFront,
    environment: {
      SALESFORCE_URL: crmFront.url,
      SALESFORCE_TOKEN_URL: `${crmFront.url}/services/oauth2/token`,
      SALESFORCE_CLIENT_ID: crm.credentials.clientId,
      SALESFORCE_CLIENT_SECRET: crm.credentials.clientSecret,
      SALESFORCE_ORGANIZATION: crm.org.id,
      SALESFORCE_HOOK_SECRET: secret,
      SAP_URL: erpFront.url,
      SAP_USER: 'ISTHMUS',
      SAP_PASSWORD: 'Welcome1',
    },
    accounts: () =>
      [...crm.org.records('Account')]
        .filter(({ deleted }) => !deleted)
        .map(({ id, values }) => ({
          id,
          name: text(values.Name),
          number: text(values.AccountNumber),
          active: values.Active__c === true,
          erpNumber: text(values.ERP_Number__c),
        })),
    notify: (id) =>
      sendOutboundMessage(`${hooks}/crm?token=${secret}`, crm.org.id, [
        { object: 'Account', id, notificationId: `04l${id.slice(3)}` },
      ]),
    versions: () => new Map([...salesforceVersions(crm), ...sapVersions(erp)]),
    close: async () => {
      for (const part of [crmFront, erpFront, crmProxy, erpProxy, crm, erp]) await part.close()
    },
  }
}

function salesforceVersions({ org }: FakeSalesforce): [string, string][] {
  return ['Account', 'Opportunity'].flatMap((object) =>
    [...org.records(object)].map((record): [string, string] => [
      record.id,
      JSON.stringify([record.modstampMs, record.deleted, org.native(record)]),
    ]),
  )
}

function sapVersions({ partners, orders }: SapServer): [string, string][] {
  const rows = (kind: string, key: string, all: readonly StoredRecord[]) =>
    all.map((row): [string, string] => [`${kind} ${row[key]}`, JSON.stringify(row)])
  return [...rows('partner', 'BusinessPartner', partners.all()), ...rows('order', 'SalesOrder', orders.all())]
}
