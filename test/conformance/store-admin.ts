import type { OpenHarness } from './store-kit.ts'
export function describeAdmin(_open: OpenHarness): void {}
