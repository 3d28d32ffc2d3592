/** The supported part of the sales order services: API_SALES_ORDER_SRV (V2) and the A2X service (V4), over the same orders. */
import type {
  FakeNavigation,
  FakeProperty,
  FakeService,
  FakeSet,
  StoredRecord,
  Writing,
} from '../odata/model.ts'
import { Refusal } from '../odata/model.ts'

export const salesOrderPath = '/sap/opu/odata/sap/API_SALES_ORDER_SRV'
export const salesOrderPathV4 = '/sap/opu/odata4/sap/api_salesorder/srvd_a2x/sap/salesorder/0001'

const readOnly = { creatable: false, updatable: false } as const

const text = (name: string, maxLength: number, more: Partial<FakeProperty> = {}): FakeProperty => ({
  name,
  type: 'Edm.String',
  maxLength,
  ...more,
})

const amount = (name: string, more: Partial<FakeProperty> = {}): FakeProperty => ({
  name,
  type: 'Edm.Decimal',
  precision: 16,
  scale: 3,
  ...more,
})

function orderProperties(version: 2 | 4): readonly FakeProperty[] {
  const day = version === 2 ? 'Edm.DateTime' : 'Edm.Date'
  return [
    text('SalesOrder', 10, { nullable: false, updatable: false, label: 'Sales Order' }),
    text('SalesOrderType', 4, { updatable: false, label: 'Sales Document Type' }),
    text('SalesOrganization', 4, { updatable: false, label: 'Sales Organization' }),
    text('DistributionChannel', 2, { updatable: false }),
    text('OrganizationDivision', 2, { updatable: false }),
    text('SoldToParty', 10, { label: 'Sold-to Party' }),
    text('PurchaseOrderByCustomer', 35, { label: 'Customer Reference' }),
    { name: 'CreationDate', type: day, ...readOnly },
    { name: 'LastChangeDateTime', type: 'Edm.DateTimeOffset', precision: 7, ...readOnly },
    { name: 'RequestedDeliveryDate', type: day, label: 'Requested Delivery Date' },
    text('TransactionCurrency', 5, { label: 'Document Currency' }),
    amount('TotalNetAmount', { ...readOnly, label: 'Net Value' }),
    text('OverallSDProcessStatus', 1, { ...readOnly, label: 'Overall Status' }),
  ]
}

const itemProperties: readonly FakeProperty[] = [
  text('SalesOrder', 10, { nullable: false, updatable: false }),
  text('SalesOrderItem', 6, { nullable: false, updatable: false }),
  text('Material', 40, { label: 'Material' }),
  text('SalesOrderItemText', 40),
  { name: 'RequestedQuantity', type: 'Edm.Decimal', precision: 15, scale: 3, label: 'Order Quantity' },
  text('RequestedQuantityUnit', 3),
  amount('NetAmount', { label: 'Net Value' }),
  text('TransactionCurrency', 5, { ...readOnly }),
]

function completeOrder(record: StoredRecord, writing: Writing): void {
  for (const name of ['SalesOrderType', 'SalesOrganization', 'DistributionChannel', 'OrganizationDivision']) {
    if (record[name] === '') throw new Refusal(400, 'V1/331', `Enter ${name}`, name)
  }
  const soldTo = record.SoldToParty ?? ''
  if (writing.find('A_BusinessPartner', { BusinessPartner: soldTo }) === undefined) {
    throw new Refusal(400, 'VP/204', 'Sold-to party is not defined', 'SoldToParty')
  }
  if (record.SalesOrder === '') record.SalesOrder = writing.number('RV_BELEG:1')
  Object.assign(record, {
    CreationDate: new Date(writing.now()).toISOString().slice(0, 10),
    LastChangeDateTime: writing.instant(),
    TransactionCurrency: record.TransactionCurrency || 'EUR',
    TotalNetAmount: '0',
    OverallSDProcessStatus: 'A',
  })
}

