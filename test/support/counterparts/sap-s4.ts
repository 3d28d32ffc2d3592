/**
 * The counterpart of the connector `sap-s4`: the fake S/4HANA behind the fault proxy, with business partners, addresses, sales orders over V2 and the
 * same over V4. Commit and in-flight times are shorter than the presets', so that the suite need not wait.
 */
import type {
  CounterpartResource,
  StartCounterpart,
} from '../../../src/connectors/kit/conformance/counterpart.ts'
import type { NativeRecord } from '../../../src/model/values.ts'
import type { StoredRecord } from '../odata/model.ts'
import type { BackDoor } from '../odata/server.ts'
import { type SapServer, startSapServer } from '../sap/server.ts'
import { startFaultProxy } from './fault-proxy.ts'

const quick = { inflight: '1s', list: { pageSize: 7 } }
/** SAP's texts have a fixed length internally: trailing spaces are not significant. */
const stores = (text: string): string => text.replace(/ +$/, '')

export const startCounterpart: StartCounterpart = async () => {
  const sap = await startSapServer()
  const proxy = await startFaultProxy(sap.url, { spare: isPreparation })
  const soldTo = String(sap.partners.create(partner(0)).BusinessPartner)
  const wall = [
    { date: 'LastChangeDate', time: 'LastChangeTime' },
    { date: 'CreationDate', time: 'CreationTime' },
  ]
  return {
    settings: {
      connector: 'sap-s4',
      url: proxy.url,
      allowHttp: true,
      client: '100',
      auth: { type: 'basic', username: 'ISTHMUS', password: 'Welcome1' },
      resources: {
        BusinessPartner: { ...quick, changes: { tracks: wall, commitLag: '1500ms', overlap: '1s' } },
        BusinessPartnerAddress: quick,
        SalesOrder: { ...quick, changes: { ...byInstant, ties: 'skip' } },
        SalesOrderV4: { ...quick, changes: byInstant },
      },
    },
    resources: [
      partners(sap),
      addresses(sap, soldTo),
      orders(sap, 'SalesOrder', soldTo),
      orders(sap, 'SalesOrderV4', soldTo),
    ],
    faults: proxy.faults,
    stop: async () => {
      await proxy.close()
      await sap.close()
    },
  }
}

/** Metadata and CSRF tokens (the service's own address) precede a write, and are exempt from the suite's faults. */
const isPreparation = (path: string): boolean => /\/(?:\$metadata)?(?:\?|$)/.test(path)

const byInstant = { tracks: [{ field: 'LastChangeDateTime' }], commitLag: '400ms', overlap: '1s' }

const partner = (seed: number): StoredRecord => ({
  BusinessPartnerCategory: '2',
  OrganizationBPName1: `Company ${seed}`,
  SearchTerm1: `C${seed}`,
})

function partners(sap: SapServer): CounterpartResource {
  const door = sap.partners
  return {
    ...timed(sap, door, 'BusinessPartner'),
    name: 'BusinessPartner',
    body: partner,
    patch: (seed) => ({ OrganizationBPName2: `Part ${seed}` }),
    texts: [{ path: ['OrganizationBPName1'], maxLength: 40, stores }],
    refused: () => ({ BusinessPartnerCategory: '9', OrganizationBPName1: 'Nobody' }),
    // Partners are never deleted: one is marked for archiving, which counts as deleted.
    remove: async (nativeId) =>
      void door.change({ BusinessPartner: nativeId }, { IsMarkedForArchiving: true }),
    count: async () => door.all().filter((one) => one.IsMarkedForArchiving !== true).length,
    crowd: async (count) => {
      for (let at = 0; at < count; at += 1) door.create({ ...partner(at), SearchTerm2: 'CROWD' })
      return { SearchTerm2: 'CROWD' }
    },
    stranger: () => '9999999',
  }
}

function orders(sap: SapServer, name: string, soldTo: string): CounterpartResource {
  return {
    ...timed(sap, sap.orders, 'SalesOrder'),
    name,
    body: (seed) => ({
      SalesOrderType: 'OR',
      SalesOrganization: '1010',
      DistributionChannel: '10',
      OrganizationDivision: '00',
      SoldToParty: soldTo,
      RequestedDeliveryDate: `2027-01-${String((seed % 28) + 1).padStart(2, '0')}`,
    }),
    patch: (seed) => ({ TransactionCurrency: `X${seed % 1_000}` }),
    texts: [],
    refused: () => ({ SalesOrderType: 'OR', SoldToParty: soldTo }),
    crowd: async (count) => {
      const body = { SalesOrderType: 'OR', SalesOrganization: '1010', DistributionChannel: '10' }
      for (let at = 0; at < count; at += 1) {
        sap.orders.create({
          ...body,
          OrganizationDivision: '00',
          SoldToParty: soldTo,
          TransactionCurrency: 'CRO',
        })
      }
      return { TransactionCurrency: 'CRO' }
    },
    stranger: () => '99999999',
  }
}

function addresses(sap: SapServer, owner: string): CounterpartResource {
  const door = sap.addresses
  const keyOf = (nativeId: string): StoredRecord =>
    Object.fromEntries(nativeId.split(',').map((part) => part.split('=')))
  return {
    name: 'BusinessPartnerAddress',
    body: (seed) => ({
      BusinessPartner: owner,
      Country: 'DE',
      CityName: `City ${seed}`,
      PostalCode: '53111',
    }),
    patch: (seed) => ({ CityName: `Town ${seed}` }),
    texts: [{ path: ['StreetName'], maxLength: 60, stores }],
    insert: async (body) => {
      const { BusinessPartner, AddressID } = door.create(stored(body))
      return `BusinessPartner=${BusinessPartner},AddressID=${AddressID}`
    },
    change: async (nativeId, patch) => void door.change(keyOf(nativeId), stored(patch)),
    remove: async (nativeId) => door.delete(keyOf(nativeId)),
    refused: () => ({ BusinessPartner: owner, CityName: 'Nowhere' }),
    stranger: () => `BusinessPartner=${owner},AddressID=99999999`,
    count: async () => door.count(),
  }
}

/** A back door to records with one key and times by the clock of the fake. */
function timed(
  { server }: SapServer,
  door: BackDoor,
  key: string,
): Omit<CounterpartResource, 'name' | 'body' | 'patch' | 'texts'> {
  const { clock } = server.store
  const insert = (body: NativeRecord): string => String(door.create(stored(body))[key])
  return {
    insert: async (body) => insert(body),
    change: async (nativeId, patch) => void door.change({ [key]: nativeId }, stored(patch)),
    remove: async (nativeId) => door.delete({ [key]: nativeId }),
    insertTied: async (bodies) => clock.at(clock.now(), () => bodies.map(insert)),
    insertLate: async (body, ageMs) => clock.at(clock.now() - ageMs, () => insert(body)),
    count: async () => door.count(),
  }
}

/** Bodies of the suite contain values that the fake stores unchanged: texts, days, flags. */
function stored(body: NativeRecord): StoredRecord {
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, typeof value === 'boolean' ? value : String(value)]),
  )
}
