/** The coercions that are recognised. */
/** A coercion by name; several at once are joined by `+`. */
export type CoercionName =
  | 'empty'
  | 'whitespace'
  | 'newlines'
  | 'case'
  | 'unicode'
  | 'html'
  | 'email'
  | 'phone'
  | 'truncation'
  | 'rounding'
  | 'precision'
  | 'zone'
