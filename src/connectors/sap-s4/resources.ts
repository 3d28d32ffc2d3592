/**
 * Presets for the first services of SAP S/4HANA: which properties carry keys, times and versions, what may be
 * deleted, how a create is found again. From SAP's API documentation (api.sap.com: API_BUSINESS_PARTNER,
 * API_SALES_ORDER_SRV, CE_SALESORDER_0001).
 */
import type { ResourceInput } from '../kit/odata/settings.ts'

/** Path of the business partner service (OData V2). */
export const businessPartnerService = '/sap/opu/odata/sap/API_BUSINESS_PARTNER'
/** Path of the sales order service (OData V2). */
export const salesOrderService = '/sap/opu/odata/sap/API_SALES_ORDER_SRV'
/** Path of the sales order service (OData V4). */
export const salesOrderServiceV4 = '/sap/opu/odata4/sap/api_salesorder/srvd_a2x/sap/salesorder/0001'

/** Settings of the system's section that the presets use. */
export interface PresetOptions {
  /** Identification type of business partners that stores our record ids. */
  readonly identificationType: string
  /** Time zone of the days and times of business partners. */
  readonly timeZone: string
}

/** Page sizes and batches that SAP Gateway handles well. */
const bulk = {
  list: { paging: 'keyset', pageSize: 1_000, count: true },
  batch: { read: 100, write: 50 },
} satisfies ResourceInput

/** A document that has neither a number of our choosing nor a searchable id of ours. */
const items = {
  create: { as: 'none' },
  etag: true,
  remove: { delete: true },
  ...bulk,
} satisfies ResourceInput

/** The presets, by resource name. */
export function presetResources({
  identificationType,
  timeZone,
}: PresetOptions): Readonly<Record<string, ResourceInput>> {
  return {
    BusinessPartner: {
      service: businessPartnerService,
      entitySet: 'A_BusinessPartner',
      etag: true,
      // No property of a partner that is free for an id of another system is long enough; an identification
      // is.
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
      // Partners are archived by a separate run; the service can only mark them for it.
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
      // Stored to a ten-millionth of a second, formatted to a thousandth.
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
 * Messages about an object that a user has open: SAP's lock messages are in the message class of the
 * application, so the list can't be complete; a section's `lockCodes` adds to it.
 */
export const lockCodes: readonly string[] = ['MC/601', 'V1/042', 'M3/897']
