/** The forms that the body of a request may have. */
/** Bytes in pieces. */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** A body that is not in memory. */
export interface StreamBody {
  /** Called once for each attempt. */
  readonly open: () => ByteSource
  /** False when it can be opened once only: then the call is never sent again. */
  readonly reopens: boolean
  /** Its length if that is known; otherwise it is sent in chunks. */
  readonly bytes?: number | undefined
}

/** A call's body, and what it says about itself. */
export interface RequestBody {
  readonly content: string | Uint8Array | StreamBody | undefined
  readonly contentType?: string
}

/** True for a body that is a stream. */
export function isStreamBody(content: RequestBody['content']): content is StreamBody {
  return typeof content === 'object' && 'open' in content
}
