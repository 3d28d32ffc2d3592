/** Mappings, merge, matching. */
import type { ErrorCodeRow } from './row.ts'

export const mappingCodes = {
  EXPRESSION_FAILED: {
    summary: 'An expression of the definition failed on a record.',
    fix: 'Run `isthmus try` with that record, correct the expression, or the data.',
    retry: 'never',
  },
  EXPRESSION_INVALID: {
    summary: 'An expression of the definition is not valid, or uses something that is not allowed in it.',
    fix: 'Correct the expression at the position named in the message.',
    retry: 'never',
  },
  EXPRESSION_LIMIT: {
    summary: 'An expression took more steps, depth or output than it may.',
    fix: 'Simplify the expression, or move the work out of it.',
    retry: 'never',
  },
  LENS_INVALID: {
    summary: 'A mapping cannot be compiled: a path, value map or part is wrong.',
    fix: 'Correct the mapping of the field named in the message.',
    retry: 'never',
  },
  LOOKUP_FAILED: {
    summary:
      'A rule asked a lookup that has no answer: nothing was found, or the system that knows could not be asked.',
    fix: 'Correct the values that the rule asks with, or see what the message says of the system; the record asks again by itself.',
    retry: 'backoff',
  },
  MAPPING_FAILED: {
    summary: 'A mapping function or path failed on a record; the field says nothing until it works.',
    fix: 'Run `isthmus try` with that record and correct the mapping or the record.',
    retry: 'never',
  },
  MAPPING_READ_ONLY: {
    summary: 'A value was to be written into a field that this system only reads.',
    fix: 'Give the field a write side in the mapping, or take it out of the direction.',
    retry: 'never',
  },
  NORMALISER_INVALID: {
    summary: 'A normaliser cannot be applied to the type of its field, or has a bad option.',
    fix: 'Correct the normalisers of the field named in the message.',
    retry: 'never',
  },
  VALUE_ENUM: {
    summary: 'A value is outside the declared set of values.',
    fix: 'Add it to the values of the field or of the mapping, or correct the record.',
    retry: 'never',
  },
  VALUE_INEXACT: {
    summary: 'A number or time has more digits than can be kept for sure.',
    fix: 'Let the system send it as text, or round it there.',
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
    summary: 'A value is not of the declared type.',
    fix: 'Correct the type, the spelling in the mapping, or the record.',
    retry: 'never',
  },
} as const satisfies Record<string, ErrorCodeRow>
