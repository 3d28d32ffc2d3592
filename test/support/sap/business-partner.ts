/** The supported part of API_BUSINESS_PARTNER (OData V2): partners, their addresses and identifications. */
import type { FakeProperty, FakeService, FakeSet, StoredRecord, Writing } from '../odata/model.ts'
import { Refusal } from '../odata/model.ts'

export const businessPartnerPath = '/sap/opu/odata/sap/API_BUSINESS_PARTNER'

const text = (name: string, maxLength: number, more: Partial<FakeProperty> = {}): FakeProperty => ({
  name,
  type: 'Edm.String',
  maxLength,
  ...more,
})
const readOnly = { creatable: false, updatable: false } as const

/** Local day and time of the system, which is in UTC. */
function wall(writing: Writing): { readonly day: string; readonly time: string } {
  const iso = new Date(writing.now()).toISOString()
  return { day: iso.slice(0, 10), time: iso.slice(11, 19) }
}

function namesOf(partner: StoredRecord): StoredRecord {
  const isPerson = partner.BusinessPartnerCategory === '1'
  const names = isPerson
    ? [partner.FirstName, partner.LastName]
    : [partner.OrganizationBPName1, partner.OrganizationBPName2]
  const whole = names.filter((name) => name !== '' && name !== null).join(' ')
  return { BusinessPartnerFullName: whole.slice(0, 81), BusinessPartnerName: whole.slice(0, 81) }
}

function required(record: StoredRecord, name: string, code: string): void {
  if (record[name] === '' || record[name] === null) {
    throw new Refusal(400, code, `Enter a value for ${name}`, name)
  }
}

/** Identification types that the customizing of the fake knows. */
const identificationTypes: ReadonlySet<string> = new Set(['ISTHMS', 'BUP001', 'BUP002'])

const partners: FakeSet = {
  name: 'A_BusinessPartner',
  type: 'A_BusinessPartnerType',
  label: 'Business Partner',
  key: ['BusinessPartner'],
  etag: 'ETag',
  deletable: false,
  properties: [
    text('BusinessPartner', 10, { nullable: false, updatable: false, label: 'Business Partner' }),
    text('Customer', 10, { ...readOnly, label: 'Customer' }),
    text('BusinessPartnerCategory', 1, { updatable: false, label: 'BP Category' }),
    text('BusinessPartnerFullName', 81, { ...readOnly, label: 'Full Name' }),
    text('BusinessPartnerGrouping', 4, { updatable: false, label: 'Grouping' }),
    text('BusinessPartnerName', 81, { ...readOnly }),
    { name: 'BusinessPartnerUUID', type: 'Edm.Guid', ...readOnly },
    text('CorrespondenceLanguage', 2),
    text('CreatedByUser', 12, { ...readOnly }),
    { name: 'CreationDate', type: 'Edm.DateTime', ...readOnly },
    { name: 'CreationTime', type: 'Edm.Time', precision: 0, ...readOnly },
    text('FirstName', 40),
    text('LastName', 40),
    { name: 'LastChangeDate', type: 'Edm.DateTime', ...readOnly },
    { name: 'LastChangeTime', type: 'Edm.Time', precision: 0, ...readOnly },
    text('LastChangedByUser', 12, { ...readOnly }),
    text('OrganizationBPName1', 40, { label: 'Name 1' }),
    text('OrganizationBPName2', 40, { label: 'Name 2' }),
    text('SearchTerm1', 20, { label: 'Search Term 1' }),
    text('SearchTerm2', 20, { label: 'Search Term 2' }),
    text('TradingPartner', 6),
    text('BusinessPartnerIDByExtSystem', 20),
    { name: 'BusinessPartnerIsBlocked', type: 'Edm.Boolean', label: 'Central Block' },
    { name: 'IsMarkedForArchiving', type: 'Edm.Boolean', label: 'Archiving Flag' },
    { name: 'BirthDate', type: 'Edm.DateTime' },
    text('ETag', 26, { ...readOnly }),
  ],
  navigations: [
    {
      name: 'to_BusinessPartnerAddress',
      target: 'A_BusinessPartnerAddress',
      many: true,
      on: [['BusinessPartner', 'BusinessPartner']],
    },
    {
      name: 'to_BuPaIdentification',
      target: 'A_BuPaIdentification',
      many: true,
      on: [['BusinessPartner', 'BusinessPartner']],
    },
  ],
  onCreate(record, writing) {
    if (!['1', '2', '3'].includes(String(record.BusinessPartnerCategory))) {
      throw new Refusal(400, 'R11/113', 'Enter a business partner category', 'BusinessPartnerCategory')
    }
    required(record, record.BusinessPartnerCategory === '1' ? 'LastName' : 'OrganizationBPName1', 'R11/126')
    if (record.BusinessPartner === '') record.BusinessPartner = writing.number('BU_PARTNER:1000001')
    const { day, time } = wall(writing)
    Object.assign(record, namesOf(record), {
      BusinessPartnerUUID: `00000000-0000-4000-8000-${String(record.BusinessPartner).padStart(12, '0')}`,
      BusinessPartnerGrouping: record.BusinessPartnerGrouping || 'BP02',
      CreatedByUser: 'CC0000000001',
      CreationDate: day,
      CreationTime: time,
      // Empty until the first change: a client that follows only changes never sees a new partner.
      LastChangeDate: null,
      LastChangeTime: null,
      ETag: etag(record, writing),
    })
  },
  onUpdate(record, _patch, writing) {
    const { day, time } = wall(writing)
    Object.assign(record, namesOf(record), {
      LastChangeDate: day,
      LastChangeTime: time,
      LastChangedByUser: 'CC0000000001',
      ETag: etag(record, writing),
    })
  },
}

