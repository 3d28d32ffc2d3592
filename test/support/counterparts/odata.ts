/**
 * The counterpart of the connector `odata`: two services unrelated to SAP, behind the fault proxy. Products over V4 have versions, a marker and
 * times, and JSON batches; contacts over V2 have a key of two parts and little else.
 */
import type { StartCounterpart } from '../../../src/connectors/kit/conformance/counterpart.ts'
import type { NativeRecord } from '../../../src/model/values.ts'
import { contactsPath, contactsService, productsPath, productsService } from '../odata/catalogue.ts'
import type { StoredRecord } from '../odata/model.ts'
import { startODataServer } from '../odata/server.ts'
import { startFaultProxy } from './fault-proxy.ts'

export const startCounterpart: StartCounterpart = async () => {
  const server = await startODataServer({ services: [productsService, contactsService] })
  const proxy = await startFaultProxy(server.url, { spare: (path) => path.includes('/$metadata') })
  const products = server.table(productsPath, 'Products')
  const contacts = server.table(contactsPath, 'Contacts')
  const { clock } = server.store
  const insertProduct = (body: NativeRecord): string => String(products.create(stored(body)).ID)
  const stores = (text: string): string => text.replace(/ +$/, '')
  return {
    settings: {
      connector: 'odata',
      url: proxy.url,
      allowHttp: true,
      batchFormat: 'json',
      resources: {
        Products: {
          service: productsPath,
          etag: true,
          create: { as: 'marker', field: 'ExternalID' },
          changes: { tracks: [{ field: 'ModifiedAt' }], commitLag: '400ms', overlap: '1s' },
          remove: { delete: true },
          list: { pageSize: 7 },
          batch: { read: 20, write: 20 },
          inflight: '1s',
        },
        Contacts: {
          service: contactsPath,
          tombstone: { field: 'Deleted', equals: true },
          remove: { delete: true },
          list: { paging: 'server', pageSize: 7 },
          update: 'merge',
          batch: { read: 20, write: 20 },
          inflight: '1s',
        },
      },
    },
    resources: [
      {
        name: 'Products',
        body: (seed) => ({ Name: `Product ${seed}`, Price: `${seed % 1_000}.25`, Available: true }),
        patch: (seed) => ({ Price: `${seed % 10_000}.5` }),
        texts: [{ path: ['Name'], maxLength: 120, stores }],
        insert: async (body) => insertProduct(body),
        change: async (nativeId, patch) => void products.change({ ID: nativeId }, stored(patch)),
        remove: async (nativeId) => products.delete({ ID: nativeId }),
        insertTied: async (bodies) => clock.at(clock.now(), () => bodies.map(insertProduct)),
        insertLate: async (body, ageMs) => clock.at(clock.now() - ageMs, () => insertProduct(body)),
        refused: () => ({ Name: 'Too cheap', Price: '-1' }),
        crowd: async (count) => {
          for (let at = 0; at < count; at += 1) products.create({ Name: 'Crowd', Price: '1' })
          return { Name: 'Crowd' }
        },
        stranger: () => '999999',
        count: async () => products.count(),
      },
      {
        name: 'Contacts',
        body: (seed) => ({ Company: 'C1', Name: `Contact ${seed}`, Mail: `c${seed}@example.com` }),
        patch: (seed) => ({ Mail: `d${seed}@example.com` }),
        texts: [{ path: ['Name'], maxLength: 80, stores }],
        insert: async (body) => {
          const { Company, Number: number } = contacts.create(stored(body))
          return `Company=${Company},Number=${number}`
        },
        change: async (nativeId, patch) => void contacts.change(contactKey(nativeId), stored(patch)),
        remove: async (nativeId) => contacts.delete(contactKey(nativeId)),
        refused: () => ({ Name: 'Without a company' }),
        stranger: () => 'Company=C1,Number=999999',
        count: async () => contacts.count(),
      },
    ],
    faults: proxy.faults,
    stop: async () => {
      await proxy.close()
      await server.close()
    },
  }
}

function contactKey(nativeId: string): StoredRecord {
  return Object.fromEntries(nativeId.split(',').map((part) => part.split('=')))
}

function stored(body: NativeRecord): StoredRecord {
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, typeof value === 'boolean' ? value : String(value)]),
  )
}
