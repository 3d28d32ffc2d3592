/** The kinds of objects of the fake: their initial state, their parameters, and the events about them. */
import type { Native } from './account.ts'

/** How a parameter is parsed. */
export type ParamKind =
  | 'text'
  | 'integer'
  | 'decimal'
  | 'boolean'
  | 'metadata'
  | 'address'
  | 'shipping'
  | 'object'
  | 'list'
  | { readonly reference: string }

export interface Kind {
  readonly name: string
  readonly object: string
  readonly prefix: string
  /** Parameter that names it in "No such …". */
  readonly idParameter: string
  readonly params: Readonly<Record<string, ParamKind>>
  /** Only for creates. */
  readonly createParams?: Readonly<Record<string, ParamKind>>
  readonly required: readonly string[]
  /** Filters of its list in addition to the common ones. */
  readonly filters: readonly string[]
  readonly fresh: Native
  readonly deletable: boolean
  /** Types of events; undefined where Stripe sends none. */
  readonly events: { readonly created?: string; readonly updated?: string; readonly deleted?: string }
}

const customer: Kind = {
  name: 'customers',
  object: 'customer',
  prefix: 'cus',
  idParameter: 'id',
  params: {
    address: 'address',
    balance: 'integer',
    description: 'text',
    email: 'text',
    invoice_prefix: 'text',
    invoice_settings: 'object',
    metadata: 'metadata',
    name: 'text',
    next_invoice_sequence: 'integer',
    phone: 'text',
    preferred_locales: 'list',
    shipping: 'shipping',
    tax_exempt: 'text',
  },
  required: [],
  filters: ['email'],
  fresh: {
    address: null,
    balance: 0,
    currency: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: null,
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    name: null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  },
  deletable: true,
  events: { created: 'customer.created', updated: 'customer.updated', deleted: 'customer.deleted' },
}

const product: Kind = {
  name: 'products',
  object: 'product',
  prefix: 'prod',
  idParameter: 'id',
  params: {
    active: 'boolean',
    description: 'text',
    images: 'list',
    metadata: 'metadata',
    name: 'text',
    package_dimensions: 'object',
    shippable: 'boolean',
    statement_descriptor: 'text',
    tax_code: 'text',
    unit_label: 'text',
    url: 'text',
  },
  createParams: { id: 'text' },
  required: ['name'],
  filters: ['active', 'ids', 'shippable', 'url'],
  fresh: {
    active: true,
    default_price: null,
    description: null,
    images: [],
    marketing_features: [],
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    type: 'service',
    unit_label: null,
    url: null,
  },
  deletable: true,
  events: { created: 'product.created', updated: 'product.updated', deleted: 'product.deleted' },
}

const price: Kind = {
  name: 'prices',
  object: 'price',
  prefix: 'price',
  idParameter: 'price',
  params: {
    active: 'boolean',
    lookup_key: 'text',
    metadata: 'metadata',
    nickname: 'text',
    tax_behavior: 'text',
  },
  createParams: {
    currency: 'text',
    product: { reference: 'products' },
    unit_amount: 'integer',
    unit_amount_decimal: 'decimal',
    recurring: 'object',
  },
  required: ['currency'],
  filters: ['active', 'currency', 'lookup_keys', 'product', 'type'],
  fresh: {
    active: true,
    billing_scheme: 'per_unit',
    custom_unit_amount: null,
    lookup_key: null,
    nickname: null,
    recurring: null,
    tax_behavior: 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: 'one_time',
    unit_amount: null,
    unit_amount_decimal: null,
  },
  deletable: false,
  events: { created: 'price.created', updated: 'price.updated' },
}

const paymentIntent: Kind = {
  name: 'payment_intents',
  object: 'payment_intent',
  prefix: 'pi',
  idParameter: 'intent',
  params: {
    amount: 'integer',
    application_fee_amount: 'integer',
    capture_method: 'text',
    currency: 'text',
    customer: { reference: 'customers' },
    description: 'text',
    metadata: 'metadata',
    payment_method_types: 'list',
    receipt_email: 'text',
    shipping: 'shipping',
    statement_descriptor: 'text',
    statement_descriptor_suffix: 'text',
    transfer_group: 'text',
  },
  required: ['amount', 'currency'],
  filters: ['customer'],
  fresh: {
    amount_capturable: 0,
    amount_received: 0,
    application_fee_amount: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    confirmation_method: 'automatic',
    customer: null,
    description: null,
    last_payment_error: null,
    latest_charge: null,
    payment_method: null,
    payment_method_types: ['card'],
    receipt_email: null,
    shipping: null,
    statement_descriptor: null,
    status: 'requires_payment_method',
    transfer_group: null,
  },
  deletable: false,
  // There is no event for a change of only the description or metadata.
  events: { created: 'payment_intent.created' },
}

const invoice: Kind = {
  name: 'invoices',
  object: 'invoice',
  prefix: 'in',
  idParameter: 'invoice',
  params: {
    auto_advance: 'boolean',
    collection_method: 'text',
    days_until_due: 'integer',
    description: 'text',
    due_date: 'integer',
    footer: 'text',
    metadata: 'metadata',
    statement_descriptor: 'text',
  },
  createParams: { customer: { reference: 'customers' }, currency: 'text' },
  required: ['customer'],
  filters: ['customer', 'status', 'subscription'],
  fresh: {
    amount_due: 0,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_remaining: 0,
    amount_shipping: 0,
    attempt_count: 0,
    attempted: false,
    auto_advance: false,
    collection_method: 'charge_automatically',
    currency: 'usd',
    description: null,
    due_date: null,
    ending_balance: null,
    footer: null,
    number: null,
    starting_balance: 0,
    statement_descriptor: null,
    status: 'draft',
    subtotal: 0,
    total: 0,
  },
  deletable: true,
  events: { created: 'invoice.created', updated: 'invoice.updated', deleted: 'invoice.deleted' },
}

const charge: Kind = {
  name: 'charges',
  object: 'charge',
  prefix: 'ch',
  idParameter: 'charge',
  params: {
    customer: { reference: 'customers' },
    description: 'text',
    metadata: 'metadata',
    receipt_email: 'text',
    shipping: 'shipping',
    transfer_group: 'text',
  },
  createParams: { amount: 'integer', currency: 'text', source: 'text', capture: 'boolean' },
  required: ['amount', 'currency'],
  filters: ['customer', 'payment_intent', 'transfer_group'],
  fresh: {
    amount_captured: 0,
    amount_refunded: 0,
    balance_transaction: null,
    captured: true,
    customer: null,
    description: null,
    disputed: false,
    failure_code: null,
    paid: true,
    payment_intent: null,
    receipt_email: null,
    refunded: false,
    shipping: null,
    status: 'succeeded',
    transfer_group: null,
  },
  deletable: false,
  events: { created: 'charge.succeeded', updated: 'charge.updated' },
}

export const kinds: ReadonlyMap<string, Kind> = new Map(
  [customer, product, price, paymentIntent, invoice, charge].map((kind) => [kind.name, kind]),
)
