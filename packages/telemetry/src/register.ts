/** Tracing without a line of code: `node --import @rustok/telemetry/register app.js`, configured by the environment. */
import { initTracing } from './tracing.ts'

await initTracing()
