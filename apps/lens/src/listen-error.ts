/** What it means that a port could not be listened on, in one line that names the variable to change. */

import { StartupError } from './startup-error.ts'

export function listenError(error: Error, host: string, port: number, variable: string): StartupError {
  const code = 'code' in error ? String(error.code) : ''
  const said = `${code} ${error.message}`
  if (said.includes('EADDRINUSE')) {
    return new StartupError(`port ${port} on ${host} is in use: stop the other process or set ${variable}`)
  }
  if (said.includes('EACCES')) {
    return new StartupError(`port ${port} on ${host} needs privileges: set ${variable} to a port above 1023`)
  }
  if (/EADDRNOTAVAIL|ENOTFOUND|EAI_AGAIN|Name resolution/.test(said)) {
    return new StartupError(`${host} is not an address of this machine: set LENS_HOST`)
  }
  return new StartupError(`cannot listen on port ${port} of ${host} (${error.message}): set ${variable}`)
}
