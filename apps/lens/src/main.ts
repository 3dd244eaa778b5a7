#!/usr/bin/env node
/**
 * Where rustok-lens begins: started by `npm start`, or by hand. Compiled code is kept between starts, which takes 0.9 s of CPU time off the next one; that must be
 * said before anything is loaded. Here alone the telemetry library is loaded, when Lens is to trace itself.
 */

import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

// In the user's own directory: what lies in /tmp, others could have put there. Where it cannot be written, nothing is kept.
enableCompileCache(join(homedir(), '.cache', 'rustok-lens'))
const { runLens } = await import('./process.ts')
await runLens(async (fields) => {
  const { initTracing, OtelConfig } = await import('@rustok/telemetry')
  return initTracing(new OtelConfig({ ...OtelConfig.fromEnv(), ...fields }), { handleSignals: false })
})
