/** Limits of native ids in the stores. */

/**
 * Index entries of the database are limited to 2.7 kB, including escapes of hostile characters; no known
 * system uses ids near this.
 */
const bytesMax = 512

/**
 * False for text that is too long to be stored as a native id. A mark that names one is dropped, and so is a
 * listed record: refusing it would permanently stop the feed, the delivery or the full run that it is part
 * of, together with all other records.
 */
export function isNativeId(nativeId: string): boolean {
  return nativeId.length <= bytesMax && Buffer.byteLength(nativeId) <= bytesMax
}
