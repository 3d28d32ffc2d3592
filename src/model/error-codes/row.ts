/** The description of one error code. */
export interface ErrorCodeRow {
  /** What happened. */
  readonly summary: string
  /** What a person does about it. */
  readonly fix: string
  readonly retry: 'never' | 'backoff'
}
