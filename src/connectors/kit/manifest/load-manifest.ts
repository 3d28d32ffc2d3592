/**
 * Finds the manifest of a declarative connector (inline, a built-in one by name, or a file) and resolves
 * `extends`.
 */
import { readFileSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { suggestion } from '../../../model/definition/nearest.ts'
import { UsageError } from '../../../model/errors.ts'
import { parseConfig } from '../config-findings.ts'
import { isNativeRecord } from '../native.ts'

/** `manifest` of a system: inline, the name of a built-in one, or a path to a YAML or JSON file. */
export const manifestSourceSchema = z.union([z.string().min(1), z.record(z.string(), z.unknown())])

/** `webhooks` of a system whose manifest declares how deliveries are signed. */
export const webhookSecretsSchema = z
  .strictObject({
    secret: z.string().min(1).optional(),
    /** The next secret during a rotation: both are accepted. */
    nextSecret: z.string().min(1).optional(),
  })
  .optional()

/** The sources of a manifest, and its schema. */
export interface ManifestLookup<Schema extends z.ZodType> {
  readonly schema: Schema
  /** Manifests that come with the connector, by name. */
  readonly builtIn: Readonly<Record<string, unknown>>
  /** The system's name, for messages. */
  readonly name: string
  /** The folder that paths are relative to. */
  readonly baseDirectory: string | undefined
}

const manifestBytesMax = 1_000_000

/**
 * Finds and checks the manifest of a system.
 *
 * @throws UsageError CONNECTOR_MANIFEST_MISSING · CONNECTOR_CONFIG_INVALID
 */
export function loadManifest<Schema extends z.ZodType>(
  source: z.output<typeof manifestSourceSchema>,
  { schema, builtIn, name, baseDirectory }: ManifestLookup<Schema>,
): z.output<Schema> {
  const place = `systems.${name}.manifest`
  const given = typeof source === 'string' ? namedManifest(source, { place, baseDirectory, builtIn }) : source
  const { extends: baseName } = given
  if (typeof baseName !== 'string') return parseConfig(schema, given, place)
  return parseConfig(schema, extended(builtInManifest(baseName, `${place}.extends`, builtIn), given), place)
}

type Source = Readonly<Record<string, unknown>>

/** Keys that distinguish the kinds of a part: `list.paging`, `changes.by`, `create.as`, `scheme.kind`. */
const discriminators = ['paging', 'by', 'as', 'kind'] as const

/**
 * Merges a manifest over the one it extends, part by part. A part of another kind replaces the old one: their
 * keys don't mix.
 */
function extended(base: Source, given: Source): Source {
  const isOtherKind = discriminators.some((key) => key in base && key in given && base[key] !== given[key])
  if (isOtherKind) return given
  const parts = Object.entries(given).map(([key, value]) => {
    const before = Object.hasOwn(base, key) ? base[key] : undefined
    return [key, isNativeRecord(before) && isNativeRecord(value) ? extended(before, value) : value]
  })
  return { ...base, ...Object.fromEntries(parts) }
}

interface Naming {
  readonly place: string
  readonly baseDirectory: string | undefined
  readonly builtIn: Readonly<Record<string, unknown>>
}

function namedManifest(source: string, { place, baseDirectory, builtIn }: Naming): Source {
  if (!/[./\\]/.test(source)) return builtInManifest(source, place, builtIn)
  const file = isAbsolute(source) ? source : resolve(baseDirectory ?? '.', source)
  const value = parseManifest(readManifest(file, place), file)
  if (isNativeRecord(value)) return value
  throw new UsageError('CONNECTOR_CONFIG_INVALID', `${file}: a manifest is a mapping with "resources".`)
}

function readManifest(file: string, place: string): string {
  try {
    const text = readFileSync(file, 'utf8')
    if (text.length <= manifestBytesMax) return text
  } catch (cause) {
    throw new UsageError('CONNECTOR_MANIFEST_MISSING', `${place}: the manifest ${file} can't be read.`, {
      cause,
    })
  }
  throw new UsageError(
    'CONNECTOR_CONFIG_INVALID',
    `${file}: a manifest has at most ${manifestBytesMax} characters.`,
  )
}

function parseManifest(text: string, file: string): unknown {
  try {
    return parse(text, { maxAliasCount: 100 })
  } catch (cause) {
    throw new UsageError('CONNECTOR_CONFIG_INVALID', `${file}: this is not valid YAML.`, { cause })
  }
}

function builtInManifest(name: string, place: string, builtIn: Naming['builtIn']): Source {
  const manifest = Object.hasOwn(builtIn, name) ? builtIn[name] : undefined
  if (isNativeRecord(manifest)) return { ...manifest }
  const hint = suggestion(name, Object.keys(builtIn))
  throw new UsageError(
    'CONNECTOR_CONFIG_INVALID',
    `${place}: there is no built-in manifest "${name}"${hint === undefined ? '' : ` (${hint})`}; for a file write ./${name}.yaml.`,
  )
}
