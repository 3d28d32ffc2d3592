/** How far a body has come, told while it is on its way. */

/** Bytes of a body that were sent or received so far. */
export interface TransferProgress {
  /** On the wire, so of a compressed answer the compressed ones. */
  readonly bytes: number
  /** Undefined when the length is not known. */
  readonly totalBytes: number | undefined
}

/** Hears how far a body has come. */
export type ProgressListener = (progress: TransferProgress) => void

/** A listener that throws is its author's mistake and must not fail the call. */
export function reportProgress(
  listener: ProgressListener | undefined,
  bytes: number,
  totalBytes: number | undefined,
): void {
  try {
    listener?.({ bytes, totalBytes })
  } catch {
    // Nobody to tell.
  }
}
