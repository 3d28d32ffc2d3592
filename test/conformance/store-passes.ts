import type { OpenHarness } from './store-kit.ts'
export function describePasses(_open: OpenHarness): void {}
