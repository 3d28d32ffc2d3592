/** What a call gives to whoever asks for more than its data. */
/** A response with its data, for callers who need status or headers. */
export interface ApiResponse<Data> {
  /** HTTP status. */
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Decoded body. */
  readonly data: Data
}
