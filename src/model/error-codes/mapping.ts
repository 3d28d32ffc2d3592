/** Mappings, merge, matching. */
import type { ErrorCodeRow } from './row.ts'

/** Codes of mappings and values. */
export const mappingCodes = {
  EXPRESSION_FAILED: {
    summary: 'An expression of the definition failed on a record.',
    fix: 'Run `isthmus try` with that record, then correct the expression or the data.',
    retry: 'never',
  },
  EXPRESSION_INVALID: {
    summary: 'An expression of the definition is not valid, or uses something that is not allowed in it.',
    fix: 'Correct the expression at the position named in the message.',
    retry: 'never',
  },
  EXPRESSION_LIMIT: {
    summary: 'An expression exceeded its limit of steps, depth or output.',
    fix: 'Simplify the expression, or do the work elsewhere.',
    retry: 'never',
  },
  LENS_INVALID: {
    summary: 'A mapping cannot be compiled: a path, value map or part is wrong.',
    fix: 'Correct the mapping of the field named in the message.',
    retry: 'never',
  },
  LOOKUP_FAILED: {
    summary: 'A lookup of a rule has no result: nothing was found, or the system could not be queried.',
    fix: 'Correct the values that the rule looks up, or see what the message says about the system. The lookup is retried automatically.',
    retry: 'backoff',
  },
  MAPPING_FAILED: {
    summary: 'A mapping function or path failed on a record; the field is treated as unknown until it works.',
    fix: 'Run `isthmus try` with that record and correct the mapping or the record.',
    retry: 'never',
  },
  MAPPING_READ_ONLY: {
    summary: 'A value was to be written to a field that is read-only in this system.',
    fix: 'Make the field writable in the mapping, or exclude it from that direction.',
    retry: 'never',
  },
  NORMALISER_INVALID: {
    summary: 'A normaliser cannot be applied to the type of its field, or has an invalid option.',
    fix: 'Correct the normalisers of the field named in the message.',
    retry: 'never',
  },
  VALUE_CARD_NUMBER: {
    summary: 'A value contains the number of a payment card, which the definition does not allow.',
    fix: 'Remove the number in the system, or change `cardNumbers` of the definition or of the field. Nothing of the value was stored.',
    retry: 'never',
  },
  VALUE_ENUM: {
    summary: 'A value is outside the declared set of values.',
    fix: 'Add it to the values of the field or of the mapping, or correct the record.',
    retry: 'never',
  },
  VALUE_INEXACT: {
    summary: 'A number or time has more digits than can be represented exactly.',
    fix: 'Make the system send it as text, or round it there.',
    retry: 'never',
  },
  VALUE_TEXT: {
    summary: 'A text holds a character that most systems cannot store (NUL, half of a surrogate pair).',
    fix: 'Correct the record in its system.',
    retry: 'never',
  },
  VALUE_TOO_LARGE: {
    summary: 'A value is longer, larger or deeper than the limits, or than its declared type allows.',
    fix: 'Correct the record, or declare a larger type.',
    retry: 'never',
  },
  VALUE_TYPE: {
    summary: 'A value does not have the declared type.',
    fix: 'Correct the type, the format in the mapping, or the record.',
    retry: 'never',
  },
} as const satisfies Record<string, ErrorCodeRow>
