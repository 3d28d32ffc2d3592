/** Checks parameters and applies them to an object, like Stripe: texts are converted, empty texts clear, nested objects are replaced. */
import type { FakeAccount, Native } from './account.ts'
import { isParams, type Param, type Params } from './form.ts'
import { type Kind, kinds, type ParamKind } from './kinds.ts'
import { invalidRequest, missing } from './stripe-error.ts'

const textMax = 5_000
const metadataKeysMax = 50

/** Properties that a request with these parameters sets. @throws StripeRefusal */
export function propertiesOf(
  account: FakeAccount,
  kind: Kind,
  params: Params,
  before: Native | undefined,
): Native {
  const known = before === undefined ? { ...kind.params, ...kind.createParams } : kind.params
  const set: Record<string, unknown> = {}
  for (const [name, param] of Object.entries(params)) {
    if (name === 'expand') continue
    const paramKind = known[name]
    if (paramKind === undefined) {
      throw invalidRequest(400, `Received unknown parameter: ${name}`, {
        code: 'parameter_unknown',
        param: name,
      })
    }
    set[name] = propertyOf(account, { name, kind: paramKind, before: before?.[name] }, param)
  }
  const absent =
    before === undefined
      ? kind.required.find((name) => set[name] === undefined || set[name] === null)
      : undefined
  if (absent !== undefined) {
    throw invalidRequest(400, `Missing required param: ${absent}.`, {
      code: 'parameter_missing',
      param: absent,
    })
  }
  return set
}

interface Reading {
  readonly name: string
  readonly kind: ParamKind
  readonly before: unknown
}

function propertyOf(account: FakeAccount, { name, kind, before }: Reading, param: Param): unknown {
  if (typeof kind === 'object') return reference(account, kind.reference, name, textOf(name, param))
  switch (kind) {
    case 'text':
      return textOf(name, param) === '' ? null : textOf(name, param)
    case 'integer':
      return integer(name, textOf(name, param))
    case 'decimal':
      return textOf(name, param)
    case 'boolean':
      return boolean(name, textOf(name, param))
    case 'metadata':
      return metadata(before, param)
    case 'address':
      return param === '' ? null : address(name, param)
    case 'shipping':
      return shipping(name, param)
    case 'object':
      return param === '' ? null : { ...(before as Native | undefined), ...nulled(objectOf(name, param)) }
    case 'list':
      return param === '' ? [] : listOf(name, param)
  }
}

function textOf(name: string, param: Param): string {
  if (typeof param !== 'string') throw invalidRequest(400, 'Invalid string', { param: name })
  if (param.length > textMax) {
    throw invalidRequest(400, `Invalid string: must be at most ${textMax} characters`, { param: name })
  }
  return param
}

function integer(name: string, text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) {
    throw invalidRequest(400, `Invalid integer: ${text}`, { code: 'parameter_invalid_integer', param: name })
  }
  return Number(text)
}

function boolean(name: string, text: string): boolean {
  if (text !== 'true' && text !== 'false')
    throw invalidRequest(400, `Invalid boolean: ${text}`, { param: name })
  return text === 'true'
}

function objectOf(name: string, param: Param): Params {
  if (!isParams(param)) throw invalidRequest(400, 'Invalid object', { param: name })
  return param
}

function listOf(name: string, param: Param): readonly Param[] {
  if (!Array.isArray(param)) throw invalidRequest(400, 'Invalid array', { param: name })
  return param
}

/** Keys are set one by one; an empty text removes one, and an empty parameter removes all. */
function metadata(before: unknown, param: Param): Native {
  if (param === '') return {}
  const merged: Record<string, unknown> = { ...(before as Native | undefined) }
  for (const [key, value] of Object.entries(objectOf('metadata', param))) {
    const place = `metadata[${key}]`
    if (key.length > 40)
      throw invalidRequest(400, 'Metadata keys can have up to 40 characters', { param: place })
    const text = textOf(place, value)
    if (text.length > 500)
      throw invalidRequest(400, 'Metadata values can have up to 500 characters', { param: place })
    if (text === '') delete merged[key]
    else merged[key] = text
  }
  if (Object.keys(merged).length > metadataKeysMax) {
    throw invalidRequest(400, 'Metadata can have up to 50 keys', { param: 'metadata' })
  }
  return merged
}

const addressParts = ['city', 'country', 'line1', 'line2', 'postal_code', 'state'] as const

function address(name: string, param: Param): Native {
  const given = objectOf(name, param)
  const unknown = Object.keys(given).find((key) => !(addressParts as readonly string[]).includes(key))
  if (unknown !== undefined) {
    const place = `${name}[${unknown}]`
    throw invalidRequest(400, `Received unknown parameter: ${place}`, {
      code: 'parameter_unknown',
      param: place,
    })
  }
  return Object.fromEntries(addressParts.map((part) => [part, textOf(name, given[part] ?? '') || null]))
}

function shipping(name: string, param: Param): Native {
  if (param === '') {
    throw invalidRequest(400, `You passed an empty string for '${name}', which cannot be unset.`, {
      code: 'parameter_invalid_empty',
      param: name,
    })
  }
  const given = objectOf(name, param)
  for (const required of ['address', 'name']) {
    if (given[required] !== undefined) continue
    const place = `${name}[${required}]`
    throw invalidRequest(400, `Missing required param: ${place}.`, {
      code: 'parameter_missing',
      param: place,
    })
  }
  return {
    address: address(`${name}[address]`, given.address ?? {}),
    name: textOf(`${name}[name]`, given.name ?? ''),
    phone: textOf(`${name}[phone]`, given.phone ?? '') || null,
  }
}

function nulled(params: Params): Native {
  return Object.fromEntries(Object.entries(params).map(([key, value]) => [key, value === '' ? null : value]))
}

function reference(account: FakeAccount, name: string, param: string, id: string): string | null {
  if (id === '') return null
  const found = account.objects.get(id)
  const object = kinds.get(name)?.object ?? name
  if (found === undefined || found.deleted || found.kind.name !== name)
    throw missingReference(object, id, param)
  return id
}

function missingReference(object: string, id: string, param: string): Error {
  const refusal = missing(object, id, param)
  return invalidRequest(400, refusal.message, { code: 'resource_missing', param })
}
