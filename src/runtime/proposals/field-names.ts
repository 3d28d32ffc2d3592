/**
 * Normalises the name of a field: splits it into words, expands common abbreviations of business systems, and
 * removes words without meaning. `BillingPostalCode`, `addr_zip` and `address.postalCode` have similar
 * results.
 */
import { textSimilarity } from '../../model/matching/similarity.ts'

/** Canonical word for synonyms and abbreviations in business systems: lower case, German and English. */
const meanings: Readonly<Record<string, readonly string[]>> = {
  account: ['acct', 'konto'],
  address: ['addr', 'adr', 'adresse', 'anschrift', 'billing', 'mailing'],
  amount: ['amt', 'betrag'],
  city: ['town', 'ort', 'stadt', 'ort01'],
  code: ['cd', 'cde'],
  company: ['firm', 'firma', 'organisation', 'organization', 'org', 'bukrs'],
  country: ['ctry', 'land', 'land1', 'cntry'],
  created: ['creation', 'createdat', 'createdon', 'createddate', 'angelegt', 'inserted'],
  credit: ['kredit'],
  currency: ['curr', 'ccy', 'waehrung', 'waers', 'iso'],
  customer: ['cust', 'client', 'kunde', 'kunnr', 'buyer'],
  date: ['dt', 'datum', 'day'],
  description: ['desc', 'descr', 'beschreibung', 'text', 'txt', 'body', 'remark', 'remarks', 'note', 'notes'],
  discount: ['disc', 'rabatt'],
  email: ['mail', 'emailaddress', 'smtp'],
  external: ['ext', 'extern'],
  fax: ['telefax'],
  first: ['given', 'fore', 'vor', 'fname', 'firstname', 'givenname', 'vorname'],
  id: ['identifier', 'uuid', 'guid', 'key'],
  invoice: ['inv', 'rechnung'],
  language: ['lang', 'sprache', 'spras', 'locale'],
  last: ['sur', 'family', 'nach', 'lname', 'lastname', 'surname', 'familyname', 'nachname'],
  mobile: ['mob', 'cell', 'handy'],
  name: ['bezeichnung', 'title', 'label', 'name1', 'fullname', 'displayname'],
  number: ['no', 'nr', 'num', 'nummer', 'numb'],
  order: ['ord', 'auftrag'],
  phone: ['tel', 'telephone', 'telefon', 'fon', 'phonenumber', 'telnr'],
  postal: ['zip', 'zipcode', 'plz', 'postcode', 'postalcode', 'pstlz', 'post'],
  price: ['preis', 'unitprice'],
  product: ['prod', 'article', 'artikel', 'material', 'item', 'matnr'],
  quantity: ['qty', 'menge', 'quant'],
  reference: ['ref', 'referenz'],
  region: ['state', 'province', 'county', 'bundesland', 'regio'],
  sku: ['stockkeepingunit', 'articlenumber'],
  status: ['stat', 'zustand'],
  stock: ['inventory', 'onhand', 'available', 'bestand', 'lager'],
  street: ['str', 'strasse', 'stras', 'line1', 'street1', 'addressline'],
  tax: ['vat', 'ust', 'ustid', 'stcd1', 'stceg', 'mwst', 'taxid', 'vatid'],
  type: ['kind', 'category', 'art', 'typ'],
  updated: ['modified', 'changed', 'mod', 'lastmodified', 'updatedat', 'changedon', 'geaendert', 'modstamp'],
  website: ['web', 'url', 'homepage', 'www'],
}

const wordOf = new Map(
  Object.entries(meanings).flatMap(([word, others]) => others.map((other) => [other, word] as const)),
)

/** Words without a meaning of their own. */
const emptyWords: ReadonlySet<string> = new Set([
  'c',
  'r',
  'the',
  'of',
  'at',
  'on',
  'is',
  'has',
  'fld',
  'field',
  'val',
  'value',
  'attributes',
  'properties',
  'data',
  'z',
  'bp',
  'a',
])

/** Returns the words of a name: `creditLimit`, `CREDIT_LIMIT` and `Credit_Limit__c` give credit and limit. */
export function wordsOf(name: string): readonly string[] {
  const split = name
    .replaceAll('ß', 'ss')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .replace(/\be[ -]?mail\b/g, 'email')
    .split(/[^a-z\d]+/)
    .filter((word) => word !== '')
  const known = split.flatMap((word) => {
    const plain =
      wordOf.get(word) ?? wordOf.get(word.replace(/\d+$/, '')) ?? word.replace(/(?<=[a-z]{2})\d+$/, '')
    return emptyWords.has(plain) ? [] : [plain]
  })
  return known.length === 0 ? split : [...new Set(known)]
}

/**
 * Returns the similarity of two fields by their paths, 0 to 1. The last name has the highest weight, its
 * parents a lower one.
 */
export function pathSimilarity(
  left: readonly (string | number)[],
  right: readonly (string | number)[],
  owners: readonly string[] = [],
): number {
  const [leftLast, leftAbove] = partsOf(left, owners)
  const [rightLast, rightAbove] = partsOf(right, owners)
  const whole = wordsSimilarity([...leftAbove, ...leftLast], [...rightAbove, ...rightLast])
  const last = wordsSimilarity(leftLast, rightLast)
  // `address.city` and `BillingCity` are equal as a whole, but not by the last name; for `city` and
  // `ship.city` it is the opposite.
  return Math.max(whole, last * (leftAbove.length === rightAbove.length ? 1 : 0.85))
}

/**
 * Returns the words of the last step, and of its parents. The name of the record itself is ignored:
 * `customerName` of a customer is its name.
 */
function partsOf(
  path: readonly (string | number)[],
  owners: readonly string[],
): readonly [readonly string[], readonly string[]] {
  const names = path.filter((step) => typeof step === 'string')
  const own = new Set(
    owners.flatMap((owner) => wordsOf(owner)).flatMap((word) => [word, word.replace(/s$/, '')]),
  )
  const without = (words: readonly string[]): readonly string[] => {
    const rest = words.filter((word) => !own.has(word))
    return rest.length === 0 ? words : rest
  }
  const last = wordsOf(names.at(-1) ?? '')
  return [without(last), without(names.slice(0, -1).flatMap((name) => wordsOf(name)))]
}

function wordsSimilarity(left: readonly string[], right: readonly string[]): number {
  if (left.length === 0 || right.length === 0) return 0
  const best = (word: string, others: readonly string[]): number =>
    Math.max(...others.map((other) => wordSimilarity(word, other)))
  const sum = (words: readonly string[], others: readonly string[]): number =>
    words.reduce((total, word) => total + best(word, others), 0)
  return (sum(left, right) + sum(right, left)) / (left.length + right.length)
}

/** Recognises typing mistakes and plurals; words that only share letters are different. */
function wordSimilarity(left: string, right: string): number {
  if (left === right) return 1
  if (`${left}s` === right || `${right}s` === left) return 0.95
  const alike = textSimilarity(left, right)
  return alike >= 0.8 && Math.min(left.length, right.length) >= 4 ? alike * 0.9 : 0
}
