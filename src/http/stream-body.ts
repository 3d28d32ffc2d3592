/** The forms that a request body may have. */
/** Bytes in pieces. */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** A body that is not in memory. */
export interface StreamBody {
  /** Called once for each attempt. */
  readonly open: () => ByteSource
  /** False when it can be opened only once: such a call is never sent again. */
  readonly reopens: boolean
  /** Its length if known; otherwise it is sent in chunks. */
  readonly bytes?: number | undefined
}

/** The body of a call and its properties. */
export interface RequestBody {
  readonly content: string | Uint8Array | StreamBody | undefined
  readonly contentType?: string
}

/** True for a body that is a stream. */
export function isStreamBody(content: RequestBody['content']): content is StreamBody {
  return typeof content === 'object' && 'open' in content
}
