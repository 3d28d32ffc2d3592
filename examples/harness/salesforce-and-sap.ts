/** A Salesforce org and an S/4HANA: fakes on this machine, each behind a proxy that can give faults and a front that can be restarted. */
import { type FaultProxy, startFaultProxy } from '../../test/support/counterparts/fault-proxy.ts'
import type { StoredRecord } from '../../test/support/odata/model.ts'
import { type FakeSalesforce, startFakeSalesforce } from '../../test/support/salesforce/fake-salesforce.ts'
import { type SapServer, startSapServer } from '../../test/support/sap/server.ts'
import { type Front, httpFront } from './front.ts'
import type { ExampleSystems } from './run-example.ts'

export interface SalesforceAndSap extends ExampleSystems {
  readonly crm: FakeSalesforce
  readonly erp: SapServer
  readonly crmFaults: FaultProxy['faults']
  readonly erpFaults: FaultProxy['faults']
  readonly crmFront: Front
  readonly erpFront: Front
}

/** Value of `?token=` in outbound messages. */
export const hookSecret = 'an-address-that-nobody-guesses'

export async function openSalesforceAndSap(): Promise<SalesforceAndSap> {
  const crm = await startFakeSalesforce({ bulkPolls: 1 })
  const erp = await startSapServer()
  const crmProxy = await startFaultProxy(crm.url, { spare: (path) => path.startsWith('/services/oauth2/') })
  const erpProxy = await startFaultProxy(erp.url, { spare: (path) => path.includes('/$metadata') })
  const crmFront = await httpFront(crmProxy.url)
  const erpFront = await httpFront(erpProxy.url)
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
      SALESFORCE_HOOK_SECRET: hookSecret,
      SAP_URL: erpFront.url,
      SAP_USER: 'ISTHMUS',
      SAP_PASSWORD: 'Welcome1',
    },
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

function sapVersions({ partners, orders, items }: SapServer): [string, string][] {
  const rows = (kind: string, keys: readonly string[], all: readonly StoredRecord[]) =>
    all.map((row): [string, string] => [
      [kind, ...keys.map((key) => String(row[key]))].join(' '),
      JSON.stringify(row),
    ])
  return [
    ...rows('partner', ['BusinessPartner'], partners.all()),
    ...rows('order', ['SalesOrder'], orders.all()),
    ...rows('item', ['SalesOrder', 'SalesOrderItem'], items.all()),
  ]
}
