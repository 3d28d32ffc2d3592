/** Reports the progress of a body while it is transferred. */

/** Bytes of a body that were sent or received so far. */
export interface TransferProgress {
  /** On the wire: the compressed bytes of a compressed response. */
  readonly bytes: number
  /** Undefined when the length is not known. */
  readonly totalBytes: number | undefined
}

/** Receives the progress of a body. */
export type ProgressListener = (progress: TransferProgress) => void

/** A listener that throws is a bug in the application and must not fail the call. */
export function reportProgress(
  listener: ProgressListener | undefined,
  bytes: number,
  totalBytes: number | undefined,
): void {
  try {
    listener?.({ bytes, totalBytes })
  } catch {
    // There is no place to report it.
  }
}
