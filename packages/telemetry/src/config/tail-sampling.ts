/** What becomes of a trace once its spans have ended in this process (RUSTOK_TAIL_SAMPLING*), and what each tenant may use (RUSTOK_TENANT_*). */

import { expect, expectMilliseconds, maxTimerMs } from '../field-checks.ts'
import type { EnvReader } from './env-reader.ts'

export interface TailSamplingFields extends TenantFields {
  /** Whether traces with an error and slow ones are all kept, and a share of the rest. */
  readonly tailSampling: boolean
  /** Share of all traces that are kept without an error and though they are fast, 0 to 1. */
  readonly tailSamplingRate: number
  /** Milliseconds from which a trace is slow. */
  readonly tailSamplingSlowMs: number
  /** Bytes of spans that may wait for their trace's decision. */
  readonly tailSamplingBufferBytes: number
  /** Milliseconds after which a trace is decided though it has not ended. */
  readonly tailSamplingMaxAgeMs: number
}

export interface TenantFields {
  /** Share of a tenant's traces that are kept, by its id; instead of `tailSamplingRate`, and without tail sampling instead of all. */
  readonly tenantRates: Readonly<Record<string, number>>
  /** Spans a second of each tenant that is not in `tenantBudgets`, and of all traces without a tenant together. */
  readonly tenantBudget: number
  /** Spans a second, by the tenant's id. */
  readonly tenantBudgets: Readonly<Record<string, number>>
  /** How many seconds of its budget a tenant may save up. */
  readonly tenantBurstSeconds: number
}

export const tailSamplingDefaults: TailSamplingFields = {
  tailSampling: false,
  tailSamplingRate: 0.1,
  tailSamplingSlowMs: 1000,
  tailSamplingBufferBytes: 32 * 1024 * 1024,
  tailSamplingMaxAgeMs: 30_000,
  tenantRates: {},
  tenantBudget: Number.POSITIVE_INFINITY,
  tenantBudgets: {},
  tenantBurstSeconds: 10,
}

/** A page of the buffer and some to spare. */
const minBufferBytes = 65_536
/** Its table of pages alone takes a 256th of that. */
const maxBufferBytes = 2 ** 33
const minMaxAgeMs = 100
const maxMaxAgeMs = 3_600_000
const maxBurstSeconds = 86_400

export function readTailSampling(reader: EnvReader): TailSamplingFields {
  const defaults = tailSamplingDefaults
  const ms = { min: 0, max: maxTimerMs, integer: true }
  return {
    tailSampling: reader.boolean('RUSTOK_TAIL_SAMPLING', defaults.tailSampling),
    tailSamplingRate: reader.number(['RUSTOK_TAIL_SAMPLING_RATE'], defaults.tailSamplingRate, {
      min: 0,
      max: 1,
    }),
    tailSamplingSlowMs: reader.number(['RUSTOK_TAIL_SAMPLING_SLOW_MS'], defaults.tailSamplingSlowMs, ms),
    tailSamplingBufferBytes: reader.number(
      ['RUSTOK_TAIL_SAMPLING_BUFFER_BYTES'],
      defaults.tailSamplingBufferBytes,
      { min: minBufferBytes, max: maxBufferBytes, integer: true },
    ),
    tailSamplingMaxAgeMs: reader.number(['RUSTOK_TAIL_SAMPLING_MAX_AGE_MS'], defaults.tailSamplingMaxAgeMs, {
      min: minMaxAgeMs,
      max: maxMaxAgeMs,
      integer: true,
    }),
    tenantRates: readByTenant(reader, 'RUSTOK_TENANT_RATES', 1),
    tenantBudget: reader.number(['RUSTOK_TENANT_BUDGET'], defaults.tenantBudget, { min: 0 }),
    tenantBudgets: readByTenant(reader, 'RUSTOK_TENANT_BUDGETS', Number.MAX_VALUE),
    tenantBurstSeconds: reader.number(['RUSTOK_TENANT_BURST_SECONDS'], defaults.tenantBurstSeconds, {
      min: 1,
      max: maxBurstSeconds,
    }),
  }
}

/** `tenant=number,tenant=number`; one that is no number in range is left out. */
function readByTenant(reader: EnvReader, name: string, max: number): Readonly<Record<string, number>> {
  const numbers: Record<string, number> = {}
  for (const [tenant, text] of Object.entries(reader.pairs(name))) {
    const value = Number(text)
    if (text !== '' && value >= 0 && value <= max) define(numbers, tenant, value)
    else {
      const wanted = max === 1 ? 'a number from 0 to 1' : 'a number from 0'
      reader.warn(name, `${tenant}=${text}`, `a tenant with ${wanted}`, 'what holds for all others')
    }
  }
  return numbers
}

/** A tenant may be called `__proto__`. */
function define(numbers: Record<string, number>, tenant: string, value: number): void {
  Object.defineProperty(numbers, tenant, { value, enumerable: true, configurable: true, writable: true })
}

/** @throws OtelError INVALID_CONFIG that names the field. */
export function checkTailSampling(fields: TailSamplingFields): void {
  const { tailSamplingRate, tailSamplingSlowMs, tailSamplingBufferBytes, tailSamplingMaxAgeMs } = fields
  expectShare('tailSamplingRate', tailSamplingRate)
  expectMilliseconds('tailSamplingSlowMs', tailSamplingSlowMs)
  expect(
    tailSamplingBufferBytes >= minBufferBytes && tailSamplingBufferBytes <= maxBufferBytes,
    `tailSamplingBufferBytes must be from ${minBufferBytes} to ${maxBufferBytes}, not ${tailSamplingBufferBytes}`,
  )
  expect(
    tailSamplingMaxAgeMs >= minMaxAgeMs && tailSamplingMaxAgeMs <= maxMaxAgeMs,
    `tailSamplingMaxAgeMs must be from ${minMaxAgeMs} to ${maxMaxAgeMs} milliseconds, not ${tailSamplingMaxAgeMs}`,
  )
  expectNumbers('tenantRates', fields.tenantRates)
  for (const [tenant, rate] of Object.entries(fields.tenantRates))
    expectShare(`tenantRates of '${tenant}'`, rate)
  expectBudget('tenantBudget', fields.tenantBudget)
  expectNumbers('tenantBudgets', fields.tenantBudgets)
  for (const [tenant, budget] of Object.entries(fields.tenantBudgets)) {
    expectBudget(`tenantBudgets of '${tenant}'`, budget)
  }
  const seconds = fields.tenantBurstSeconds
  expectNumber('tailSamplingSlowMs', tailSamplingSlowMs)
  expectNumber('tenantBurstSeconds', seconds)
  expect(
    seconds >= 1 && seconds <= maxBurstSeconds,
    `tenantBurstSeconds must be from 1 to ${maxBurstSeconds}, not ${seconds}`,
  )
}

function expectShare(name: string, share: number): void {
  expectNumber(name, share)
  expect(share >= 0 && share <= 1, `${name} must be from 0 to 1, not ${share}`)
}

function expectBudget(name: string, budget: number): void {
  expectNumber(name, budget)
  expect(budget >= 0, `${name} must be at least 0, not ${budget}`)
}

/** What comes at run time comes from an admin's form, or from callers without types. */
function expectNumber(name: string, value: unknown): void {
  expect(typeof value === 'number', `${name} must be a number, not ${JSON.stringify(value)}`)
}

function expectNumbers(name: string, record: unknown): void {
  expect(typeof record === 'object' && record !== null, `${name} must be an object, not ${record}`)
}
