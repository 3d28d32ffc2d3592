/**
 * Names of fields that identify a record outside of one system. The whole name has to denote an identity:
 * `tax_number` does, `amount_tax_display` is an amount and `num_hearts` is a count.
 */
import { wordsOf } from './field-names.ts'

interface Identity {
  /** One of these words is required. */
  readonly any: readonly string[]
  /** Other allowed words; undefined allows all except words for shared properties. */
  readonly beside?: readonly string[]
  /** True if the word must be the last of the name. */
  readonly last?: boolean
}

/** Most certain first. */
const identities: readonly Identity[] = [
  {
    any: ['external'],
    beside: ['id', 'reference', 'system', 'code', 'number', 'customer', 'order', 'product'],
  },
  { any: ['tax'], beside: ['id', 'number', 'registration', 'reg', 'eu', 'code', 'company', 'account'] },
  { any: ['sku'], last: true },
  { any: ['ean', 'gtin', 'upc', 'isbn', 'asin', 'mpn', 'barcode'], beside: ['code', 'number', '13'] },
  { any: ['iban', 'lei', 'duns', 'vin', 'imei'], beside: ['number', 'code', 'account'] },
  {
    any: ['email'],
    beside: ['address', 'primary', 'main', 'work', 'business', 'contact', 'account', 'customer'],
  },
  { any: ['username', 'login'], last: true, beside: ['account', 'name'] },
  { any: ['number'], last: true },
  { any: ['reference'], last: true },
  { any: ['code'], last: true },
]

/** Words for properties that many records share, or for counts and positions. */
const shared = new Set([
  ...[
    'postal',
    'phone',
    'mobile',
    'fax',
    'country',
    'currency',
    'language',
    'status',
    'error',
    'region',
    'area',
    'dial',
  ],
  ...[
    'color',
    'colour',
    'zone',
    'type',
    'group',
    'house',
    'street',
    'building',
    'floor',
    'room',
    'page',
    'line',
    'version',
  ],
  ...[
    'sequence',
    'position',
    'count',
    'total',
    'amount',
    'tax',
    'discount',
    'coupon',
    'promo',
    'bank',
    'branch',
    'price',
  ],
])

/** Rank of names that do not denote an identity. */
export const noIdentity = identities.length

/**
 * Ranks how certainly a field with this path identifies a record by its name: 0 is the most certain, {@link
 * noIdentity} means that it does not.
 */
export function identityRank(path: readonly (string | number)[]): number {
  const words = wordsOf(String(path.at(-1) ?? ''))
  const rank = identities.findIndex(({ any, beside, last = false }) => {
    const word = words.find((one) => any.includes(one))
    if (word === undefined || (last && words.at(-1) !== word)) return false
    const others = words.filter((one) => one !== word)
    return beside === undefined
      ? !others.some((one) => shared.has(one))
      : others.every((one) => beside.includes(one))
  })
  return rank === -1 ? noIdentity : rank
}

/** Returns whether the name denotes an identity. */
export function isPlausibleIdentity(path: readonly (string | number)[]): boolean {
  return identityRank(path) < noIdentity
}

const tenants =
  /^(?:tenant|mandant|mandt|bukrs|workspace|shop|store|site|market|channel|plant)(?:_?(?:id|code|no|number))?$/i
const owners = /^(?:company|client|organi[sz]ation|org|account)(?:_?(?:id|code|no|number))?$/i
const numbered = identities.findIndex(({ any }) => any.includes('number'))

/**
 * Returns whether a resource has a field that may limit the uniqueness of another one: with a tenant, any
 * field may be only a part of a key; with a company or an account, numbers and codes.
 */
export function isPartOfKey(
  path: readonly (string | number)[],
  fields: readonly (readonly (string | number)[])[],
): boolean {
  const names = fields.flatMap((one) => (one.length === 1 ? [String(one[0])] : []))
  if (names.some((name) => tenants.test(name))) return true
  return identityRank(path) >= numbered && names.some((name) => owners.test(name))
}
