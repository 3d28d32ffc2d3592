/** A system of the connector `rest`: the section of the definition, and the manifest that it gives, names or points to. */
import { readFileSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { suggestion } from '../../model/definition/nearest.ts'
import { UsageError } from '../../model/errors.ts'
import { parseConfig } from '../kit/config-findings.ts'
import { connectionShape } from '../kit/connection.ts'
import { isNativeRecord } from '../kit/native.ts'
import { builtInManifests } from './manifests/built-in.ts'
import { type Manifest, manifestSchema } from './manifests/manifest.ts'

/** Keys of the system's section. The manifest is checked after it was found. */
export const restConfig = z.strictObject({
  ...connectionShape,
  /** Inline, the name of a built-in one, or a path to a YAML or JSON file. */
  manifest: z.union([z.string().min(1), z.record(z.string(), z.unknown())]),
  webhooks: z
    .strictObject({
      secret: z.string().min(1).optional(),
      /** The next secret while it is being changed: both are accepted. */
      nextSecret: z.string().min(1).optional(),
    })
    .optional(),
})

/** A checked section. */
export type RestConfig = z.output<typeof restConfig>

const manifestBytesMax = 1_000_000

/**
 * Finds and checks the manifest of a system.
 *
 * @throws UsageError CONNECTOR_MANIFEST_MISSING · CONNECTOR_CONFIG_INVALID
 */
export function loadManifest(
  source: RestConfig['manifest'],
  name: string,
  baseDirectory: string | undefined,
): Manifest {
  const place = `systems.${name}.manifest`
  const given = typeof source === 'string' ? namedManifest(source, place, baseDirectory) : source
  const { extends: baseName } = given
  if (typeof baseName !== 'string') return parseConfig(manifestSchema, given, place)
  return parseConfig(manifestSchema, extended(builtIn(baseName, `${place}.extends`), given), place)
}

type Source = Readonly<Record<string, unknown>>

/** What tells the kinds of a part apart: `list.paging`, `changes.by`, `create.as`, `scheme.kind`. */
const discriminators = ['paging', 'by', 'as', 'kind'] as const

/** Puts a manifest over the one it extends, part by part. A part of another kind replaces the old one: their keys don't mix. */
function extended(base: Source, given: Source): Source {
  const isOtherKind = discriminators.some((key) => key in base && key in given && base[key] !== given[key])
  if (isOtherKind) return given
  const parts = Object.entries(given).map(([key, value]) => {
    const before = Object.hasOwn(base, key) ? base[key] : undefined
    return [key, isNativeRecord(before) && isNativeRecord(value) ? extended(before, value) : value]
  })
  return { ...base, ...Object.fromEntries(parts) }
}

function namedManifest(
  source: string,
  place: string,
  baseDirectory: string | undefined,
): Readonly<Record<string, unknown>> {
  if (!/[./\\]/.test(source)) return builtIn(source, place)
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

function builtIn(name: string, place: string): Readonly<Record<string, unknown>> {
  const manifest = Object.hasOwn(builtInManifests, name) ? builtInManifests[name] : undefined
  if (manifest !== undefined) return { ...manifest }
  const hint = suggestion(name, Object.keys(builtInManifests))
  throw new UsageError(
    'CONNECTOR_CONFIG_INVALID',
    `${place}: there is no built-in manifest "${name}"${hint === undefined ? '' : ` (${hint})`}; for a file write ./${name}.yaml.`,
  )
}
