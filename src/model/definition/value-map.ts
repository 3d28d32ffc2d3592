import type { ValueMap } from '../lens/spec.ts'
import type { CanonicalValue, FieldType } from '../values.ts'
import { problem } from './finding.ts'
import { suggestion } from './nearest.ts'
import type { Report } from './report.ts'
import type { MappingLongForm } from './schema/mapping.ts'

/** The `values` of a mapping in both directions; `wrong` (and reported) when one of them is invalid. */
export function valueMap(
  mapping: MappingLongForm,
  type: FieldType,
  report: Report,
): ValueMap | undefined | 'wrong' {
  const { values, as = 'text' } = mapping
  if (values === undefined) return undefined
  if (!isNativeType(as)) {
    const hint = `write one of: ${nativeTypes.join(', ')}`
    report(problem('mapping', ['as'], `the natives of a value map are no ${as}`, hint))
    return 'wrong'
  }
  const toCanonical = new Map<string, CanonicalValue>()
  const toNative = new Map<string, string | boolean | number | null>()
  let isSound = true
  for (const [native, canonical] of Object.entries(values)) {
    const text = String(canonical)
    const spelt = nativeValue(native, as)
    if (spelt === undefined) {
      report({ ...problem('mapping', ['values', native], `${native} is not a ${as}`), at: 'key' })
      isSound = false
    } else if (type.kind === 'enum' && !type.values.includes(text)) {
      const hint = suggestion(text, type.values)
      report(problem('unknown-name', ['values', native], `${text} is not a value of the field`, hint))
      isSound = false
    } else {
      toCanonical.set(native, typeof canonical === 'number' ? text : canonical)
      if (!toNative.has(text)) toNative.set(text, spelt)
    }
  }
  return isSound ? { toCanonical, toNative } : 'wrong'
}

const nativeTypes = ['text', 'number', 'boolean'] as const
type NativeType = (typeof nativeTypes)[number]

function isNativeType(as: string): as is NativeType {
  return nativeTypes.some((known) => known === as)
}

function nativeValue(text: string, as: NativeType): string | number | boolean | undefined {
  switch (as) {
    case 'text':
      return text
    case 'number':
      return Number.isSafeInteger(Number(text)) || /^-?\d+\.\d{1,15}$/.test(text) ? Number(text) : undefined
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined
  }
}
