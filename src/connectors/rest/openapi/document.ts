/**
 * An OpenAPI document (3.0 or 3.1) as plain data: parsed from text, with local references resolved and size
 * limits.
 */
import { parse } from 'yaml'
import { UsageError } from '../../../model/errors.ts'
import { isNativeRecord } from '../../kit/native.ts'

/** An object of the document. */
export type OpenApiNode = Readonly<Record<string, unknown>>

/** A document with the required parts. */
export interface OpenApiDocument {
  readonly root: OpenApiNode
  readonly title: string | undefined
  /** Paths by template. */
  readonly paths: Readonly<Record<string, OpenApiNode>>
}

const charactersMax = 20_000_000
const hopsMax = 32

/**
 * Reads a document in JSON or YAML.
 *
 * @param place its origin, for messages
 * @throws UsageError CONNECTOR_DESCRIPTION_UNUSABLE with the cause
 */
export function readOpenApi(text: string, place: string): OpenApiDocument {
  if (text.length > charactersMax) throw unusable(place, `it has more than ${charactersMax} characters`)
  const root = parsed(text, place)
  if (!isNativeRecord(root)) throw unusable(place, 'it is not an object')
  if (typeof root.swagger === 'string')
    throw unusable(place, `it is Swagger ${root.swagger}; convert it to OpenAPI 3 first`)
  const version = typeof root.openapi === 'string' ? root.openapi : ''
  if (!/^3\.[01]\b/.test(version)) {
    const found = version === '' ? 'it does not say "openapi: 3.…"' : `it is OpenAPI ${version.slice(0, 20)}`
    throw unusable(place, `${found}; versions 3.0 and 3.1 are understood`)
  }
  const { paths, info } = root
  if (!isNativeRecord(paths)) throw unusable(place, 'it has no paths')
  const nodes = Object.entries(paths).filter((entry): entry is [string, OpenApiNode] =>
    isNativeRecord(entry[1]),
  )
  const title = isNativeRecord(info) && typeof info.title === 'string' ? info.title : undefined
  return { root, title, paths: Object.fromEntries(nodes) }
}

function parsed(text: string, place: string): unknown {
  try {
    return text.trimStart().startsWith('{') ? JSON.parse(text) : parse(text, { maxAliasCount: 100 })
  } catch (cause) {
    const [line] = cause instanceof Error ? cause.message.split('\n') : []
    throw unusable(place, `it is neither JSON nor YAML (${line ?? 'unreadable'})`, cause)
  }
}

/**
 * Returns the object itself, with a reference resolved. Undefined when there is none.
 *
 * @throws UsageError CONNECTOR_DESCRIPTION_UNUSABLE for a reference to another file
 */
export function resolved({ root }: OpenApiDocument, value: unknown): OpenApiNode | undefined {
  let node = value
  for (let hops = 0; hops < hopsMax; hops += 1) {
    if (!isNativeRecord(node)) return undefined
    const { $ref: reference } = node
    if (typeof reference !== 'string') return node
    if (!reference.startsWith('#/'))
      throw unusable(reference.slice(0, 100), 'it is in another file; bundle the description into one')
    node = reference
      .slice(2)
      .split('/')
      .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>(
        (at, step) => (isNativeRecord(at) && Object.hasOwn(at, step) ? at[step] : undefined),
        root,
      )
  }
  return undefined
}

/** Returns the objects of a list, with references resolved. */
export function resolvedList(document: OpenApiDocument, value: unknown): readonly OpenApiNode[] {
  if (!Array.isArray(value)) return []
  return value.map((one: unknown) => resolved(document, one)).filter((one) => one !== undefined)
}

/** Returns a member that is an object, with a reference resolved. */
export function member(
  document: OpenApiDocument,
  node: OpenApiNode | undefined,
  name: string,
): OpenApiNode | undefined {
  return node === undefined || !Object.hasOwn(node, name) ? undefined : resolved(document, node[name])
}

/** Returns a member that is a text. */
export function textOf(node: OpenApiNode | undefined, name: string): string | undefined {
  const value = node !== undefined && Object.hasOwn(node, name) ? node[name] : undefined
  return typeof value === 'string' ? value : undefined
}

/** Creates the error of a description that can't be used. */
export function unusable(place: string, what: string, cause?: unknown): UsageError {
  return new UsageError('CONNECTOR_DESCRIPTION_UNUSABLE', `${place} can't be used: ${what}.`, { cause })
}