/** 26 characters that differ after each change, even at the same time. */
function etag(record: StoredRecord, writing: Writing): string {
  const changes = Number(String(record.ETag || 'ETAG0000').slice(4, 8)) + 1
  return `ETAG${String(changes % 10_000).padStart(4, '0')}${writing.instant().replaceAll(/\D/g, '').slice(0, 18)}`
}

const addresses: FakeSet = {
  name: 'A_BusinessPartnerAddress',
  type: 'A_BusinessPartnerAddressType',
  label: 'Address',
  key: ['BusinessPartner', 'AddressID'],
  properties: [
    text('BusinessPartner', 10, { nullable: false, updatable: false }),
    text('AddressID', 10, { nullable: false, updatable: false }),
    text('CityName', 40, { label: 'City' }),
    text('Country', 3, { label: 'Country/Region Key' }),
    text('HouseNumber', 10),
    text('Language', 2),
    text('PostalCode', 10),
    text('Region', 3),
    text('StreetName', 60),
  ],
  onCreate(record, writing) {
    if (writing.find('A_BusinessPartner', { BusinessPartner: record.BusinessPartner ?? '' }) === undefined) {
      throw new Refusal(400, 'R1/101', 'Business partner does not exist', 'BusinessPartner')
    }
    required(record, 'Country', 'AM/184')
    if (record.AddressID === '') record.AddressID = writing.number('ADRNR:20001')
  },
}

const identifications: FakeSet = {
  name: 'A_BuPaIdentification',
  type: 'A_BuPaIdentificationType',
  label: 'Identification',
  key: ['BusinessPartner', 'BPIdentificationType', 'BPIdentificationNumber'],
  properties: [
    text('BusinessPartner', 10, { nullable: false, updatable: false }),
    text('BPIdentificationType', 6, { nullable: false, updatable: false }),
    text('BPIdentificationNumber', 60, { nullable: false, updatable: false }),
    text('BPIdnNmbrIssuingInstitute', 40),
    text('Country', 3),
  ],
  onCreate(record) {
    if (!identificationTypes.has(String(record.BPIdentificationType))) {
      throw new Refusal(400, 'R1/282', 'Identification type does not exist', 'BPIdentificationType')
    }
  },
}

export const businessPartnerService: FakeService = {
  path: businessPartnerPath,
  version: 2,
  namespace: 'API_BUSINESS_PARTNER',
  sets: [partners, addresses, identifications],
}
