/**
 * The configuration of tracing, from the environment or by hand: sections of fields, each with its defaults, its variables and its check in
 * a file of config/. Nothing else in this package reads the environment. Bad values in it never throw: they fall back to the
 * default and are listed in `warnings`, which initTracing reports once.
 */
import { type BatchFields, batchDefaults, checkBatch, readBatch } from './config/batch.ts'
import { type Environment, EnvReader } from './config/env-reader.ts'
import { checkExit, type ExitFields, exitDefaults, readExit } from './config/exit.ts'
import { checkExport, type ExportFields, exportDefaults, readExport } from './config/export.ts'
import { configurationSource } from './config/file.ts'
import { checkGeneral, type GeneralFields, generalDefaults, readGeneral } from './config/general.ts'
import {
  checkInstrumentation,
  type InstrumentationFields,
  instrumentationDefaults,
  readInstrumentation,
} from './config/instrumentation.ts'
import { checkLimits, type LimitFields, limitDefaults, readLimits } from './config/limits.ts'
import { checkMetrics, type MetricsFields, metricsDefaults, readMetrics } from './config/metrics.ts'
import {
  checkPropagation,
  type PropagationFields,
  propagationDefaults,
  readPropagation,
} from './config/propagation.ts'
import { checkRedaction, type RedactionFields, readRedaction, redactionDefaults } from './config/redaction.ts'
import { checkSampling, readSampling, type SamplingFields, samplingDefaults } from './config/sampling.ts'
import { checkSpool, readSpool, type SpoolFields, spoolDefaults } from './config/spool.ts'
import {
  checkTailSampling,
  readTailSampling,
  type TailSamplingFields,
  tailSamplingDefaults,
} from './config/tail-sampling.ts'

export interface OtelConfigFields
  extends GeneralFields,
    PropagationFields,
    SamplingFields,
    TailSamplingFields,
    InstrumentationFields,
    LimitFields,
    RedactionFields,
    BatchFields,
    ExitFields,
    ExportFields,
    MetricsFields,
    SpoolFields {
  /** What was wrong with the environment, a sentence each. */
  readonly warnings: readonly string[]
}

const defaults: OtelConfigFields = {
  ...generalDefaults,
  ...propagationDefaults,
  ...samplingDefaults,
  ...tailSamplingDefaults,
  ...instrumentationDefaults,
  ...limitDefaults,
  ...redactionDefaults,
  ...batchDefaults,
  ...exitDefaults,
  ...exportDefaults,
  ...metricsDefaults,
  ...spoolDefaults,
  warnings: [],
}

const readers = [
  readGeneral,
  readPropagation,
  readSampling,
  readTailSampling,
  readInstrumentation,
  readLimits,
  readRedaction,
  readBatch,
  readExit,
  readExport,
  readMetrics,
  readSpool,
]
const checks = [
  checkGeneral,
  checkPropagation,
  checkSampling,
  checkTailSampling,
  checkInstrumentation,
  checkLimits,
  checkRedaction,
  checkBatch,
  checkExit,
  checkExport,
  checkMetrics,
  checkSpool,
]

/** The constructor assigns every field. */
export interface OtelConfig extends OtelConfigFields {}

// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see the interface.
export class OtelConfig {
  constructor(fields: Partial<OtelConfigFields> = {}) {
    const given = Object.entries(fields).filter(([, value]) => value !== undefined)
    Object.assign(this, defaults, Object.fromEntries(given))
  }

  /** Never throws on bad input. */
  static fromEnv(env: Environment = process.env): OtelConfig {
    const { environment, fields, warnings, placed } = configurationSource(env)
    const reader = new EnvReader(environment)
    const read = readers.map((section) => section(reader))
    const all = [...warnings, ...reader.warnings.map(placed)]
    return new OtelConfig(Object.assign({ warnings: all }, ...read, fields))
  }
}

/**
 * Refuses a configuration made by hand that cannot work, before anything is started; `fromEnv` never makes one.
 *
 * @throws OtelError INVALID_CONFIG that names the field.
 */
export function checkConfig(config: OtelConfigFields): void {
  for (const check of checks) check(config)
}
