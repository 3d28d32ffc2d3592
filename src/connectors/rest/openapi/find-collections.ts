/** Finds the collections of an API: a path that lists records, and below it a path for one. */
import { isNativeRecord } from '../../kit/native.ts'
import { member, type OpenApiDocument, type OpenApiNode, resolved, resolvedList, textOf } from './document.ts'
import { type PlainSchema, plainSchema } from './schema-fields.ts'

/** A parameter of a request. */
export interface Parameter {
  readonly name: string
  readonly in: string
  readonly schema: OpenApiNode | undefined
}

/** One operation of a path. */
export interface Operation {
  readonly parameters: readonly Parameter[]
  /** JSON body of the request. */
  readonly body: PlainSchema | undefined
  /** Media type of that body. */
  readonly bodyType: string | undefined
  /** JSON body of the successful response. */
  readonly response: PlainSchema | undefined
  /** Media type of that body. */
  readonly responseType: string | undefined
  /** Lower-case names of the response's headers. */
  readonly responseHeaders: readonly string[]
}

/** One collection with the operations on it and on one record. */
export interface Collection {
  /** Last segment of the path. */
  readonly name: string
  readonly path: string
  /** Path of one record, with the last parameter as `{id}`. */
  readonly item: string
  /** Name of that parameter in the document. */
  readonly idParameter: string
  readonly list: Operation
  readonly create: Operation | undefined
  readonly read: Operation
  readonly patch: Operation | undefined
  readonly put: Operation | undefined
  readonly hasDelete: boolean
  /** A record as returned by the read, without its envelope. */
  readonly record: PlainSchema
  /** The envelope of a record in the response to a read, in bodies, and in the elements of a list. */
  readonly envelope: Wrappers
  /** Path of the list in its response; undefined when the response is the list. */
  readonly items: readonly string[] | undefined
}

/** Properties that contain the record; absent where it has no envelope. */
export interface Wrappers {
  readonly response?: string
  readonly body?: string
  readonly element?: string
}

const collectionsMax = 500

/**
 * Finds the collections, in the order of the document. A path with a parameter above the collection belongs
 * to another record and is left out.
 */
export function findCollections(document: OpenApiDocument): readonly Collection[] {
  const found: Collection[] = []
  for (const [itemPath, itemNode] of Object.entries(document.paths)) {
    const [, path, idParameter] = /^(\/.*)\/\{([^{}/]+)\}\/?$/.exec(itemPath) ?? []
    if (path === undefined || idParameter === undefined || path.includes('{')) continue
    const node = document.paths[path] ?? document.paths[`${path}/`]
    const read = operation(document, itemNode, 'get')
    const list = operation(document, node, 'get')
    if (read === undefined || list === undefined) continue
    const place = listIn(document, list.response)
    const name = path.split('/').at(-1) ?? path
    const one = recordOf(document, read, { place, name })
    if (place === undefined || one === undefined) continue
    const writes = {
      create: operation(document, node, 'post'),
      patch: operation(document, itemNode, 'patch'),
      put: operation(document, itemNode, 'put'),
    }
    const bare = withoutWrapper(document, writes, one.wrapper)
    found.push({
      name,
      path,
      item: `${path}/{id}`,
      idParameter,
      list,
      read,
      ...bare.writes,
      hasDelete: isNativeRecord(itemNode.delete),
      record: one.record,
      envelope: {
        ...(one.wrapper === undefined ? {} : { response: one.wrapper }),
        ...(bare.isWrapped && one.wrapper !== undefined ? { body: one.wrapper } : {}),
        ...(place.element === undefined ? {} : { element: place.element }),
      },
      items: place.path,
    })
    if (found.length >= collectionsMax) break
  }
  return found
}

function operation(
  document: OpenApiDocument,
  path: OpenApiNode | undefined,
  method: string,
): Operation | undefined {
  const node = member(document, path, method)
  if (node === undefined) return undefined
  const parameters = [...resolvedList(document, path?.parameters), ...resolvedList(document, node.parameters)]
  const response = successOf(document, node)
  const [bodyType, body] = jsonContent(document, member(document, node, 'requestBody'))
  const [responseType, responseBody] = jsonContent(document, response)
  const headers = member(document, response, 'headers')
  return {
    parameters: parameters.map((one) => ({
      name: textOf(one, 'name') ?? '',
      in: textOf(one, 'in') ?? '',
      schema: member(document, one, 'schema'),
    })),
    body,
    bodyType,
    response: responseBody,
    responseType,
    responseHeaders: headers === undefined ? [] : Object.keys(headers).map((name) => name.toLowerCase()),
  }
}

