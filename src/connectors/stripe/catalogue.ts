/**
 * The connector's description of each resource of the API: its path, the supported operations, and the events
 * that concern it.
 *
 * Everything here follows Stripe's reference and OpenAPI document for the pinned version. Unsupported
 * operations are expressed by the capabilities: there is no way to delete a price, and only a payment creates
 * a charge.
 */

/** One kind of object of the API. */
export interface StripeResource {
  readonly name: ResourceName
  /** Value of the property `object`. */
  readonly object: string
  /** Path of the collection. */
  readonly path: string
  /** Parameters by which the API names this object in "no such …". */
  readonly idParameters: readonly string[]
  readonly create: boolean
  readonly remove: 'delete' | 'archive' | 'both' | 'none'
  /** Top-level properties that the search supports, other than metadata. */
  readonly searchable: readonly string[]
  /** Amounts in minor units of the record's `currency`. */
  readonly amounts: readonly string[]
  /** Events that change a record; at most 20, as many as a query accepts. */
  readonly eventTypes: readonly string[]
  /** An event reports deletions. */
  readonly reportsDeletions: boolean
  /** Why absence from the list proves nothing, if it does not. */
  readonly listDoubt?: string
  /** Parameter of the list that accepts ids, for reading several at once. */
  readonly idsParameter?: string
  /** Property with the time of the last change, epoch seconds. */
  readonly changedAt?: string
  /** Lists that may be changed but never emptied. */
  readonly lastingLists?: readonly string[]
}

/** Names that a definition uses. */
export const resourceNames = [
  'customers',
  'products',
  'prices',
  'payment_intents',
  'invoices',
  'charges',
] as const

/** Name of a resource in a definition; also the last part of its path. */
export type ResourceName = (typeof resourceNames)[number]

const customers: StripeResource = {
  name: 'customers',
  object: 'customer',
  path: '/v1/customers',
  idParameters: ['id', 'customer'],
  create: true,
  remove: 'delete',
  searchable: ['created', 'email', 'name', 'phone'],
  lastingLists: ['preferred_locales'],
  amounts: [],
  eventTypes: [
    'customer.created',
    'customer.updated',
    'customer.deleted',
    'customer.discount.created',
    'customer.discount.updated',
    'customer.discount.deleted',
  ],
  reportsDeletions: true,
}

const products: StripeResource = {
  name: 'products',
  object: 'product',
  path: '/v1/products',
  idParameters: ['id', 'product'],
  create: true,
  remove: 'both',
  searchable: ['active', 'description', 'name', 'shippable', 'url'],
  amounts: [],
  eventTypes: ['product.created', 'product.updated', 'product.deleted'],
  reportsDeletions: true,
  idsParameter: 'ids',
  changedAt: 'updated',
}

const prices: StripeResource = {
  name: 'prices',
  object: 'price',
  path: '/v1/prices',
  idParameters: ['id', 'price'],
  create: true,
  remove: 'archive',
  searchable: ['active', 'currency', 'lookup_key', 'product', 'type'],
  amounts: ['unit_amount'],
  eventTypes: ['price.created', 'price.updated', 'price.deleted'],
  reportsDeletions: true,
  listDoubt: 'prices made inline for one use are not in the list',
}

const paymentIntents: StripeResource = {
  name: 'payment_intents',
  object: 'payment_intent',
  path: '/v1/payment_intents',
  idParameters: ['id', 'intent', 'payment_intent'],
  create: true,
  remove: 'none',
  searchable: ['amount', 'created', 'currency', 'customer', 'status'],
  lastingLists: ['payment_method_types'],
  amounts: ['amount', 'amount_capturable', 'amount_received', 'application_fee_amount'],
  eventTypes: [
    'payment_intent.amount_capturable_updated',
    'payment_intent.canceled',
    'payment_intent.created',
    'payment_intent.partially_funded',
    'payment_intent.payment_failed',
    'payment_intent.processing',
    'payment_intent.requires_action',
    'payment_intent.succeeded',
  ],
  reportsDeletions: false,
}

const invoices: StripeResource = {
  name: 'invoices',
  object: 'invoice',
  path: '/v1/invoices',
  idParameters: ['id', 'invoice'],
  create: true,
  remove: 'delete',
  searchable: ['created', 'currency', 'customer', 'number', 'receipt_number', 'subscription', 'total'],
  amounts: [
    'amount_due',
    'amount_overpaid',
    'amount_paid',
    'amount_remaining',
    'amount_shipping',
    'application_fee_amount',
    'ending_balance',
    'post_payment_credit_notes_amount',
    'pre_payment_credit_notes_amount',
    'starting_balance',
    'subtotal',
    'subtotal_excluding_tax',
    'total',
    'total_excluding_tax',
  ],
  eventTypes: [
    'invoice.created',
    'invoice.deleted',
    'invoice.finalization_failed',
    'invoice.finalized',
    'invoice.marked_uncollectible',
    'invoice.overdue',
    'invoice.overpaid',
    'invoice.paid',
    'invoice.payment_action_required',
    'invoice.payment_attempt_required',
    'invoice.payment_failed',
    'invoice.payment_succeeded',
    'invoice.sent',
    'invoice.updated',
    'invoice.voided',
    'invoice.will_be_due',
  ],
  reportsDeletions: true,
}

const charges: StripeResource = {
  name: 'charges',
  object: 'charge',
  path: '/v1/charges',
  idParameters: ['id', 'charge'],
  create: false,
  remove: 'none',
  searchable: ['amount', 'created', 'currency', 'customer', 'disputed', 'refunded', 'status'],
  amounts: ['amount', 'amount_captured', 'amount_refunded', 'application_fee_amount'],
  eventTypes: [
    'charge.captured',
    'charge.expired',
    'charge.failed',
    'charge.pending',
    'charge.refunded',
    'charge.succeeded',
    'charge.updated',
    'charge.dispute.closed',
    'charge.dispute.created',
    'charge.dispute.funds_reinstated',
    'charge.dispute.funds_withdrawn',
    'charge.dispute.updated',
    'charge.refund.updated',
  ],
  reportsDeletions: false,
}

/** All resources, in the order of their dependencies. */
export const catalogue: readonly StripeResource[] = [
  customers,
  products,
  prices,
  paymentIntents,
  invoices,
  charges,
]
