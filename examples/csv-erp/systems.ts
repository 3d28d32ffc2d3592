/** The systems of this example: an ERP that only knows files, and a CRM with an API and webhooks. */
import type { FakeSystem } from '../../test/support/fake-system/fake-system.ts'
import { startFakeSystem } from '../../test/support/fake-system/fake-system.ts'
import type { Native, RemoteTable } from '../../test/support/fake-system/remote-table.ts'
import { type Front, httpFront } from '../harness/front.ts'
import type { ExampleSystems } from '../harness/run-example.ts'
import { type CsvErp, openErp } from './erp.ts'

export interface Systems extends ExampleSystems {
  readonly erp: CsvErp
  readonly crm: FakeSystem
  readonly crmFront: Front
  /** The CRM's records by number, with the ids that the CRM gave them. */
  inCrm(table: 'customers' | 'invoices'): ReadonlyMap<string, readonly CrmRecord[]>
}

export interface CrmRecord {
  readonly nativeId: string
  readonly body: Native
}

export async function openSystems(hooks: string): Promise<Systems> {
  const token = 'let-me-in'
  const secret = `whsec_${Buffer.from('nobody-guesses-this-secret-of-32b').toString('base64')}`
  const erp = await openErp()
  const crm = await startFakeSystem({
    name: 'crm',
    token,
    webhooks: { url: `${hooks}/crm`, secret, lose: 0.2, duplicate: 0.2, delayMs: 200 },
    resources: [
      { name: 'customers', create: 'upsertKey', unique: 'number', decimals: { credit: 2 } },
      { name: 'invoices', create: 'upsertKey', unique: 'number', decimals: { total: 2 } },
    ],
  })
  const crmFront = await httpFront(crm.url)
  const table = (name: string): RemoteTable => crm.resource(name).table
  return {
    erp,
    crm,
    crmFront,
    environment: {
      ERP_FOLDER: erp.folder,
      CRM_URL: crmFront.url,
      CRM_TOKEN: token,
      CRM_HOOK_SECRET: secret,
    },
    inCrm: (name) => {
      const found = recordsOf(table(name))
      return Map.groupBy(found, ({ body }) => String(body.number))
    },
    versions: () =>
      new Map([
        // A file of orders is a write, even if the ERP makes nothing new of it.
        ['orders', String(erp.taken)],
        ...[...erp.customers].map(([number, one]): [string, string] => [
          `erp ${number}`,
          JSON.stringify(one),
        ]),
        ...['customers', 'invoices'].flatMap((name) =>
          recordsOf(table(name)).map(({ nativeId }): [string, string] => [
            `${name} ${nativeId}`,
            String(table(name).current(nativeId)?.version),
          ]),
        ),
      ]),
    close: async () => {
      for (const part of [crmFront, crm, erp]) await part.close()
    },
  }
}

function recordsOf(table: RemoteTable): readonly CrmRecord[] {
  return [...table.nativeIds()].map((nativeId) => ({ nativeId, body: table.current(nativeId)?.body ?? {} }))
}
