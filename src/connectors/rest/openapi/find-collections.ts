/** The collections of an API: a path that lists records, and below it a path for one. */
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
  /** Lower-case names of the response's headers. */
  readonly responseHeaders: readonly string[]
}

/** One collection with the operations on it and on one record. */
export interface Collection {
  /** Last segment of the path. */
  readonly name: string
  readonly path: string
  /** Path of one record, the last parameter spelt `{id}`. */
  readonly item: string
  /** Name of that parameter in the document. */
  readonly idParameter: string
  readonly list: Operation
  readonly create: Operation | undefined
  readonly read: Operation
  readonly patch: Operation | undefined
  readonly put: Operation | undefined
  readonly hasDelete: boolean
  /** A record, as the read answers it. */
  readonly record: PlainSchema
  /** Where the list is in its response; undefined when the response is the list. */
  readonly items: readonly string[] | undefined
}

const collectionsMax = 500

/** Finds them, in the order of the document. A path with a parameter above the collection belongs to another record and is left out. */
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
    const record = recordOf(document, read, place)
    if (place === undefined || record === undefined) continue
    found.push({
      name: path.split('/').at(-1) ?? path,
      path,
      item: `${path}/{id}`,
      idParameter,
      list,
      read,
      create: operation(document, node, 'post'),
      patch: operation(document, itemNode, 'patch'),
      put: operation(document, itemNode, 'put'),
      hasDelete: isNativeRecord(itemNode.delete),
      record,
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
  const [, responseBody] = jsonContent(document, response)
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

/** The record itself; an envelope around one record is seen by its only object having the name that lists use. */
function recordOf(
  document: OpenApiDocument,
  read: Operation,
  place: ListPlace | undefined,
): PlainSchema | undefined {
  const { response } = read
  if (response !== undefined && response.properties.size > 0) return response
  return place === undefined ? undefined : plainSchema(document, place.schema)
}

interface ListPlace {
  readonly path: readonly string[] | undefined
  /** Schema of one entry. */
  readonly schema: unknown
}

/** A list of objects: the response itself, or the first property that is one. */
function listIn(document: OpenApiDocument, response: PlainSchema | undefined): ListPlace | undefined {
  if (response === undefined) return undefined
  if (response.types.includes('array')) return { path: undefined, schema: response.node.items }
  const lists = [...response.properties].flatMap(([name, value]) => {
    const schema = plainSchema(document, value)
    if (schema === undefined || !schema.types.includes('array')) return []
    const entry = plainSchema(document, schema.node.items)
    return entry !== undefined && entry.properties.size > 0
      ? [{ path: [name], schema: schema.node.items }]
      : []
  })
  return lists[0]
}

/** Whether the response of the read wraps the record, which the connector does not take apart. */
export function wrapsRecord({ read, items }: Collection, document: OpenApiDocument): string | undefined {
  const properties = [...(read.response?.properties ?? [])]
  const wrapper = properties.find(([name]) => name === items?.[0] || name === 'data' || name === 'result')
  if (wrapper === undefined || properties.length > 3) return undefined
  const [name, value] = wrapper
  return (plainSchema(document, value)?.properties.size ?? 0) > 0 ? name : undefined
}
