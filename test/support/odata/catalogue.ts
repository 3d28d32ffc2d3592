/** Two services unrelated to SAP: products over V4, contacts over V2. */
import { type FakeProperty, type FakeService, type FakeSet, Refusal } from './model.ts'

export const productsPath = '/v4/catalogue'
export const contactsPath = '/v2/crm'

const text = (name: string, maxLength: number, more: Partial<FakeProperty> = {}): FakeProperty => ({
  name,
  type: 'Edm.String',
  maxLength,
  ...more,
})
const readOnly = { creatable: false, updatable: false } as const

const products: FakeSet = {
  name: 'Products',
  type: 'Product',
  label: 'Product',
  key: ['ID'],
  etag: 'ModifiedAt',
  properties: [
    text('ID', 12, { nullable: false, updatable: false }),
    text('ExternalID', 36),
    text('Name', 120, { label: 'Name' }),
    { name: 'Price', type: 'Edm.Decimal', precision: 20, scale: 4, label: 'Price' },
    { name: 'Available', type: 'Edm.Boolean' },
    { name: 'Stock', type: 'Edm.Int32' },
    { name: 'OnSaleFrom', type: 'Edm.Date' },
    { name: 'ModifiedAt', type: 'Edm.DateTimeOffset', precision: 7, ...readOnly },
  ],
  onCreate(record, writing) {
    if (String(record.Price).startsWith('-'))
      throw new Refusal(400, 'PRICE_NEGATIVE', 'Negative price', 'Price')
    if (record.ID === '') record.ID = writing.number('PRODUCT:100001')
    record.ModifiedAt = writing.instant()
  },
  onUpdate(record, _patch, writing) {
    record.ModifiedAt = writing.instant()
  },
}

/** Neither versions nor a marker nor times: the minimum that a service can offer. */
const contacts: FakeSet = {
  name: 'Contacts',
  type: 'Contact',
  key: ['Company', 'Number'],
  properties: [
    text('Company', 10, { nullable: false, updatable: false }),
    text('Number', 6, { nullable: false, updatable: false }),
    text('Name', 80),
    text('Mail', 120),
    { name: 'Deleted', type: 'Edm.Boolean' },
  ],
  onCreate(record, writing) {
    if (record.Company === '') throw new Refusal(400, 'COMPANY_MISSING', 'Company is missing', 'Company')
    if (record.Number === '') record.Number = writing.number('CONTACT:1001')
  },
}

export const productsService: FakeService = {
  path: productsPath,
  version: 4,
  namespace: 'catalogue.v1',
  sets: [products],
}

export const contactsService: FakeService = {
  path: contactsPath,
  version: 2,
  namespace: 'CRM',
  sets: [contacts],
}
