/** What the stores take for a native id. */

/** Index entries of the database end at 2.7 kB, escapes for hostile characters included; no known system comes near this. */
const bytesMax = 512

/**
 * False for text too long to be kept as a native id. A mark that names one is dropped, and so is a listed record: refusing it would stop the
 * feed, the delivery or the full run that it is part of, for ever and with all its neighbours.
 */
export function isNativeId(nativeId: string): boolean {
  return nativeId.length <= bytesMax && Buffer.byteLength(nativeId) <= bytesMax
}
