/** The HTTP interface of the fake: authentication, objects and responses. */
import type { FakeAccount, Native, Stored } from './account.ts'
import { type Params, parseParams } from './form.ts'
import type { Kind } from './kinds.ts'
import { expanded, kindOf, listEvents, listObjects, searchObjects } from './lists.ts'
import { propertiesOf } from './params.ts'
import { invalidRequest, missing, type StripeRefusal } from './stripe-error.ts'

export interface ApiRequest {
  readonly method: string
  /** Path without query. */
  readonly path: string
  readonly query: string
  readonly body: string
}

/** Executes one request. @throws StripeRefusal */
export function carryOut(account: FakeAccount, { method, path, query, body }: ApiRequest): Native {
  const params = parseParams(method === 'POST' ? body : query)
  const [, version, name = '', id, ...rest] = path.split('/').map(decodeURIComponent)
  if (version !== 'v1' || rest.length > 0) throw noSuchPath(method, path)
  if (name === 'account' && id === undefined) return accountObject(account)
  if (name === 'events') return events(account, id, params)
  const kind = kindOf(name)
  if (kind === undefined) throw noSuchPath(method, path)
  if (id === undefined) return collection(account, kind, method, params)
  if (id === 'search' && method === 'GET')
    return withExpansion(account, searchObjects(account, kind, params), params)
  return one(account, { kind, id, method, params })
}

function accountObject({ id }: FakeAccount): Native {
  return {
    id,
    object: 'account',
    charges_enabled: true,
    country: 'DE',
    default_currency: 'eur',
    type: 'standard',
  }
}

function events(account: FakeAccount, id: string | undefined, params: Params): Native {
  if (id === undefined) return listEvents(account, params)
  const event = account.events.find((one) => one.id === id)
  if (event === undefined) throw missing('event', id, 'id')
  return event
}

function collection(account: FakeAccount, kind: Kind, method: string, params: Params): Native {
  if (method === 'GET') return withExpansion(account, listObjects(account, kind, params), params)
  const properties = propertiesOf(account, kind, params, undefined)
  checkCreate(account, kind, properties)
  return withExpansion(account, account.create(kind, properties).native, params)
}

/** Refuses a new object whose id or lookup key is already in use. */
function checkCreate(account: FakeAccount, kind: Kind, properties: Native): void {
  const { id, lookup_key: lookupKey } = properties
  if (typeof id === 'string' && account.objects.has(id)) {
    throw invalidRequest(400, `${kind.object} already exists.`, {
      code: 'resource_already_exists',
      param: 'id',
    })
  }
  const taken = account.list(kind).some(({ native }) => native.lookup_key === lookupKey)
  if (typeof lookupKey === 'string' && taken) {
    throw invalidRequest(400, 'A price already uses that lookup key.', { param: 'lookup_key' })
  }
}

interface Item {
  readonly kind: Kind
  readonly id: string
  readonly method: string
  readonly params: Params
}

function one(account: FakeAccount, { kind, id, method, params }: Item): Native {
  const stored = account.objects.get(id)
  if (stored === undefined || stored.kind !== kind) throw missing(kind.object, id, kind.idParameter)
  if (stored.deleted) {
    // A deleted customer is still returned with only its id; other deleted objects are not found.
    if (method === 'GET' && kind.object === 'customer') return deletedStub(stored)
    throw missing(kind.object, id, kind.idParameter)
  }
  if (method === 'GET') return withExpansion(account, stored.native, params)
  if (method === 'DELETE') return remove(account, stored)
  account.change(stored, propertiesOf(account, kind, params, stored.native))
  return withExpansion(account, stored.native, params)
}

function remove(account: FakeAccount, stored: Stored): Native {
  const { kind, native } = stored
  if (!kind.deletable) throw noSuchPath('DELETE', `/v1/${kind.name}/${String(native.id)}`)
  if (kind.object === 'invoice' && native.status !== 'draft') {
    throw invalidRequest(400, 'You can only delete draft invoices.', { code: 'invoice_not_editable' })
  }
  const prices = [...account.objects.values()].filter(({ native: other }) => other.product === native.id)
  if (kind.object === 'product' && prices.length > 0) {
    throw invalidRequest(400, 'This product cannot be deleted because it has prices.', { param: 'id' })
  }
  account.remove(stored)
  return deletedStub(stored)
}

function deletedStub({ kind, native }: Stored): Native {
  return { id: native.id, object: kind.object, deleted: true }
}

function withExpansion(account: FakeAccount, native: Native, params: Params): Native {
  return expanded(account, native, params.expand)
}

function noSuchPath(method: string, path: string): StripeRefusal {
  return invalidRequest(404, `Unrecognized request URL (${method}: ${path}).`)
}