function successOf(document: OpenApiDocument, node: OpenApiNode): OpenApiNode | undefined {
  const responses = member(document, node, 'responses')
  if (responses === undefined) return undefined
  const status = ['200', '201', '2XX', '2xx', 'default'].find((one) => Object.hasOwn(responses, one))
  return status === undefined ? undefined : resolved(document, responses[status])
}

function jsonContent(
  document: OpenApiDocument,
  node: OpenApiNode | undefined,
): readonly [string | undefined, PlainSchema | undefined] {
  const content = member(document, node, 'content')
  if (content === undefined) return [undefined, undefined]
  const types = Object.keys(content)
  const type =
    types.find((one) => /^application\/json\b/i.test(one)) ?? types.find((one) => /\+json\b/i.test(one))
  if (type === undefined) return [undefined, undefined]
  return [type, plainSchema(document, member(document, content, type)?.schema)]
}

interface FoundRecord {
  readonly record: PlainSchema
  /** Property of the response that contains it. */
  readonly wrapper: string | undefined
}

/** The record itself, unwrapped where the response is an envelope. */
function recordOf(
  document: OpenApiDocument,
  { response }: Operation,
  { place, name }: { readonly place: ListPlace | undefined; readonly name: string },
): FoundRecord | undefined {
  if (response !== undefined && response.properties.size > 0) {
    const wrapper = wrapperOf(document, response, [place?.path?.at(-1), 'data', 'result', singular(name)])
    const inner = wrapper === undefined ? undefined : plainSchema(document, response.properties.get(wrapper))
    return inner === undefined ? { record: response, wrapper: undefined } : { record: inner, wrapper }
  }
  const record = place === undefined ? undefined : plainSchema(document, place.schema)
  return record === undefined ? undefined : { record, wrapper: undefined }
}

/**
 * A property with a common name that contains an object, next to at most two others such as links and meta.
 */
function wrapperOf(
  document: OpenApiDocument,
  { properties }: PlainSchema,
  names: readonly (string | undefined)[],
): string | undefined {
  if (properties.size > 3) return undefined
  return [...properties].find(
    ([name, value]) => names.includes(name) && (plainSchema(document, value)?.properties.size ?? 0) > 0,
  )?.[0]
}

function singular(name: string): string {
  return name.replace(/ies$/, 'y').replace(/s$/, '')
}

type Writes = Pick<Collection, 'create' | 'patch' | 'put'>

/** Bodies with the same envelope as responses: their fields are those of the record inside. */
function withoutWrapper(
  document: OpenApiDocument,
  writes: Writes,
  wrapper: string | undefined,
): { readonly writes: Writes; readonly isWrapped: boolean } {
  let isWrapped = false
  const bare = (one: Operation | undefined): Operation | undefined => {
    if (one?.body === undefined || wrapper === undefined) return one
    if (wrapperOf(document, one.body, [wrapper]) === undefined) return one
    isWrapped = true
    return { ...one, body: plainSchema(document, one.body.properties.get(wrapper)) }
  }
  return {
    writes: { create: bare(writes.create), patch: bare(writes.patch), put: bare(writes.put) },
    isWrapped,
  }
}

interface ListPlace {
  readonly path: readonly string[] | undefined
  /** Schema of one record. */
  readonly schema: unknown
  /** Property of an entry that contains the record. */
  readonly element?: string
}

/**
 * A list of objects: the response itself, or the first property that is one, including in `_embedded` of HAL.
 */
function listIn(document: OpenApiDocument, response: PlainSchema | undefined): ListPlace | undefined {
  if (response === undefined) return undefined
  if (response.types.includes('array')) return { path: undefined, ...entryOf(document, response.node.items) }
  const embedded = plainSchema(document, response.properties.get('_embedded'))
  const candidates: [string[], unknown][] = [
    ...[...response.properties].map(([name, value]): [string[], unknown] => [[name], value]),
    ...[...(embedded?.properties ?? [])].map(([name, value]): [string[], unknown] => [
      ['_embedded', name],
      value,
    ]),
  ]
  for (const [path, value] of candidates) {
    const schema = plainSchema(document, value)
    if (schema === undefined || !schema.types.includes('array')) continue
    const entry = plainSchema(document, schema.node.items)
    if (entry !== undefined && entry.properties.size > 0)
      return { path, ...entryOf(document, schema.node.items) }
  }
  return undefined
}

/** The record of an entry: the entry, or its `node` as in the edges of a connection. */
function entryOf(document: OpenApiDocument, value: unknown): Pick<ListPlace, 'schema' | 'element'> {
  const node = plainSchema(document, value)?.properties.get('node')
  const isEdge = (plainSchema(document, node)?.properties.size ?? 0) > 0
  return isEdge ? { schema: node, element: 'node' } : { schema: value }
}
