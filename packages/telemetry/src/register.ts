/**
 * Tracing without a line of code, configured by the environment: `node --import @rustok/telemetry/register app.js`, or `--require`, or
 * `require('@rustok/telemetry/register')` as the first line. It starts at once: a top-level await would shut `require` out.
 */

import { OtelConfig } from './config.ts'
import { OtelError } from './errors.ts'
import { diag } from './own-diag.ts'
import { startTracing } from './tracing.ts'

try {
  startTracing(OtelConfig.fromEnv())
} catch (cause) {
  // Loaded twice, or beside another SDK: the application runs all the same, and hears why its spans do not come from here.
  if (!(cause instanceof OtelError)) throw cause
  diag.error(`@rustok/telemetry/register did not start tracing (${cause.code})`, cause)
}
