/** Compares types of fields, and determines what is lost between two fields. */
import type { FieldDescription } from '../../connectors/kit/description.ts'
import type { FieldType } from '../../model/values.ts'

/** The compatibility of two types, 0 (none) to 1 (equal), and the type of a shared field. */
export interface TypeFit {
  readonly fit: number
  /** Undefined if neither side declares its type. */
  readonly type: FieldType | undefined
}

const unlike: Readonly<Record<string, number>> = {
  'decimal integer': 0.9,
  'decimal string': 0.6,
  'integer string': 0.6,
  'boolean string': 0.3,
  'enum string': 0.85,
  'boolean enum': 0.3,
  'date instant': 0.6,
  'date string': 0.5,
  'instant string': 0.5,
  'instant localDateTime': 0.5,
  'decimal money': 0.5,
  'enum integer': 0.3,
}

/** Returns the simpler of two types, which both sides can represent. */
const simpler: Readonly<Record<string, FieldType>> = {
  'decimal integer': { kind: 'decimal' },
  'date instant': { kind: 'date' },
}

/** Compares two types. */
export function typeFit(left: FieldType | undefined, right: FieldType | undefined): TypeFit {
  if (left === undefined || right === undefined) return { fit: 0.5, type: left ?? right }
  if (left.kind === right.kind) return sameKind(left, right)
  const key = [left.kind, right.kind].sort().join(' ')
  const fit = unlike[key] ?? 0
  const type = simpler[key] ?? (left.kind === 'string' || right.kind === 'string' ? { kind: 'string' } : left)
  return { fit, type }
}

function sameKind(left: FieldType, right: FieldType): TypeFit {
  if (left.kind === 'enum' && right.kind === 'enum') {
    const values = [...new Set([...left.values, ...right.values])]
    const shared = left.values.filter((value) => right.values.includes(value)).length
    return { fit: shared === 0 ? 0.5 : 0.6 + (0.4 * shared) / values.length, type: { kind: 'enum', values } }
  }
  if ((left.kind === 'list' || left.kind === 'set') && (right.kind === 'list' || right.kind === 'set')) {
    const inner = typeFit(left.of, right.of)
    return {
      fit: inner.fit,
      type: inner.type === undefined ? undefined : { kind: left.kind, of: inner.type },
    }
  }
  return { fit: 1, type: left }
}

/** One possible loss of a value. */
export interface Loss {
  readonly kind: 'length' | 'scale' | 'precision' | 'values' | 'null' | 'type'
  /** As text, without the systems' names: `up to 80 characters, only 40 fit`. */
  readonly message: string
}

const shownMax = 5

/** Returns what a value of `from` may lose, or why it may be refused, when it is written to `to`. */
export function lossesBetween(from: FieldDescription, to: FieldDescription): readonly Loss[] {
  const losses: Loss[] = []
  const isText = from.type?.kind === 'string' && to.type?.kind === 'string'
  if (isText && to.maxLength !== undefined && (from.maxLength ?? Number.POSITIVE_INFINITY) > to.maxLength) {
    const length =
      from.maxLength === undefined ? 'texts of any length' : `texts of up to ${from.maxLength} characters`
    losses.push({ kind: 'length', message: `${length}, of which ${to.maxLength} fit` })
  }
  losses.push(...numberLosses(from, to))
  const allowed = to.values
  if (allowed !== undefined && from.values !== undefined) {
    const strange = from.values.filter((value) => !allowed.includes(value))
    if (strange.length > 0) {
      const more = strange.length > shownMax ? ` and ${strange.length - shownMax} more` : ''
      losses.push({
        kind: 'values',
        message: `values without a counterpart: ${strange.slice(0, shownMax).join(', ')}${more}`,
      })
    }
  } else if (allowed !== undefined && from.type?.kind === 'string') {
    losses.push({
      kind: 'values',
      message: `any text, where only ${allowed.slice(0, shownMax).join(', ')} are accepted`,
    })
  }
  if (from.nullable && !to.nullable)
    losses.push({ kind: 'null', message: 'it may be empty, but a value is required' })
  return losses
}

function numberLosses(from: FieldDescription, to: FieldDescription): readonly Loss[] {
  const kind = from.type?.kind
  if (kind !== 'decimal' && kind !== 'integer') return []
  const losses: Loss[] = []
  const fromScale = kind === 'integer' ? 0 : from.scale
  const toScale = to.type?.kind === 'integer' ? 0 : to.scale
  if (toScale !== undefined && (fromScale ?? Number.POSITIVE_INFINITY) > toScale) {
    const places = fromScale === undefined ? 'any number of' : String(fromScale)
    losses.push({ kind: 'scale', message: `${places} decimal places, of which ${toScale} are kept` })
  }
  const fromDigits = digitsBefore(from)
  const toDigits = digitsBefore(to)
  if (toDigits !== undefined && fromDigits !== undefined && fromDigits > toDigits)
    losses.push({
      kind: 'precision',
      message: `${fromDigits} digits before the point, where ${toDigits} fit`,
    })
  return losses
}

function digitsBefore({ precision, scale }: FieldDescription): number | undefined {
  return precision === undefined ? undefined : precision - (scale ?? 0)
}
