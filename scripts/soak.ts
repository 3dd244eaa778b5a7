/**
 * `npm run soak`: long tests under load, each a program in the soak/ folder of a package, an app or the examples. What they need of time keeps them out of `npm test`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { refuse } from './arguments.ts'

const command = 'npm run soak'
/** A soak says at its top how it is called; other files of the folder are its parts. */
const soaks = new Map(
  globSync('{packages/*,apps/*,examples}/soak/*.ts')
    .filter((file) => readFileSync(file, 'utf8').includes(`\`${command} -- ${basename(file, '.ts')}`))
    .map((file) => [basename(file, '.ts'), file]),
)

const [name = '', ...args] = process.argv.slice(2)
const file = soaks.get(name)
if (file === undefined)
  refuse(command, `say which: ${[...soaks.keys()].join(', ')} (${command} -- outage --minutes 1)`)
const [code] = await once(spawn(process.execPath, [file, ...args], { stdio: 'inherit' }), 'close')
process.exitCode = code ?? 1
