/** Describes the fields of files: names, from the first records; in CSV every value is a text. */

import { isLosslessNumber } from '../../http/json.ts'
import type { FieldType } from '../../model/values.ts'
import type { CallContext, ConnectedSystem, ListedRecord, Resource } from '../kit/contract.ts'
import type { FieldDescription, ResourceDescription } from '../kit/description.ts'
import type { FileConfig } from './config.ts'
import { fileFailure } from './file-owner.ts'
import type { BoundFiles } from './resources.ts'

type Description = Awaited<ReturnType<NonNullable<ConnectedSystem['describe']>>>

interface Described {
  readonly config: FileConfig
  readonly boundOf: (name: string) => BoundFiles
}

/** Describes resources by the first page of each. */
export async function describeFiles(
  { config, boundOf }: Described,
  names: readonly string[],
  context: CallContext,
): Promise<Description> {
  const resources: ResourceDescription[] = []
  try {
    for (const name of names) {
      const { resource, names: columns } = boundOf(name)
      const settings = config.resources[name]
      if (settings === undefined) continue
      const page = await firstPage(resource, context)
      const fields = new Map<string, unknown>((await columns()).map((column) => [column, undefined]))
      for (const { native } of page) {
        for (const [field, value] of Object.entries(native)) {
          if ((fields.get(field) ?? null) === null) fields.set(field, value)
        }
      }
      const isWritable = resource.update !== undefined
      const described = [...fields].map(([field, value]) =>
        describeField(field, value, {
          isWritable,
          isKey: settings.key.includes(field),
          isUnique: settings.key.length === 1 && settings.key[0] === field,
          format: settings.format,
        }),
      )
      resources.push({ name, fields: described, key: settings.key.map((field) => [field]) })
    }
    return { kind: 'known', resources }
  } catch (problem) {
    return { kind: 'unknown', failure: fileFailure(problem, 'Describing the files') }
  }
}

async function firstPage(resource: Resource, context: CallContext): Promise<readonly ListedRecord[]> {
  const pages = resource.list(context)
  const next = await pages.next()
  await pages.return({ complete: false })
  return next.done === true ? [] : next.value
}

function describeField(
  name: string,
  value: unknown,
  known: {
    readonly isWritable: boolean
    readonly isKey: boolean
    readonly isUnique: boolean
    readonly format: 'csv' | 'ndjson'
  },
): FieldDescription {
  const type = known.format === 'csv' ? ({ kind: 'string' } as const) : typeOf(value)
  return {
    path: [name],
    nativeType: known.format === 'csv' ? 'text' : jsonType(value),
    ...(type === undefined ? {} : { type }),
    required: known.isKey,
    nullable: known.format === 'ndjson' && !known.isKey,
    creatable: known.isWritable,
    updatable: known.isWritable && !known.isKey,
    ...(known.isUnique ? { unique: true } : {}),
  }
}

function typeOf(value: unknown): FieldType | undefined {
  if (typeof value === 'string') return { kind: 'string' }
  if (typeof value === 'boolean') return { kind: 'boolean' }
  return typeof value === 'number' || isLosslessNumber(value) ? { kind: 'decimal' } : undefined
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return isLosslessNumber(value) ? 'number' : value === null ? 'null' : typeof value
}
