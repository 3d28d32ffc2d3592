import { expect, test } from 'vitest'
import { type LimitReport, limitsFromHeaders } from './limit-headers.ts'

const now = Date.UTC(2026, 0, 1)
const epoch = now / 1_000

type Case = readonly [string, Readonly<Record<string, string>>, readonly Partial<LimitReport>[]]

const cases: readonly Case[] = [
  [
    'draft 11, one limit',
    { ratelimit: '"default";r=50;t=30', 'ratelimit-policy': '"default";q=100;w=60' },
    [{ name: 'default', quota: 100, windowMs: 60_000, remaining: 50, resetMs: 30_000 }],
  ],
  [
    'draft 11, several limits with a partition key',
    {
      ratelimit: '"burst";r=4;t=1, "daily";r=990;t=3600;pk=:cHNsZG91:',
      'ratelimit-policy': '"burst";q=5;w=1;pk=:cHNsZG91:,"daily";q=1000;w=86400;qu="requests"',
    },
    [
      { name: 'burst', quota: 5, windowMs: 1_000, remaining: 4, resetMs: 1_000 },
      { name: 'daily', quota: 1_000, windowMs: 86_400_000, remaining: 990 },
    ],
  ],
  [
    'draft 11 without a policy',
    { ratelimit: '"default";r=0;t=5' },
    [{ name: 'default', remaining: 0, resetMs: 5_000 }],
  ],
  [
    'limits of another unit',
    { ratelimit: '"bytes";r=5;t=1', 'ratelimit-policy': '"bytes";q=9;w=1;qu="content-bytes"' },
    [],
  ],
  [
    'draft 8 of express-rate-limit',
    {
      ratelimit: '"20-in-2sec"; r=19; t=2',
      'ratelimit-policy': '"20-in-2sec"; q=20; w=2; pk=:MTJjYTE3YjQ5YWYy:',
    },
    [{ name: '20-in-2sec', quota: 20, windowMs: 2_000, remaining: 19, resetMs: 2_000 }],
  ],
  [
    'draft 7',
    { ratelimit: 'limit=20, remaining=19, reset=2', 'ratelimit-policy': '20;w=2' },
    [{ quota: 20, remaining: 19, resetMs: 2_000, windowMs: 2_000 }],
  ],
  [
    'draft 7 with several policies: the one of the limit in force counts',
    { ratelimit: 'limit=50, remaining=7, reset=9', 'ratelimit-policy': '10;w=1, 50;w=60' },
    [{ quota: 50, remaining: 7, windowMs: 60_000 }],
  ],
  [
    'draft 6',
    {
      'ratelimit-limit': '20',
      'ratelimit-remaining': '3',
      'ratelimit-reset': '2',
      'ratelimit-policy': '20;w=2',
    },
    [{ quota: 20, remaining: 3, resetMs: 2_000, windowMs: 2_000 }],
  ],
  [
    'draft 3: policies within the limit',
    { 'ratelimit-limit': '10, 10;w=1, 50;w=60', 'ratelimit-remaining': '9', 'ratelimit-reset': '1' },
    [{ quota: 10, remaining: 9, windowMs: 1_000 }],
  ],
  [
    'X-RateLimit with epoch seconds',
    { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '4999', 'x-ratelimit-reset': String(epoch + 90) },
    [{ quota: 5_000, remaining: 4_999, resetMs: 90_000 }],
  ],
  [
    'X-RateLimit with epoch milliseconds',
    { 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': String(now + 90_000) },
    [{ remaining: 1, resetMs: 90_000 }],
  ],
  [
    'X-RateLimit with seconds, and a fraction',
    { 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': '1.5' },
    [{ remaining: 1, resetMs: 1_500 }],
  ],
  [
    'X-Rate-Limit with an ISO time',
    { 'x-rate-limit-remaining': '1', 'x-rate-limit-reset': '2026-01-01T00:01:00Z' },
    [{ remaining: 1, resetMs: 60_000 }],
  ],
  [
    'an ISO time without a zone, which is UTC',
    { 'x-rate-limit-remaining': '1', 'x-rate-limit-reset': '2026-01-01T00:01:00' },
    [{ remaining: 1, resetMs: 60_000 }],
  ],
  [
    "a reset by the other side's clock",
    {
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(epoch - 60 + 10),
      date: new Date(now - 60_000).toUTCString(),
    },
    [{ remaining: 0, resetMs: 10_000 }],
  ],
  [
    'Sforce-Limit-Info',
    { 'sforce-limit-info': 'api-usage=25/5000, per-app-api-usage=17/250(appName=sample-app)' },
    [
      { name: 'api-usage', quota: 5_000, remaining: 4_975, windowMs: 86_400_000, resetMs: 60_000 },
      { name: 'per-app-api-usage', quota: 250, remaining: 233 },
    ],
  ],
  ['nothing', {}, []],
  ['a broken list', { ratelimit: '"default;r=50', 'ratelimit-policy': '((((' }, []],
  ['negative numbers', { ratelimit: '"default";r=-1;t=-5' }, [{ name: 'default', remaining: undefined }]],
  ['text for numbers', { 'x-ratelimit-limit': 'many', 'x-ratelimit-remaining': 'few' }, []],
]

test.each(cases)('%s', (_name, headers, expected) => {
  const reports = limitsFromHeaders(headers, now)
  expect(reports).toHaveLength(expected.length)
  for (const [index, report] of expected.entries()) expect(reports[index]).toMatchObject(report)
})
