/** Simple statistics of measurements. */

/** Returns the value below which a share `p` (0..1) of the measurements lies; NaN for none. */
export function percentile(values: readonly number[], p: number): number {
  if (values.length === 0) return Number.NaN
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN
}

/** Rounds to one decimal place. */
export function rounded(value: number): number {
  return Math.round(value * 10) / 10
}

/** Returns milliseconds on a clock that all processes of the machine share. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now()
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
