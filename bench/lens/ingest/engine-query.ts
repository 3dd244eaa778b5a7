/** Asks the engine of a Lens that runs, past its API: for what is in the tables, and what they take on disk. */

import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** Rows of the answer, each an object. `directory` is Lens's RUSTOK_DATA_DIR. */
export async function queryEngine<Row>(directory: string, statement: string): Promise<Row[]> {
  const lens = join(directory, 'lens')
  const socket = (await readdir(lens)).find((name) => /^engine-.*\.sock$/.test(name))
  if (socket === undefined) throw new Error(`no engine listens in ${lens}`)
  const path = `/?${new URLSearchParams({ database: 'lens', default_format: 'JSONEachRow' })}`
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const call = request({ socketPath: join(lens, socket), path, method: 'POST' }, (response) => {
    text(response).then((body) => {
      if (response.statusCode === 200) resolve(body)
      else reject(new Error(body))
    }, reject)
  })
  call.once('error', reject)
  call.end(statement)
  return (await promise)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row)
}
