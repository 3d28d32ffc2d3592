/** The result of a call, for callers that ask for more than its data. */
/** A response with its data, for callers who need status or headers. */
export interface ApiResponse<Data> {
  /** HTTP status. */
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Decoded body. */
  readonly data: Data
}
