/** The master key of tests: for settings that are read from an explicit environment. */
export const testKey = { ISTHMUS_KEY: 'a0'.repeat(32) } as const
