/** Runs a tool of node_modules/.bin as a step of `npm run check`. */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import type { StepResult } from './step.ts'

export async function runTool(name: string, args: readonly string[]): Promise<StepResult> {
  // `npm run` and run.mjs put node_modules/.bin first in PATH.
  const tool = spawn(name, args, { stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' })
  const exit = new Promise<number>((resolve, reject) => {
    tool.on('error', reject)
    tool.on('close', (code) => resolve(code ?? 1))
  })
  const [code, stdout, stderr] = await Promise.all([exit, text(tool.stdout), text(tool.stderr)])
  return { passed: code === 0, output: `${stdout}${stderr}`.trim() }
}