/** A version is always different after a change, even at the same time. */
function stampOrder(record: StoredRecord, writing: Writing): void {
  const before = String(record.LastChangeDateTime)
  const now = writing.instant()
  record.LastChangeDateTime = now > before ? now : nextInstant(before)
}

function nextInstant(instant: string): string {
  const fraction = Number(instant.slice(20, 27)) + 1
  return fraction < 10_000_000 ? `${instant.slice(0, 20)}${String(fraction).padStart(7, '0')}Z` : instant
}

/** The header's net value is the sum of its items. */
function sumUp(
  order: StoredRecord,
  items: string,
  header: string,
  writing: Writing,
  changed: StoredRecord,
): void {
  const others = writing
    .where(items, { SalesOrder: order.SalesOrder ?? '' })
    .filter((one) => one.SalesOrderItem !== changed.SalesOrderItem)
  const thousandths = [...others, changed].reduce((sum, one) => sum + inThousandths(one.NetAmount), 0n)
  writing.touch(header, { SalesOrder: order.SalesOrder ?? '' }, { TotalNetAmount: asDecimal(thousandths) })
}

function inThousandths(value: unknown): bigint {
  const [whole = '0', fraction = ''] = String(value ?? '0').split('.')
  return BigInt(whole) * 1_000n + BigInt(fraction.padEnd(3, '0')) * (whole.startsWith('-') ? -1n : 1n)
}

function asDecimal(thousandths: bigint): string {
  const text = `${thousandths / 1_000n}.${String(thousandths % 1_000n).padStart(3, '0')}`
  return text.replace(/\.?0+$/, '')
}

function salesOrderSets(version: 2 | 4): readonly FakeSet[] {
  const prefix = version === 2 ? 'A_' : ''
  const [orders, items] = [`${prefix}SalesOrder`, `${prefix}SalesOrderItem`]
  const same: FakeNavigation['on'] = [['SalesOrder', 'SalesOrder']]
  const header: FakeSet = {
    name: orders,
    type: `${orders}Type`,
    label: 'Sales Order',
    key: ['SalesOrder'],
    etag: 'LastChangeDateTime',
    properties: orderProperties(version),
    navigations: [{ name: version === 2 ? 'to_Item' : '_Item', target: items, many: true, on: same }],
    onCreate: completeOrder,
    onUpdate: (record, _patch, writing) => stampOrder(record, writing),
  }
  const item: FakeSet = {
    name: items,
    type: `${items}Type`,
    label: 'Sales Order Item',
    key: ['SalesOrder', 'SalesOrderItem'],
    properties: itemProperties,
    navigations: [
      { name: version === 2 ? 'to_SalesOrder' : '_SalesOrder', target: orders, many: false, on: same },
    ],
    onCreate(record, writing) {
      if (record.Material === '') throw new Refusal(400, 'V1/300', 'Enter a material', 'Material')
      const siblings = writing.where('A_SalesOrderItem', { SalesOrder: record.SalesOrder ?? '' })
      if (record.SalesOrderItem === '') record.SalesOrderItem = String((siblings.length + 1) * 10)
      sumUp(record, 'A_SalesOrderItem', orders, writing, record)
    },
    onUpdate: (record, _patch, writing) => sumUp(record, 'A_SalesOrderItem', orders, writing, record),
  }
  return [header, item]
}

export const salesOrderService: FakeService = {
  path: salesOrderPath,
  version: 2,
  namespace: 'API_SALES_ORDER_SRV',
  sets: salesOrderSets(2),
}

/** The same orders through the other interface. */
export const salesOrderServiceV4: FakeService = {
  path: salesOrderPathV4,
  version: 4,
  namespace: 'com.sap.gateway.srvd_a2x.api_salesorder.v0001',
  sets: salesOrderSets(4),
  tables: { SalesOrder: 'A_SalesOrder', SalesOrderItem: 'A_SalesOrderItem' },
}
