/**
 * Lets real time pass where there is no condition to wait for. `reason` says what has to pass, or what must not happen meanwhile; a test that waits for
 * something to happen polls for it instead (`expect.poll`, `until`).
 */
export function elapse(ms: number, _reason: string): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
