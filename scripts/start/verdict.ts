/** Words for how a service ended: pure, so that tests can hold every way to end against what the user reads. */
import { readLogLine } from './log-line.ts'
import type { Exit } from './service-process.ts'
import type { Failure, ServiceName, Stopped } from './stack.ts'

const titles: Readonly<Record<ServiceName, string>> = { lens: 'Lens', server: 'The server' }

/**
 * Empty when the service could not start and has said why by itself, on stderr. Otherwise what happened, and the last lines of
 * its log.
 */
export function describeFailure(failure: Failure, logFile: string): string {
  const { service, exit, wasReady, saidWhy, lastLines } = failure
  if (!wasReady && saidWhy) return ''
  const title = titles[service]
  const what =
    exit === undefined
      ? `${title} is not ready after 90 s`
      : `${title} ${wasReady ? 'ended' : 'did not start'} (${describeExit(exit)})`
  const tail = lastLines.map((line) => `  ${readLogLine(line, 'stdout').text}\n`).join('')
  const heading =
    lastLines.length === 0 ? `${what}; its log is ${logFile}` : `${what}; the end of ${logFile}:`
  return `\n${heading}\n${tail}`
}

export function describeStopped({ service, exit }: Stopped, logFile: string): string {
  const title = titles[service]
  if (exit.signal === 'SIGKILL') return `${title} did not stop in time and was killed: see ${logFile}`
  return `${title} did not stop cleanly (${describeExit(exit)}): see ${logFile}`
}

function describeExit({ code, signal }: Exit): string {
  return signal === null ? `exit code ${code}` : signal
}
