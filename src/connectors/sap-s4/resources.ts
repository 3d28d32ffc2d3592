/**
 * What is known of the first services of SAP S/4HANA: which properties carry keys, times and versions, what may be deleted, how a create is
 * found again. From SAP's API documentation (api.sap.com: API_BUSINESS_PARTNER, API_SALES_ORDER_SRV, CE_SALESORDER_0001).
 */
import type { ResourceInput } from '../odata/config.ts'

/** Path of the business partner service (OData V2). */
export const businessPartnerService = '/sap/opu/odata/sap/API_BUSINESS_PARTNER'
/** Path of the sales order service (OData V2). */
export const salesOrderService = '/sap/opu/odata/sap/API_SALES_ORDER_SRV'
/** Path of the sales order service (OData V4). */
export const salesOrderServiceV4 = '/sap/opu/odata4/sap/api_salesorder/srvd_a2x/sap/salesorder/0001'

/** What the presets take from the system's section. */
export interface PresetOptions {
  /** Identification type under which our record ids are kept at business partners. */
  readonly identificationType: string
  /** Zone of the days and times that business partners carry. */
  readonly timeZone: string
}

/** Page sizes and batches that SAP Gateway carries with ease. */
const bulk = {
  list: { paging: 'keyset', pageSize: 1_000, count: true },
  batch: { read: 100, write: 50 },
} satisfies ResourceInput

/** A document that is neither numbered by us nor searchable by an id of ours. */
const items = {
  create: { as: 'none' },
  etag: true,
  remove: { delete: true },
  ...bulk,
} satisfies ResourceInput

/** The presets, by the name of the resource. */
export function presetResources({
  identificationType,
  timeZone,
}: PresetOptions): Readonly<Record<string, ResourceInput>> {
  return {
    BusinessPartner: {
      service: businessPartnerService,
      entitySet: 'A_BusinessPartner',
      etag: true,
      // No property of a partner that is free for an id of another system is long enough; an identification is.
      create: {
        as: 'marker',
        field: 'BPIdentificationNumber',
        within: {
          navigation: 'to_BuPaIdentification',
          entitySet: 'A_BuPaIdentification',
          values: { BPIdentificationType: identificationType },
        },
      },
      // A partner that was never changed has only a day and time of creation.
      changes: {
        tracks: [
          { date: 'LastChangeDate', time: 'LastChangeTime' },
          { date: 'CreationDate', time: 'CreationTime' },
        ],
        timeZone,
      },
      // Partners are archived by a run of their own; the service can only mark them for it.
      remove: { archive: { IsMarkedForArchiving: true }, restore: { IsMarkedForArchiving: false } },
      tombstone: { field: 'IsMarkedForArchiving', equals: true },
      ...bulk,
    },
    BusinessPartnerAddress: {
      service: businessPartnerService,
      entitySet: 'A_BusinessPartnerAddress',
      create: { as: 'none' },
      remove: { delete: true },
      ...bulk,
    },
    SalesOrder: {
      service: salesOrderService,
      entitySet: 'A_SalesOrder',
      etag: true,
      // The customer reference has 35 characters and is free text in SAP.
      create: { as: 'marker', field: 'PurchaseOrderByCustomer', spelling: 'hex' },
      // Kept to a ten-millionth of a second, spelt to a thousandth.
      changes: { tracks: [{ field: 'LastChangeDateTime' }], ties: 'skip' },
      remove: { delete: true },
      ...bulk,
    },
    SalesOrderItem: { service: salesOrderService, entitySet: 'A_SalesOrderItem', ...items },
    SalesOrderV4: {
      service: salesOrderServiceV4,
      entitySet: 'SalesOrder',
      etag: true,
      create: { as: 'marker', field: 'PurchaseOrderByCustomer', spelling: 'hex' },
      changes: { tracks: [{ field: 'LastChangeDateTime' }] },
      remove: { delete: true },
      ...bulk,
    },
    SalesOrderItemV4: { service: salesOrderServiceV4, entitySet: 'SalesOrderItem', ...items },
  }
}

/**
 * Messages that say that somebody has the object open: SAP's lock messages are of the message class of the application, so the list can't be
 * complete; a section's `lockCodes` adds to it.
 */
export const lockCodes: readonly string[] = ['MC/601', 'V1/042', 'M3/897']
