/**
 * The format in which one system writes a value. Reading follows the same declaration, so that a value
 * written by us is read back unchanged.
 *
 * Everything is optional; the default is the plain JSON format. How *nothing* is represented is declared
 * separately, by the lens.
 */
export interface Spelling {
  /**
   * JSON type or layout of the value. `number`/`text`: decimals, integers and references ·
   * `epochSeconds`/`epochMillis`: instants · `sql`: instants as `2031-05-01 12:00:00` · `compact`: dates as
   * `YYYYMMDD`.
   * @default numbers for decimals and integers, text for everything else
   */
  readonly as?: 'number' | 'text' | 'epochSeconds' | 'epochMillis' | 'sql' | 'compact'
  /** Decimal separator in decimals written as text. @default '.' */
  readonly decimalSeparator?: '.' | ','
  /**
   * Decimal places written for decimals as text, padded with zeros (`10.50`). @default as many as the value
   * has
   */
  readonly fractionDigits?: number
  /**
   * Offset of instants that this system writes without one, such as `+01:00` or `Z`. @default UTC, and
   * written with their own
   */
  readonly offset?: string
  /**
   * Zone of instants that this system writes without one, such as `Europe/Berlin`. @default UTC, and written
   * with their own
   */
  readonly timeZone?: string
  /** The values for true and false. @default JSON booleans */
  readonly boolean?: { readonly true: string | number; readonly false: string | number }
  /** Sets and lists as one text, joined by this, such as `;`. @default JSON lists */
  readonly separator?: string
}

export const plainSpelling: Spelling = Object.freeze({})
