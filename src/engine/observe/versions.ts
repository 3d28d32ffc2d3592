/**
 * Order of versions within one record of one system, where the connector declares that versions are ordered.
 */

/**
 * Negative when `left` is older. Whole numbers are compared as numbers of any size, everything else as text.
 */
export function compareVersions(left: string, right: string): number {
  if (left === right) return 0
  if (isWhole(left) && isWhole(right)) {
    const difference = BigInt(left) - BigInt(right)
    return difference < 0n ? -1 : difference > 0n ? 1 : 0
  }
  return left < right ? -1 : 1
}

function isWhole(text: string): boolean {
  return /^\d+$/.test(text)
}
